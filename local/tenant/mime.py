"""Mail between its raw form (RFC 5322) and the fields that mailboxes keep."""

import base64
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from email.parser import BytesParser
from email.policy import SMTP, compat32
from email.utils import format_datetime, formataddr, getaddresses, parsedate_to_datetime
from typing import Any

from local.tenant.plain_text import html_to_text

Fields = dict[str, Any]
Recipient = dict[str, dict[str, str]]

# The standard library would encode ids longer than a line; Exchange leaves them whole.
_POLICY = SMTP.clone(max_line_length=900)
_LARGEST_ID = 900
# A named property of PS_INTERNET_HEADERS becomes a header of that name ([MS-OXCMAIL]).
_INTERNET_HEADER = "String {00020386-0000-0000-C000-000000000046} Name "
IN_REPLY_TO, REFERENCES, MESSAGE_ID = "String 0x1042", "String 0x1039", "String 0x1035"


def recipient(address: str, name: str = "") -> Recipient:
    return {"emailAddress": {"name": name or address, "address": address}}


def address_of(entry: Recipient | None) -> str:
    """The bare address in lower case; "" when there is none."""
    return (entry or {}).get("emailAddress", {}).get("address", "").strip().lower()


def iso(moment: datetime) -> str:
    """UTC to the second with Z, as Graph writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# -- reading


def parse(raw: bytes) -> Message:
    return BytesParser(policy=compat32).parsebytes(raw)


def read_mail(raw: bytes) -> Fields:
    """The fields of a raw mail; whatever cannot be read is left as it came, never refused."""
    message = parse(raw)
    text, html = body_parts(message)
    from_ = _recipients(message, "From")
    return {
        "subject": _header(message, "Subject"),
        "body": {"contentType": "html", "content": html}
        if html is not None
        else {"contentType": "text", "content": text or ""},
        "from": next(iter(from_), None),
        "sender": next(iter(_recipients(message, "Sender") or from_), None),
        "toRecipients": _recipients(message, "To"),
        "ccRecipients": _recipients(message, "Cc"),
        "bccRecipients": _recipients(message, "Bcc"),
        "replyTo": _recipients(message, "Reply-To"),
        "internetMessageId": _header(message, "Message-ID").strip(),
        "inReplyTo": _header(message, "In-Reply-To").strip(),
        "references": _header(message, "References").split(),
        "internetMessageHeaders": headers(message),
        "importance": _importance(message),
        "sentDateTime": _date(message),
        "attachments": [_attachment_facts(part, n) for n, part in enumerate(files(message))],
    }


def headers(message: Message) -> list[dict[str, str]]:
    return [{"name": name, "value": _decode(value)} for name, value in message.items()]


def body_parts(message: Message) -> tuple[str | None, str | None]:
    """The first plain text and the first HTML part that are not attachments."""
    text = html = None
    for part in message.walk():
        if part.is_multipart() or _is_file(part):
            continue
        if part.get_content_type() == "text/plain" and text is None:
            text = _text_of(part)
        elif part.get_content_type() == "text/html" and html is None:
            html = _text_of(part)
    return text, html


def files(message: Message) -> Iterator[Message]:
    """Attached and inline parts in order of appearance."""
    if message.get_content_maintype() == "message" and message.is_multipart():
        yield message
        return
    if message.is_multipart():
        for part in message.get_payload():
            if isinstance(part, Message):
                yield from files(part)
    elif _is_file(message):
        yield message


def file_content(part: Message) -> bytes:
    if part.is_multipart():
        return b"\n".join(
            bytes(inner) for inner in part.get_payload() if isinstance(inner, Message)
        )
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _is_file(part: Message) -> bool:
    if part.get_content_disposition() == "attachment" or part.get_filename():
        return True
    return part.get_content_maintype() not in ("text", "multipart")


def _attachment_facts(part: Message, number: int) -> Fields:
    content = file_content(part)
    content_id = str(part.get("Content-ID", "")).strip("<> \r\n")
    return {
        "id": attachment_id(content, number),
        "name": _decode(part.get_filename() or f"attachment-{number + 1}"),
        "contentType": part.get_content_type(),
        "size": len(content),
        "isInline": part.get_content_disposition() == "inline" and bool(content_id),
        "contentId": content_id or None,
    }


def attachment_id(content: bytes, number: int) -> str:
    digest = hashlib.sha256(content + bytes([number % 256])).digest()[:15]
    return f"AAMkATT/{base64.b64encode(digest).decode()}+AA="


def _header(message: Message, name: str) -> str:
    return _decode(message.get(name, ""))


def _decode(value: Any) -> str:
    text = str(value).replace("\r\n", "").replace("\n", "")
    try:
        return str(make_header(decode_header(text)))
    except (LookupError, UnicodeError, ValueError, HeaderParseError):
        return text


def _recipients(message: Message, name: str) -> list[Recipient]:
    values = [str(value).replace("\r\n", "") for value in message.get_all(name, [])]
    pairs = getaddresses(values, strict=False)
    return [recipient(address, _decode(shown)) for shown, address in pairs if address]


def _date(message: Message) -> str | None:
    try:
        moment = parsedate_to_datetime(str(message.get("Date", "")))
    except (ValueError, TypeError):
        return None
    return iso(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _importance(message: Message) -> str:
    value = _header(message, "Importance").strip().lower()
    return value if value in ("low", "high") else "normal"


def _text_of(part: Message) -> str:
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return ""
    try:
        return content.decode(part.get_content_charset() or "utf-8", "replace")
    except LookupError:
        return content.decode("latin-1")


# -- writing


def write_mail(fields: Fields) -> bytes:
    """A raw mail from a mailbox's fields; ValueError when a header cannot be written.

    `attachments` carry their `contentBytes` (base64). Bcc is not written.
    """
    mail = EmailMessage(policy=_POLICY)
    _set(mail, "From", _shown([fields["from"]]))
    _set(mail, "To", _shown(fields.get("toRecipients", [])))
    _set(mail, "Cc", _shown(fields.get("ccRecipients", [])))
    _set(mail, "Reply-To", _shown(fields.get("replyTo", [])))
    _set(mail, "Subject", fields.get("subject") or "")
    _set(mail, "Date", format_datetime(datetime.fromisoformat(fields["sentDateTime"])))
    _set(mail, "Message-ID", fields["internetMessageId"])
    _set(mail, "In-Reply-To", fields.get("inReplyTo", ""))
    _set(mail, "References", " ".join(fields.get("references", []))[-_LARGEST_ID:])
    if fields.get("importance", "normal") != "normal":
        mail["Importance"] = fields["importance"]
    for header in fields.get("internetMessageHeaders") or []:
        _set(mail, header["name"], header["value"])
    for name, value in (fields.get("extended") or {}).items():
        if name.lower().startswith(_INTERNET_HEADER.lower()):
            _set(mail, name[len(_INTERNET_HEADER) :], value)
    _set_content(mail, fields)
    return mail.as_bytes()


def _set(mail: EmailMessage, name: str, value: str) -> None:
    if value:
        mail[name] = value


def _shown(recipients: list[Recipient]) -> str:
    pairs = [entry["emailAddress"] for entry in recipients if entry]
    return ", ".join(formataddr((_name(pair), pair["address"])) for pair in pairs)


def _name(pair: dict[str, str]) -> str:
    name = pair.get("name") or ""
    return "" if name == pair["address"] else name


def _set_content(mail: EmailMessage, fields: Fields) -> None:
    """The body as Exchange sends it: a text part beside every HTML part."""
    body = fields.get("body") or {"contentType": "text", "content": ""}
    html = body["content"] if body["contentType"].lower() == "html" else fields.get("html")
    text = fields.get("text") or (html_to_text(html) if html else body["content"])
    mail.set_content(text or "")
    files_ = fields.get("attachments", [])
    inline = [file for file in files_ if html and file.get("isInline") and file.get("contentId")]
    if html:
        mail.add_alternative(html, subtype="html")
        _, part = mail.iter_parts()
        assert isinstance(part, EmailMessage)  # noqa: S101 - for the type checker
        for file in inline:
            maintype, subtype = _media(file)
            part.add_related(
                base64.b64decode(file["contentBytes"]),
                maintype,
                subtype,
                cid=f"<{file['contentId']}>",
                filename=file["name"],
                disposition="inline",
            )
    for file in files_:
        if file not in inline:
            maintype, subtype = _media(file)
            mail.add_attachment(
                base64.b64decode(file["contentBytes"]), maintype, subtype, filename=file["name"]
            )


def _media(file: Fields) -> tuple[str, str]:
    maintype, _, subtype = (file.get("contentType") or "").partition("/")
    if maintype in ("", "multipart", "message") or not subtype:
        return "application", "octet-stream"
    return maintype, subtype.split(";")[0].strip()

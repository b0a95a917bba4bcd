"""Walks the MIME tree: which parts are the message, which are files, which are reports."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from shared.mail_in.attachments import File, file_of, name_of
from shared.mail_in.charset import decode
from shared.mail_in.cleaning import clean_text
from shared.mail_in.flowed import unflow
from shared.mail_in.headers import addresses, line_of, message_ids
from shared.mail_in.markup import looks_like_html, sanitised, text_of
from shared.mail_in.model import Enclosed, Limits, Report, UnparsableMail
from shared.mail_in.smime import signed_content
from shared.mail_in.structure import (
    Part,
    children,
    content_type,
    disposition,
    flattened,
    mended,
    parameter,
    parse_tree,
    raw_payload,
    text_of_header,
)
from shared.mail_in.tnef import NotTnef, read_tnef

_REPORTS = {
    "message/delivery-status": "delivery-status",
    "message/global-delivery-status": "delivery-status",
    "message/disposition-notification": "disposition-notification",
    "message/global-disposition-notification": "disposition-notification",
    "message/feedback-report": "feedback-report",
}
_MAILS = frozenset({"message/rfc822", "message/global"})
_SIGNED = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_TNEF = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
_GROUPS = 200
_MENDED_LEVELS = 3  # each costs another reading; senders break the outer ones
_ENCLOSED_TEXT = 200_000


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of the message, in the forms in which it was sent."""

    plain: str | None
    html: str | None


@dataclass(slots=True)
class Walk:
    """What has been found so far."""

    limits: Limits
    opens_mails: bool = True
    files: list[File] = field(default_factory=list)
    enclosed: list[Enclosed] = field(default_factory=list)
    report: Report | None = None
    calendar_method: str | None = None
    defects: list[str] = field(default_factory=list)

    def blocks(self, part: Part, level: int = 0) -> list[Block]:
        """The message blocks in and below a part; files and reports are set aside."""
        kind = content_type(part)
        self.defects.extend(_mime_defects(part))
        if level > self.limits.depth:
            raise UnparsableMail(f"parts are nested more than {self.limits.depth} deep")
        if kind in _REPORTS and level == 1:
            return self._take_report(part, _REPORTS[kind])
        if kind in _MAILS and children(part):
            return self._take_mail(part, children(part)[0])
        if level <= _MENDED_LEVELS:
            mended(part, self.limits)
        if not part.is_multipart():
            return self._leaf(part, kind, level)
        if kind == "multipart/encrypted":
            self.defects.append("encrypted")
        found = [self.blocks(child, level + 1) for child in children(part)]
        if kind == "multipart/alternative":
            return _one_of(found)
        return [block for blocks in found for block in blocks]

    def _leaf(self, part: Part, kind: str, level: int) -> list[Block]:
        content = raw_payload(part)
        if kind in _SIGNED:
            return self._signed(part, content, level)
        if kind in _TNEF or name_of(part).lower() == "winmail.dat":
            return self._tnef(part, content)
        if kind == "text/calendar" and disposition(part) != "attachment":
            self._take_calendar(part, content)
        if kind == "text/rfc822-headers":
            return self._take_mail(None, parse_tree(content, self.limits))
        if _is_body(part, kind):
            return [self._text(part, kind, content)]
        if content or name_of(part):
            self.files.append(file_of(part, content, _otherwise(kind)))
        return []

    def _text(self, part: Part, kind: str, content: bytes) -> Block:
        text, remark = decode(content[: self.limits.text_chars * 4], parameter(part, "charset"))
        if remark:
            self.defects.append(remark)
        if len(text) > self.limits.text_chars:
            self.defects.append("text cut")
        text = clean_text(text[: self.limits.text_chars])
        if kind == "text/html":
            return Block(None, text)
        if looks_like_html(text):
            self.defects.append("HTML declared as plain text")
            return Block(None, text)
        if parameter(part, "format").lower() == "flowed":
            text = unflow(text, delete_space=parameter(part, "delsp").lower() == "yes")
        return Block(text, None)

    def _signed(self, part: Part, content: bytes, level: int) -> list[Block]:
        """An opaque signature is opened; what is encrypted stays a file."""
        inner = signed_content(content)
        if inner is None:
            self.defects.append("encrypted")
            self.files.append(file_of(part, content, "smime"))
            return []
        return self.blocks(parse_tree(inner, self.limits), level + 1)

    def _tnef(self, part: Part, content: bytes) -> list[Block]:
        try:
            found = read_tnef(content)
        except NotTnef as error:
            self.defects.append(f"winmail.dat unreadable: {error}")
            self.files.append(file_of(part, content, "winmail"))
            return []
        for file in found.files:
            declared = file.mime_type.lower() or "application/octet-stream"
            name = file.name or "attachment"
            self.files.append(File(name, declared, file.content, file.content_id))
        text, html = clean_text(found.text), clean_text(found.html)
        return [Block(text or None, html or None)] if text.strip() or html.strip() else []

    def _take_report(self, part: Part, kind: str) -> list[Block]:
        groups = [dict(_fields(each)) for each in _field_parts(part, self.limits)]
        self.report = Report(kind, tuple(group for group in groups[:_GROUPS] if group))
        return []

    def _take_calendar(self, part: Part, content: bytes) -> None:
        method = parameter(part, "method") or _calendar_method(content)
        self.calendar_method = line_of(method, 40).upper() or self.calendar_method

    def _take_mail(self, part: Part | None, mail: Part) -> list[Block]:
        if not self.opens_mails:
            return []  # mails within mails within mails: the outermost is kept whole as a file
        if part is not None:
            mail = _unwrapped(part, mail, self.limits)
            name = name_of(part) or f"{line_of(text_of_header(mail, 'subject'), 100)}.eml"
            if name == ".eml":
                name = "message.eml"
            self.files.append(File(name, "message/rfc822", flattened(mail)))
        self.enclosed.append(_enclosed(mail, self.limits))
        return []


def _one_of(found: list[list[Block]]) -> list[Block]:
    """The forms of one message merged: its plain text and its HTML."""
    plain = [block.plain for blocks in found for block in blocks if block.plain is not None]
    html = [block.html for blocks in found for block in blocks if block.html is not None]
    if not plain and not html:
        return []
    return [Block("\n".join(plain) if plain else None, "<br>".join(html) if html else None)]


def _is_body(part: Part, kind: str) -> bool:
    # A multipart without any boundary still holds words that somebody wrote.
    is_text = kind in {"text/plain", "text/html"} or kind.startswith("multipart/")
    return is_text and disposition(part) != "attachment" and not name_of(part)


def _otherwise(kind: str) -> str:
    return {"text/calendar": "invite", "application/pgp-signature": "signature"}.get(
        kind, "attachment"
    )


def _mime_defects(part: Part) -> Iterable[str]:
    return (type(defect).__name__.removesuffix("Defect") for defect in part.defects)


def _field_parts(part: Part, limits: Limits) -> Iterable[Part]:
    """A report's groups of fields, one each for the message and every recipient."""
    for group in children(part):
        yield group
        rest = group.get_payload()
        if isinstance(rest, str) and ":" in rest:
            yield parse_tree(rest.strip().encode("utf-8", "surrogateescape"), limits)


def _fields(part: Part) -> Iterable[tuple[str, str]]:
    return ((line_of(name, 80).lower(), line_of(str(text))) for name, text in part.items()[:100])


def _calendar_method(content: bytes) -> str:
    for line in content[:4096].splitlines():
        if line.upper().startswith(b"METHOD:"):
            return line[7:].decode("ascii", "ignore")
    return ""


def _no_picture(_: str) -> None:
    return None


def _unwrapped(part: Part, mail: Part, limits: Limits) -> Part:
    """Some senders encode an enclosed mail, though RFC 2046 5.2.1 forbids it."""
    encoding = text_of_header(part, "content-transfer-encoding").strip().lower()
    if mail.keys() or encoding not in {"base64", "quoted-printable"}:
        return mail
    mail["content-transfer-encoding"] = encoding
    return parse_tree(raw_payload(mail), limits)


def _enclosed(mail: Part, limits: Limits) -> Enclosed:
    blocks = Walk(limits, opens_mails=False).blocks(mail) if mail.keys() else []
    texts = (
        block.plain or text_of(sanitised(block.html or "", _no_picture) or "") for block in blocks
    )
    text = "\n".join(texts).strip()
    ids = message_ids(mail.get_all("message-id", []))
    senders = addresses(str(value) for value in mail.get_all("from", []))
    return Enclosed(
        message_id=ids[0] if ids else None,
        sender=senders[0] if senders else None,
        subject=line_of(text_of_header(mail, "subject")),
        text=text[:_ENCLOSED_TEXT],
    )

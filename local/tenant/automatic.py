"""Mails that machines write: bounces and automatic replies."""

from datetime import datetime
from email import message_from_string
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any
from uuid import uuid4

from local.tenant.mime import address_of, parse, read_mail
from local.tenant.store import Document

_POLICY = SMTP.clone(max_line_length=900)
_POSTMASTER = "MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e"


def bounce_for(raw: bytes, sender: str, address: str, now: datetime) -> bytes:
    """The non-delivery report that Exchange writes for an address that does not exist.

    Parts: notice, delivery status (RFC 3464), headers of the original.
    """
    original = read_mail(raw)
    domain = sender.rpartition("@")[2] or "contoso.com"
    mail = _new_mail(f"Undeliverable: {original['subject']}", now)
    mail["From"] = f"Microsoft Outlook <{_POSTMASTER}@{domain}>"
    mail["To"] = sender
    mail["Return-Path"] = "<>"
    mail["Auto-Submitted"] = "auto-replied"
    mail["X-MS-Exchange-Message-Is-Ndr"] = ""
    if original["internetMessageId"]:
        mail["In-Reply-To"] = original["internetMessageId"]
        mail["References"] = original["internetMessageId"]
    mail.set_content(
        f"Your message to {address} couldn't be delivered.\r\n\r\n"
        "The email address wasn't found at the destination domain.\r\n\r\n"
        "Remote server returned '550 5.1.1 The email account that you tried to reach"
        " does not exist.'\r\n"
    )
    mail.make_mixed()
    mail.attach(_status_part(address, domain))
    mail.attach(_original_headers(raw))
    mail.replace_header("Content-Type", "multipart/report")
    mail.set_param("report-type", "delivery-status")
    return mail.as_bytes()


def _status_part(address: str, domain: str) -> EmailMessage:
    """Per message, then per recipient; the parser builds the blocks that the writer wants."""
    return message_from_string(
        "Content-Type: message/delivery-status\r\n\r\n"
        f"Reporting-MTA: dns;{domain}\r\n\r\n"
        f"Final-Recipient: rfc822;{address}\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp;550 5.1.1 The email account that you tried to reach"
        " does not exist.\r\n",
        policy=_POLICY,
    )


def _original_headers(raw: bytes) -> EmailMessage:
    lines = [f"{name}: {value}" for name, value in parse(raw).items()]
    part = EmailMessage(policy=_POLICY)
    part.set_content("\r\n".join(lines) + "\r\n")
    part.replace_header("Content-Type", "text/rfc822-headers")
    return part


def answer_to(
    message: Document, address: str, habit: dict[str, Any], now: datetime
) -> tuple[str, bytes] | None:
    """The automatic reply (recipient, raw mail) of that habit, or None when it keeps silent."""
    to = address_of((message["replyTo"] or [message["from"]])[0])
    if not to or to == address:
        return None
    polite = habit["kind"] == "polite"
    if polite and (to in habit["answered"] or _written_by_machine(message)):
        return None
    subject = message["subject"]
    mail = _new_mail(f"Automatic reply: {subject}" if polite else f"Re: {subject}", now)
    mail["From"] = address
    mail["To"] = to
    mail["In-Reply-To"] = message["internetMessageId"]
    mail["References"] = " ".join([*message["references"], message["internetMessageId"]])
    if polite:
        mail["Auto-Submitted"] = "auto-replied"
        mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content("I am out of the office and will read your message when I am back.\r\n")
    return to, mail.as_bytes()


def _written_by_machine(message: Document) -> bool:
    """Whether RFC 3834 or Exchange's own header asks not to answer."""
    found = {
        entry["name"].lower(): entry["value"].strip().lower()
        for entry in message.get("internetMessageHeaders", [])
    }
    return (
        found.get("auto-submitted", "no") != "no"
        or "x-auto-response-suppress" in found
        or found.get("precedence") in ("bulk", "list", "junk")
        or "list-id" in found
        or found.get("return-path") == "<>"
    )


def _new_mail(subject: str, now: datetime) -> EmailMessage:
    mail = EmailMessage(policy=_POLICY)
    mail["Subject"] = " ".join(subject.split())
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{uuid4().hex}@mail.tenant.example>"
    return mail

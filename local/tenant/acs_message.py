"""What an ACS email request says, checked as the service documents it.

https://learn.microsoft.com/azure/communication-services/concepts/email/email-headers
"""

import base64
import binascii
import mimetypes
import re
from dataclasses import dataclass
from typing import Any

from local.tenant.core import Tenant
from local.tenant.mime import iso, recipient
from local.tenant.post import new_message_id

_MOST_RECIPIENTS = 50
_MESSAGE_ID = re.compile(r"<[^<>@\s]+@[^<>@\s]+\.[^<>@\s]+>")
_ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;]+")
_OWN_HEADERS = "x-ms-acsemail-"
_KNOWN = {
    "headers", "senderAddress", "content", "recipients", "attachments", "replyTo",
    "userEngagementTrackingDisabled",
}  # fmt: skip
# The endings of the page email-attachment-allowed-mime-types.
_ALLOWED_ENDINGS = (
    "3g2 3gp 7z aac avi bmp csv doc docm docx eot epub gif gz ico ics jpeg jpg json mid "
    "midi mp3 mp4 mpeg oga ogv ogx one opus otf pdf png ppsm ppsx ppt pptm pptx pub rar "
    "rpmsg rtf svg tar tif tiff ttf txt vsd wav weba webm webp wma wmv woff woff2 xls "
    "xlsb xlsm xlsx xml zip"
)
_MORE_TYPES = {"text/plain", "text/csv", "application/zip", "application/x-zip-compressed"}
_ALLOWED_TYPES = _MORE_TYPES | {
    kind for ending in _ALLOWED_ENDINGS.split() if (kind := mimetypes.guess_type(f"x.{ending}")[0])
}


class AcsError(Exception):
    """A refusal with the service's status and code."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(frozen=True)
class Reading:
    """A request as fields of a mail, with its envelope."""

    fields: dict[str, Any]
    sender: str
    recipients: list[str]


def read_message(tenant: Tenant, written: Any, version: str) -> Reading:
    """The mail that the request describes; AcsError 400 names what is wrong."""
    if not isinstance(written, dict):
        raise _bad("The body must be an object.")
    for name in written.keys() - _KNOWN:
        raise _bad(f"Unknown property {name}.")
    sender = str(written.get("senderAddress") or "")
    if not _ADDRESS.fullmatch(sender):
        raise _bad("senderAddress is not an address of a verified domain.")
    content = written.get("content") or {}
    text, html = content.get("plainText"), content.get("html")
    if not content.get("subject") or not (text or html):
        raise _bad("content needs subject, and plainText or html.")
    named = {str(name).lower(): str(v) for name, v in (written.get("headers") or {}).items()}
    people = _people(written.get("recipients") or {})
    fields = {
        "subject": content["subject"],
        "body": {"contentType": "html" if html else "text", "content": html or text},
        "text": text,
        "from": recipient(sender, tenant.person(sender).name),
        "toRecipients": people["to"],
        "ccRecipients": people["cc"],
        "replyTo": _addresses(written.get("replyTo"), "replyTo"),
        "sentDateTime": iso(tenant.now()),
        "internetMessageId": _message_id(tenant, named, sender),
        "inReplyTo": named.get("in-reply-to", ""),
        "references": named.get("references", "").split(),
        "internetMessageHeaders": _custom_headers(written.get("headers") or {}),
        "attachments": _attachments(written.get("attachments") or [], named, version),
    }
    everyone = [entry["emailAddress"]["address"] for group in people.values() for entry in group]
    return Reading(fields, sender.lower(), everyone)


def _bad(message: str) -> AcsError:
    return AcsError(400, "EmailMessageInvalid", message)


def _people(recipients: dict[str, Any]) -> dict[str, list[dict[str, dict[str, str]]]]:
    people = {
        kind: _addresses(recipients.get(kind), f"recipients.{kind}") for kind in ("to", "cc", "bcc")
    }
    count = sum(len(group) for group in people.values())
    if not 1 <= count <= _MOST_RECIPIENTS:
        raise _bad(f"An email has 1 to {_MOST_RECIPIENTS} recipients, not {count}.")
    return people


def _addresses(entries: Any, where: str) -> list[dict[str, dict[str, str]]]:
    found = []
    for entry in entries or ():
        address = entry.get("address") if isinstance(entry, dict) else None
        if not isinstance(address, str) or not _ADDRESS.fullmatch(address):
            raise _bad(f"Invalid address in {where}.")
        found.append(recipient(address, entry.get("displayName") or ""))
    return found


def _message_id(tenant: Tenant, headers: dict[str, str], sender: str) -> str:
    """The caller's own id when it is usable; strict when the caller asks for that."""
    given = headers.get("message-id", "").strip()
    strict = headers.get(f"{_OWN_HEADERS}validate-message-id", "").lower() == "true"
    valid = bool(_MESSAGE_ID.fullmatch(given))
    used = given in tenant.store.collection("acs-message-ids")
    if strict and not valid:
        raise AcsError(400, "InvalidMessageId", "Message-ID must look like <a@b.c>.")
    if strict and used:
        raise AcsError(400, "DuplicateMessageId", f"The Message-ID {given} was used before.")
    if valid and not used:
        return given
    return new_message_id(sender.rpartition("@")[2])


def _custom_headers(headers: dict[str, Any]) -> list[dict[str, str]]:
    own = ("message-id", "in-reply-to", "references", "from", "to", "cc", "bcc", "subject", "date")
    return [
        {"name": name, "value": str(value)}
        for name, value in headers.items()
        if name.lower() not in own and not name.lower().startswith(_OWN_HEADERS)
    ]


def _attachments(entries: list[Any], headers: dict[str, str], version: str) -> list[dict[str, Any]]:
    lenient = headers.get(f"{_OWN_HEADERS}suppress-invalid-attachment", "").lower() == "true"
    found = []
    for entry in entries:
        kind = str(entry.get("contentType") or "").partition(";")[0].strip().lower()
        if kind not in _ALLOWED_TYPES:
            if lenient:
                continue
            raise AcsError(
                400, "InvalidAttachment", f"The attachment type {kind!r} is not allowed."
            )
        if "contentId" in entry and version < "2025-09-01":
            raise _bad("contentId needs api-version 2025-09-01.")
        found.append(_attachment(entry, kind))
    return found


def _attachment(entry: dict[str, Any], kind: str) -> dict[str, Any]:
    try:
        base64.b64decode(entry.get("contentInBase64") or "", validate=True)
    except (binascii.Error, ValueError) as error:
        raise _bad("contentInBase64 is not base64.") from error
    if not entry.get("name"):
        raise _bad("An attachment needs a name.")
    return {
        "name": entry["name"],
        "contentType": kind,
        "contentBytes": entry["contentInBase64"],
        "isInline": bool(entry.get("contentId")),
        "contentId": entry.get("contentId"),
    }

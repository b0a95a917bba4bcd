"""A message as Graph shows it: selected properties, expansions, ids of the wanted kind."""

import base64
import re
from typing import Any

from local.tenant.graph.errors import GraphError
from local.tenant.graph.http import Call
from local.tenant.graph.query import extended_value, has_attachments
from local.tenant.mailbox import Mailbox, raw_of
from local.tenant.mime import file_content, files, parse
from local.tenant.plain_text import html_to_text
from local.tenant.store import Document

_ON_REQUEST = {"internetMessageHeaders", "uniqueBody"}
_COPIED = (
    "createdDateTime", "lastModifiedDateTime", "receivedDateTime", "sentDateTime", "subject",
    "importance", "conversationId", "internetMessageId", "isRead", "isDraft", "categories",
    "from", "sender", "toRecipients", "ccRecipients", "bccRecipients", "replyTo", "flag",
)  # fmt: skip
_PREVIEW = 255
_QUOTE = re.compile(
    r"^(?:>|-{2,}\s*(?:Original Message|Message d'origine)|_{10,}|On .{5,200} wrote:|"
    r"Le .{5,200} a écrit\s?:|(?:From|De|Von): .+@)",
    re.MULTILINE | re.IGNORECASE,
)


def view(call: Call, mailbox: Mailbox, message: Document) -> dict[str, Any]:
    """The message for this call's `$select`, `$expand` and preferences."""
    shown = _all_properties(call, mailbox, message)
    selected = {name for name in re.split(r"[,\s]+", call.query.get("$select", "")) if name}
    if selected:
        wanted = {name.lower() for name in selected} | {"id"}
        shown = {name: value for name, value in shown.items() if name.lower() in wanted}
    else:
        shown = {name: value for name, value in shown.items() if name not in _ON_REQUEST}
    return {"@odata.etag": f'W/"{_change_key(message)}"', **shown, **_expanded(call, message)}


def _all_properties(call: Call, mailbox: Mailbox, message: Document) -> dict[str, Any]:
    body = message["body"]
    text = plain_body(message)
    link = f"https://outlook.office365.com/owa/?ItemID={message['uid']}"
    return {
        "id": mailbox.id_of(message, immutable=call.immutable),
        "changeKey": _change_key(message),
        **{name: message.get(name) for name in _COPIED},
        "bodyPreview": " ".join(text.split())[:_PREVIEW],
        "body": {"contentType": "text", "content": text} if call.wants_text else body,
        "uniqueBody": _unique_body(text, body["contentType"], call.wants_text),
        "hasAttachments": has_attachments(message),
        "internetMessageHeaders": message.get("internetMessageHeaders") or [],
        "inferenceClassification": "focused",
        "isDeliveryReceiptRequested": None if message["isDraft"] else False,
        "isReadReceiptRequested": False,
        "parentFolderId": mailbox.folder_id(message["folder"]),
        "conversationIndex": _conversation_index(message),
        "webLink": link,
    }


def plain_body(message: Document) -> str:
    body = message["body"]
    return html_to_text(body["content"]) if body["contentType"] == "html" else body["content"]


def _unique_body(text: str, kind: str, wants_text: bool) -> dict[str, str]:
    """Only what this message adds to its conversation."""
    own = _QUOTE.split(text, maxsplit=1)[0].strip()
    if wants_text or kind == "text":
        return {"contentType": "text", "content": own}
    lines = "<br>".join(line.replace("&", "&amp;").replace("<", "&lt;") for line in own.split("\n"))
    return {"contentType": "html", "content": f"<html><body><div>{lines}</div></body></html>"}


def _change_key(message: Document) -> str:
    return base64.b64encode(f"{message['uid'][:8]}{message['version']:06}".encode()).decode()


def _conversation_index(message: Document) -> str:
    return base64.b64encode(b"\x01" + message["conversationId"].encode()[-21:]).decode()


# -- expansions


def _expanded(call: Call, message: Document) -> dict[str, Any]:
    text = call.query.get("$expand", "")
    shown: dict[str, Any] = {}
    if re.search(r"\battachments\b", text, re.IGNORECASE):
        shown["attachments"] = [
            attachment_view(message, number, content=True)
            for number in range(len(message.get("attachments", ())))
        ]
    if "singlevalueextendedproperties" in text.lower():
        found = _asked_properties(text, message)
        if found:  # Graph leaves the member out when the message has none of them
            shown["singleValueExtendedProperties"] = found
    return shown


def _asked_properties(text: str, message: Document) -> list[dict[str, str]]:
    names = [name.replace("''", "'") for name in re.findall(r"id\s+eq\s+'((?:[^']|'')*)'", text)]
    if not names:
        raise GraphError(
            400, "ErrorInvalidUrlQuery", "$expand of extended properties needs $filter=id eq '...'"
        )
    values = ((name, extended_value(message, name)) for name in names)
    return [{"id": name, "value": value} for name, value in values if value is not None]


def attachment_view(message: Document, number: int, *, content: bool) -> dict[str, Any]:
    file = message["attachments"][number]
    shown = {
        "@odata.type": "#microsoft.graph.fileAttachment",
        "@odata.mediaContentType": file["contentType"],
        "id": file["id"],
        "lastModifiedDateTime": message["lastModifiedDateTime"],
        "name": file["name"],
        "contentType": file["contentType"],
        "size": file["size"],
        "isInline": bool(file.get("isInline")),
        "contentId": file.get("contentId"),
        "contentLocation": None,
    }
    if content:
        shown["contentBytes"] = base64.b64encode(attachment_content(message, number)).decode()
    return shown


def attachment_content(message: Document, number: int) -> bytes:
    """From the draft's own field, or out of the raw mail once there is one."""
    file = message["attachments"][number]
    if "contentBytes" in file:
        return base64.b64decode(file["contentBytes"])
    return file_content(list(files(parse(raw_of(message) or b"")))[number])

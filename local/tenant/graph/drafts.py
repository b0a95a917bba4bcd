"""What a caller may write into a message, checked as Exchange checks it."""

import base64
import binascii
from collections.abc import Callable
from secrets import token_bytes
from typing import Any

from local.tenant.core import Tenant
from local.tenant.graph.errors import GraphError
from local.tenant.graph.http import Call
from local.tenant.mailbox import Mailbox
from local.tenant.mime import (
    IN_REPLY_TO,
    MESSAGE_ID,
    REFERENCES,
    address_of,
    iso,
    read_mail,
    recipient,
)
from local.tenant.post import new_message_id
from local.tenant.store import Document

_MOST_HEADERS = 5
_TYPE = "microsoft.graph.message"
_RECIPIENTS = ("toRecipients", "ccRecipients", "bccRecipients", "replyTo")
_ALWAYS = {"isRead", "categories", "flag", "importance", "inferenceClassification"}
_READ_ONLY = {
    "id", "changeKey", "createdDateTime", "lastModifiedDateTime", "receivedDateTime",
    "sentDateTime", "bodyPreview", "conversationId", "conversationIndex", "hasAttachments",
    "parentFolderId", "uniqueBody", "webLink", "isDraft",
}  # fmt: skip
_IGNORED = {"isDeliveryReceiptRequested", "isReadReceiptRequested"}


def empty_draft(tenant: Tenant, mailbox: Mailbox) -> Document:
    """The fields of a draft that says nothing yet."""
    person = tenant.person(mailbox.address)
    own = recipient(mailbox.address, person.name)
    domain = mailbox.address.rpartition("@")[2]
    return {
        "subject": "",
        "body": {"contentType": "html", "content": ""},
        "from": own,
        "sender": own,
        **{name: [] for name in _RECIPIENTS},
        "internetMessageId": new_message_id(domain),
        "inReplyTo": "",
        "references": [],
        "internetMessageHeaders": [],
        "importance": "normal",
        "attachments": [],
        "sentDateTime": iso(tenant.now()),
    }


def mime_draft(call: Call, mailbox: Mailbox) -> Document:
    """A draft from base64 MIME; its raw form is kept until the draft is changed.

    https://learn.microsoft.com/graph/outlook-send-mime-message
    """
    try:
        raw = base64.b64decode(b"".join(call.body.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise GraphError(
            400, "ErrorMimeContentInvalidBase64String", "Invalid base64 string for MIME content."
        ) from error
    fields = {**empty_draft(call.tenant, mailbox), **_given(read_mail(raw))}
    _check_sender(fields, mailbox)
    fields["raw"] = base64.b64encode(raw).decode()
    return fields


def _given(fields: Document) -> Document:
    return {name: value for name, value in fields.items() if value}


def json_draft(call: Call, mailbox: Mailbox, written: Any) -> Document:
    """A draft from a message resource."""
    fields = empty_draft(call.tenant, mailbox)
    fields["extended"] = {}
    apply(fields, written, mailbox)
    return fields


def apply(message: Document, written: Any, mailbox: Mailbox) -> None:
    """Writes a message resource's properties into a draft; refuses what is not one."""
    if not isinstance(written, dict):
        raise GraphError(400, "BadRequest", "The message is missing or not an object.")
    for name, value in written.items():
        if name.startswith("@odata.") or name in _IGNORED or name in _READ_ONLY:
            continue
        writer = _WRITERS.get(name)
        if writer is None:
            raise GraphError(
                400,
                "RequestBodyRead",
                f"The property '{name}' does not exist on type '{_TYPE}'. Make sure to only use"
                " property names that are defined by the type.",
            )
        try:
            writer(message, name, value)
        except (KeyError, TypeError, AttributeError) as error:
            raise GraphError(
                400, "RequestBodyRead", f"The value of '{name}' has not the shape of its type."
            ) from error
    _check_sender(message, mailbox)


def apply_to_received(message: Document, written: dict[str, Any], mailbox: Mailbox) -> None:
    """What may change on a message that is no draft: read mark, categories, own properties."""
    fixed = [
        name
        for name in written
        if name not in _ALWAYS
        and name != "singleValueExtendedProperties"
        and not name.startswith("@odata.")
    ]
    if fixed:
        raise GraphError(
            400, "ErrorInvalidPropertySet", f"The property '{fixed[0]}' is read-only here."
        )
    apply(message, written, mailbox)


def _check_sender(fields: Document, mailbox: Mailbox) -> None:
    if address_of(fields["from"]) != mailbox.address:
        raise GraphError(
            403,
            "ErrorSendAsDenied",
            "The user account which was used to submit this request does not have the right to"
            " send mail on behalf of the specified sending account.",
        )


# -- one writer for each property


def _write_plain(message: Document, name: str, value: Any) -> None:
    message[name] = value if value is not None else ""


def _write_any(message: Document, name: str, value: Any) -> None:
    message[name] = value


def _write_body(message: Document, name: str, value: Any) -> None:
    kind = str((value or {}).get("contentType", "text")).lower()
    if kind not in ("text", "html"):
        raise GraphError(400, "RequestBodyRead", f"'{kind}' is not a microsoft.graph.bodyType.")
    message["body"] = {"contentType": kind, "content": (value or {}).get("content") or ""}


def _write_recipients(message: Document, name: str, value: Any) -> None:
    message[name] = [_read_recipient(entry) for entry in value or ()]


def _write_sender(message: Document, name: str, value: Any) -> None:
    if value:
        message[name] = _read_recipient(value)


def _read_recipient(entry: Any) -> dict[str, dict[str, str]]:
    pair = entry.get("emailAddress") if isinstance(entry, dict) else None
    if not isinstance(pair, dict) or not isinstance(pair.get("address"), str):
        raise GraphError(400, "ErrorInvalidRecipients", "At least one recipient isn't valid.")
    return recipient(pair["address"].strip(), pair.get("name") or "")


def _write_headers(message: Document, name: str, value: Any) -> None:
    headers = [{"name": entry["name"], "value": entry["value"]} for entry in value or ()]
    if len(headers) > _MOST_HEADERS:
        raise GraphError(
            400,
            "InvalidInternetMessageHeaderCollection",
            "Maximum number of headers in one message should be less than or equal to 5.",
        )
    for header in headers:
        if not str(header["name"]).lower().startswith("x-"):
            raise GraphError(
                400,
                "InvalidInternetMessageHeader",
                f"The internet message header name '{header['name']}' should start with 'x-' or"
                " 'X-'.",
            )
    message["internetMessageHeaders"] = headers


def _write_extended(message: Document, name: str, value: Any) -> None:
    for entry in value or ():
        _write_property(message, str(entry["id"]), str(entry["value"]))


def _write_property(message: Document, name: str, value: str) -> None:
    if name.lower() == IN_REPLY_TO.lower():
        message["inReplyTo"] = value.strip()
    elif name.lower() == REFERENCES.lower():
        message["references"] = value.split()
    elif name.lower() == MESSAGE_ID.lower():
        message["internetMessageId"] = value.strip()
    else:
        message.setdefault("extended", {})[name] = value


def _write_attachments(message: Document, name: str, value: Any) -> None:
    message["attachments"] = [read_attachment(entry) for entry in value or ()]


def read_attachment(entry: Any) -> Document:
    """A file attachment as a caller wrote it, with its content."""
    if not isinstance(entry, dict) or not entry.get("name"):
        raise GraphError(400, "ErrorPropertyValidationFailure", "An attachment needs a name.")
    if entry.get("@odata.type", "").lstrip("#") != "microsoft.graph.fileAttachment":
        raise GraphError(
            400,
            "RequestBodyRead",
            "An attachment needs '@odata.type': microsoft.graph.fileAttachment",
        )
    try:
        content = base64.b64decode(entry.get("contentBytes") or "", validate=True)
    except (binascii.Error, ValueError) as error:
        raise GraphError(400, "RequestBodyRead", "contentBytes is not base64.") from error
    return new_attachment(entry, content)


def new_attachment(facts: dict[str, Any], content: bytes) -> Document:
    """The document of an attachment; `facts` name, contentType, isInline, contentId."""
    mark = base64.b64encode(token_bytes(15)).decode()
    return {
        "id": f"AAMkATT/{mark}+AA=",
        "name": facts["name"],
        "contentType": facts.get("contentType") or "application/octet-stream",
        "size": len(content),
        "isInline": bool(facts.get("isInline")),
        "contentId": facts.get("contentId"),
        "contentBytes": base64.b64encode(content).decode(),
    }


_WRITERS: dict[str, Callable[[Document, str, Any], None]] = {
    "subject": _write_plain,
    "internetMessageId": _write_plain,
    "importance": _write_any,
    "isRead": _write_any,
    "categories": _write_any,
    "flag": _write_any,
    "inferenceClassification": _write_any,
    "body": _write_body,
    "from": _write_sender,
    "sender": _write_sender,
    **dict.fromkeys(_RECIPIENTS, _write_recipients),
    "internetMessageHeaders": _write_headers,
    "singleValueExtendedProperties": _write_extended,
    "attachments": _write_attachments,
}

"""Attachments of drafts and messages, small ones at once and large ones in ranges.

https://learn.microsoft.com/graph/outlook-large-attachments
"""

import base64
import re
import uuid
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from local.tenant.graph import drafts
from local.tenant.graph.errors import GraphError
from local.tenant.graph.http import Call, Operation, answer, context_of, empty
from local.tenant.graph.message_view import attachment_content, attachment_view
from local.tenant.mailbox import Mailbox
from local.tenant.mime import iso
from local.tenant.store import Document

_SMALL = 3 * 1024 * 1024
_LARGEST = 150 * 1024 * 1024
_LARGEST_RANGE = 4 * 1024 * 1024
_SESSION_LIFE = timedelta(days=7)


async def add(call: Call) -> Response:
    mailbox, message = _draft(call)
    attachment = drafts.read_attachment(call.json())
    if attachment["size"] >= _SMALL:
        raise GraphError(
            413, "ErrorAttachmentSizeLimitExceeded", "3 MB and more need an upload session."
        )
    _attach(mailbox, message, attachment)
    shown = attachment_view(message, len(message["attachments"]) - 1, content=True)
    context = context_of(call.tenant, f"users('{mailbox.address}')/messages/attachments/$entity")
    return answer({"@odata.context": context, **shown}, 201)


async def listing(call: Call) -> Response:
    mailbox = call.mailbox()
    message = call.message(mailbox)
    wanted = {name.strip().lower() for name in call.query.get("$select", "").split(",") if name}
    entries = [
        attachment_view(message, number, content=True)
        for number in range(len(message["attachments"]))
    ]
    if wanted:
        always = {"@odata.type", "@odata.mediacontenttype", "id"}
        entries = [
            {name: value for name, value in entry.items() if name.lower() in wanted | always}
            for entry in entries
        ]
    context = context_of(call.tenant, f"users('{mailbox.address}')/messages/attachments")
    return answer({"@odata.context": context, "value": entries})


async def one(call: Call) -> Response:
    message, number = _find(call)
    context = context_of(call.tenant, "users/messages/attachments/$entity")
    shown = attachment_view(message, number, content=True)
    return answer({"@odata.context": context, **shown})


async def content(call: Call) -> Response:
    message, number = _find(call)
    kind = message["attachments"][number]["contentType"]
    return Response(attachment_content(message, number), headers={"Content-Type": kind})


async def delete(call: Call) -> Response:
    mailbox, message = _draft(call)
    _, number = _find(call)
    del message["attachments"][number]
    mailbox.put(message)
    return empty(204)


def _find(call: Call) -> tuple[Document, int]:
    message = call.message(call.mailbox())
    for number, file in enumerate(message["attachments"]):
        if file["id"] == call.params["attachment"]:
            return message, number
    raise GraphError(404, "ErrorItemNotFound", "The specified object was not found in the store.")


def _draft(call: Call) -> tuple[Mailbox, Document]:
    mailbox = call.mailbox()
    message = call.message(mailbox)
    if not message["isDraft"]:
        raise GraphError(400, "ErrorItemSave", "Attachments can be added to drafts only.")
    return mailbox, message


def _attach(mailbox: Mailbox, message: Document, attachment: Document) -> None:
    message["attachments"] = [*message["attachments"], attachment]
    message["raw"] = None
    mailbox.put(message)


# -- upload sessions


async def create_session(call: Call) -> Response:
    mailbox, message = _draft(call)
    item = call.action().get("attachmentitem") or {}
    size = item.get("size")
    if item.get("attachmentType") != "file" or not item.get("name") or not isinstance(size, int):
        raise GraphError(
            400,
            "ErrorPropertyValidationFailure",
            "AttachmentItem needs attachmentType, name, size.",
        )
    if size < _SMALL:
        raise GraphError(
            400,
            "ErrorAttachmentSizeShouldNotBeLessThanMinimumSize",
            "The attachment is smaller than 3 MB; add it in one request.",
        )
    if size > _LARGEST:
        raise GraphError(413, "ErrorAttachmentSizeLimitExceeded", "The limit is 150 MB.")
    number = uuid.uuid4().hex
    session = {
        "mailbox": mailbox.address,
        "message": message["uid"],
        "item": item,
        "ranges": [],
        "next": 0,
        "expires": iso(call.tenant.now() + _SESSION_LIFE),
    }
    call.tenant.store.collection("uploads")[number] = session
    shown_id = quote(mailbox.id_of(message), safe="")
    url = (
        f"{call.tenant.config.base_url}/graph/api/v2.0/Users('{quote(mailbox.address)}')"
        f"/Messages('{shown_id}')/AttachmentSessions('{number}')?authtoken={uuid.uuid4().hex}"
    )
    context = context_of(call.tenant, "microsoft.graph.uploadSession")
    return answer({"@odata.context": context, "uploadUrl": url, **_progress(session)}, 201)


def _progress(session: Document) -> dict[str, Any]:
    return {
        "expirationDateTime": session["expires"],
        "nextExpectedRanges": [f"{session['next']}-"],
    }


async def put_range(call: Call) -> Response:
    session = _session(call)
    _check_range(call, session)
    session["ranges"].append(base64.b64encode(call.body).decode())
    session["next"] += len(call.body)
    sessions = call.tenant.store.collection("uploads")
    sessions[call.params["session"]] = session
    if session["next"] < session["item"]["size"]:
        return answer(_progress(session))
    del sessions[call.params["session"]]
    return _finish(call, session)


def _session(call: Call) -> Document:
    if "authorization" in call.request.headers:
        raise GraphError(401, "InvalidAuthenticationToken", "The upload URL takes no token.")
    session = call.tenant.store.collection("uploads").get(call.params["session"])
    if session is None or datetime.fromisoformat(session["expires"]) < call.tenant.now():
        raise GraphError(404, "ErrorItemNotFound", "The upload session was not found.")
    return session


def _check_range(call: Call, session: Document) -> None:
    given = call.request.headers.get("content-range", "")
    match = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", given)
    if match is None:
        raise GraphError(400, "ErrorInvalidArgument", f"Content-Range is not valid: {given}")
    first, last, total = (int(text) for text in match.groups())
    if total != session["item"]["size"] or last >= total or last - first + 1 != len(call.body):
        raise GraphError(400, "ErrorInvalidArgument", f"Content-Range does not fit: {given}")
    if len(call.body) > _LARGEST_RANGE:
        raise GraphError(413, "ErrorInvalidArgument", "A range has 4 MB at most.")
    if first != session["next"]:
        raise GraphError(416, "ErrorInvalidRange", f"Expected a range from {session['next']} on.")


def _finish(call: Call, session: Document) -> Response:
    mailbox = Mailbox(call.tenant, session["mailbox"])
    message = mailbox.messages.get(session["message"])
    if message is None or not message["isDraft"]:
        raise GraphError(404, "ErrorItemNotFound", "The message was not found in the store.")
    whole = b"".join(base64.b64decode(part) for part in session["ranges"])
    attachment = drafts.new_attachment(session["item"], whole)
    _attach(mailbox, message, attachment)
    place = (
        f"{call.tenant.config.base_url}/graph/v1.0/users/{quote(mailbox.address)}/messages/"
        f"{quote(mailbox.id_of(message), safe='')}/attachments/{quote(attachment['id'], safe='')}"
    )
    return Response(status_code=201, headers={"Location": place})


async def session_progress(call: Call) -> Response:
    return answer(_progress(_session(call)))


async def cancel_session(call: Call) -> Response:
    _session(call)
    del call.tenant.store.collection("uploads")[call.params["session"]]
    return empty(204)


_ALL = "users/{user}/messages/{message}/attachments"
_SESSION = "users/{user}/messages/{message}/AttachmentSessions/{session}"

OPERATIONS = [
    Operation("POST", f"{_ALL}/createUploadSession", create_session),
    Operation("POST", _ALL, add),
    Operation("GET", _ALL, listing),
    Operation("GET", f"{_ALL}/{{attachment}}", one),
    Operation("DELETE", f"{_ALL}/{{attachment}}", delete),
    Operation("GET", f"{_ALL}/{{attachment}}/$value", content),
]
UPLOAD_OPERATIONS = [
    Operation("PUT", _SESSION, put_range),
    Operation("GET", _SESSION, session_progress),
    Operation("DELETE", _SESSION, cancel_session),
]

"""Messages: drafts, sending, replying, finding, moving.

https://learn.microsoft.com/graph/api/resources/message
"""

from copy import deepcopy
from typing import Any
from urllib.parse import parse_qsl

from starlette.responses import Response

from local.tenant.graph import drafts, query
from local.tenant.graph.errors import GraphError
from local.tenant.graph.http import Call, Operation, answer, context_of, empty
from local.tenant.graph.message_view import view
from local.tenant.graph.replying import reply_draft
from local.tenant.graph.sending import send
from local.tenant.mailbox import Mailbox, raw_of
from local.tenant.mime import write_mail
from local.tenant.store import Document


async def create_draft(call: Call) -> Response:
    mailbox = call.mailbox()
    if call.is_json:
        fields = drafts.json_draft(call, mailbox, call.json())
    else:
        fields = drafts.mime_draft(call, mailbox)
    return _entity(call, mailbox, mailbox.add("drafts", fields), 201)


async def change(call: Call) -> Response:
    mailbox = call.mailbox()
    message = deepcopy(call.message(mailbox))  # a refused change leaves the stored one alone
    if message["isDraft"]:
        drafts.apply(message, call.json(), mailbox)
        message["raw"] = None  # the MIME that the draft came from no longer says what it says
    else:
        drafts.apply_to_received(message, call.json(), mailbox)
    mailbox.put(message)
    return _entity(call, mailbox, message)


async def send_draft(call: Call) -> Response:
    mailbox = call.mailbox()
    message = call.message(mailbox)
    if not message["isDraft"]:
        raise GraphError(400, "ErrorInvalidRequest", "Only a draft can be sent.")
    send(call.tenant, mailbox, message)
    return empty(202)


async def send_mail(call: Call) -> Response:
    mailbox = call.mailbox()
    keep = True
    if call.is_json:
        parameters = call.action()
        fields = drafts.json_draft(call, mailbox, parameters.get("message"))
        keep = parameters.get("savetosentitems", True) is not False
    else:
        fields = drafts.mime_draft(call, mailbox)
    message = mailbox.add("drafts", fields)
    try:
        send(call.tenant, mailbox, message, keep=keep)
    except GraphError:
        mailbox.remove(message)
        raise
    return empty(202)


async def create_reply(call: Call) -> Response:
    return await _create_reply(call, to_all=False)


async def create_reply_all(call: Call) -> Response:
    return await _create_reply(call, to_all=True)


async def _create_reply(call: Call, *, to_all: bool) -> Response:
    mailbox = call.mailbox()
    fields = reply_draft(call, mailbox, call.message(mailbox), to_all=to_all)
    return _entity(call, mailbox, mailbox.add("drafts", fields), 201)


async def reply(call: Call) -> Response:
    mailbox = call.mailbox()
    fields = reply_draft(call, mailbox, call.message(mailbox), to_all=False)
    send(call.tenant, mailbox, mailbox.add("drafts", fields))
    return empty(202)


async def reply_all(call: Call) -> Response:
    mailbox = call.mailbox()
    fields = reply_draft(call, mailbox, call.message(mailbox), to_all=True)
    send(call.tenant, mailbox, mailbox.add("drafts", fields))
    return empty(202)


# -- reading


async def listing(call: Call) -> Response:
    mailbox = call.mailbox()
    messages = list(mailbox)
    if "folder" in call.params:
        messages = mailbox.in_folder(mailbox.folder_named(call.params["folder"]))
    filter_text = call.query.get("$filter", "")
    if filter_text:
        messages = list(filter(query.read_filter(filter_text), messages))
    messages = query.order(messages, call.query.get("$orderby", ""), filter_text)
    size = call.page_size(10)
    start = _start(call)
    body: dict[str, Any] = {
        "@odata.context": context_of(call.tenant, f"users('{mailbox.address}')/messages"),
        "value": [view(call, mailbox, message) for message in messages[start : start + size]],
    }
    if call.query.get("$count", "").lower() == "true":
        body["@odata.count"] = len(messages)
    if start + size < len(messages):
        body["@odata.nextLink"] = _next_link(call, start + size, size)
    return answer(body)


def _start(call: Call) -> int:
    text = call.query.get("$skip", "0")
    if not text.isdigit():
        raise GraphError(400, "BadRequest", f"Invalid $skip: {text}")
    return int(text)


def _next_link(call: Call, start: int, size: int) -> str:
    asked = dict(parse_qsl(call.request.url.query))
    return call.url(call.own_path(), {**asked, "$top": str(size), "$skip": str(start)})


async def one(call: Call) -> Response:
    mailbox = call.mailbox()
    return _entity(call, mailbox, call.message(mailbox))


async def content(call: Call) -> Response:
    """The MIME: what was delivered byte by byte, what was sent, or what a draft would send."""
    message = call.message(call.mailbox())
    raw = raw_of(message)
    return Response(write_mail(message) if raw is None else raw, media_type="text/plain")


# -- moving and deleting


async def move(call: Call) -> Response:
    mailbox = call.mailbox()
    message = call.message(mailbox)
    destination = call.action().get("destinationid")
    if not isinstance(destination, str) or not destination:
        raise GraphError(400, "ErrorInvalidRequest", "destinationId is required.")
    mailbox.move(message, mailbox.folder_named(destination))
    return _entity(call, mailbox, message, 201)


async def delete(call: Call) -> Response:
    mailbox = call.mailbox()
    message = call.message(mailbox)
    if message["folder"] == "deleteditems":
        mailbox.remove(message)
    else:
        mailbox.move(message, "deleteditems")
    return empty(204)


def _entity(call: Call, mailbox: Mailbox, message: Document, status: int = 200) -> Response:
    context = context_of(call.tenant, f"users('{mailbox.address}')/messages/$entity")
    return answer({"@odata.context": context, **view(call, mailbox, message)}, status)


_ONE = "users/{user}/messages/{message}"
_IN_FOLDER = "users/{user}/mailFolders/{folder}/messages"

OPERATIONS = [
    Operation("POST", "users/{user}/sendMail", send_mail),
    Operation("POST", "users/{user}/messages", create_draft),
    Operation("GET", "users/{user}/messages", listing),
    Operation("GET", _IN_FOLDER, listing),
    Operation("GET", _ONE, one),
    Operation("GET", f"{_IN_FOLDER}/{{message}}", one),
    Operation("PATCH", _ONE, change),
    Operation("DELETE", _ONE, delete),
    Operation("GET", f"{_ONE}/$value", content),
    Operation("POST", f"{_ONE}/send", send_draft),
    Operation("POST", f"{_ONE}/createReply", create_reply),
    Operation("POST", f"{_ONE}/createReplyAll", create_reply_all),
    Operation("POST", f"{_ONE}/reply", reply),
    Operation("POST", f"{_ONE}/replyAll", reply_all),
    Operation("POST", f"{_ONE}/move", move),
]

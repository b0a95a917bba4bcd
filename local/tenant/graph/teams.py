"""Channel messages and replies.

https://learn.microsoft.com/graph/api/channel-post-messages
"""

import json
import re
from typing import Any

from starlette.responses import Response

from local.tenant.channels import CARD, ChannelMessage, Channels
from local.tenant.graph.errors import GraphError
from local.tenant.graph.http import Call, Operation, answer, context_of, read_token, write_token

_LARGEST = 28_672
_GROWTH = 1.15  # the service counts its own, larger form of the message
_SERVICE_ACCOUNT = "docket@contoso.com"
_PROPERTIES = {
    "subject", "body", "mentions", "attachments", "importance", "summary", "locale",
    "messageType", "hostedContents", "from", "createdDateTime",
}  # fmt: skip
_IMPORTANCE = ("normal", "high", "urgent")


async def post(call: Call) -> Response:
    return _entity(call, _add(call, ""), 201)


async def post_reply(call: Call) -> Response:
    root = _find(call, "message")
    return _entity(call, _add(call, root["id"]), 201)


def _add(call: Call, reply_to: str) -> ChannelMessage:
    if call.token.startswith("app-only"):
        raise GraphError(
            403,
            "Forbidden",
            "Missing role permissions on the request. API requires one of 'Teamwork.Migrate.All'."
            " Roles on the request 'Group.ReadWrite.All'.",
        )
    written = {name: value for name, value in call.json().items() if not name.startswith("@")}
    _check(written, len(call.body))
    body = written["body"]
    sender = call.token.partition(":")[2] or _SERVICE_ACCOUNT
    channels = Channels(call.tenant)
    return channels.post(
        call.params["team"],
        call.params["channel"],
        sender=channels.sender(sender),
        content=str(body.get("content") or ""),
        reply_to=reply_to,
        contentType=str(body.get("contentType") or "text").lower(),
        subject=written.get("subject"),
        importance=str(written.get("importance") or "normal").lower(),
        attachments=[_without_type(entry) for entry in written.get("attachments") or ()],
        mentions=[_without_type(entry) for entry in written.get("mentions") or ()],
    )


def _without_type(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name != "@odata.type"}


def _check(written: dict[str, Any], size: int) -> None:
    for name in written.keys() - _PROPERTIES:
        raise _bad(f"The property '{name}' does not exist on type 'microsoft.graph.chatMessage'.")
    if size * _GROWTH > _LARGEST:
        raise GraphError(
            413,
            "RequestEntityTooLarge",
            "MessageSizeExceeded - Message size exceeded. The max allowed size is 28672 bytes.",
        )
    body = written.get("body")
    if not isinstance(body, dict):
        raise _bad("Missing body content.")
    content = str(body.get("content") or "")
    if not content.strip() and not written.get("attachments"):
        raise _bad("Missing body content.")
    if str(written.get("importance") or "normal").lower() not in _IMPORTANCE:
        raise _bad("Importance is normal, high or urgent.")
    rich = written.get("mentions") or written.get("attachments")
    if rich and str(body.get("contentType", "")).lower() != "html":
        raise _bad("Body content type must be html with mentions or attachments.")
    _check_mentions(written.get("mentions") or [], content)
    _check_attachments(written.get("attachments") or [], content)


def _check_mentions(mentions: list[Any], content: str) -> None:
    tagged = re.findall(r"<at\s+id=[\"']?(\d+)[\"']?\s*>", content)
    known = [str(entry.get("id")) for entry in mentions]
    if sorted(set(tagged)) != sorted(known):
        raise _bad("Invalid mention: every <at id> needs one entry in mentions and the reverse.")
    for entry in mentions:
        who = entry.get("mentioned") or {}
        if not any((who.get(kind) or {}).get("id") for kind in ("user", "conversation", "tag")):
            raise _bad("Invalid mention: 'mentioned' names nobody.")


def _check_attachments(attachments: list[Any], content: str) -> None:
    placed = re.findall(r"<attachment\s+id=[\"']?([^\"'>\s]+)", content)
    for entry in attachments:
        if not entry.get("id") or entry["id"] not in placed:
            raise _bad("Attachment id is not referenced by an <attachment> in the body.")
        if entry.get("contentType") == CARD:
            _check_card(entry.get("content"))
    if set(placed) - {entry["id"] for entry in attachments}:
        raise _bad("The body references an attachment that is not in attachments.")


def _check_card(content: Any) -> None:
    try:
        card = json.loads(content)
    except (TypeError, ValueError) as error:
        raise _bad("The content of a card attachment must be its JSON as a string.") from error
    if not isinstance(card, dict) or card.get("type") != "AdaptiveCard":
        raise _bad("The content of a card attachment is not an AdaptiveCard.")


def _bad(message: str) -> GraphError:
    return GraphError(400, "BadRequest", message)


# -- reading


async def listing(call: Call) -> Response:
    channels = Channels(call.tenant)
    roots = channels.threads(call.params["team"], call.params["channel"])
    by_activity = sorted(roots, key=lambda m: _last(channels, m), reverse=True)
    with_replies = "replies" in call.query.get("$expand", "")

    def shown(message: ChannelMessage) -> dict[str, Any]:
        body = view(message)
        if with_replies:
            body["replies"] = [view(entry) for entry in reversed(channels.replies(message))]
        return body

    return _page(call, [shown(message) for message in by_activity])


def _last(channels: Channels, message: ChannelMessage) -> int:
    return max([int(message["id"]), *(int(entry["id"]) for entry in channels.replies(message))])


async def one(call: Call) -> Response:
    return _entity(call, _find(call, "message"))


async def replies(call: Call) -> Response:
    root = _find(call, "message")
    found = reversed(Channels(call.tenant).replies(root))
    return _page(call, [view(entry) for entry in found])


async def one_reply(call: Call) -> Response:
    return _entity(call, _find(call, "reply"))


def _find(call: Call, name: str) -> ChannelMessage:
    place = (call.params["team"], call.params["channel"])
    found = Channels(call.tenant).get(*place, call.params[name])
    if found is None:
        raise GraphError(404, "NotFound", "The message was not found.")
    return found


def _page(call: Call, entries: list[dict[str, Any]]) -> Response:
    start, size = 0, call.page_size(20, 50)
    if "$skiptoken" in call.query:
        state = read_token(call.query["$skiptoken"])
        start, size = int(state["start"]), int(state["size"])
    body: dict[str, Any] = {
        "@odata.context": context_of(call.tenant, "Collection(chatMessage)"),
        "@odata.count": len(entries[start : start + size]),
        "value": entries[start : start + size],
    }
    if start + size < len(entries):
        token = write_token({"start": start + size, "size": size})
        kept = {k: v for k, v in call.query.items() if k == "$expand"}
        body["@odata.nextLink"] = call.url(call.own_path(), {**kept, "$skiptoken": token})
    return answer(body)


def view(message: ChannelMessage) -> dict[str, Any]:
    """The message as chatMessage resource."""
    sender = message["sender"]
    user = {
        "@odata.type": "#microsoft.graph.teamworkUserIdentity",
        "id": sender["id"],
        "displayName": sender["name"],
        "userIdentityType": "aadUser",
    }
    at = message["createdDateTime"]
    return {
        "id": message["id"],
        "replyToId": message["replyToId"],
        "etag": message["id"],
        "messageType": "message",
        "createdDateTime": at,
        "lastModifiedDateTime": at,
        "lastEditedDateTime": None,
        "deletedDateTime": None,
        "subject": message["subject"],
        "summary": None,
        "chatId": None,
        "importance": message["importance"],
        "locale": "en-us",
        "webUrl": f"https://teams.microsoft.com/l/message/{message['channel']}/{message['id']}",
        "policyViolation": None,
        "eventDetail": None,
        "from": {"application": None, "device": None, "user": user},
        "body": {"contentType": message["contentType"], "content": message["content"]},
        "channelIdentity": {"teamId": message["team"], "channelId": message["channel"]},
        "attachments": message["attachments"],
        "mentions": message["mentions"],
        "reactions": [],
    }


def _entity(call: Call, message: ChannelMessage, status: int = 200) -> Response:
    context = context_of(call.tenant, "teams/channels/messages/$entity")
    return answer({"@odata.context": context, **view(message)}, status)


_ALL = "teams/{team}/channels/{channel}/messages"

OPERATIONS = [
    Operation("POST", _ALL, post),
    Operation("GET", _ALL, listing),
    Operation("GET", f"{_ALL}/{{message}}", one),
    Operation("POST", f"{_ALL}/{{message}}/replies", post_reply),
    Operation("GET", f"{_ALL}/{{message}}/replies", replies),
    Operation("GET", f"{_ALL}/{{message}}/replies/{{reply}}", one_reply),
]

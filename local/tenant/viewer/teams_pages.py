"""Teams: channels with their threads, cards, and a box to answer in somebody's name."""

import json
import re
from typing import Any
from urllib.parse import quote

import nh3
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from local.tenant.channels import ChannelMessage, Channels, cards_of
from local.tenant.core import Tenant
from local.tenant.viewer.page import render, see_other

_AT = re.compile(r"<at\b[^>]*>(.*?)</at>", re.DOTALL | re.IGNORECASE)
_ATTACHMENT = re.compile(r"<attachment\b[^>]*>\s*(</attachment>)?", re.IGNORECASE)


def routes(tenant: Tenant) -> list[BaseRoute]:
    """`/teams`, and the reply form's target."""

    async def page(request: Request) -> Response:
        return _page(tenant, request)

    async def reply(request: Request) -> Response:
        return await _reply(tenant, request)

    return [
        Route("/teams", page, methods=["GET"]),
        Route("/teams", reply, methods=["POST"]),
    ]


def _page(tenant: Tenant, request: Request) -> Response:
    channels = Channels(tenant)
    places: list[dict[str, Any]] = [
        {**place, "count": len(channels.threads(place["team"], place["channel"]))}
        for place in channels.places()
    ]
    wanted = (request.query_params.get("team"), request.query_params.get("channel"))
    chosen = next(
        (place for place in places if (place["team"], place["channel"]) == wanted),
        max(places, key=lambda place: place["count"]) if places else None,
    )
    threads = channels.threads(chosen["team"], chosen["channel"]) if chosen else []
    return render(
        request,
        "teams.html",
        "teams",
        places=places,
        chosen=chosen,
        people=tenant.seed.people_of(lambda desk: _has_channel(desk, chosen)),
        speaker=request.query_params.get("as", ""),
        threads=[
            {"root": _shown(root), "replies": [_shown(m) for m in channels.replies(root)]}
            for root in threads
        ],
    )


def _has_channel(desk: dict[str, Any], place: dict[str, Any] | None) -> bool:
    channels = desk.get("channels") or ()
    return any(place and entry.get("channel_id") == place["channel"] for entry in channels)


def _shown(message: ChannelMessage) -> dict[str, Any]:
    """A message with its HTML made safe and mentions marked."""
    content = message["content"]
    if message["contentType"] == "html":
        content = _ATTACHMENT.sub("", _AT.sub(r'<em class="mention">\1</em>', content))
        content = nh3.clean(content, attributes={"em": {"class"}, "a": {"href"}})
    else:
        content = nh3.clean_text(content)
    return {
        "id": message["id"],
        "name": message["sender"]["name"],
        "at": message["createdDateTime"],
        "subject": message["subject"],
        "importance": message["importance"],
        "html": content,
        "cards": [json.dumps(card) for card in cards_of(message)],
        "root": message["replyToId"] or message["id"],
    }


async def _reply(tenant: Tenant, request: Request) -> Response:
    form = await request.form()
    facts = {
        name: str(form.get(name, "")) for name in ("team", "channel", "message", "from", "text")
    }
    if facts["text"].strip() and "@" in facts["from"]:
        Channels(tenant).answer_as(
            facts["team"], facts["channel"], facts["message"], facts["from"], facts["text"]
        )
    place = f"team={quote(facts['team'])}&channel={quote(facts['channel'])}"
    return see_other(f"/teams?{place}&as={quote(facts['from'])}#m{facts['message']}")

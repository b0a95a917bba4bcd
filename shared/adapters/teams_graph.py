"""Posts to Teams channels through Graph, in the name of a service account.

App-only identities may not post to channels, so the wire's credential is a delegated one
(ChannelMessage.Send, ChannelMessage.Read.All) of an account that is a member of the teams.
https://learn.microsoft.com/graph/api/channel-post-messages
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

from shared.adapters.graph_wire import GraphWire
from shared.adapters.marks import uuid_of
from shared.adapters.teams_replies import reply_of
from shared.adapters.teams_size import BUDGET, plain_card, shorten_card, shorten_html, size_of
from shared.ports import ChatMention, ChatPlace, ChatReply, Post

_CARD = "application/vnd.microsoft.card.adaptive"
_PLACEHOLDER = re.compile(r"\{mention:(\d+)\}")
_PAGES = 4  # of fifty messages each: what is older is not looked at
_LONGEST_TEXT = 6_000  # bytes of HTML; the card has the rest of the budget


class GraphChat:
    """Chat for channels. A post's attachment has an id that follows from the key."""

    def __init__(self, wire: GraphWire) -> None:
        self._wire = wire

    async def post(
        self, place: ChatPlace, post: Post, key: str, *, thread: str = "", again: bool
    ) -> str:
        """Posts once per key, as a reply when `thread` is given; the message's id."""
        path = _path(place, thread)
        mark = uuid_of(key)
        if again and (found := await self._find(path, mark)):
            return found
        posted = await self._wire.submit("post message", "POST", path, _message(post, mark, thread))
        return str(posted["id"])

    async def replies(self, place: ChatPlace, thread: str) -> list[ChatReply]:
        """What people answered in the thread, oldest first, the latest 200 at most.

        ChannelMessage.Read.All is enough. Raises Rejected when the thread is gone.
        https://learn.microsoft.com/graph/api/chatmessage-list-replies
        """
        found = [reply_of(message) async for message in self._messages(_path(place, thread))]
        return sorted((reply for reply in found if reply), key=lambda reply: (reply.at, reply.id))

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._wire.aclose()

    async def _find(self, path: str, mark: str) -> str:
        """The id of the message with that attachment among the latest, or ''."""
        async for message in self._messages(path):
            if any(a.get("id") == mark for a in message.get("attachments") or ()):
                return str(message["id"])
        return ""

    async def _messages(self, path: str) -> AsyncIterator[dict[str, Any]]:
        """The latest messages there."""
        link = f"{path}?$top=50"
        for _ in range(_PAGES):
            page = await self._wire.fetch("list messages", link)
            for message in page["value"]:
                yield message
            link = page.get("@odata.nextLink", "")
            if not link:
                return


def _path(place: ChatPlace, thread: str) -> str:
    team, channel = quote(place.team_id, safe=""), quote(place.channel_id, safe="")
    path = f"/teams/{team}/channels/{channel}/messages"
    return f"{path}/{quote(thread, safe='')}/replies" if thread else path


def _message(post: Post, mark: str, thread: str) -> dict[str, Any]:
    text = shorten_html(post.html, _LONGEST_TEXT)
    named = _mentioned(text, post.mentions)
    content = _PLACEHOLDER.sub(lambda m: _at(m, named), text)
    message: dict[str, Any] = {
        "body": {
            "contentType": "html",
            "content": f'{content}<attachment id="{mark}"></attachment>',
        },
        "mentions": [_mention(number, person) for number, person in named.items()],
    }
    if post.subject and not thread:
        message["subject"] = post.subject
    # Teams keeps nothing else that is ours and unseen, so a post without a card gets a small one.
    card = shorten_card(post.card or plain_card("Docket"), BUDGET - size_of(message))
    message["attachments"] = [{"id": mark, "contentType": _CARD, "content": json.dumps(card)}]
    return message


def _mentioned(text: str, people: tuple[ChatMention, ...]) -> dict[int, ChatMention]:
    """Who is named in the text, by number."""
    numbers = {int(number) for number in _PLACEHOLDER.findall(text)}
    return {number: people[number] for number in sorted(numbers) if number < len(people)}


def _at(found: re.Match[str], named: dict[int, ChatMention]) -> str:
    person = named.get(int(found[1]))
    return f'<at id="{found[1]}">{html.escape(person.name)}</at>' if person else ""


def _mention(number: int, person: ChatMention) -> dict[str, Any]:
    user = {"id": person.aad_id, "displayName": person.name, "userIdentityType": "aadUser"}
    return {"id": number, "mentionText": person.name, "mentioned": {"user": user}}

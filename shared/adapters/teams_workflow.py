"""Posts cards to Teams through a Workflows webhook ("When a Teams webhook request is received").

https://learn.microsoft.com/connectors/teams/#microsoft-teams-webhook
Such an address takes a card and tells nothing back: no message id, no threads, no way to look
for an earlier attempt. A second attempt after a lost answer posts a second card: that call is
the one window in which a notice may be doubled.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from typing import Any

import nh3

from shared.adapters.http import OnCall, Wire
from shared.adapters.teams_size import BUDGET, plain_card, shorten_card
from shared.domain.errors import Rejected
from shared.ports import ChatPlace, Post

_CARD = "application/vnd.microsoft.card.adaptive"
_PLACEHOLDER = re.compile(r"\\?\{mention:(\d+)\\?\}")
_BREAK = re.compile(r"<br\s*/?>|</(?:p|div|li|tr|h\d)>", re.IGNORECASE)
_MARKDOWN = re.compile(r"([\\*_\[\]`])")
_TIMEOUT = 20.0


class WorkflowChat:
    """Chat for places that have only a workflow's address.

    `urls` holds the addresses by the name of their setting; each address as a whole is a secret.
    """

    def __init__(
        self, urls: Mapping[str, str], *, timeout: float = _TIMEOUT, on_call: OnCall | None = None
    ) -> None:
        self._urls = dict(urls)
        self._timeout = timeout
        self._wire = Wire("Teams workflow", on_call=on_call)

    async def post(
        self, place: ChatPlace, post: Post, key: str, *, thread: str = "", again: bool
    ) -> str:
        """Posts a card (also when `again`, and also for a `thread`); always ''."""
        url = self._urls.get(place.url_setting, "")
        if not url:
            raise Rejected(f"Teams workflow: the setting {place.url_setting!r} holds no address")
        card = {"contentType": _CARD, "contentUrl": None, "content": _card(post)}
        envelope = {"type": "message", "attachments": [card]}
        await self._wire.call_secret(
            "post card",
            "POST",
            url,
            json.dumps(envelope, ensure_ascii=False).encode(),
            {"Content-Type": "application/json"},
            self._timeout,
        )
        return ""

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._wire.aclose()


def _card(post: Post) -> dict[str, Any]:
    """The post as one card: its text above, then the given card; mentions as Teams' entities."""
    card = dict(post.card or plain_card(""))
    above = [_block(post.subject, weight="Bolder")] if post.subject else []
    if post.html:
        above.append(_block(_plain(post)))
    given = card["body"] if post.card else []
    card["body"] = [*above, *given]
    card = shorten_card(card, BUDGET)
    if entities := _entities(post):
        card["msteams"] = {**card.get("msteams", {}), "entities": entities}
    return card


def _block(text: str, **more: str) -> dict[str, Any]:
    return {"type": "TextBlock", "text": text, "wrap": True, **more}


def _plain(post: Post) -> str:
    """The HTML's text as a TextBlock takes it, in which a little Markdown has a meaning."""
    broken = _BREAK.sub(lambda m: f"{m[0]}\n", post.html)
    text = html.unescape(nh3.clean(broken, tags=set())).strip()
    escaped = _MARKDOWN.sub(r"\\\1", text)
    return _PLACEHOLDER.sub(lambda m: _at(post, int(m[1])), escaped)


def _at(post: Post, number: int) -> str:
    return f"<at>{post.mentions[number].name}</at>" if number < len(post.mentions) else ""


def _entities(post: Post) -> list[dict[str, Any]]:
    numbers = {int(number) for number in _PLACEHOLDER.findall(post.html)}
    people = [post.mentions[n] for n in sorted(numbers) if n < len(post.mentions)]
    return [
        {
            "type": "mention",
            "text": f"<at>{person.name}</at>",
            "mentioned": {"id": person.aad_id, "name": person.name},
        }
        for person in people
    ]

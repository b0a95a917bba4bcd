"""Teams by whichever way a place can be reached."""

from __future__ import annotations

from collections.abc import Mapping

from shared.adapters.teams_graph import GraphChat
from shared.domain.errors import Rejected
from shared.ports import Chat, ChatPlace, ChatReply, Post


class Teams:
    """Chat that hands each post to the way its place names (`graph`, `workflow`)."""

    def __init__(self, ways: Mapping[str, Chat]) -> None:
        self._ways = dict(ways)

    async def post(
        self, place: ChatPlace, post: Post, key: str, *, thread: str = "", again: bool
    ) -> str:
        """Posts once per key as far as the way allows; the message's id ('' if unknown)."""
        way = self._ways.get(place.via)
        if way is None:
            known = ", ".join(sorted(self._ways))
            raise Rejected(f"Teams: no way {place.via!r} to post; there are: {known}")
        return await way.post(place, post, key, thread=thread, again=again)

    async def replies(self, place: ChatPlace, thread: str) -> list[ChatReply]:
        """What people answered in the thread; a workflow's address tells nothing back."""
        way = self._ways.get(place.via)
        if not isinstance(way, GraphChat):
            raise Rejected(f"Teams: threads cannot be read by way of {place.via!r}")
        return await way.replies(place, thread)

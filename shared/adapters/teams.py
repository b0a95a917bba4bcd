"""Teams by whichever way a place can be reached."""

from __future__ import annotations

from collections.abc import Mapping

from shared.domain.errors import Rejected
from shared.ports import Chat, ChatPlace, Post


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

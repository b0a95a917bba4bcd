"""What some tools can do beyond their port; asked of the adapter when it is needed."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from shared.ports import BacklogPlace, ChatPlace, ChatReply


@runtime_checkable
class Ranked(Protocol):
    """A backlog tool whose items stand in an order that we may change."""

    async def rank(
        self, place: BacklogPlace, item_id: str, before: str = "", after: str = ""
    ) -> None:
        """Puts the item next to another. Raises Rejected when the tool declines."""


@runtime_checkable
class Threaded(Protocol):
    """A chat tool whose threads can be read."""

    async def replies(self, place: ChatPlace, thread: str) -> list[ChatReply]:
        """What people answered, oldest first, the latest 200 at most; our own posts are left out.

        Raises Rejected for a thread that is gone, or a place that has none.
        """


@runtime_checkable
class Identified(Protocol):
    """A tool that knows under which account we sign in."""

    async def account(self) -> str:
        """The account's id, by which the tool's notifications name us. Raises Unavailable."""

"""The third-line board: an order, and one slot."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from shared.domain import events as ev
from shared.domain.flow import Column, State
from shared.domain.people import Frozen


class Slot(Frozen):
    """What the sprint's developer has in progress."""

    number: str
    developer: str
    sprint: int
    since: dt.datetime


class Board(Frozen):
    """One row a desk. Every command that touches it commits it with the ticket, or not at all."""

    ready: tuple[str, ...] = ()
    slot: Slot | None = None

    def accept(self, number: str) -> Board:
        """At the end of Ready for sprint."""
        return self.model_copy(update={"ready": (*self.without(number).ready, number)})

    def without(self, number: str) -> Board:
        """The ticket is neither in the order nor in the slot."""
        return self.model_copy(
            update={
                "ready": tuple(n for n in self.ready if n != number),
                "slot": None if self.slot and self.slot.number == number else self.slot,
            }
        )

    def rank(self, number: str, index: int) -> Board:
        """The ticket at that place among the others."""
        others = [n for n in self.ready if n != number]
        others.insert(index, number)
        return self.model_copy(update={"ready": tuple(others)})

    def pull(self, slot: Slot) -> Board:
        """The ticket leaves the order and takes the slot."""
        return self.without(slot.number).model_copy(update={"slot": slot})

    def has(self, number: str) -> bool:
        """Whether the ticket stands on the board."""
        return number in self.ready or bool(self.slot and self.slot.number == number)


def board_after(board: Board, number: str, happened: Iterable[ev.Recorded], state: State) -> Board:
    """The board after these events. A ticket that left the board's columns leaves the board."""
    for recorded in happened:
        event = recorded.event
        if not isinstance(event, ev.BoardMoved):
            continue
        if event.action == "accepted":
            board = board.accept(number)
        elif event.action == "ranked":
            board = board.rank(number, event.position or 0)
        elif event.action == "pulled":
            board = board.pull(
                Slot(
                    number=number,
                    developer=event.developer or "",
                    sprint=event.sprint or 0,
                    since=recorded.at,
                )
            )
        else:
            board = board.without(number)
    on_board = state.board in (Column.READY, Column.IN_PROGRESS)
    return board if on_board else board.without(number)

"""The process flow of one request type: states, the moves people make, the moves that follow."""

from __future__ import annotations

from enum import StrEnum
from functools import cached_property
from typing import Literal

from pydantic import Field

from shared.domain.people import Frozen, Role
from shared.domain.words import Id, Words


class Category(StrEnum):
    """What a state means to people outside the desk, and to the clocks."""

    NEW = "new"
    ACTIVE = "active"
    WAITING = "waiting"
    RESOLVED = "resolved"
    CLOSED = "closed"


ENDED = frozenset({Category.RESOLVED, Category.CLOSED})


class Column(StrEnum):
    """A column of the third-line board that a state stands for."""

    TRIAGE = "triage"
    READY = "ready"
    IN_PROGRESS = "in_progress"
    DEPLOYED = "deployed"


class Need(StrEnum):
    """What must be true before a move."""

    RESOLUTION_NOTE = "resolution_note"  # the resolution steps stand in a work note
    CHANGES_DONE = "changes_done"  # no data change is half way
    ASSIGNEE = "assignee"
    DECISION = "decision"  # triage has been decided


class Trigger(StrEnum):
    """What moves a ticket by itself, where its flow says so."""

    CLIENT_REPLIED = "client_replied"
    REOPENED = "reopened"
    NOT_OUR_PROBLEM = "not_our_problem"
    BUG_OR_FEATURE = "bug_or_feature"
    PROCEED = "proceed"
    ITEM_DONE = "item_done"  # the linked backlog item is finished
    ITEM_REOPENED = "item_reopened"  # it was finished or dropped, and is open again
    ACCEPTED = "accepted"  # third line: Triage -> Ready for sprint
    PULLED = "pulled"  # third line: Ready for sprint -> In progress
    DEPLOYED = "deployed"  # third line: on the development environment
    AUTO_CLOSE = "auto_close"  # resolved for long enough
    MERGED = "merged"  # it goes on as another ticket


class State(Frozen):
    """One state of a flow."""

    id: Id
    name: Words
    category: Category
    pauses_clock: bool = False
    board: Column | None = None
    public_name: Words | None = None  # what clients read instead of `name`

    @property
    def has_ended(self) -> bool:
        """Whether the desk regards its work as done here."""
        return self.category in ENDED


class Move(Frozen):
    """A move that a person may make. `from` may list several states."""

    from_: tuple[Id, ...] = Field(alias="from")
    to: Id
    roles: frozenset[Role]
    needs: frozenset[Need] = frozenset()
    name: Words | None = None


class AutoMove(Frozen):
    """A move that follows from something else that happened."""

    on: Trigger
    from_: tuple[Id, ...] | Literal["*"] = Field(alias="from")
    to: Id


class Flow(Frozen):
    """States and moves of one request type."""

    initial_state: Id
    states: tuple[State, ...]
    moves: tuple[Move, ...]
    auto: tuple[AutoMove, ...] = ()

    @cached_property
    def by_id(self) -> dict[str, State]:
        """The states by their id."""
        return {state.id: state for state in self.states}

    def state(self, state_id: str) -> State:
        """The state of that id. Raises KeyError when there is none."""
        return self.by_id[state_id]

    def moves_from(self, state_id: str) -> tuple[Move, ...]:
        """What people may do from there, whoever they are."""
        return tuple(move for move in self.moves if state_id in move.from_)

    def follow(self, trigger: Trigger, state_id: str) -> str | None:
        """Where the trigger leads from that state, if the flow says anything about it."""
        for auto in self.auto:
            if auto.on is trigger and (auto.from_ == "*" or state_id in auto.from_):
                return None if auto.to == state_id else auto.to
        return None

"""What a rule looks at, and the questions that several rules ask."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

from shared.domain import events as ev
from shared.domain.board import Board
from shared.domain.desk import Desk, RequestType
from shared.domain.errors import FlowForbids, Forbidden, Invalid
from shared.domain.flow import Category, State, Trigger
from shared.domain.past import lost, type_of
from shared.domain.people import Actor, Role
from shared.domain.ticket import Ticket
from shared.domain.words import say

type Events = list[ev.Event]


@dataclass(frozen=True)
class Case:
    """One command's circumstances. `board` is loaded where the desk has one."""

    desk: Desk
    ticket: Ticket
    actor: Actor
    now: dt.datetime
    board: Board = field(default_factory=Board)

    @property
    def type(self) -> RequestType:
        """The ticket's type, or what stands in for it."""
        return type_of(self.desk, self.ticket)

    @property
    def desk_name(self) -> str:
        """The desk as its members know it."""
        return say(self.desk.name, "en")

    @property
    def type_name(self) -> str:
        """The ticket's type as members know it."""
        return f"“{say(self.type.name, 'en')}”"

    @property
    def state(self) -> State:
        """The ticket's state."""
        return self.type.state(self.ticket.state)

    def needs_role(self, *roles: Role, what: str) -> None:
        """Raises Forbidden unless the actor holds one of the roles."""
        if not (self.actor.is_staff and self.actor.has_role(frozenset(roles))):
            raise Forbidden(f"{what} takes one of these roles: {role_names(roles)}")

    def needs_staff(self) -> None:
        """Raises Forbidden for anybody who is not a member of the desk."""
        if not (self.actor.is_staff and self.actor.roles):
            raise Forbidden(f"only members of {self.desk_name} may do that")

    def needs_open(self) -> None:
        """Raises FlowForbids on a ticket that is closed or goes on as another one."""
        self.needs_unmerged()
        if self.state.category is Category.CLOSED:
            raise FlowForbids(f"{self.ticket.number} is closed; reopen it or link a new ticket")

    def needs_unmerged(self) -> None:
        """Raises FlowForbids on a ticket that goes on as another one."""
        if self.ticket.merged_into:
            into = self.ticket.merged_into
            raise FlowForbids(f"{self.ticket.number} was merged into {into}; go on there")

    @property
    def lost(self) -> str:
        """What of the ticket's flow the desk's file does not have any more, '' when it is whole."""
        return lost(self.desk, self.ticket)

    def needs_flow(self) -> None:
        """Raises FlowForbids while no flow says where the ticket may go."""
        if self.lost:
            mend = "open a new ticket and link it" if self.state.has_ended else "set another type"
            raise FlowForbids(f"{self.lost}; {mend}")

    def known(self, field: str, value: str, among: object) -> str:
        """The value when the desk knows it. Raises Invalid naming those it knows."""
        names = list(among)  # type: ignore[call-overload]
        if value not in names:
            raise Invalid.of(field, f"{value!r} is not known here; use one of {', '.join(names)}")
        return value


def role_names(roles: Iterable[Role]) -> str:
    """The roles as people read them: `lead, scrum master`."""
    return ", ".join(sorted(role.value.replace("_", " ") for role in roles))


def entering(state: State) -> dict[str, bool]:
    """What a state means to the clocks, as events carry it."""
    return {"pauses": state.pauses_clock, "ended": state.has_ended}


def follow(case: Case, trigger: Trigger) -> Events:
    """The move that the trigger brings about in this flow, if any; none once it was merged."""
    if case.ticket.merged_into:
        return []
    to = case.type.follow(trigger, case.ticket.state)
    if to is None:
        return []
    state = case.type.state(to)
    return [ev.Moved(frm=case.ticket.state, to=to, cause=trigger.value, **entering(state))]


def can_follow(case: Case, trigger: Trigger) -> bool:
    """Whether the flow says anything about the trigger here."""
    if case.ticket.merged_into:
        return False
    return case.type.follow(trigger, case.ticket.state) is not None

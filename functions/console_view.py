"""What the ticket page shows, as values: facts, clocks, moves, triage, changes."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from functools import cached_property

from functions.console import Left, left
from functions.console_history import person
from shared.domain.desk import Desk, RequestType, Runbook
from shared.domain.explaining import Why, explain
from shared.domain.flow import State, Trigger
from shared.domain.people import Actor
from shared.domain.public import Answered, environment_asked, form_answers
from shared.domain.rules.available import available
from shared.domain.rules.case import Case, can_follow
from shared.domain.rules.moving import allowed_moves, unmet
from shared.domain.rules.timing import warns_at
from shared.domain.sla import Clock, clocks
from shared.domain.ticket import Change, Opinion, Ticket
from shared.domain.words import say
from shared.render.promises import CLOCK_NAMES
from shared.render.wording import span
from shared.service.layout import Loaded


@dataclass(frozen=True)
class MoveOption:
    """A move that this person may make; `missing` says what must come first."""

    to: str
    name: str
    state: str
    missing: tuple[str, ...]


@dataclass(frozen=True)
class ClockView:
    """A clock in words, with the lines that explain its due time."""

    clock: Clock
    name: str
    left: Left
    percent: int
    why: tuple[Why, ...]


@dataclass(frozen=True)
class ChangeView:
    """A data change with what this person may do to it."""

    change: Change
    author: str
    may: frozenset[str]
    open_findings: tuple[str, ...]


@dataclass(frozen=True)
class TicketView:
    """A ticket before one member at one moment."""

    desk: Desk
    loaded: Loaded
    actor: Actor
    now: dt.datetime

    @property
    def ticket(self) -> Ticket:
        """The ticket as it is."""
        return self.loaded.ticket

    @cached_property
    def case(self) -> Case:
        """What the rules look at."""
        return Case(self.desk, self.ticket, self.actor, self.now, self.loaded.board)

    @cached_property
    def can(self) -> frozenset[str]:
        """Commands that this person may give now."""
        return frozenset(available(self.case))

    def may(self, *commands: str) -> bool:
        """Whether this person may give one of these commands now."""
        return bool(self.can.intersection(commands))

    @property
    def kind(self) -> RequestType:
        """The ticket's type."""
        return self.case.type

    @property
    def state(self) -> State:
        """The ticket's state."""
        return self.case.state

    @property
    def is_production(self) -> bool:
        """Whether it is to be marked as a production matter."""
        return self.desk.concerns_production(self.ticket.type, self.ticket.environment)

    @property
    def environment(self) -> str:
        """Its environment's name, '' where nobody was asked for it."""
        return environment_asked(self.desk, self.ticket, "en")

    @property
    def state_shown(self) -> tuple[str, str]:
        """Category and name of the state as people see it."""
        if self.ticket.merged_into:
            return "closed", "Merged"
        return self.state.category.value, say(self.state.name, "en")

    @property
    def rank(self) -> int:
        """0 for the worst severity, 3 at most."""
        return min(list(self.desk.severity_by_id).index(self.ticket.severity), 3)

    @property
    def is_capped(self) -> bool:
        """Whether the environment holds the claimed severity down."""
        return self.ticket.claimed_severity != self.ticket.severity

    @property
    def moves(self) -> list[MoveOption]:
        """Moves of the flow for this person; those over the board are made there."""
        found = []
        for move in allowed_moves(self.case):
            state = self.kind.state(move.to)
            if state.board is not None and state.board.value != "triage":
                continue
            name = say(move.name, "en") if move.name else f"To {say(state.name, 'en')}"
            missing = tuple(unmet(self.case, move.needs))
            found.append(MoveOption(move.to, name, say(state.name, "en"), missing))
        return found

    @cached_property
    def clocks(self) -> list[ClockView]:
        """All clocks with bars and reasons."""
        return [self._clock(clock) for clock in clocks(self.desk, self.ticket, self.now)]

    def _clock(self, clock: Clock) -> ClockView:
        used = clock.elapsed / clock.target if clock.target else 1.0
        shown = self._left(clock)
        if clock.state == "met":
            shown = Left("met", "✓", "met", clock.due_at)
        elif clock.state == "stopped":
            shown = Left("stopped", "■", "none", clock.due_at)
        elif clock.state == "paused":
            shown = Left("paused", "❚❚", "paused", clock.due_at)
        elif clock.state == "missed" and clock.met_at is not None:
            shown = Left("missed, done late", "⚠", "late", clock.due_at)
        why = explain(self.desk, self.ticket, clock, self.loaded.history)
        percent = max(0, min(100, round(used * 100)))
        return ClockView(clock, CLOCK_NAMES[clock.clock.value], shown, percent, why)

    def _left(self, clock: Clock) -> Left:
        """What is left or over, in working time where the calendar has closing hours."""
        near = warns_at(self.desk, self.ticket, clock)
        wall = left(clock.due_at, self.now, paused=clock.state == "paused", warns_at=near)
        rest = clock.target - clock.elapsed
        always = self.desk.calendar_by_id[clock.calendar].always
        if clock.due_at is None or always or not rest:
            return wall
        side = "left" if rest > dt.timedelta() else "late"
        return replace(wall, words=f"{span(rest)} of working time {side}")

    @property
    def runbooks(self) -> list[Runbook]:
        """Pages with instructions that this person's roles may see."""
        return [r for r in self.kind.runbooks if self.actor.has_role(r.roles)]

    @property
    def answers(self) -> tuple[tuple[str, Answered], ...]:
        """The form's other answers, under their questions."""
        return form_answers(self.desk, self.ticket, "en")

    @property
    def decisions(self) -> list[Opinion]:
        """Decisions that the flow knows in this state."""
        triggers = {
            Opinion.NOT_OUR_PROBLEM: Trigger.NOT_OUR_PROBLEM,
            Opinion.BUG_OR_FEATURE: Trigger.BUG_OR_FEATURE,
            Opinion.PROCEED: Trigger.PROCEED,
        }
        return [o for o, trigger in triggers.items() if can_follow(self.case, trigger)]

    @property
    def shows_triage(self) -> bool:
        """Whether triage belongs on this ticket's page."""
        triage = self.ticket.triage
        happened = triage.asked_at or triage.opinions or triage.decision
        return self.kind.needs_triage or bool(happened) or self.may("ask_team", "decide")

    @property
    def ask_text(self) -> str:
        """What "Ask the team" would post, to be changed before it is sent."""
        first = self.actor.name.split()[0] if self.actor.name else ""
        text = self.desk.ask_team_text.replace("{number}", self.ticket.number)
        return text.replace("{name}", first)

    @property
    def changes(self) -> list[ChangeView]:
        """Data changes, latest first."""
        return [self.change_view(change) for change in reversed(self.ticket.changes)]

    def change_view(self, change: Change) -> ChangeView:
        """One change with what this person may do to it now."""
        state, mine = change.state.value, self.actor.email in change.writers
        open_findings = tuple(f.code for f in change.findings if not f.overridden)
        fits = {
            "edit_change": state in ("draft", "verified", "approved", "rejected"),
            "verify_change": state in ("draft", "verified") and not open_findings,
            # whoever checks a change also writes changes, and may reject this one
            "approve_change": state == "verified" and not mine and "reject_change" in self.can,
            "reject_change": state in ("draft", "verified", "approved"),
            "apply_change": state == "approved",
        }
        may = frozenset(name for name, fit in fits.items() if fit and name in self.can)
        return ChangeView(change, person(self.desk, change.author), may, open_findings)

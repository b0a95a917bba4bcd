"""Clocks and their rungs in words, for members of the desk."""

from __future__ import annotations

import datetime as dt

from shared.domain import events as ev
from shared.domain.desk import Desk
from shared.domain.effects import DigestLine
from shared.domain.policy import Watch
from shared.render import wording

CLOCK_NAMES = {
    "first_response": "First response",
    "resolution": "Resolution",
    "triage": "Triage decision",
    "next_reply": "Next reply",
}


REMINDERS = {
    Watch.UNASSIGNED: "Nobody is assigned",
    Watch.UNREAD: "Not read yet",
    Watch.NO_UPDATE: "No update for a while",
    Watch.AUTO_CLOSE: "Resolved for long enough",
}


def rung(desk: Desk, about: ev.Recorded) -> str:
    """What a rung or reminder says of its ticket, in a line."""
    event = about.event
    return in_words(desk, event, about.at) if isinstance(event, ev.Escalated) else "Needs attention"


def in_words(desk: Desk, fired: ev.Escalated | DigestLine, at: dt.datetime | None) -> str:
    """What, when it was due in the desk's time, and which rung. `at`: when it fired, if known.

    `Resolution due Mon 23 Nov 14:05 (80 % used)`, `Resolution missed (due ...)`,
    `Resolution missed by 4 hours (due ...)`, `No update for a while`.
    """
    if not fired.clock:
        watch = next((r.watch for r in desk.reminders if r.id == fired.step), None)
        return REMINDERS[watch] if watch else fired.step.replace("_", " ").capitalize()
    name = CLOCK_NAMES.get(fired.clock, fired.clock)
    if fired.due_at is None:
        return f"{name} due soon"
    due = f"due {wording.short_moment(fired.due_at, desk.timezone)}"
    if at is None:
        return f"{name} {due}"
    step = next((s for s in desk.escalations if s.id == fired.step), None)
    if fired.due_at > at:
        return f"{name} {due}" + (
            f" ({step.at_percent} % used)" if step and step.at_percent else ""
        )
    late = f" by {wording.duration(step.after)}" if step and step.after else ""
    return f"{name} missed{late} ({due})"

"""Clocks and their rungs in words, for members of the desk."""

from __future__ import annotations

from shared.domain import events as ev
from shared.domain.desk import Desk
from shared.render import wording

CLOCK_NAMES = {
    "first_response": "First response",
    "resolution": "Resolution",
    "triage": "Triage decision",
    "next_reply": "Next reply",
}


def rung(desk: Desk, about: ev.Recorded) -> str:
    """What a rung or reminder says of its ticket, in a line: what, when it was due, which rung.

    `Resolution due Mon 23 Nov 14:05 (80 % used)`, `Resolution missed (due ...)`,
    `Resolution missed by 4 hours (due ...)`, in the desk's time.
    """
    event = about.event
    if not isinstance(event, ev.Escalated):
        return "Needs attention"
    if not event.clock:
        return event.step.replace("_", " ").capitalize()
    name = CLOCK_NAMES.get(event.clock, event.clock)
    if event.due_at is None:
        return f"{name} due soon"
    due = f"due {wording.short_moment(event.due_at, desk.timezone)}"
    step = next((s for s in desk.escalations if s.id == event.step), None)
    if event.due_at > about.at:
        return f"{name} {due}" + (
            f" ({step.at_percent} % used)" if step and step.at_percent else ""
        )
    late = f" by {wording.duration(step.after)}" if step and step.after else ""
    return f"{name} missed{late} ({due})"

"""A ticket's history as people read it: one line an event, and the conversation apart."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from shared.domain import events as ev
from shared.domain.desk import Desk
from shared.domain.people import ActorKind
from shared.domain.ticket import Attachment
from shared.domain.words import say
from shared.render.wording import moment

OPINIONS = {
    "not_our_problem": "Not our problem",
    "bug_or_feature": "Bug or feature request",
    "proceed": "Proceed",
}
URGENCIES = {
    "urgent": "urgent, into the current sprint",
    "handle_during_sprint": "to be handled during the sprint",
}


@dataclass(frozen=True)
class Line:
    """One event in words."""

    seq: int
    at: dt.datetime
    who: str
    text: str
    is_public: bool


@dataclass(frozen=True)
class Message:
    """One piece of the conversation. `kind` says who can read it and how it looks."""

    kind: Literal["client", "public", "note", "automatic", "step"]
    seq: int
    at: dt.datetime
    who: str
    text: str
    files: tuple[Attachment, ...] = ()


def lines(desk: Desk, history: Iterable[ev.Recorded]) -> list[Line]:
    """All events, latest first."""
    told = [
        Line(r.seq, r.at, who(desk, r.by), in_words(desk, r.event), r.event.public) for r in history
    ]
    return told[::-1]


def who(desk: Desk, by: ev.By) -> str:
    """A name for whoever did it."""
    if by.kind is ActorKind.SYSTEM:
        return "Docket"
    return by.name or person(desk, by.email)


def person(desk: Desk, email: str) -> str:
    """A member's name, else the address."""
    member = desk.member_by_email.get(email)
    return member.name if member else email


def conversation(desk: Desk, history: Iterable[ev.Recorded]) -> list[Message]:
    """What was said, oldest first, with the steps between."""
    found = (_message(desk, recorded) for recorded in history)
    return [message for message in found if message is not None]


def _message(desk: Desk, recorded: ev.Recorded) -> Message | None:
    event, name = recorded.event, who(desk, recorded.by)
    seq, at = recorded.seq, recorded.at
    if isinstance(event, ev.Opened):
        asked = event.requester.label
        return Message("client", seq, at, asked, event.description, event.attachments)
    if isinstance(event, ev.Replied):
        kind: Literal["client", "public"] = "client" if event.by_client else "public"
        return Message(kind, seq, at, name, event.text, event.attachments)
    if isinstance(event, ev.Noted):
        return Message(
            "automatic" if event.automatic else "note", seq, at, name, event.text, event.attachments
        )
    if isinstance(event, ev.ItemChanged) and event.text:
        return Message("automatic", seq, at, name, event.text)
    if isinstance(event, ev.Moved | ev.TypeSet | ev.Decided | ev.TeamAsked):
        return Message("step", seq, at, name, in_words(desk, event))
    return None


def in_words(desk: Desk, event: ev.Event) -> str:
    """What happened, as the end of a sentence that begins with who did it."""
    return _WORDS[type(event)](desk, event)


def state_name(desk: Desk, state_id: str) -> str:
    """A state's name, whichever type it belongs to; types share the ids of like states."""
    for kind in desk.request_types:
        if state_id in kind.by_id:
            return say(kind.by_id[state_id].name, "en")
    return state_id


def _opened(desk: Desk, e: ev.Opened) -> str:
    by = f" on behalf of {e.requester.label}" if e.submitted_by else ""
    return f"opened the request{by} ({e.source})"


def _moved(desk: Desk, e: ev.Moved) -> str:
    cause = f", since: {e.cause.replace('_', ' ')}" if e.cause else ""
    return f"moved it from {state_name(desk, e.frm)} to {state_name(desk, e.to)}{cause}"


def _typed(desk: Desk, e: ev.TypeSet) -> str:
    old, new = (say(desk.types[t].name, "en") if t in desk.types else t for t in (e.frm, e.to))
    states = f"{state_name(desk, e.state_from)} became {state_name(desk, e.state_to)}"
    why = f" ({e.why})" if e.why else ""
    return f"changed the type from {old} to {new}; {states}{why}"


def _severity(desk: Desk, severity: str) -> str:
    found = desk.severity_by_id.get(severity)
    return say(found.name, "en") if found else severity


def _severed(desk: Desk, e: ev.SeveritySet) -> str:
    capped = ""
    if e.claimed != e.severity:
        capped = f" ({_severity(desk, e.claimed)} as claimed, held down by the environment)"
    reason = f": {e.reason}" if e.reason else ""
    new, old = _severity(desk, e.severity), _severity(desk, e.frm)
    return f"set the severity from {old} to {new}{capped}{reason}"


def _environment(desk: Desk, environment: str) -> str:
    found = desk.environment_by_id.get(environment)
    return say(found.name, "en") if found else environment


def _relocated(desk: Desk, e: ev.EnvironmentSet) -> str:
    counts = f"; severity counts as {_severity(desk, e.severity)}"
    frm, to = _environment(desk, e.frm), _environment(desk, e.environment)
    return f"changed the environment from {frm} to {to}{counts}"


def _decided(desk: Desk, e: ev.Decided) -> str:
    urgency = f", {URGENCIES[e.urgency.value]}" if e.urgency else ""
    return f"decided: {OPINIONS[e.decision.value]}{urgency}. {e.reason}"


def _escalated(desk: Desk, e: ev.Escalated) -> str:
    due = f", due {moment(e.due_at, desk.timezone)}" if e.due_at else ""
    return f"escalated: {e.step.replace('_', ' ')}{due}"


def _built(desk: Desk, e: ev.BuildSeen) -> str:
    number = f" #{e.build}" if e.build is not None else ""
    return f"job {e.job}{number}: {e.result or 'running'}"


def _boarded(desk: Desk, e: ev.BoardMoved) -> str:
    said = {
        "accepted": "accepted it into Ready for sprint",
        "ranked": f"ranked it at place {(e.position or 0) + 1} of Ready for sprint",
        "pulled": f"pulled it into sprint {e.sprint}",
        "deployed": "recorded it as deployed; the slot is free",
    }
    return said[e.action]


def _verified(desk: Desk, e: ev.ChangeVerified) -> str:
    run = e.verification
    good = "as expected" if run.outcome == "as_expected" else "not as expected"
    return (
        f"ran change {e.change} on {_environment(desk, run.environment)}: {run.rows} rows, {good}"
    )


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 120 else f"{line[:119]}…"


_WORDS: dict[type, Callable[[Desk, Any], str]] = {
    ev.Opened: _opened,
    ev.Replied: lambda d, e: f"wrote: {_shortened(e.text)}",
    ev.Noted: lambda d, e: f"noted: {_shortened(e.text)}",
    ev.Moved: _moved,
    ev.Assigned: lambda d, e: (
        f"assigned it to {person(d, e.assignee)}" if e.assignee else "took the assignee off"
    ),
    ev.TypeSet: _typed,
    ev.SeveritySet: _severed,
    ev.EnvironmentSet: _relocated,
    ev.Watched: lambda d, e: f"added {person(d, e.email)} as a watcher",
    ev.Unwatched: lambda d, e: f"removed the watcher {person(d, e.email)}",
    ev.TeamAsked: lambda d, e: f"asked the team: {_shortened(e.message)}",
    ev.ThreadPosted: lambda d, e: "posted the thread in Teams",
    ev.Opined: lambda d, e: (
        f"thinks: {OPINIONS[e.opinion.value]}" + (f". {e.comment}" if e.comment else "")
    ),
    ev.Decided: _decided,
    ev.ItemLinked: lambda d, e: f"linked work item {e.id} ({e.item_kind})",
    ev.ItemChanged: lambda d, e: f"work item {e.id}: {_shortened(e.text or e.state)}",
    ev.Linked: lambda d, e: f"linked {e.to} ({e.link_kind.replace('_', ' ')})",
    ev.Escalated: _escalated,
    ev.PolicyApplied: lambda d, e: f"the desk's targets changed: policy {e.policy}, was {e.frm}",
    ev.ChangeDrafted: lambda d, e: (
        f"{'edited' if e.edited else 'drafted'} change {e.change.id}: {e.change.title}"
    ),
    ev.ChangeVerified: _verified,
    ev.ChangeApproved: lambda d, e: (
        f"approved change {e.change}, script {e.approval.script_sha256[:12]}"
    ),
    ev.ChangeRejected: lambda d, e: f"rejected change {e.change}: {e.reason}",
    ev.ChangeApplied: lambda d, e: (
        f"applied change {e.change} in production: {e.application.rows} rows"
    ),
    ev.BuildAsked: lambda d, e: f"asked for a refresh of pre-production ({e.job})",
    ev.BuildSeen: _built,
    ev.BoardMoved: _boarded,
    ev.Merged: lambda d, e: f"merged it into {e.into}",
}

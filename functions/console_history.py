"""A ticket's history as people read it: one line an event, and the conversation apart."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from shared.domain import events as ev
from shared.domain.desk import Desk
from shared.domain.flow import Trigger
from shared.domain.mentions import spelled_out
from shared.domain.past import state_of, typed
from shared.domain.people import ActorKind
from shared.domain.ticket import Attachment, Ticket
from shared.domain.words import say
from shared.render import promises

OPINIONS = {
    "not_our_problem": "Not our problem",
    "bug_or_feature": "Bug or feature request",
    "proceed": "Proceed",
}
URGENCIES = {
    "urgent": "urgent, into the current sprint",
    "handle_during_sprint": "to be handled during the sprint",
}


SOURCES = {"form": "Microsoft Form", "portal": "web form", "mail": "mail", "api": "API"}
"""By which door a request came."""


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
    """One piece of the conversation. `kind` says who can read it and how it looks.

    `behalf`: for whom it was written; `has_mail`: the mail that it came in is kept whole.
    """

    kind: Literal["client", "public", "note", "automatic", "step"]
    seq: int
    at: dt.datetime
    who: str
    text: str
    files: tuple[Attachment, ...] = ()
    behalf: str = ""
    has_mail: bool = False


def lines(desk: Desk, ticket: Ticket, history: Sequence[ev.Recorded]) -> list[Line]:
    """These latest events of the ticket, latest first."""
    told = [
        Line(r.seq, r.at, who(desk, r.by), _told(desk, r, kind), r.event.public)
        for r, kind in typed(history, ticket.type)
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


def conversation(desk: Desk, ticket: Ticket, history: Sequence[ev.Recorded]) -> list[Message]:
    """What was said, oldest first, with the steps between."""
    found = (_message(desk, ticket, r, kind) for r, kind in typed(history, ticket.type))
    return [message for message in found if message is not None]


def _message(desk: Desk, ticket: Ticket, recorded: ev.Recorded, kind: str) -> Message | None:
    event, name = recorded.event, who(desk, recorded.by)
    seq, at = recorded.seq, recorded.at
    if isinstance(event, ev.Opened):
        return _first(event, seq, at)
    if isinstance(event, ev.Replied):
        looks: Literal["client", "public"] = "client" if event.by_client else "public"
        text = event.text if event.by_client else spelled_out(desk, ticket, event.text)
        return Message(looks, seq, at, name, text, event.attachments, has_mail=bool(event.raw))
    if isinstance(event, ev.Noted):
        text = event.text if event.automatic else spelled_out(desk, ticket, event.text)
        noted: Literal["automatic", "note"] = "automatic" if event.automatic else "note"
        return Message(noted, seq, at, name, text, event.attachments)
    if isinstance(event, ev.ItemChanged) and event.text:
        return Message("automatic", seq, at, name, event.text)
    if isinstance(event, ev.Moved | ev.TypeSet | ev.Decided | ev.TeamAsked):
        return Message("step", seq, at, name, in_words(desk, event, kind))
    return None


def _first(event: ev.Opened, seq: int, at: dt.datetime) -> Message:
    """The request itself, under the name of whoever wrote it."""
    writer = event.submitted_by or event.requester
    return Message(
        "client",
        seq,
        at,
        writer.label,
        event.description,
        event.attachments,
        behalf=event.requester.label if writer.email != event.requester.email else "",
        has_mail=bool(event.raw) and event.source == "mail",
    )


def _told(desk: Desk, recorded: ev.Recorded, kind: str) -> str:
    """What happened; a rung says how late it was when it fired."""
    if isinstance(recorded.event, ev.Escalated):
        return f"escalated: {promises.rung(desk, recorded)}"
    return in_words(desk, recorded.event, kind)


def in_words(desk: Desk, event: ev.Event, type_id: str) -> str:
    """What happened, as the end of a sentence that begins with who did it.

    `type_id`: the ticket's type just before.
    """
    if isinstance(event, ev.Moved):
        return _moved(desk, event, type_id)
    return _WORDS[type(event)](desk, event)


def state_name(desk: Desk, type_id: str, state_id: str) -> str:
    """A state's name in that type's flow; types may name like states differently."""
    state = state_of(desk, type_id, state_id)
    return say(state.name, "en") if state else state_id


def _opened(desk: Desk, e: ev.Opened) -> str:
    by = e.submitted_by
    behalf = f" on behalf of {e.requester.label}" if by and by.email != e.requester.email else ""
    return f"opened the request{behalf} ({SOURCES[e.source]})"


CAUSES = {
    Trigger.CLIENT_REPLIED: "the client answered",
    Trigger.REOPENED: "the client answered after its end",
    Trigger.NOT_OUR_PROBLEM: "decided as not our problem",
    Trigger.BUG_OR_FEATURE: "decided as a bug or feature request",
    Trigger.PROCEED: "decided to proceed",
    Trigger.ITEM_DONE: "its work item is done",
    Trigger.ITEM_REOPENED: "its work item is open again",
    Trigger.ACCEPTED: "accepted for a sprint",
    Trigger.PULLED: "pulled into the sprint",
    Trigger.DEPLOYED: "deployed to development",
    Trigger.AUTO_CLOSE: "resolved for long enough",
    Trigger.MERGED: "merged into another ticket",
}
"""Why a ticket moved by itself, in words."""


def _moved(desk: Desk, e: ev.Moved, type_id: str) -> str:
    cause = f": {CAUSES[Trigger(e.cause)]}" if e.cause in set(Trigger) else ""
    frm, to = (state_name(desk, type_id, state) for state in (e.frm, e.to))
    return f"moved it from {frm} to {to}{cause}"


def _typed(desk: Desk, e: ev.TypeSet) -> str:
    old, new = (say(desk.types[t].name, "en") if t in desk.types else t for t in (e.frm, e.to))
    frm, to = state_name(desk, e.frm, e.state_from), state_name(desk, e.to, e.state_to)
    states = f"{frm} became {to}"
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
        f"ran change {e.change} on {_environment(desk, run.environment)}: {_rows(run.rows)}, {good}"
    )


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 120 else f"{line[:119]}…"


_WORDS: dict[type, Callable[[Desk, Any], str]] = {
    ev.Opened: _opened,
    ev.Replied: lambda d, e: f"wrote: {_shortened(e.text)}",
    ev.Noted: lambda d, e: f"noted: {_shortened(e.text)}",
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
    ev.Escalated: lambda d, e: f"escalated: {promises.in_words(d, e, None)}",
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
        f"applied change {e.change} in production: {_rows(e.application.rows)}"
    ),
    ev.BuildAsked: lambda d, e: f"asked for a refresh of pre-production ({e.job})",
    ev.BuildSeen: _built,
    ev.BoardMoved: _boarded,
    ev.Merged: lambda d, e: f"merged it into {e.into}",
}

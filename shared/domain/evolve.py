"""How each event changes a ticket. Replaying a history gives the ticket."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any

from shared.domain import events as ev
from shared.domain import ticket as tk
from shared.domain.people import ActorKind

type Updates = dict[str, Any]
MAIL_REFS_KEPT = 20


def replay(history: Iterable[ev.Recorded]) -> tk.Ticket:
    """The ticket that this history makes. Raises ValueError on an empty one."""
    ticket: tk.Ticket | None = None
    for recorded in history:
        ticket = evolve(ticket, recorded)
    if ticket is None:
        raise ValueError("a ticket without history")
    return ticket


def evolve(ticket: tk.Ticket | None, recorded: ev.Recorded) -> tk.Ticket:
    """The ticket after one event. The first event must be Opened. Pure."""
    event = recorded.event
    if isinstance(event, ev.Opened):
        return _opened(event, recorded)
    if ticket is None:
        raise ValueError("a history begins with its opening")
    updates = _HANDLERS[type(event)](ticket, event, recorded)
    facts = updates.get("facts", ticket.facts)
    if not isinstance(event, ev.Escalated | ev.PolicyApplied):  # nobody did anything
        facts = facts.model_copy(update={"touched_at": recorded.at})
    return ticket.model_copy(
        update={"updated_at": recorded.at, "version": recorded.seq, **updates, "facts": facts}
    )


def _opened(event: ev.Opened, recorded: ev.Recorded) -> tk.Ticket:
    at = recorded.at
    facts = tk.Facts(state_since=at, touched_at=at, client_wrote_at=at)
    fields = event.model_dump(exclude={"kind", "message_id", "raw", "raw_form", "pauses", "ended"})
    ticket = tk.Ticket(**fields, created_at=at, updated_at=at, version=recorded.seq, facts=facts)
    refs = (event.message_id,) if event.message_id else ()
    entered = _entered(ticket, event, at)
    return ticket.model_copy(update={"mail_refs": refs, "facts": entered})


def _close_open(spans: tuple[tk.Span, ...], at: dt.datetime) -> tuple[tk.Span, ...]:
    return tuple(s.model_copy(update={"end": at}) if s.end is None else s for s in spans)


def _entered(
    ticket: tk.Ticket, event: ev.Opened | ev.Moved | ev.TypeSet, at: dt.datetime
) -> tk.Facts:
    """The facts after the ticket came into that state: spans end and begin here."""
    facts = ticket.facts
    had_ended = any(span.end is None for span in facts.ended)
    was_paused = any(span.end is None for span in facts.pauses)
    ends, pauses = event.ended, event.pauses
    ended, paused = facts.ended, facts.pauses
    if had_ended and not ends:
        ended = _close_open(ended, at)
    if ends and not had_ended:
        ended = (*ended, tk.Span(start=at))
    if was_paused and not pauses:
        paused = _close_open(paused, at)
    if pauses and not was_paused:
        paused = (*paused, tk.Span(start=at))
    updates: Updates = {
        "ended": ended,
        "pauses": paused,
        "state_since": at,
        "spent": _spent(ticket, at),
        "reopened": facts.reopened + (had_ended and not ends),
    }
    if ends and not had_ended:
        updates["client_wrote_at"] = None  # the ending is the answer to what was asked before
    return facts.model_copy(update=updates)


def _spent(ticket: tk.Ticket, at: dt.datetime) -> dict[str, int]:
    """Whole seconds in each state so far, by the clock on the wall."""
    if at <= ticket.facts.state_since:
        return ticket.facts.spent
    stay = int((at - ticket.facts.state_since).total_seconds())
    so_far = ticket.facts.spent.get(ticket.state, 0)
    return {**ticket.facts.spent, ticket.state: so_far + stay}


def _moved(ticket: tk.Ticket, event: ev.Moved, rec: ev.Recorded) -> Updates:
    facts = _entered(ticket, event, rec.at)
    updates: Updates = {"state": event.to, "facts": facts}
    if facts.reopened > ticket.facts.reopened:
        updates["resolution_noted"] = False
    return updates


def _type_set(ticket: tk.Ticket, event: ev.TypeSet, rec: ev.Recorded) -> Updates:
    facts = _entered(ticket, event, rec.at)
    return {"type": event.to, "state": event.state_to, "facts": facts}


def _replied(ticket: tk.Ticket, event: ev.Replied, rec: ev.Recorded) -> Updates:
    refs = (*ticket.mail_refs, event.message_id) if event.message_id else ticket.mail_refs
    facts: Updates = {}
    if event.by_client:
        facts = {"client_wrote_at": ticket.facts.client_wrote_at or rec.at}
    elif rec.by.kind is ActorKind.STAFF or event.via:  # a person's words, wherever written
        answered = ticket.facts.first_response_at or rec.at
        facts = {"client_wrote_at": None, "first_response_at": answered}
    return {
        "facts": ticket.facts.model_copy(update=facts),
        "attachments": _with_attachments(ticket, event.attachments),
        "mail_refs": refs[-MAIL_REFS_KEPT:],
    }


def _noted(ticket: tk.Ticket, event: ev.Noted, rec: ev.Recorded) -> Updates:
    by_person = not (event.automatic or event.via) and rec.by.kind is ActorKind.STAFF
    return {
        "notes": ticket.notes + 1,
        "resolution_noted": ticket.resolution_noted or by_person,
        "attachments": _with_attachments(ticket, event.attachments),
    }


def _with_attachments(
    ticket: tk.Ticket, more: tuple[tk.Attachment, ...]
) -> tuple[tk.Attachment, ...]:
    known = {a.id for a in ticket.attachments}
    return (*ticket.attachments, *(a for a in more if a.id not in known))


def _severity_set(t: tk.Ticket, e: ev.SeveritySet, r: ev.Recorded) -> Updates:
    return {"claimed_severity": e.claimed, "severity": e.severity}


def _environment_set(t: tk.Ticket, e: ev.EnvironmentSet, r: ev.Recorded) -> Updates:
    return {"environment": e.environment, "severity": e.severity}


def _watched(ticket: tk.Ticket, e: ev.Watched, r: ev.Recorded) -> Updates:
    return {"watchers": (*(w for w in ticket.watchers if w != e.email), e.email)}


def _unwatched(ticket: tk.Ticket, e: ev.Unwatched, r: ev.Recorded) -> Updates:
    return {"watchers": tuple(w for w in ticket.watchers if w != e.email)}


def _triage(ticket: tk.Ticket, **updates: object) -> Updates:
    return {"triage": ticket.triage.model_copy(update=updates)}


def _team_asked(t: tk.Ticket, e: ev.TeamAsked, r: ev.Recorded) -> Updates:
    # Asking once more does not give the team more time.
    first = t.triage.asked_at or r.at
    return _triage(t, asked_at=first, asked_by=r.by.email, channel=e.channel)


def _opined(t: tk.Ticket, e: ev.Opined, r: ev.Recorded) -> Updates:
    mine = tk.OpinionGiven(by=r.by.email, opinion=e.opinion, comment=e.comment, at=r.at)
    return _triage(t, opinions=(*(o for o in t.triage.opinions if o.by != r.by.email), mine))


def _decided(t: tk.Ticket, e: ev.Decided, r: ev.Recorded) -> Updates:
    return _triage(
        t,
        decision=e.decision,
        reason=e.reason,
        urgency=e.urgency,
        decided_by=r.by.email,
        decided_at=r.at,
    )


def _item_linked(ticket: tk.Ticket, e: ev.ItemLinked, r: ev.Recorded) -> Updates:
    fields = e.model_dump(exclude={"kind", "item_kind", "related"})
    item = tk.WorkItem(**fields, kind=e.item_kind)
    others = (i for i in ticket.work_items if (i.system, i.id) != (item.system, item.id))
    return {"work_items": (*others, item)}


def _item_changed(ticket: tk.Ticket, e: ev.ItemChanged, r: ev.Recorded) -> Updates:
    change = {"state": e.state} if e.state else {}
    if e.moved_to:
        change |= {"id": e.moved_to, "url": e.url}
    return {
        "work_items": tuple(
            i.model_copy(update=change) if (i.system, i.id) == (e.system, e.id) else i
            for i in ticket.work_items
        )
    }


def _linked(ticket: tk.Ticket, e: ev.Linked, r: ev.Recorded) -> Updates:
    link = tk.Link(to=e.to, kind=e.link_kind)
    return {"links": (*(known for known in ticket.links if known != link), link)}


def _escalated(ticket: tk.Ticket, e: ev.Escalated, r: ev.Recorded) -> Updates:
    fired = (*ticket.facts.fired, tk.Fired(step=e.fired, at=r.at))
    return {"facts": ticket.facts.model_copy(update={"fired": fired})}


def _change(ticket: tk.Ticket, change: tk.Change) -> Updates:
    if all(known.id != change.id for known in ticket.changes):
        return {"changes": (*ticket.changes, change)}
    return {"changes": tuple(change if c.id == change.id else c for c in ticket.changes)}


def _changed(ticket: tk.Ticket, change_id: str, **updates: object) -> Updates:
    change = next(c for c in ticket.changes if c.id == change_id)
    return _change(ticket, change.model_copy(update=updates))


def _verified(ticket: tk.Ticket, e: ev.ChangeVerified, r: ev.Recorded) -> Updates:
    change = next(c for c in ticket.changes if c.id == e.change)
    good = e.verification.outcome == "as_expected"
    state = tk.ChangeState.VERIFIED if good else tk.ChangeState.DRAFT
    runs = (*change.verifications, e.verification)
    return _changed(ticket, e.change, verifications=runs, state=state)


def _nothing(ticket: tk.Ticket, e: ev.Event, r: ev.Recorded) -> Updates:
    return {}


_HANDLERS: dict[type, Callable[[tk.Ticket, Any, ev.Recorded], Updates]] = {
    ev.Replied: _replied,
    ev.Noted: _noted,
    ev.Moved: _moved,
    ev.Assigned: lambda t, e, r: {"assignee": e.assignee},
    ev.TypeSet: _type_set,
    ev.SeveritySet: _severity_set,
    ev.EnvironmentSet: _environment_set,
    ev.Watched: _watched,
    ev.Unwatched: _unwatched,
    ev.TeamAsked: _team_asked,
    ev.ThreadPosted: lambda t, e, r: _triage(t, thread=e.thread),
    ev.Opined: _opined,
    ev.Decided: _decided,
    ev.ItemLinked: _item_linked,
    ev.ItemChanged: _item_changed,
    ev.Linked: _linked,
    ev.Escalated: _escalated,
    ev.PolicyApplied: lambda t, e, r: {"policy": e.policy},
    ev.ChangeDrafted: lambda t, e, r: _change(t, e.change),
    ev.ChangeVerified: _verified,
    ev.ChangeApproved: lambda t, e, r: _changed(
        t, e.change, approval=e.approval, state=tk.ChangeState.APPROVED
    ),
    ev.ChangeRejected: lambda t, e, r: _changed(
        t, e.change, rejection=e.reason, state=tk.ChangeState.REJECTED
    ),
    ev.ChangeApplied: lambda t, e, r: _changed(
        t, e.change, application=e.application, state=tk.ChangeState.APPLIED
    ),
    ev.BuildAsked: _nothing,
    ev.BuildSeen: _nothing,
    ev.BoardMoved: _nothing,
    ev.Merged: lambda t, e, r: {"merged_into": e.into},
}

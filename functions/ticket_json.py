"""Tickets and desks as the API shows them to staff, and tickets as it shows them to clients."""

from __future__ import annotations

import datetime as dt
from typing import Any

from shared.domain import events as ev
from shared.domain.desk import Desk, RequestType
from shared.domain.form import Form
from shared.domain.past import type_listed
from shared.domain.people import Actor
from shared.domain.policy import iso_duration
from shared.domain.public import PublicTicket
from shared.domain.rules.available import available
from shared.domain.rules.case import Case
from shared.domain.sla import Clock, clocks
from shared.domain.ticket import Attachment, Ticket
from shared.domain.words import say
from shared.service.layout import Loaded, Summary

_PLAIN = {
    "number", "desk", "title", "description", "type", "state", "environment", "claimed_severity",
    "severity", "requester", "submitted_by", "source", "language", "fields", "assignee",
    "watchers", "tags", "external_refs", "version", "triage", "work_items", "links", "changes",
    "merged_into",
}  # fmt: skip
_OF_THE_CONSOLE = {"due_clock", "warns_at", "client_waits", "words"}  # of a ticket in a list


def utc(at: dt.datetime | None) -> str | None:
    """ISO 8601 with Z, to the second (fractions only where they are)."""
    if at is None:
        return None
    return at.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


def staff_ticket(desk: Desk, loaded: Loaded, actor: Actor, now: dt.datetime, url: str) -> Any:
    """The whole ticket, with its history and what this person may do now."""
    ticket = loaded.ticket
    case = Case(desk, ticket, actor, now, loaded.board)
    body = ticket.model_dump(mode="json", include=_PLAIN)
    body["claimed_severity"] = ticket.claimed_severity
    return body | {
        "created_at": utc(ticket.created_at),
        "updated_at": utc(ticket.updated_at),
        "url": url,
        "clocks": [clock_json(clock) for clock in clocks(desk, ticket, now)],
        "seen_by": [{"email": s.email, "at": utc(s.at)} for s in loaded.seen],
        "attachments": [_attachment(a) for a in ticket.attachments],
        "history": [_history(recorded) for recorded in loaded.history],
        "commands": list(available(case)),
    }


def clock_json(clock: Clock) -> dict[str, object]:
    """One clock."""
    return {
        "clock": clock.clock.value,
        "state": clock.state,
        "target": iso_duration(clock.target),
        "due_at": utc(clock.due_at),
        "elapsed": iso_duration(clock.elapsed),
        "reason": clock.reason,
    }


def _attachment(attachment: Attachment) -> dict[str, object]:
    return attachment.model_dump(include={"id", "name", "size", "content_type", "public"})


def _history(recorded: ev.Recorded) -> dict[str, object]:
    fields = recorded.event.model_dump(mode="json", exclude={"kind", "pauses", "ended", "raw_form"})
    if "attachments" in fields:
        fields["attachments"] = [a["id"] for a in fields["attachments"]]
    return {
        **fields,
        "seq": recorded.seq,
        "at": utc(recorded.at),
        "by": recorded.by.email,
        "by_name": recorded.by.name,
        "kind": recorded.event.kind,
        "public": recorded.event.public,
    }


def summary_json(desk: Desk, summary: Summary, url: str) -> dict[str, object]:
    """A ticket in a list."""
    body: dict[str, object] = summary.model_dump(mode="json", exclude=_OF_THE_CONSOLE)
    state = type_listed(desk, summary.type, summary.state).state(summary.state)
    return body | {
        "desk": desk.id,
        "state_name": say(state.name, "en"),
        "created_at": utc(summary.created_at),
        "updated_at": utc(summary.updated_at),
        "due": utc(summary.due),
        "first_response_due": utc(summary.first_response_due),
        "resolution_due": utc(summary.resolution_due),
        "url": url,
    }


def public_json(ticket: PublicTicket, raw: Ticket, url: str) -> dict[str, object]:
    """What the one who sent a request gets back: public facts only."""
    return {
        "number": ticket.number,
        "url": url,
        "desk": raw.desk,
        "title": ticket.title,
        "type": raw.type,
        "state": raw.state,
        "environment": raw.environment,
        "severity": raw.severity,
        "claimed_severity": raw.claimed_severity,
        "requester": raw.requester.model_dump(),
        "created_at": utc(ticket.created_at),
        "reference": ticket.reference or None,
        "response_target": iso_duration(ticket.response_target),
        "resolution_target": iso_duration(ticket.resolution_target),
        "attachments": [f.model_dump() for f in ticket.files],
    }


def desk_json(desk: Desk) -> dict[str, object]:
    """The desk's people, types, severities, environments and forms."""
    return {
        "id": desk.id,
        "name": say(desk.name, "en"),
        "people": [
            {"email": m.email, "name": m.name, "roles": sorted(r.value for r in m.roles)}
            for m in desk.people
        ],
        "request_types": [_type_json(t) for t in desk.request_types],
        "severities": [
            {
                "id": s.id,
                "name": say(s.name, "en"),
                "definition": say(s.definition, "en"),
                "response_target": iso_duration(s.response_target),
                "resolution_target": iso_duration(s.resolution_target),
            }
            for s in desk.severities
        ],
        "environments": [
            {"id": e.id, "name": say(e.name, "en"), "severity_cap": e.severity_cap}
            for e in desk.environments
        ],
        "mailbox": desk.mail.address,
        "forms": [_form_json(form) for form in desk.forms],
    }


def _type_json(kind: RequestType) -> dict[str, object]:
    moves = [(frm, move) for move in kind.moves for frm in move.from_]
    return {
        "id": kind.id,
        "name": say(kind.name, "en"),
        "initial_state": kind.initial_state,
        "states": [
            {
                "id": s.id,
                "name": say(s.name, "en"),
                "category": s.category.value,
                "pauses_clock": s.pauses_clock,
            }
            for s in kind.states
        ],
        "moves": [
            {"from": frm, "to": move.to, "roles": sorted(r.value for r in move.roles)}
            for frm, move in moves
        ],
    }


def _form_json(form: Form) -> dict[str, object]:
    fields = []
    for field in form.fields:
        told: dict[str, object] = {
            "id": field.id,
            "label": say(field.label, "en"),
            "kind": field.kind,
            "required": field.required,
        }
        if field.options:
            told["options"] = [say(option.label, "en") for option in field.options]
        if field.question_id:
            told["question_id"] = field.question_id
        if field.show_when:
            told["show_when"] = {"field": field.show_when.field, "in": _shown_for(form, field.id)}
        fields.append(told)
    return {"id": form.id, "fields": fields}


def _shown_for(form: Form, field_id: str) -> list[str]:
    """The labels of the answers for which a field is asked."""
    by_id = {f.id: f for f in form.fields}
    when = by_id[field_id].show_when
    if when is None:
        return []
    options = {o.id: say(o.label, "en") for o in by_id[when.field].options}
    return [options[option] for option in when.any_of]

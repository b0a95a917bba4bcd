"""The HTTP API: requests in, tickets and commands for staff."""

from __future__ import annotations

from typing import Any

import azure.functions as func

from functions import reading, ticket_json
from functions.identity import is_member
from functions.visit import Visit, answer, api, json_body
from shared.domain import commands as cm
from shared.domain.desk import Desk
from shared.domain.effects import Outbox
from shared.domain.errors import Invalid, Unavailable
from shared.domain.people import Actor, ActorKind
from shared.domain.public import public_ticket
from shared.domain.rules.opening import check
from shared.service import conversation, files, quarantine, reads, retry
from shared.service import layout as ly
from shared.service.layout import Loaded
from shared.service.opening import Opened, Request, open_request


@api
async def api_health(visit: Visit) -> func.HttpResponse:
    """Whether storage answers."""
    try:
        await visit.deps.rows.ping()
    except Unavailable:
        return answer({"status": "storage does not answer"}, 503)
    return answer({"status": "ok", "desks": list(visit.deps.desks)})


@api
async def api_desks(visit: Visit) -> func.HttpResponse:
    """The desks that the visitor belongs to."""
    person = visit.person()
    mine = [desk for desk in visit.deps.desks.values() if is_member(desk, person)]
    return answer({"desks": [ticket_json.desk_json(desk) for desk in mine]})


@api
async def api_desk(visit: Visit) -> func.HttpResponse:
    """One desk."""
    visit.member(visit.desk)
    return answer(ticket_json.desk_json(visit.desk))


@api
async def api_request(visit: Visit) -> func.HttpResponse:
    """A new request from another system."""
    desk = visit.desk
    body = json_body(visit.req)
    command = reading.open_command(desk, body, visit.now)
    check(desk, command)  # wrong values are told before any file is stored
    uploads = reading.uploads(body)
    stored = await files.store(visit.deps.blobs, uploads, public=True)
    command = command.model_copy(update={"attachments": stored})
    refs = (ly.reference(ref.system, ref.ref) for ref in command.external_refs)
    keys = [("ref", ref) for ref in dict.fromkeys(refs)]
    header = visit.req.headers.get("idempotency-key", "").strip()
    if len(header) > 250:
        raise Invalid.of("Idempotency-Key", "at most 250 characters")
    if header:
        keys.insert(0, ("header", header))
    sender = command.submitted_by or command.requester
    actor = Actor(kind=ActorKind.CLIENT, email=sender.email, name=sender.name)
    request = Request(command, actor, tuple(keys), reading.fingerprint(body))
    opened = await open_request(visit.deps, desk, request, waits=False)
    return await acknowledged(visit, desk, opened, command.requester.email)


async def acknowledged(
    visit: Visit, desk: Desk, opened: Opened, asker: str = ""
) -> func.HttpResponse:
    """The ticket's public facts: 201 for a new one, 200 for one that was there.

    `asker`: for whom it was asked this time. Of somebody else's matter they get the staff's link,
    which opens nothing without a sign-in.
    """
    ticket, links = opened.loaded.ticket, visit.app.links
    if asker and asker not in ticket.participants:
        url = links.staff_ticket(desk.id, ticket.number)
    else:
        url = links.client_ticket(ticket.requester.email, ticket.number, visit.now)
    public = public_ticket(desk, ticket, opened.loaded.history)
    return answer(ticket_json.public_json(public, ticket, url), 201 if opened.is_new else 200)


@api
async def api_tickets(visit: Visit) -> func.HttpResponse:
    """A page of a view."""
    desk = visit.desk
    actor = visit.member(desk)
    query = list_query(visit, actor)
    page = await reads.tickets(visit.deps, desk, query)
    told = [
        ticket_json.summary_json(desk, s, visit.app.links.staff_ticket(desk.id, s.number))
        for s in page.tickets
    ]
    return answer({"tickets": told, "cursor": page.cursor or None})


def list_query(visit: Visit, actor: Actor) -> reads.Query:
    """The query string of a list. Raises Invalid for a limit that is no number."""
    limit = reading.whole(visit.query("limit") or "50")
    if limit is None:
        raise Invalid.of("limit", "give a number from 1 to 200")
    return reads.Query(
        view=visit.query("view") or "open",
        state=visit.query("state"),
        type=visit.query("type"),
        severity=visit.query("severity"),
        assignee=visit.query("assignee").lower(),
        requester=visit.query("requester").lower(),
        text=visit.query("q"),
        me=actor.email,
        limit=limit,
        cursor=visit.query("cursor"),
    )


@api
async def api_ticket(visit: Visit) -> func.HttpResponse:
    """A ticket, whole."""
    desk = visit.deps.desk_of(visit.route("number"))
    actor = visit.member(desk)
    loaded = await reads.find(visit.deps, visit.route("number"))
    return told(visit, desk, loaded, actor)


def told(visit: Visit, desk: Desk, loaded: Loaded, actor: Actor) -> func.HttpResponse:
    """The ticket as this member sees it."""
    url = visit.app.links.staff_ticket(desk.id, loaded.ticket.number)
    return answer(ticket_json.staff_ticket(desk, loaded, actor, visit.now, url))


@api
async def api_command(visit: Visit) -> func.HttpResponse:
    """A member's command."""
    number = visit.route("number")
    desk = visit.deps.desk_of(number)
    actor = visit.member(desk)
    body = json_body(visit.req)
    command: cm.StaffCommand = reading.staff_command(body)
    version = reading.wanted_version(visit.req.headers.get("if-match", ""))
    loaded = await conversation.staff_command(
        visit.deps, number, command, actor, uploads=reading.uploads(body), version=version
    )
    return told(visit, desk, loaded, actor)


@api
async def api_attachment(visit: Visit) -> func.HttpResponse:
    """A file of a ticket, for members."""
    desk = visit.deps.desk_of(visit.route("number"))
    visit.member(desk)
    loaded = await reads.find(visit.deps, visit.route("number"))
    return await served(visit, loaded, visit.route("attachment"), public_only=False)


async def served(
    visit: Visit, loaded: Loaded, attachment_id: str, *, public_only: bool
) -> func.HttpResponse:
    """A file, harmless whatever it holds: shown only when it is a plain image, PDF or text."""
    attachment, content = await files.fetch(
        visit.deps.blobs, loaded.ticket, attachment_id, public_only=public_only
    )
    shown = attachment.content_type in files.SHOWN
    name = attachment.name.encode("ascii", "replace").decode().replace('"', "'")
    disposition = "inline" if shown else "attachment"
    return func.HttpResponse(
        content,
        mimetype=attachment.content_type if shown else files.NEUTRAL,
        headers={
            "Content-Disposition": f'{disposition}; filename="{name}"',
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cache-Control": "private, max-age=3600",
        },
    )


@api
async def api_quarantine(visit: Visit) -> func.HttpResponse:
    """What could not be taken in, whole."""
    desk = visit.desk
    visit.member(desk)
    found = []
    for key, kept in await quarantine.entries(visit.deps, desk):
        content = await quarantine.raw(visit.deps, desk, key)
        found.append(
            {
                "key": key,
                "source": kept.source,
                "form": kept.form or None,
                "at": ticket_json.utc(kept.at),
                "reason": kept.reason,
                "errors": [{"field": f, "message": m} for f, m in kept.errors],
                "raw": content.decode(errors="replace"),
            }
        )
    return answer({"quarantine": found})


@api
async def api_undelivered(visit: Visit) -> func.HttpResponse:
    """Effects that failed so far, or were given up."""
    desk = visit.desk
    visit.member(desk)
    rows = await reads.undelivered(visit.deps, desk)
    return answer({"undelivered": [_row(key, box) for key, box in rows]})


def _row(key: str, box: Outbox) -> dict[str, object]:
    return {
        "key": key,
        "number": box.number,
        "committed_at": ticket_json.utc(box.committed_at),
        "attempt": box.attempt,
        "effects": [
            {
                "kind": e.kind,
                "status": e.status,
                "tries": e.tries,
                "error": e.error,
                "notice": getattr(e, "notice", None),
                "to": e.to.email if e.kind == "mail" else None,
                "next": ticket_json.utc(e.not_before),
            }
            for e in box.effects
        ],
    }


@api
async def api_undelivered_retry(visit: Visit) -> func.HttpResponse:
    """Tries a row again."""
    desk = visit.desk
    visit.member(desk)
    await retry.retry(visit.deps, desk, _key_in(json_body(visit.req)))
    return answer({"status": "due now"})


def _key_in(body: dict[str, Any]) -> str:
    """The row that the body names. Raises Invalid or NotFound."""
    if not isinstance(body.get("key"), str):
        raise Invalid.of("key", "give the row's key from the undelivered list")
    return reading.row_key(body["key"])


@api
async def api_undelivered_set_aside(visit: Visit) -> func.HttpResponse:
    """Takes a row that was given up off the list, with a reason. If-Match: the row's `attempt`."""
    desk = visit.desk
    actor = visit.member(desk)
    body = json_body(visit.req)
    key, reason = _key_in(body), body.get("reason")
    if not isinstance(reason, str):
        raise Invalid.of("reason", "say why nobody is to try it again")
    attempt = reading.wanted_version(visit.req.headers.get("if-match", ""))
    noted = await retry.set_aside(visit.deps, desk, key, reason, actor, attempt=attempt)
    return answer({"status": "set aside", "noted": noted})

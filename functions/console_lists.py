"""What needs a person's hand, and what the desk is made of: undelivered, quarantine, flows."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import dataclass

import azure.functions as func
from markupsafe import Markup

from functions import reading
from functions.console import enter
from functions.console_diagram import draw
from functions.console_history import state_name
from functions.console_kept import KeptView, kept_view
from functions.console_ticket import Refusal
from functions.pages import form_values, page, render, see_other
from functions.visit import Visit
from shared.domain import effects as ef
from shared.domain.desk import Desk, RequestType, Runbook
from shared.domain.errors import NotFound, Refused
from shared.domain.people import Actor
from shared.domain.words import say
from shared.service import quarantine, reads, retry
from shared.service.mail_kept import take_in_kept
from shared.service.quarantine import Kept

KEPT_SHOWN = 50


@dataclass(frozen=True)
class Waiting:
    """An effect that is not delivered, in words. `numbers`: the tickets that a digest tells of.

    `advice`: what happened and what to do, in a sentence; `error`: what the tool itself said.
    """

    what: str
    status: str
    tries: int
    advice: str
    error: str
    next: dt.datetime | None
    numbers: tuple[str, ...] = ()


def _advice(effect: ef.Effect) -> str:
    if effect.status != "dead":
        return (
            "It did not get through so far; Docket tries again by itself." if effect.error else ""
        )
    cause = "a lead finds the cause under Connections; then try again"
    if not isinstance(effect, ef.MailOwed):
        return f"The other side refused it: {cause}."
    mend = "add the right one to the ticket’s watchers: it gets all further mails"
    if effect.audience == "staff":
        mend = "correct it in the desk’s file"
    return f"The mail was refused. If the address {effect.to.email} is wrong, {mend}. Else {cause}."


def _waiting(desk: Desk, box: ef.Outbox) -> list[Waiting]:
    return [
        Waiting(
            ef.in_words(desk, e),
            e.status,
            e.tries,
            _advice(e),
            e.error,
            e.not_before,
            ef.numbers_in(e),
        )
        for e in box.effects
        if e.status != "done"
    ]


@page
async def desk_undelivered(visit: Visit) -> func.HttpResponse:
    """What was committed and has not reached its receiver, with the reason and the next try."""
    return await _undelivered(visit)


async def _undelivered(visit: Visit, refusal: Refusal | None = None) -> func.HttpResponse:
    """The list; with `refusal`, why the row of its key was not set aside."""
    desk, actor, shell = enter(visit, "undelivered")
    rows = await reads.undelivered(visit.deps, desk)
    told = [(key, box, _waiting(desk, box)) for key, box in rows]
    return render(
        visit,
        "console/undelivered.html",
        refusal.status if refusal else 200,
        shell=shell,
        desk=desk,
        rows=told,
        again=visit.query("retried") == "yes",
        aside=visit.query("aside"),
        may_set_aside=actor.has_role(retry.SETS_ASIDE),
        refusal=refusal,
    )


@page
async def desk_undelivered_retry(visit: Visit) -> func.HttpResponse:
    """Makes one row due now."""
    desk, _, _ = enter(visit, "undelivered")
    key = reading.row_key(form_values(visit.req).text("key"))
    await retry.retry(visit.deps, desk, key)
    return see_other(f"/desk/{desk.id}/undelivered?retried=yes")


@page
async def desk_undelivered_set_aside(visit: Visit) -> func.HttpResponse:
    """Takes one row off the list, with a reason. Refused: the list again, saying why."""
    desk, actor, _ = enter(visit, "undelivered")
    form = form_values(visit.req)
    attempt = reading.whole(form.text("attempt"))
    try:
        key = reading.row_key(form.text("key"))
        noted = await retry.set_aside(
            visit.deps, desk, key, form.text("reason"), actor, attempt=attempt
        )
    except Refused as error:
        return await _undelivered(visit, Refusal.of(form.text("key"), error, form))
    return see_other(f"/desk/{desk.id}/undelivered?aside={'noted' if noted else 'gone'}")


async def _kept(visit: Visit, desk: Desk, key: str, kept: Kept) -> KeptView:
    return kept_view(desk, key, kept, await quarantine.raw(visit.deps, desk, key))


@page
async def desk_quarantine(visit: Visit) -> func.HttpResponse:
    """What came in and could not be used, whole, with the reason."""
    return await _quarantine(visit)


async def _quarantine(visit: Visit, refusal: Refusal | None = None) -> func.HttpResponse:
    """The list; with `refusal`, why the mail of its key was not taken in."""
    desk, _, shell = enter(visit, "quarantine")
    found = await quarantine.entries(visit.deps, desk)
    views = await asyncio.gather(
        *(_kept(visit, desk, key, kept) for key, kept in found[:KEPT_SHOWN])
    )
    return render(
        visit,
        "console/quarantine.html",
        refusal.status if refusal else 200,
        shell=shell,
        desk=desk,
        entries=views,
        more=len(found) - len(views),
        taken=_number(visit, desk),
        refusal=refusal,
    )


def _number(visit: Visit, desk: Desk) -> str:
    """The ticket that a mail went to just now, if the address names one."""
    number = visit.query("taken")
    try:
        return number if visit.deps.desk_of(number) is desk else ""
    except NotFound:
        return ""


@page
async def desk_quarantine_raw(visit: Visit) -> func.HttpResponse:
    """The content as it came in, as a download that no browser interprets."""
    desk, _, _ = enter(visit, "quarantine")
    content = await quarantine.raw(visit.deps, desk, reading.row_key(visit.query("key")))
    return func.HttpResponse(
        content,
        mimetype="application/octet-stream",
        headers={
            "Content-Disposition": 'attachment; filename="quarantined.txt"',
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cache-Control": "no-store",
        },
    )


@page
async def desk_quarantine_release(visit: Visit) -> func.HttpResponse:
    """Somebody has dealt with it: it leaves the list."""
    desk, _, _ = enter(visit, "quarantine")
    key = reading.row_key(form_values(visit.req).text("key"))
    await quarantine.release(visit.deps, desk, key)
    return see_other(f"/desk/{desk.id}/quarantine")


@page
async def desk_quarantine_take_in(visit: Visit) -> func.HttpResponse:
    """Takes a mail in after all. Refused: the list again, saying why."""
    desk, actor, _ = enter(visit, "quarantine")
    form = form_values(visit.req)
    key = reading.row_key(form.text("key"))
    try:
        number = await take_in_kept(visit.app.mail_room, desk, key, actor, form.text("answer_to"))
    except Refused as error:
        return await _quarantine(visit, Refusal.of(key, error, form))
    return see_other(f"/desk/{desk.id}/quarantine?taken={number}")


@dataclass(frozen=True)
class FlowMove:
    """A line of the table of moves."""

    frm: str
    to: str
    name: str
    who: str
    needs: str


@dataclass(frozen=True)
class FlowView:
    """A type with its drawing and its table."""

    type: RequestType
    name: str
    about: str
    drawing: Markup
    moves: tuple[FlowMove, ...]
    runbooks: tuple[Runbook, ...]


def flow_view(desk: Desk, kind: RequestType, actor: Actor) -> FlowView:
    """One type's flow as this person may see it."""
    name = say(kind.name, "en")
    return FlowView(
        type=kind,
        name=name,
        about=say(kind.description, "en") if kind.description else "",
        drawing=draw(kind, f"Flow of {name}; the table below says the same", kind.id),
        moves=(*_moves(desk, kind), *_autos(desk, kind)),
        runbooks=tuple(r for r in kind.runbooks if actor.has_role(r.roles)),
    )


def _moves(desk: Desk, kind: RequestType) -> list[FlowMove]:
    return [
        FlowMove(
            frm=", ".join(state_name(desk, kind.id, frm) for frm in move.from_),
            to=say(kind.state(move.to).name, "en"),
            name=say(move.name, "en") if move.name else "",
            who=", ".join(sorted(role.value.replace("_", " ") for role in move.roles)),
            needs=", ".join(sorted(need.value.replace("_", " ") for need in move.needs)),
        )
        for move in kind.moves
    ]


def _autos(desk: Desk, kind: RequestType) -> list[FlowMove]:
    return [
        FlowMove(
            frm="any state"
            if auto.from_ == "*"
            else ", ".join(state_name(desk, kind.id, frm) for frm in auto.from_),
            to=say(kind.state(auto.to).name, "en"),
            name=auto.on.value.replace("_", " "),
            who="by itself",
            needs="",
        )
        for auto in kind.auto
    ]


@page
async def desk_flows(visit: Visit) -> func.HttpResponse:
    """How each type of request goes its way on this desk."""
    desk, actor, shell = enter(visit, "flows")
    flows = [flow_view(desk, kind, actor) for kind in desk.request_types]
    return render(visit, "console/flows.html", shell=shell, desk=desk, flows=flows)

"""The list of a desk's tickets: views, filters, pages, and what is done to several at once."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import azure.functions as func

from functions import reading
from functions.console import Left, address, enter, left
from functions.pages import Form, form_values, page, render, see_other
from functions.visit import Visit
from shared.domain import commands as cm
from shared.domain.desk import Desk
from shared.domain.errors import Invalid, Refused
from shared.domain.past import type_listed
from shared.domain.people import Actor
from shared.domain.words import say
from shared.render.promises import CLOCK_NAMES
from shared.service import conversation, reads
from shared.service.counts import Counts, counts
from shared.service.layout import Summary

PER_PAGE = 50
AT_ONCE = 100  # tickets of one bulk action
VIEWS = {
    "open": "Open",
    "mine": "Mine",
    "unassigned": "Unassigned",
    "overdue": "Overdue",
    "closed": "Closed",
    "all": "All",
}
FILTERS = ("state", "type", "severity", "assignee", "q")
ORDERS = {"": "Due time", "severity": "Severity", "newest": "Newest"}
NAMED_BY_DAY = dt.timedelta(days=6)  # within them a weekday's name says which day it is


@dataclass(frozen=True)
class Line:
    """A ticket in the list, in words."""

    ticket: Summary
    state: str
    category: str
    type: str
    severity: str
    rank: int
    environment: str
    is_production: bool
    assignee: str
    left: Left
    clock: str  # whose time that is
    due: str
    has_ended: bool


@dataclass(frozen=True)
class Tab:
    """A view with its address and how many tickets it holds."""

    name: str
    url: str
    count: str
    is_current: bool


def line(desk: Desk, ticket: Summary, visit: Visit) -> Line:
    """One row of the list. An environment that nobody was asked for is not shown."""
    kind = type_listed(desk, ticket.type, ticket.state)
    state = kind.state(ticket.state)
    environment = desk.environment_by_id[ticket.environment]
    member = desk.member_by_email.get(ticket.assignee or "")
    is_production = desk.concerns_production(ticket.type, ticket.environment)
    is_merged = bool(ticket.merged_into)
    return Line(
        ticket=ticket,
        state=f"Merged into {ticket.merged_into}" if is_merged else say(state.name, "en"),
        category="closed" if is_merged else state.category.value,
        type=say(kind.name, "en"),
        severity=say(desk.severity_by_id[ticket.severity].name, "en"),
        rank=severity_rank(desk, ticket.severity),
        environment=say(environment.name, "en")
        if is_production or not environment.production
        else "",
        is_production=is_production,
        assignee=member.name if member else ticket.assignee or "",
        left=left(ticket.due, visit.now, paused=ticket.paused, warns_at=ticket.warns_at),
        clock=CLOCK_NAMES.get(ticket.due_clock, ""),
        due=due_words(ticket.due, visit.now, desk.timezone) if ticket.due else "",
        has_ended=is_merged or state.has_ended,
    )


def due_words(due: dt.datetime, now: dt.datetime, zone: str) -> str:
    """`Mon 09:30` within the next days, else `Mon 30 Nov 09:30`."""
    local = due.astimezone(ZoneInfo(zone))
    is_near = dt.timedelta() <= due - now < NAMED_BY_DAY
    return f"{local:%a %H:%M}" if is_near else f"{local:%a} {local.day} {local:%b %H:%M}"


def severity_rank(desk: Desk, severity: str) -> int:
    """0 for the worst, 3 at most: the four looks that a severity may have."""
    return min(list(desk.severity_by_id).index(severity), 3)


def _query(visit: Visit, actor: Actor, view: str) -> reads.Query:
    return reads.Query(
        view=view,
        state=visit.query("state"),
        type=visit.query("type"),
        severity=visit.query("severity"),
        assignee=visit.query("assignee").lower(),
        text=visit.query("q")[:200],
        me=actor.email,
        sort=visit.query("sort"),
        limit=PER_PAGE,
        cursor=visit.query("cursor"),
    )


@page
async def desk_list(visit: Visit) -> func.HttpResponse:
    """A view of the desk's tickets, most urgent first."""
    done = reading.whole(visit.query("done"))
    return await listed(visit, visit.query("view") or "open", done)


async def listed(
    visit: Visit, view: str, done: int | None, failed: tuple[tuple[str, str], ...] = ()
) -> func.HttpResponse:
    """The list after a bulk action changed `done` tickets and `failed` to change others."""
    desk, actor, shell = enter(visit, "list")
    query = _query(visit, actor, view)
    found, held = await asyncio.gather(
        reads.tickets(visit.deps, desk, query), counts(visit.deps, desk, actor.email)
    )
    chosen = _chosen(visit)
    asked = chosen | {"sort": query.sort}
    path = f"/desk/{desk.id}"
    return render(
        visit,
        "console/list.html",
        409 if failed else 200,
        shell=shell,
        desk=desk,
        query=query,
        chosen=chosen,
        is_filtered=any(chosen.values()),
        filters=sum(bool(value) for name, value in chosen.items() if name != "q"),
        tabs=_tabs(path, query, asked, held),
        orders=_orders(path, query, chosen),
        lines=[line(desk, ticket, visit) for ticket in found.tickets],
        is_part=found.is_part,
        next_url=address(path, view=query.view, **asked, cursor=found.cursor)
        if found.cursor
        else "",
        first_url=address(path, view=query.view, **asked),
        bulk_url=address(f"{path}/bulk", **asked),
        everywhere_url=address(path, view="all", **asked) if query.view != "all" else "",
        states=_states(desk),
        done=done,
        failed=failed,
    )


def _chosen(visit: Visit) -> dict[str, str]:
    return {name: visit.query(name) for name in FILTERS}


def _tabs(path: str, query: reads.Query, asked: dict[str, str], held: Counts) -> list[Tab]:
    return [
        Tab(name, address(path, view=view, **asked), held.of(view), view == query.view)
        for view, name in VIEWS.items()
    ]


def _orders(path: str, query: reads.Query, chosen: dict[str, str]) -> list[Tab]:
    own = "Last closed" if query.view == "closed" else ORDERS[""]
    return [
        Tab(name, address(path, view=query.view, **chosen, sort=sort), "", sort == query.sort)
        for sort, name in (ORDERS | {"": own}).items()
    ]


def _states(desk: Desk) -> dict[str, str]:
    """States of all types by id; types share the ids of states that mean the same."""
    return {s.id: say(s.name, "en") for kind in desk.request_types for s in kind.states}


@page
async def desk_list_bulk(visit: Visit) -> func.HttpResponse:
    """The same command for every ticket that is ticked: assign them, or add a work note."""
    desk, actor, _ = enter(visit, "list")
    form = form_values(visit.req)
    numbers = list(dict.fromkeys(form.all("ticket")))[:AT_ONCE]
    if not numbers:
        raise Invalid.of("ticket", "tick at least one ticket first")
    command = _bulk_command(form)
    failed = await _each(visit, desk, actor, numbers, command)
    view = form.text("view") if form.text("view") in VIEWS else "open"
    done = len(numbers) - len(failed)
    if failed:
        return await listed(visit, view, done, tuple(failed))
    asked = _chosen(visit) | {"sort": visit.query("sort")}
    return see_other(address(f"/desk/{desk.id}", view=view, **asked, done=str(done)))


def _bulk_command(form: Form) -> cm.StaffCommand:
    action = form.text("action")
    if action == "assign":
        assignee = form.text("assignee") or None
        return reading.staff_command({"command": "assign", "assignee": assignee})
    if action == "note":
        return reading.staff_command({"command": "note", "text": form.text("text")})
    raise Invalid.of("action", "use assign or note")


async def _each(
    visit: Visit, desk: Desk, actor: Actor, numbers: list[str], command: cm.StaffCommand
) -> list[tuple[str, str]]:
    failed = []
    for number in numbers:
        try:
            if visit.deps.desk_of(number).id != desk.id:
                failed.append((number, f"it is no ticket of {say(desk.name, 'en')}"))
                continue
            await conversation.staff_command(visit.deps, number, command, actor)
        except Refused as error:
            failed.append((number, str(error)))
    return failed

"""A ticket's page, its light look for news, and the printable sheet of a data change.

Opening the page records that its visitor has read the ticket, on the server: so it also counts
without scripts, and a request for the page is exactly what reading is. A browser that only
fetches ahead says so (Sec-Purpose) and is not recorded.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import azure.functions as func

from functions import console_history as history
from functions import console_people as people
from functions import reading
from functions.console import enter
from functions.console_diagram import draw
from functions.console_view import TicketView
from functions.pages import Form, document, page, render
from functions.visit import Visit, status_of
from shared.domain import events as ev
from shared.domain.errors import FieldError, Invalid, NotFound, Refused
from shared.domain.past import type_of
from shared.domain.people import ActorKind
from shared.domain.words import say
from shared.render import pages
from shared.service import conversation, reads, store
from shared.service.layout import Loaded

STILL_THERE = dt.timedelta(minutes=1)  # how often an open page says that it is looked at


@dataclass(frozen=True)
class Refusal:
    """A command that was refused: which form sent it, why, what it held, what others did."""

    form: str
    status: int
    title: str
    detail: str
    errors: tuple[FieldError, ...]
    values: Form
    meanwhile: tuple[history.Line, ...] = ()

    @classmethod
    def of(
        cls, form: str, error: Refused, values: Form, meanwhile: tuple[history.Line, ...] = ()
    ) -> Refusal:
        """The refusal that this failure means."""
        status, title = status_of(error)
        errors = error.errors if isinstance(error, Invalid) else ()
        return cls(form, status, title, str(error), errors, values, meanwhile)

    def about(self, field: str) -> str:
        """What is wrong with that field, '' when nothing is."""
        told = (e.message for e in self.errors if e.field.split(".")[0] == field)
        return "; ".join(told)


def _is_ahead(visit: Visit) -> bool:
    """Whether the browser fetches a page that nobody looks at yet."""
    headers = visit.req.headers
    purpose = f"{headers.get('sec-purpose', '')} {headers.get('purpose', '')}"
    return "prefetch" in purpose or "prerender" in purpose


def own_number(visit: Visit) -> str:
    """The ticket of the address. Raises NotFound for one of another desk: roles are a desk's."""
    number = visit.route("number")
    if visit.deps.desk_of(number).id != visit.desk.id:
        raise NotFound(f"there is no ticket {number} on this desk")
    return number


async def loaded_for(visit: Visit, *, seen: bool) -> Loaded:
    """The ticket of the address with the desk's board. Raises NotFound for another desk's."""
    desk, number = visit.desk, own_number(visit)
    actor = visit.member(desk)
    if seen and not _is_ahead(visit):
        loaded = await conversation.mark_seen(visit.deps, number, actor)
    else:
        loaded = await reads.find(visit.deps, number)
    if desk.third_line is None or not type_of(desk, loaded.ticket).third_line:
        return loaded
    board, etag = await store.load_board(visit.deps.rows, desk.id)
    return replace(loaded, board=board, board_etag=etag)


@page
async def desk_ticket(visit: Visit) -> func.HttpResponse:
    """The ticket, whole, with what this person may do."""
    enter(visit, "list")
    return ticket_page(visit, await loaded_for(visit, seen=True))


def ticket_page(visit: Visit, loaded: Loaded, refusal: Refusal | None = None) -> func.HttpResponse:
    """The page; with a refusal its status, and the form as it was filled in."""
    desk, actor, shell = enter(visit, "list")
    ticket = loaded.ticket
    view = TicketView(desk, loaded, actor, visit.now)
    kind = say(view.kind.name, "en")
    state = history.state_name(desk, ticket.type, ticket.state)
    return render(
        visit,
        "console/ticket.html",
        refusal.status if refusal else 200,
        shell=shell,
        desk=desk,
        view=view,
        t=ticket,
        url=f"/desk/{desk.id}/tickets/{ticket.number}",
        refusal=refusal,
        messages=history.conversation(desk, ticket, loaded.history),
        lines=history.lines(desk, ticket, loaded.history),
        readers=people.read_by(desk, loaded.seen),
        looking=people.looking(desk, loaded.seen, actor.email, visit.now),
        audience=people.audience(desk, ticket, actor, visit.now),
        mentionable=people.mentionable(desk, ticket),
        diagram=draw(view.kind, f"Flow of {kind}, now in {state}", "t", ticket.state),
        person=lambda email: history.person(desk, email),
        ticket_url=lambda to: f"/desk/{visit.deps.desk_of(to).id}/tickets/{to}",
        opinions=history.OPINIONS,
        urgencies=history.URGENCIES,
        sources=history.SOURCES,
    )


@page
async def desk_ticket_live(visit: Visit) -> func.HttpResponse:
    """A small fragment: whether the ticket is newer than `version`, by whom, and who is looking.

    One range read of what is new; at most once a minute it also notes that this person is there.
    """
    desk, actor, shell = enter(visit, "list")
    version = reading.whole(visit.query("version")) or 0
    number = own_number(visit)
    loaded = await store.load_from(visit.deps.rows, desk.id, number, version + 1)
    mine = next((s.at for s in loaded.seen if s.email == actor.email), None)
    if mine is not None and visit.now - mine >= STILL_THERE:
        await conversation.mark_seen(visit.deps, number, actor)
    fresh = [r for r in loaded.history if r.seq > version]
    return render(
        visit,
        "console/live.html",
        shell=shell,
        t=loaded.ticket,
        url=f"/desk/{desk.id}/tickets/{number}",
        known=version,
        looking=people.looking(desk, loaded.seen, actor.email, visit.now),
        news=[n for n in history.lines(desk, loaded.ticket, fresh) if n.who != actor.name],
    )


def by_others(new: list[ev.Recorded], me: str) -> list[ev.Recorded]:
    """Events that another person brought about; what Docket did by itself overwrites nothing."""
    return [r for r in new if r.by.kind is not ActorKind.SYSTEM and r.by.email != me]


@page
async def desk_ticket_change(visit: Visit) -> func.HttpResponse:
    """The sheet of a data change, to be printed or handed over."""
    desk, actor, shell = enter(visit, "list")
    loaded = await loaded_for(visit, seen=False)
    view = TicketView(desk, loaded, actor, visit.now)
    change = next((c for c in loaded.ticket.changes if c.id == visit.route("change")), None)
    if change is None:
        raise NotFound(f"{loaded.ticket.number} has no change {visit.route('change')}")
    body = pages.html(
        "console/change_sheet.html",
        shell=shell,
        desk=desk,
        view=view,
        t=loaded.ticket,
        url=f"/desk/{desk.id}/tickets/{loaded.ticket.number}",
        c=change,
        person=lambda email: history.person(desk, email),
        now=visit.now,
    )
    return document(body)

"""A client's own requests over all desks, behind a link that is mailed to them."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import dataclass

import azure.functions as func

from functions.client_pages import client, client_page, read_form, reader_of
from functions.client_ticket import lost_link
from functions.pages import see_other
from functions.visit import Visit, refuse_foreign
from shared.domain.desk import Desk
from shared.domain.errors import NotFound, Unavailable
from shared.domain.people import normal_address
from shared.domain.public import PublicTicket, public_ticket
from shared.domain.words import Language
from shared.render.client_words import told
from shared.render.links import Pass
from shared.service import reads
from shared.service.layout import Loaded
from shared.service.my_link import ask_for_link

EMAIL = "email"
MOST = 50  # of each desk


@client
async def my_requests(visit: Visit) -> func.HttpResponse:
    """Asks for the address to mail the link to."""
    return _page(visit, was_sent=visit.query("sent") == "1")


def _page(
    visit: Visit, status: int = 200, *, was_sent: bool = False, email: str = "",
    mistake: str = "", is_away: bool = False,
) -> func.HttpResponse:  # fmt: skip
    reader = reader_of(visit)
    return client_page(
        reader,
        "my",
        status,
        here="/my",
        has_form=True,
        action=reader.link("/my"),
        was_sent=was_sent,
        email=email,
        mistake=told(mistake, reader.language) if mistake else "",
        is_away=is_away,
    )


@client
async def my_requests_mail(visit: Visit) -> func.HttpResponse:
    """Has the link mailed. The answer is the same whether or not the address is known."""
    refuse_foreign(visit)
    reader = reader_of(visit)
    sent, _ = read_form(visit.req)
    given = sent.text(EMAIL)
    try:
        email = normal_address(given)
    except ValueError as error:
        return _page(visit, 422, email=given[:254], mistake=str(error))
    try:
        await ask_for_link(visit.app.mail_room, email, reader.language)
    except Unavailable:
        found = _page(visit, 503, email=email, is_away=True)
        found.headers["Retry-After"] = "5"
        return found
    return see_other(reader.link("/my", sent="1"))


@dataclass(frozen=True)
class Entry:
    """A request in the list, with the address of its page."""

    t: PublicTicket
    url: str
    zone: str
    sort: dt.datetime


@client
async def my_requests_list(visit: Visit) -> func.HttpResponse:
    """The person's requests, newest first."""
    try:
        allowed = visit.app.links.read(visit.route("token"), visit.now)
    except NotFound:
        return lost_link(visit)
    if allowed.number:
        return lost_link(visit)
    reader = reader_of(visit)
    desks = list(visit.deps.desks.values())
    found = await asyncio.gather(
        *(reads.own_requests(visit.deps, desk, allowed.email, MOST) for desk in desks)
    )
    entries = [
        _entry(visit, desk, loaded, allowed.email, reader.language)
        for desk, requests in zip(desks, found, strict=True)
        for loaded in requests
    ]
    entries.sort(key=lambda entry: entry.sort, reverse=True)
    return client_page(
        reader,
        "my_list",
        here=f"/my/{visit.route('token')}",
        email=allowed.email,
        lists=(
            ("my_open", [e for e in entries if not e.t.has_ended]),
            ("my_ended", [e for e in entries if e.t.has_ended]),
        ),
        most=MOST if any(len(requests) == MOST for requests in found) else 0,
    )


def _entry(visit: Visit, desk: Desk, loaded: Loaded, email: str, language: Language) -> Entry:
    ticket = loaded.ticket
    spoken = language if language in desk.languages else desk.languages[0]
    shown = public_ticket(desk, ticket.model_copy(update={"language": spoken}), loaded.history)
    url = f"/r/{visit.app.links.token(Pass(email, ticket.number), visit.now)}"
    return Entry(shown, url, desk.timezone, ticket.created_at)

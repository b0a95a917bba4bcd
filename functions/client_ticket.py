"""A client's own page of one ticket, behind a signed link."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace

import azure.functions as func

from functions.api import served
from functions.client_pages import Reader, client, client_page, reader_of
from functions.visit import Visit
from shared.domain.desk import Desk
from shared.domain.errors import FieldError, NotFound
from shared.domain.people import Actor, ActorKind
from shared.domain.public import public_ticket
from shared.domain.rules.case import Case
from shared.domain.rules.conversation import may_reopen
from shared.render.client_words import client_words, told
from shared.render.links import Pass
from shared.service import files, reads
from shared.service.layout import Loaded

KEY, TEXT, FILES = "request-key", "message", "attachments"
NEW, FOLLOWS = "1", "2"  # ?new=: the request that was just sent, or that an answer became


@dataclass(frozen=True)
class Holder:
    """Somebody whose link opens the ticket."""

    visit: Visit
    desk: Desk
    loaded: Loaded
    actor: Actor
    goes_on_url: str = ""  # where a merged request goes on, when the holder takes part there
    is_proven: bool = True  # else it is shown as it was sent, and takes no answers

    @classmethod
    async def of(cls, visit: Visit) -> Holder:
        """Raises NotFound for a link that is not or no longer good, whatever the reason."""
        allowed = visit.app.links.read(visit.route("token"), visit.now)
        if not allowed.number:
            raise NotFound("this link opens a list, not a request")
        loaded = await reads.find(visit.deps, allowed.number)
        desk = visit.deps.desk_of(allowed.number)
        if allowed.email not in loaded.ticket.participants:
            raise NotFound("this link's holder takes no part in the request any more")
        actor = _actor(desk, loaded, allowed.email)
        if not allowed.is_proven:
            return cls(visit, desk, _as_sent(loaded), actor, is_proven=False)
        return cls(visit, desk, loaded, actor, await _goes_on(visit, loaded, allowed.email))

    @property
    def path(self) -> str:
        """The address of the page."""
        return f"/r/{self.visit.route('token')}"

    @property
    def reader(self) -> Reader:
        """The ticket's language, unless the visitor picks another."""
        return reader_of(self.visit, self.desk.languages, self.loaded.ticket.language)

    @property
    def will_reopen(self) -> bool:
        """Whether an answer still belongs to this ticket, ended or not."""
        ticket = self.loaded.ticket
        case = Case(self.desk, ticket, self.actor, self.visit.now)
        return not case.state.has_ended or may_reopen(case)


def _as_sent(loaded: Loaded) -> Loaded:
    """The ticket without anything that came after the request itself, but for its state."""
    opening = loaded.history[:1]
    files_sent = getattr(opening[0].event, "attachments", ()) if opening else ()
    shown = loaded.ticket.model_copy(update={"attachments": files_sent, "merged_into": None})
    row = loaded.row.model_copy(update={"ticket": shown})
    return replace(loaded, row=row, history=opening)


async def _goes_on(visit: Visit, loaded: Loaded, email: str) -> str:
    """The holder's page of the request that this one was merged into, '' for none."""
    number = loaded.ticket.merged_into
    if not number:
        return ""
    there = (await reads.find(visit.deps, number)).ticket
    if email not in there.participants:
        return ""
    return f"/r/{visit.app.links.token(Pass(email, number), visit.now)}"


def _actor(desk: Desk, loaded: Loaded, email: str) -> Actor:
    """The holder under the name that is known of them."""
    ticket = loaded.ticket
    people = (ticket.requester, ticket.submitted_by, desk.member_by_email.get(email))
    name = next((p.name for p in people if p and p.email == email and p.name), "")
    return Actor(kind=ActorKind.CLIENT, email=email, name=name)


@dataclass(frozen=True)
class Draft:
    """A message that could not be taken: what was typed, and why."""

    text: str = ""
    key: str = ""
    mistakes: tuple[FieldError, ...] = ()
    file_names: tuple[str, ...] = ()
    is_away: bool = False


@client
async def client_ticket(visit: Visit) -> func.HttpResponse:
    """What the client may know of the ticket."""
    try:
        holder = await Holder.of(visit)
    except NotFound:
        return lost_link(visit)
    return ticket_page(holder, Draft())


def lost_link(visit: Visit, text: str = "") -> func.HttpResponse:
    """A friendly end: a new link can be had. `text` is a message that would get lost."""
    reader = reader_of(visit)
    return client_page(
        reader, "lost_link", 404, has_form=True, lost=text, action=reader.link("/my")
    )


def ticket_page(holder: Holder, draft: Draft, status: int = 200) -> func.HttpResponse:
    """The page, with a message that was not taken still in its box."""
    reader, desk = holder.reader, holder.desk
    ticket = holder.loaded.ticket
    spoken = ticket.model_copy(update={"language": reader.language})
    ended = ticket.facts.ended[-1].start if ticket.facts.ended else None
    mirror = desk.backlog.mirror if desk.backlog else None
    return client_page(
        reader,
        "ticket",
        status,
        here=holder.path,
        has_form=True,
        t=public_ticket(desk, spoken, holder.loaded.history),
        zone=desk.timezone,
        path=holder.path,
        action=reader.link(f"{holder.path}/reply"),
        names=(KEY, TEXT, FILES),
        key=draft.key or secrets.token_urlsafe(16),
        draft=draft,
        mistakes=[(e.field, told(e.message, reader.language)) for e in draft.mistakes],
        banner=_banner(holder),
        goes_on_url=holder.goes_on_url,
        mailed_to="" if holder.is_proven else holder.actor.email,
        will_reopen=holder.will_reopen,
        ended_at=ended,
        reference_follows=bool(mirror and (not mirror.types or ticket.type in mirror.types)),
        limits=(files.MOST_FILES, files.MOST_EACH, files.MOST_IN_ALL),
    )


def _banner(holder: Holder) -> tuple[str, str] | None:
    """What the visitor has just done: title and text."""
    visit, ticket = holder.visit, holder.loaded.ticket
    words = client_words(holder.reader.language)
    if visit.query("new") == NEW:
        text = words["new_text"] if holder.is_proven else words["new_mailed_text"]
        return words["new_title"], text % ticket.number
    if visit.query("new") == FOLLOWS:
        return words["sent_title"], words["followup_text"]
    if visit.query("sent") and ticket.merged_into:
        return words["sent_title"], words["passed_text"] % ticket.merged_into
    if visit.query("sent"):
        return words["sent_title"], words["sent_text"]
    return None


@client
async def client_ticket_attachment(visit: Visit) -> func.HttpResponse:
    """A public file of the ticket."""
    try:
        holder = await Holder.of(visit)
    except NotFound:
        return lost_link(visit)
    found = await served(visit, holder.loaded, visit.route("attachment"), public_only=True)
    found.headers["Referrer-Policy"] = "no-referrer"
    return found

"""The staff console's frame: who is signed in, which desks are theirs, and the way around."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import dataclass
from urllib.parse import urlencode

import azure.functions as func

from functions.identity import is_member
from functions.pages import page, render
from functions.visit import Visit
from shared.domain.desk import Desk
from shared.domain.errors import Forbidden
from shared.domain.people import Actor
from shared.domain.sla import Clock
from shared.domain.words import say
from shared.render.wording import span
from shared.service import quarantine, reads

KEPT_COUNTED = 9  # rows hold what came in: "9+" says enough
SOON = dt.timedelta(hours=1)  # before the due time, where the desk's ladder warns of nothing


@dataclass(frozen=True)
class DeskLink:
    """A desk that the visitor may go to."""

    id: str
    name: str
    intro: str


@dataclass(frozen=True)
class Shell:
    """What every console page shows around its content. `at` is the current part."""

    me: str
    name: str
    desks: tuple[DeskLink, ...]
    desk: Desk | None = None
    roles: tuple[str, ...] = ()
    at: str = ""

    @property
    def desk_name(self) -> str:
        """The desk's name in the staff's language."""
        return say(self.desk.name, "en") if self.desk else ""


def enter(visit: Visit, at: str) -> tuple[Desk, Actor, Shell]:
    """The desk of the address, the visitor as its member, and the frame. Raises Forbidden."""
    person = visit.person()
    desk = visit.desk
    actor = visit.member(desk)
    roles = tuple(sorted(role.value for role in actor.roles))
    name = actor.name or person.email
    return desk, actor, Shell(actor.email, name, _desks(visit), desk, roles, at)


def _desks(visit: Visit) -> tuple[DeskLink, ...]:
    person = visit.person()
    return tuple(
        DeskLink(desk.id, say(desk.name, "en"), say(desk.intro, "en") if desk.intro else "")
        for desk in visit.deps.desks.values()
        if is_member(desk, person)
    )


@dataclass(frozen=True)
class Left:
    """How long there is, in words and with a sign; `look` names the style."""

    words: str
    sign: str
    look: str
    due: dt.datetime | None = None


def left(
    due: dt.datetime | None,
    now: dt.datetime,
    *,
    paused: bool = False,
    warns_at: dt.datetime | None = None,
) -> Left:
    """Time by the clock on the wall until `due`: late, soon (from `warns_at`), or in good time."""
    if due is None:
        return Left("paused", "❚❚", "paused") if paused else Left("no target", "–", "none")
    if due <= now:
        return Left(f"{span(now - due)} late", "⚠", "late", due)
    if now >= (warns_at or due - SOON):
        return Left(f"{span(due - now)} left", "⏳", "soon", due)
    return Left(f"{span(due - now)} left", "◷", "fine", due)


def soonest(running: tuple[Clock, ...]) -> dt.datetime | None:
    """The next promise that falls due."""
    return min((c.due_at for c in running if c.is_open and c.due_at), default=None)


def address(path: str, **query: str) -> str:
    """An address with the parts of a query that say something."""
    known = {name: value for name, value in query.items() if value}
    return f"{path}?{urlencode(known)}" if known else path


@page
async def desk_home(visit: Visit) -> func.HttpResponse:
    """The desks that the visitor belongs to."""
    person = visit.person()
    desks = _desks(visit)
    if not desks:
        raise Forbidden(f"{person.email} is no member of any desk; ask a support lead to be added")
    shell = Shell(person.email, person.name or person.email, desks)
    return render(visit, "console/home.html", shell=shell)


@page
async def desk_undelivered_banner(visit: Visit) -> func.HttpResponse:
    """Lines for the head of every page while something is undelivered or in quarantine."""
    desk, _, shell = enter(visit, "")
    rows, kept = await asyncio.gather(
        reads.undelivered(visit.deps, desk), quarantine.entries(visit.deps, desk, KEPT_COUNTED + 1)
    )
    dead = sum(any(e.status == "dead" for e in box.effects) for _, box in rows)
    return render(
        visit,
        "console/banner.html",
        shell=shell,
        desk=desk,
        waiting=len(rows) - dead,
        dead=dead,
        kept=min(len(kept), KEPT_COUNTED),
        more=len(kept) > KEPT_COUNTED,
    )

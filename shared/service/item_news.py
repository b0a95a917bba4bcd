"""A change in the backlog tool comes back to its ticket, told by the tool or met on the way."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Protocol

from shared.domain import commands as cm
from shared.domain.desk import Desk
from shared.domain.errors import NotFound, Rejected
from shared.domain.item_effects import GONE
from shared.domain.mentions import mentioned
from shared.domain.people import Actor, ActorKind
from shared.domain.ticket import Ticket, WorkItem
from shared.ports import Backlog, BacklogPlace
from shared.service import layout as ly
from shared.service import reads
from shared.service.abilities import Identified
from shared.service.deps import Deps
from shared.service.handle import AlreadyDone, Order, handle

# A comment that begins with an address speaks to it, greeting or not.
_BEGINS = re.compile(
    r"\s*(?:(?:hi|hello|hey|dear|bonjour)\s+)?@?([\w.+'-]+@[\w.-]+)", re.IGNORECASE
)


class News(Protocol):
    """What an adapter read from a vendor's hook."""

    @property
    def system(self) -> str: ...
    @property
    def id(self) -> str: ...
    @property
    def delivery(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def by_name(self) -> str: ...
    @property
    def by_email(self) -> str: ...
    @property
    def by_id(self) -> str: ...
    @property
    def moved_to(self) -> str: ...


async def receive(deps: Deps, news: News, own_names: frozenset[str]) -> bool:
    """Whether the news changed a ticket. Our own changes do not come back; repeats change nothing.

    `own_names`: lower-case names and addresses by which the tool knows us.
    """
    if news.state != GONE and await _is_own(deps, news, own_names):  # Docket deletes nothing
        return False
    for desk in deps.desks.values():
        if desk.backlog is None or desk.backlog.system != news.system:
            continue
        number = await _ticket_of(deps, desk, news)
        if number is not None:
            return await _tell(deps, desk, number, news)
    return False


async def gone(
    tool: Backlog, place: BacklogPlace, items: Iterable[str], refusal: Exception
) -> frozenset[str]:
    """Those of the items that are gone, so that the tool refused.

    Raises Rejected when all are there: then the tool had another reason.
    """
    found = set()
    for item in filter(None, items):
        try:
            await tool.get(place, item)
        except NotFound:
            found.add(item)
    if not found:
        raise Rejected(str(refusal)) from refusal
    return frozenset(found)


def losses(ticket: Ticket, items: Collection[str]) -> tuple[cm.ItemReported, ...]:
    """What the ticket must know of items that are gone, unless it knows."""
    return tuple(
        cm.ItemReported(system=item.system, id=item.id, state=GONE, text=_lost(item))
        for item in ticket.work_items
        if item.id in items and item.state != GONE
    )


def _lost(item: WorkItem) -> str:
    what = f"{item.kind} {item.id}" + (", which stands for this ticket," if item.mirror else "")
    return (
        f"{what} is gone: it was deleted or moved away in the backlog, or Docket may not see it."
        " What is said and done here does not reach it, unless it comes back."
    )


async def _is_own(deps: Deps, news: News, own_names: frozenset[str]) -> bool:
    """Whether our own account did it: names are anybody's to choose, and may be left out."""
    if {news.by_name.lower(), news.by_email.lower()} & own_names:
        return True
    tool = deps.outside.backlog(news.system) if news.by_id else None
    return isinstance(tool, Identified) and news.by_id == await tool.account()


async def _ticket_of(deps: Deps, desk: Desk, news: News) -> str | None:
    row = await deps.rows.get(desk.id, ly.idempotency_key("item", f"{news.system}:{news.id}"))
    return ly.KeyRow.model_validate_json(row.body).number if row else None


async def _tell(deps: Deps, desk: Desk, number: str, news: News) -> bool:
    """Whether it was news. An archived ticket follows its items no more: the tool is told that
    all is well, since it stops calling whoever fails too often."""
    loaded = await reads.find(deps, number)
    if not loaded.live:
        return False
    reported = cm.ItemReported(
        system=news.system,
        id=news.id,
        state=news.state,
        text=news.text,
        by=news.by_name or news.by_email,
        moved_to=news.moved_to,
        public=_speaks_to_client(desk, loaded.ticket, news.text),
    )
    told = losses(loaded.ticket, {news.id}) if news.state == GONE else (reported,)
    actor = _actor(desk, news)
    keys = (("hook", news.delivery),)
    try:
        await handle(deps, Order(number, told, actor, keys=keys))
    except (AlreadyDone, NotFound):  # archived just now
        return False
    return True


def _speaks_to_client(desk: Desk, ticket: Ticket, text: str) -> bool:
    """A comment that mentions a client (`@casey@client.example`), or begins with the address, is
    meant for the client. One that only contains it, a line of a log say, is for the team."""
    begins = _BEGINS.match(text)
    named = {*mentioned(desk, ticket, text), *([begins[1].lower().rstrip(".")] if begins else [])}
    return bool(named & ticket.participants - desk.member_by_email.keys())


def _actor(desk: Desk, news: News) -> Actor:
    """The member whose account or address it is, else the tool itself: names prove nothing."""
    for member in desk.people:
        known = ((news.by_id, member.backlog_id), (news.by_email, member.email))
        if any(said and said == has for said, has in known):
            return Actor(
                kind=ActorKind.STAFF, email=member.email, name=member.name, roles=member.roles
            )
    return Actor(kind=ActorKind.SYSTEM, email=news.system, name=news.by_name or news.system)

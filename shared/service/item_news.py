"""A change in the backlog tool comes back to its ticket."""

from __future__ import annotations

import re
from typing import Protocol

from shared.domain import commands as cm
from shared.domain.desk import Desk
from shared.domain.errors import NotFound
from shared.domain.people import Actor, ActorKind
from shared.domain.ticket import Ticket
from shared.service import layout as ly
from shared.service import reads
from shared.service.abilities import Identified
from shared.service.deps import Deps
from shared.service.handle import AlreadyDone, Order, handle

_ADDRESS = re.compile(r"[\w.+'-]+@[\w.-]+")


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


async def receive(deps: Deps, news: News, own_names: frozenset[str]) -> bool:
    """Whether the news changed a ticket. Our own changes do not come back; repeats change nothing.

    `own_names`: lower-case names and addresses by which the tool knows us.
    """
    if {news.by_name.lower(), news.by_email.lower()} & own_names or await _is_ours(deps, news):
        return False
    for desk in deps.desks.values():
        if desk.backlog is None or desk.backlog.system != news.system:
            continue
        number = await _ticket_of(deps, desk, news)
        if number is not None:
            return await _tell(deps, desk, number, news)
    return False


async def _is_ours(deps: Deps, news: News) -> bool:
    """Whether our own account did it: names are anybody's to choose, and may be left out."""
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
        public=_speaks_to_client(desk, loaded.ticket, news.text),
    )
    actor = _actor(desk, news)
    keys = (("hook", news.delivery),)
    try:
        await handle(deps, Order(number, (reported,), actor, keys=keys))
    except (AlreadyDone, NotFound):  # archived just now
        return False
    return True


def _speaks_to_client(desk: Desk, ticket: Ticket, text: str) -> bool:
    """A comment that mentions a client's address is meant for the client; members are none."""
    named = {found.lower().rstrip(".") for found in _ADDRESS.findall(text)}
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

"""A change in the backlog tool comes back to its ticket."""

from __future__ import annotations

from typing import Protocol

from shared.domain import commands as cm
from shared.domain.desk import Desk
from shared.domain.people import Actor, ActorKind
from shared.domain.ticket import Ticket
from shared.service import layout as ly
from shared.service import reads
from shared.service.deps import Deps
from shared.service.handle import AlreadyDone, Order, handle


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


async def receive(deps: Deps, news: News, own_names: frozenset[str]) -> bool:
    """Whether the news changed a ticket. Our own changes do not come back; repeats change nothing.

    `own_names`: lower-case names and addresses by which the tool knows us.
    """
    if {news.by_name.lower(), news.by_email.lower()} & own_names:
        return False
    for desk in deps.desks.values():
        if desk.backlog is None or desk.backlog.system != news.system:
            continue
        number = await _ticket_of(deps, desk, news)
        if number is not None:
            return await _tell(deps, desk, number, news)
    return False


async def _ticket_of(deps: Deps, desk: Desk, news: News) -> str | None:
    row = await deps.rows.get(desk.id, ly.idempotency_key("item", f"{news.system}:{news.id}"))
    return ly.KeyRow.model_validate_json(row.body).number if row else None


async def _tell(deps: Deps, desk: Desk, number: str, news: News) -> bool:
    ticket = (await reads.find(deps, number)).ticket
    reported = cm.ItemReported(
        system=news.system,
        id=news.id,
        state=news.state,
        text=news.text,
        by=news.by_name or news.by_email,
        public=_speaks_to_client(ticket, news.text),
    )
    actor = _actor(desk, news)
    keys = (("hook", news.delivery),)
    try:
        await handle(deps, Order(number, (reported,), actor, keys=keys))
    except AlreadyDone:
        return False
    return True


def _speaks_to_client(ticket: Ticket, text: str) -> bool:
    """The seed's way: a comment that mentions the client's address is meant for the client."""
    words = text.lower()
    return any(email in words for email in {ticket.requester.email, *ticket.participants})


def _actor(desk: Desk, news: News) -> Actor:
    """The member whom the tool names, else the tool itself."""
    for member in desk.people:
        if news.by_email == member.email or (news.by_name and news.by_name == member.name):
            return Actor(
                kind=ActorKind.STAFF, email=member.email, name=member.name, roles=member.roles
            )
    return Actor(kind=ActorKind.SYSTEM, email=news.system, name=news.by_name or news.system)

"""A desk at work on a set clock: requests come in, people act, the timers tick."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from typing import Any

from shared.domain import commands as cm
from shared.domain import events as ev
from shared.domain.desk import Desk
from shared.domain.people import Actor, ActorKind, Person
from shared.domain.policy import ClockName
from shared.domain.sla import Clock, clocks
from shared.domain.ticket import Ticket
from shared.ports import Mail
from shared.service import layout as ly
from shared.service import store
from shared.service.handle import Order, handle
from shared.service.opening import Request, open_request
from shared.service.sweep import sweep_due, sweep_outbox
from tests.support.app import MemoryApp, memory_app

CASEY = Person(email="casey@client.example", name="Casey Lee")
CLIENT = Actor(kind=ActorKind.CLIENT, email=CASEY.email, name=CASEY.name)
MYTC_LEAD, MYTC_STAFF = "holly@mytc.example", "sam.okafor@mytc.example"
DOOR_LEAD, DOOR_STAFF = "nora.lindqvist@doorfunds.example", "tom.becker@doorfunds.example"


def at(text: str) -> dt.datetime:
    """`2026-11-23 15:00` in UTC."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def with_changes(desk: Desk, **changes: object) -> Desk:
    """The desk under other rules, made anew so that it remembers nothing of the old ones."""
    return Desk(**({name: getattr(desk, name) for name in Desk.model_fields} | changes))


@dataclass
class DeskWork:
    """One app with its clock, and the desk that a test is about."""

    desk_id: str = "mytc"
    app: MemoryApp = field(default_factory=memory_app)

    @property
    def desk(self) -> Desk:
        return self.app.deps.desks[self.desk_id]

    @property
    def now(self) -> dt.datetime:
        return self.app.clock.at

    def change_desk(self, **changes: object) -> None:
        """The desk's file is edited, and the app restarted."""
        desks = {**self.app.deps.desks, self.desk_id: with_changes(self.desk, **changes)}
        self.app.app = replace(self.app.app, deps=replace(self.app.deps, desks=desks))

    async def opened(self, when: str = "", **fields: Any) -> str:
        """A request's number."""
        if when:
            self.app.clock.at = at(when)
        first = self.desk.request_types[0].id
        body: dict[str, Any] = {
            "title": "Sign-in fails",
            "description": "Nobody can sign in.",
            "type": first,
            "environment": "production",
            "severity": "high",
            "requester": CASEY,
        }
        command = cm.Open(**(body | fields))
        made = await open_request(self.app.deps, self.desk, Request(command, CLIENT))
        await self.app.deliver_all()
        return made.loaded.ticket.number

    async def act(self, number: str, who: str, command: cm.Command) -> Ticket:
        """A member's command, or the client's when `who` is ''."""
        actor = self.app.actor(who) if who else CLIENT
        return (await handle(self.app.deps, Order(number, (command,), actor))).ticket

    async def tick(self, when: str = "") -> None:
        """The timers fire once, at that time or now; what they ring for is delivered."""
        if when:
            self.app.clock.at = at(when)
        await sweep_outbox(self.app.deps, self.desk_id)
        await sweep_due(self.app.deps, self.desk_id)
        await self.app.deliver_all()

    async def run_until(self, when: str) -> None:
        """Lets time pass: the timers fire whenever a row is due, as each minute's would."""
        end = at(when)
        while (due := await self._next()) is not None and due <= end:
            self.app.clock.at = max(self.now, due) + dt.timedelta(seconds=1)
            await self.tick()
        self.app.clock.at = end
        await self.tick()

    async def _next(self) -> dt.datetime | None:
        rows = []
        for prefix in ("due", "outbox"):
            found = self.app.deps.rows.scan(
                self.desk_id, f"{prefix}|", f"{prefix}{ly.END}", limit=1
            )
            rows += await found
        times = [dt.datetime.strptime(r.key.split("|")[1], "%Y%m%dT%H%M%S%z") for r in rows]
        return min(times, default=None)

    async def loaded(self, number: str) -> ly.Loaded:
        return await store.load(self.app.deps.rows, self.desk_id, number)

    async def clock(self, number: str, name: str) -> Clock:
        """That clock as it stands now."""
        ticket = (await self.loaded(number)).ticket
        found = {c.clock: c for c in clocks(self.desk, ticket, self.now)}
        return found[ClockName(name)]

    async def due(self, number: str, name: str) -> str:
        """When the clock falls due, as `2026-11-23 17:00` in UTC; '' while it stands still."""
        found = (await self.clock(number, name)).due_at
        return f"{found:%Y-%m-%d %H:%M}" if found else ""

    async def fired(self, number: str) -> list[tuple[str, str]]:
        """Rungs and reminders with their times, `('response_soon', '2026-11-23 16:30')`."""
        history = (await self.loaded(number)).history
        return [
            (r.event.step, f"{r.at:%Y-%m-%d %H:%M}")
            for r in history
            if isinstance(r.event, ev.Escalated)
        ]

    def mails(self, to: str, words: str = "") -> list[Mail]:
        """Mails to that address whose subject has the words."""
        sent = self.app.vendors.mail.sent.values()
        return [m for m in sent if m.to[0][0] == to and words.lower() in m.subject.lower()]

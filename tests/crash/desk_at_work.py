"""A desk whose process can die and come back: the same storage and vendors, nothing else kept."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any, cast

from shared.domain import commands as cm
from shared.domain import effects as ef
from shared.domain.desk import Desk
from shared.domain.errors import DocketError
from shared.domain.people import Actor, ActorKind
from shared.domain.ticket import Ticket
from shared.ports import Mail, NewItem, Post
from shared.service import layout as ly
from shared.service import reads
from shared.service.deliver import PATIENCE, deliver
from shared.service.deps import Deps
from shared.service.numbers import Numbers
from shared.service.opening import Opened, Request, open_request
from shared.service.sweep import sweep_outbox
from tests.crash.faulty import Dies, Faults, FaultyBell, FaultyBlobs, FaultyRows, LiteralVendors
from tests.support.app import MemoryApp, memory_app

CLIENT = "casey@client.example"
DESK = "mytc"
MOST_ROUNDS = 30


@dataclass
class DeskAtWork:
    """Storage, vendors and queue that outlive a process, and the process as `deps`."""

    faults: Faults
    app: MemoryApp = field(default_factory=memory_app)
    taken_up: list[str] = field(default_factory=list)  # messages that were begun and not ended
    patience: dt.timedelta = PATIENCE  # of a delivery

    def __post_init__(self) -> None:
        self.vendors = LiteralVendors(self.faults)
        self.deps = self.new_process()

    def new_process(self) -> Deps:
        """All memory gone but what storage and vendors hold."""
        rows = FaultyRows(self.app.rows, self.faults)
        self.deps = replace(
            self.app.deps,
            rows=rows,
            bell=FaultyBell(self.app.bell, self.faults),
            blobs=FaultyBlobs(cast("Any", self.app.deps.blobs), self.faults),
            outside=cast("Any", self.vendors),
            texts=PlainTexts(),
            numbers=Numbers(rows),
        )
        return self.deps

    async def open(self, key: str = "key-1") -> Opened:
        """The client's request, always the same, under that idempotency key."""
        command = cm.Open.model_validate(
            {"title": "Sign-in", "description": "It fails", "type": "production_issue",
             "environment": "production", "severity": "high",
             "requester": {"email": CLIENT, "name": "Casey"}}
        )  # fmt: skip
        actor = Actor(kind=ActorKind.CLIENT, email=CLIENT, name="Casey")
        request = Request(command, actor, (("header", key),), "body")
        return await open_request(self.deps, self.deps.desk(DESK), request)

    async def numbers(self) -> list[str]:
        """The tickets that exist, from their own rows."""
        rows = await self.app.rows.scan(DESK, "ticket|", f"ticket{ly.END}")
        return sorted(r.key.split("|")[1] for r in rows if r.key.endswith("|state"))

    async def deliver_all(self) -> None:
        """What the queue does: a message that was not ended comes again."""
        bell = self.app.bell
        while self.taken_up or bell.messages:
            again = bool(self.taken_up)
            text = self.taken_up.pop(0) if again else bell.messages.pop(0).message
            message = json.loads(text)
            try:
                await deliver(
                    self.deps, message["desk"], message["row"], message["claim"], again=again,
                    patience=self.patience,
                )  # fmt: skip
            except (DocketError, Dies, BaseExceptionGroup):
                if self.faults.mode != "unheard":
                    self.taken_up.append(text)
                raise

    async def come_to_rest(self) -> None:
        """The clock ticks and the sweeps run until nothing waits to be delivered."""
        for _ in range(MOST_ROUNDS):
            await self.deliver_all()
            if not await self.app.rows.scan(DESK, "outbox|", f"outbox{ly.END}"):
                return
            self.app.clock.advance(minutes=3)
            await sweep_outbox(self.deps, DESK)
        raise AssertionError("effects are still waiting for their delivery")

    async def told(self) -> Counter[str]:
        """Everything that the world was told, ticket numbers and vendors' own ids left out."""
        said = [f"mail {m.to[0][0]}: {m.subject}" for _, m in self.vendors.mails]
        said += [f"post {p.html} in {thread or 'a new thread'}" for _, p, thread in _posts(self)]
        said += [f"item {item.type}: {item.title}" for _, item in self.vendors.items]
        said += [f"comment on {on}: {text}" for _, on, text in self.vendors.comments]
        said += [f"{item} is {state}" for item, state in self.vendors.states.items()]
        numbers = await self.numbers()
        return Counter(_without(numbers, text) for text in said)

    async def histories(self) -> list[Counter[str]]:
        """What happened to each ticket, in any order."""
        found = [await reads.find(self.app.deps, number) for number in await self.numbers()]
        return [Counter(recorded.event.kind for recorded in t.history) for t in found]

    async def undelivered(self) -> int:
        return len(await self.app.rows.scan(DESK, "dead|", f"dead{ly.END}"))


def _posts(desk: DeskAtWork) -> list[tuple[str, Any, str]]:
    return list(desk.vendors.posts)


def _without(numbers: list[str], text: str) -> str:
    for number in numbers:
        text = text.replace(number, "N")
    return text


class PlainTexts:
    """Says what is sent to whom, in one line: what mails look like is shown elsewhere."""

    def mail(
        self, desk: Desk, ticket: Ticket, history: object, owed: ef.MailOwed, key: str
    ) -> Mail:
        sender, to = desk.mail.address, ((owed.to.email, owed.to.name),)
        subject = f"[{ticket.number}] {owed.notice} about {owed.seq}"
        return Mail(sender, "", to, subject, "text", "html", f"<{key}@mytc.example>")

    def chat(self, desk: Desk, ticket: Ticket, history: object, owed: ef.ChatOwed) -> Post:
        return Post(html=f"{ticket.number} {owed.occasion}")

    def item(self, desk: Desk, ticket: Ticket, owed: ef.ItemOwed) -> NewItem:
        title = owed.plan.title if owed.plan else f"mirror of {ticket.number}"
        kind = owed.plan.kind if owed.plan else "Support Request"
        return NewItem(kind, title, "", (), "", "", into_sprint=bool(owed.urgency))


type Action = Callable[[DeskAtWork], Awaitable[object]]
SOON = dt.timedelta(minutes=1)

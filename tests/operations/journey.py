"""A desk with work on it, in memory: what the suites of this folder look at."""

from __future__ import annotations

from shared.domain import commands as cm
from shared.domain.desk import Desk
from shared.domain.people import Actor, ActorKind, Person
from shared.domain.ticket import Opinion
from shared.service import conversation, files
from shared.service.archive import archive
from shared.service.files import Upload
from shared.service.handle import Order, handle
from shared.service.layout import Loaded
from shared.service.opening import Request, open_request
from tests.support.app import MemoryApp

HOLLY, SAM = "holly@mytc.example", "sam.okafor@mytc.example"
MARIA, PRIYA = "maria.lopez@mytc.example", "priya.nair@mytc.example"
CASEY = Person(email="casey.lee@client.example", name="Casey Lee")
BODY = "Since this morning nobody can sign in; the gadget says xyzzy."


def client(person: Person) -> Actor:
    return Actor(kind=ActorKind.CLIENT, email=person.email, name=person.name)


async def opened(app: MemoryApp, person: Person = CASEY, **more: object) -> str:
    """A request in production; its number."""
    fields = {
        "title": f"Sign-in fails for {person.name}",
        "description": BODY,
        "type": "production_issue",
        "environment": "production",
        "severity": "high",
        "requester": person,
    }
    command = cm.Open.model_validate(fields | more)
    desk = app.deps.desks["mytc"]
    opened_ = await open_request(app.deps, desk, Request(command, client(person)))
    return opened_.loaded.ticket.number


async def order(app: MemoryApp, number: str, email: str, command: cm.Command) -> Loaded:
    return await handle(app.deps, Order(number, (command,), app.actor(email)))


async def worked(app: MemoryApp, person: Person = CASEY) -> str:
    """A request that was asked about, decided, answered, and answered back with a file."""
    stored = await files.store(
        app.deps.blobs, [Upload("log.txt", "text/plain", f"{person.email} failed".encode())],
        public=True,
    )  # fmt: skip
    number = await opened(app, person, attachments=stored)
    await app.deliver_all()
    await order(app, number, HOLLY, cm.Move(command="move", to="in_planning"))
    await order(app, number, HOLLY, cm.AskTeam(command="ask_team"))
    await app.deliver_all()
    await conversation.mark_seen(app.deps, number, app.actor(PRIYA))
    await order(app, number, SAM, cm.Note(command="note", text=f"{person.name} was called"))
    proceed = cm.Decide(
        command="decide", decision=Opinion.PROCEED, reason="it is ours", urgency="urgent"
    )
    await order(app, number, MARIA, proceed)
    app.clock.advance(minutes=20)
    reply = cm.Reply(command="reply", text=f"Dear {person.name}, we look into it.")
    await order(app, number, HOLLY, reply)
    await app.deliver_all()
    back = cm.Reply(command="reply", text=f"Thanks. Write to {person.email.upper()} please.")
    await conversation.client_reply(app.deps, number, back, client(person))
    await app.deliver_all()
    return number


async def closed(app: MemoryApp, person: Person = CASEY) -> str:
    """A request that came to its end."""
    number = await opened(app, person)
    await order(app, number, HOLLY, cm.Note(command="note", text="nothing was wrong"))
    for state in ("in_planning", "resolved", "closed"):
        await order(app, number, HOLLY, cm.Move(command="move", to=state))
    await app.deliver_all()
    return number


async def archived(app: MemoryApp, person: Person = CASEY) -> str:
    """A request that was closed long ago and has been archived."""
    number = await closed(app, person)
    app.clock.advance(days=50)
    assert await archive(app.deps, app.deps.desks["mytc"]) == 1
    return number


def without_type(desk: Desk, type_id: str) -> Desk:
    """The desk after that request type was taken out of its file."""
    types = tuple(t for t in desk.request_types if t.id != type_id)
    return Desk.model_construct(**{**dict(desk), "request_types": types})

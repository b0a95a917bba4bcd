"""Tickets and people for the console's tests."""

from __future__ import annotations

from typing import Any

from shared.domain import commands as cm
from shared.domain.people import Actor, ActorKind, Person
from shared.domain.ticket import Ticket
from shared.service import conversation, reads
from shared.service.opening import Request, open_request
from tests.support.app import MemoryApp
from tests.support.page_client import Page, PageClient

HOLLY = "holly@mytc.example"  # lead
SAM = "sam.okafor@mytc.example"  # staff
MARIA = "maria.lopez@mytc.example"  # scrum master
NORA = "nora.lindqvist@doorfunds.example"  # lead of the door desk
TOM = "tom.becker@doorfunds.example"  # staff
GRACE = "grace.odell@doorfunds.example"  # product owner
RUI = "rui.costa@doorfunds.example"  # third-line developer of the sprint
LENA = "lena.fischer@doorfunds.example"  # third-line developer of the next one
JANE = "jane@client.example"

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)> ' \" {{ 7 * 7 }} & =cmd|x"


class Stage:
    """The app with short ways to what a test needs."""

    def __init__(self, app: MemoryApp) -> None:
        self.app = app

    def as_(self, email: str) -> PageClient:
        """That person's browser ('' for nobody)."""
        return PageClient(self.app, email)

    async def opened(self, desk: str = "mytc", **fields: Any) -> str:
        """The number of a new request."""
        usual = {
            "title": "Sign-in fails",
            "description": "Nobody can sign in.",
            "type": "production_issue" if desk == "mytc" else "bug",
            "environment": "production",
            "severity": "high",
            "requester": Person(email=JANE, name="Jane Doe"),
        }
        command = cm.Open.model_validate(usual | fields)
        asker = Actor(kind=ActorKind.CLIENT, email=command.requester.email)
        made = await open_request(self.app.deps, self.app.deps.desks[desk], Request(command, asker))
        return made.loaded.ticket.number

    async def give(self, number: str, by: str, command: str, /, **fields: Any) -> Ticket:
        """A member's command by the service."""
        parsed = cm.STAFF_COMMAND.validate_python({"command": command, **fields})
        actor = self.app.actor(by)
        made = await conversation.staff_command(self.app.deps, number, parsed, actor)
        return made.ticket

    async def client_says(self, number: str, text: str = "It still fails.") -> Ticket:
        """The requester writes again."""
        client = Actor(kind=ActorKind.CLIENT, email=JANE, name="Jane Doe")
        said = cm.Reply(command="reply", text=text)
        return (await conversation.client_reply(self.app.deps, number, said, client)).ticket

    async def ticket(self, number: str) -> Ticket:
        """The ticket as it is stored."""
        return (await reads.find(self.app.deps, number)).ticket

    async def page(self, number: str, email: str = HOLLY) -> Page:
        """The ticket's page as that member sees it."""
        desk = self.app.deps.desk_of(number).id
        return await self.as_(email).get(f"/desk/{desk}/tickets/{number}")

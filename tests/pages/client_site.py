"""A client's way through the pages, and the desk's work behind them, over an app in memory."""

from __future__ import annotations

from typing import Any

from shared.context import use_app
from shared.domain import commands as cm
from shared.domain.people import Actor, ActorKind, Person
from shared.render.links import Pass
from shared.service import conversation, reads
from shared.service.files import Upload
from shared.service.layout import Loaded
from shared.service.opening import Request, open_request
from tests.support.app import MemoryApp, memory_app
from tests.support.page_client import Element, Page, PageClient

CASEY = "casey@client.example"
HOLLY = "holly@mytc.example"


class ClientSite:
    """The pages as nobody who is signed in sees them, and commands of the desk's members."""

    def __init__(self, app: MemoryApp | None = None) -> None:
        self.app = app or memory_app()
        use_app(self.app.app)
        self.client = PageClient(self.app)

    async def open(self, desk: str = "mytc", email: str = CASEY, **more: Any) -> Loaded:
        """A request of that client."""
        person = Person(email=email, name=more.pop("name", "Casey Lee"))
        environment = self.app.deps.desks[desk].environments[0].id
        kind = "production_issue" if desk == "mytc" else "bug"
        values = {"title": "Sign-in fails", "description": "Nobody can sign in.", "type": kind,
                  "environment": environment, "severity": "high", "source": "portal"}  # fmt: skip
        command = cm.Open.model_validate({**values, "requester": person, **more})
        actor = Actor(kind=ActorKind.CLIENT, email=email, name=person.name)
        opened = await open_request(
            self.app.deps, self.app.deps.desks[desk], Request(command, actor)
        )
        return opened.loaded

    async def staff(self, number: str, command: str, *files: Upload, by: str = HOLLY,
                    **fields: Any) -> Loaded:  # fmt: skip
        """A member's command."""
        given = cm.STAFF_COMMAND.validate_python({"command": command, **fields})
        return await conversation.staff_command(
            self.app.deps, number, given, self.app.actor(by), uploads=files
        )

    def path(self, number: str, email: str = CASEY) -> str:
        """The address of that client's page of the ticket."""
        return f"/r/{self.app.app.links.token(Pass(email, number), self.app.clock.now())}"

    def list_path(self, email: str = CASEY) -> str:
        """The address of that client's list."""
        return f"/my/{self.app.app.links.token(Pass(email), self.app.clock.now())}"

    async def found(self, number: str) -> Loaded:
        """The ticket as it is stored."""
        return await reads.find(self.app.deps, number)


def reply_form(page: Page) -> Element:
    (form,) = page.doc.all("form")
    return form


async def replied(site: ClientSite, path: str, text: str) -> Page:
    return await site.client.submit(reply_form(await site.client.get(path)), message=text)

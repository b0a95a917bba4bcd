"""A client with a browser at the built-in form."""

from shared.context import use_app
from shared.service import reads
from shared.service.layout import Loaded
from tests.support.app import MemoryApp, memory_app
from tests.support.page_client import Element, Page, PageClient

CASEY = "casey@client.example"
ISSUE = {
    "type": "production_issue",
    "environment": "production",
    "service": "web_portal",
    "title": "Sign-in fails with error 500",
    "description": "Since this morning nobody can sign in.",
    "since": "2026-11-20",
    "impact": "high",
    "requester_name": "Casey Lee",
    "requester_email": CASEY,
}


class Visitor:
    """A client with a browser."""

    def __init__(self, app: MemoryApp | None = None, email: str = "") -> None:
        self.app = app or memory_app()
        use_app(self.app.app)
        self.client = PageClient(self.app, email)

    async def form(self, url: str = "/request/mytc") -> Element:
        return the_form(await self.client.get(url))

    async def requests(self, email: str = CASEY, desk: str = "mytc") -> list[Loaded]:
        return await reads.own_requests(self.app.deps, self.app.deps.desks[desk], email)


def the_form(page: Page) -> Element:
    (form,) = page.doc.all("form")
    return form


def mistakes(page: Page) -> dict[str, str]:
    """The summary: anchor -> what it says."""
    (box,) = (e for e in page.doc.all("div", role="alert"))
    return {a.attrs["href"].removeprefix("#q-"): li.text
            for li in box.all("li") for a in li.all("a")}  # fmt: skip

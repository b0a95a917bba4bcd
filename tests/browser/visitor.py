"""Somebody with a browser, whose pages must neither complain nor ask other hosts for anything."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    FrameLocator,
    Locator,
    Page,
    Request,
    WebError,
)

from tests.browser.cast import HOLLY, NORA
from tests.support.stack import Stack

_REFUSED = re.compile(r"Failed to load resource: .* status of (\d+)")
_HTTP = ("http", "https")


def origin(url: str) -> str:
    """Scheme, host and port."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


class Visitor:
    """One person's browser; `page` is the tab they look at.

    `expected` holds the HTTP statuses that this visit is meant to meet: a browser writes every
    refusal into its console. `problems` is what must be empty at the end. `options` are those of
    https://playwright.dev/python/docs/api/class-browser#browser-new-context.
    """

    def __init__(self, browser: Browser, stack: Stack, **options: object) -> None:
        self.stack = stack
        self.expected: set[int] = set()
        self.problems: list[str] = []
        # Colours are measured by the accessibility checks, so none may be on its way to another.
        usual = {"base_url": stack.url, "reduced_motion": "reduce", "locale": "en-CA"}
        self.context = browser.new_context(**{**usual, **options})  # type: ignore[arg-type]  # as they come
        self.context.on("console", self._hear)
        self.context.on("weberror", self._note)
        self.context.on("request", self._watch)
        self.page: Page = self.context.new_page()

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        if message.location["url"].endswith("/favicon.ico"):
            return  # the local sign-in page has no icon; it is no page of Docket's
        refused = _REFUSED.match(message.text)
        if not refused or int(refused[1]) not in self.expected:
            self.problems.append(f"console: {message.text} at {message.page and message.page.url}")

    def _note(self, error: WebError) -> None:
        self.problems.append(f"script: {error.error}")

    def _watch(self, request: Request) -> None:
        """People follow links between Docket and the tenant; what a page loads is its own."""
        if urlsplit(request.url).scheme not in _HTTP:
            return
        homes = {origin(self.stack.url), origin(self.stack.tenant.url)}
        if not request.is_navigation_request():
            homes &= {origin(request.frame.url)}
        if origin(request.url) not in homes:
            self.problems.append(f"request: {request.url} from {request.frame.url}")

    def sign_in(self, email: str, then: str = "/desk") -> Page:
        """Through the sign-in page, as that person."""
        self.page.goto(f"/.auth/login/local?post_login_redirect_uri={quote(then, safe='')}")
        self.choose(email)
        return self.page

    def choose(self, email: str) -> None:
        """On the sign-in page that stands there: be that person."""
        self.page.locator(f'button[value="{email}"]').first.click()

    def looks_again(self) -> None:
        """Comes back to the tab, upon which an open page asks at once for what is new."""
        self.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    def open_ticket(self, number: str) -> Page:
        """The console's page of the ticket."""
        desk = {"MYTC": "mytc", "DOOR": "door"}[number.partition("-")[0]]
        self.page.goto(f"/desk/{desk}/tickets/{number}")
        return self.page

    def open_mail(self, address: str, number: str, words: str) -> FrameLocator:
        """Waits for the mail, opens its conversation in the mailbox viewer; its latest text."""
        try:
            self.stack.mail(address, number, words)
        except AssertionError as error:
            desk, member = ("door", NORA) if number.startswith("DOOR") else ("mytc", HOLLY)
            waiting = self.stack.client(member).get(f"/api/desks/{desk}/undelivered")
            error.add_note(f"undelivered: {waiting.text}")
            raise
        self.page.goto(f"{self.stack.tenant.url}/mail/{address}")
        listed = self.page.get_by_role("region", name="Conversations")
        listed.get_by_role("link").filter(has_text=f"[{number}]").first.click()
        return self.page.frame_locator("article.message:last-of-type iframe")

    def follow(self, link: Locator) -> Page:
        """Clicks a link that opens another tab, and looks at that one from now on."""
        with self.context.expect_page() as opened:
            link.click()
        self.page = opened.value
        self.page.wait_for_load_state()
        return self.page

    def close(self) -> None:
        """Ends the visit; AssertionError with everything that went wrong in its pages."""
        self.context.close()
        assert not self.problems, "\n".join(self.problems)

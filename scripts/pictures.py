"""`make pictures`: the pictures of the README, taken from a running system with demo data.

Starts its own `make run DEMO=1` on free ports in a temporary folder, so it takes some minutes and
touches nothing. Needs Chromium (`make test` brings it).
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from playwright.sync_api import Browser, Page, sync_playwright

PROJECT = Path(__file__).resolve().parent.parent
PICTURES = PROJECT / "docs" / "pictures"
WITHIN = 900.0  # seconds for the month to be played
LARGEST = 250 * 1024  # bytes of one picture
LEAD, PRODUCT_OWNER = "holly@mytc.example", "grace.odell@doorfunds.example"
SHOWN = "Webhook for accepted cargo notices comes twice"
CLIENT, ASKED = "lucy.okonkwo@coastal-pilots.example", "Fleet page is slow since the weekend"


@dataclass(frozen=True)
class Site:
    """Where the running system is."""

    app: str
    tenant: str

    def number_of(self, title: str) -> str:
        """The ticket with that title."""
        answer = httpx.get(
            f"{self.app}/api/desks/mytc/tickets",
            params={"view": "all", "limit": "200"},
            headers={"X-Docket-Persona": LEAD},
            timeout=60,
        )
        return next(str(t["number"]) for t in answer.json()["tickets"] if t["title"] == title)


def console(page: Page, site: Site) -> None:
    """A production issue as the lead sees it."""
    page.goto(f"{site.app}/desk/mytc/tickets/{site.number_of(SHOWN)}")


def ticket_list(page: Page, site: Site) -> None:
    """What is open, most urgent first."""
    page.goto(f"{site.app}/desk/mytc")


def client_mail(page: Page, site: Site) -> None:
    """The confirmation in the client's mailbox."""
    page.goto(f"{site.tenant}/mail/{CLIENT}")
    subject = f"[{site.number_of(ASKED)}]"
    page.locator("a", has_text=subject).last.click()
    page.wait_for_load_state()


def form(page: Page, site: Site) -> None:
    """The built-in form, half filled in."""
    page.goto(f"{site.app}/request/mytc")
    page.get_by_role("radio", name="A problem in production (the live service)").check()


def board(page: Page, site: Site) -> None:
    """The third-line board."""
    page.goto(f"{site.app}/desk/door/board")


def teams(page: Page, site: Site) -> None:
    """A thread in the team's channel."""
    page.goto(f"{site.tenant}/teams")
    page.get_by_text(f"{site.number_of(SHOWN)}:").first.scroll_into_view_if_needed()


VIEWS: dict[str, tuple[str, Callable[[Page, Site], None]]] = {
    "console": (LEAD, console),
    "list": (LEAD, ticket_list),
    "client-mail": ("", client_mail),
    "form": ("", form),
    "board": (PRODUCT_OWNER, board),
    "teams": ("", teams),
}


def take(browser: Browser, site: Site, name: str) -> None:
    """One picture of 1280 x 800. Raises RuntimeError when it became too large."""
    persona, view = VIEWS[name]
    headers = {"X-Docket-Persona": persona} if persona else {}
    context = browser.new_context(
        viewport={"width": 1280, "height": 800}, extra_http_headers=headers, locale="en-GB"
    )
    page = context.new_page()
    view(page, site)
    page.wait_for_load_state("networkidle")
    path = PICTURES / f"{name}.png"
    page.screenshot(path=path)
    context.close()
    size = path.stat().st_size
    if size > LARGEST:
        raise RuntimeError(f"{path.name} has {size // 1024} KB; show less on it")
    print(f"  {path.relative_to(PROJECT)}  {size // 1024} KB", flush=True)


@contextmanager
def running_site() -> Iterator[Site]:
    """A system of its own with a month of work; stopped and removed afterwards."""
    app, tenant, azurite = _free_ports()
    with tempfile.TemporaryDirectory() as folder:
        words = {
            "DOCKET_PORT": str(app),
            "DOCKET_TENANT_PORT": str(tenant),
            "DOCKET_AZURITE_PORT": str(azurite),
            "DOCKET_DATA": folder,
            "DEMO": "1",
        }
        run = subprocess.Popen(
            [sys.executable, "-u", "-m", "local.run"],
            cwd=PROJECT,
            env=os.environ | words,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            _wait_until_ready(run)
            yield Site(f"http://127.0.0.1:{app}", f"http://127.0.0.1:{tenant}")
        finally:
            run.send_signal(signal.SIGINT)
            run.wait(timeout=60)


def _wait_until_ready(run: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + WITHIN
    for line in run.stdout or ():
        if line.startswith("Docket is ready"):
            return
        print(line, end="", flush=True)
        if time.monotonic() > deadline:
            break
    raise RuntimeError("the system did not come up; the lines above say why")


def _free_ports() -> tuple[int, int, int]:
    """For app, tenant, and the first of the emulator's three."""
    with socket.socket() as one, socket.socket() as two, socket.socket() as three:
        for probe in (one, two, three):
            probe.bind(("127.0.0.1", 0))
        return one.getsockname()[1], two.getsockname()[1], three.getsockname()[1]


def chromium() -> str:
    """The browser's path. Raises RuntimeError when there is none."""
    found = filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome")))
    path = next(found, None)
    if path is None:
        raise RuntimeError("Chromium is needed: install it (Debian: apt install chromium)")
    return path


def main() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    executable = chromium()
    with running_site() as site, sync_playwright() as player:
        browser = player.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        for name in VIEWS:
            take(browser, site, name)
        browser.close()


if __name__ == "__main__":
    main()

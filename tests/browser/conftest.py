"""One Chromium for the suite; each person of a test has a context of their own in it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Protocol

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.visitor import Visitor
from tests.support.stack import Stack

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


class Arrive(Protocol):
    """A visitor: signed in as that person, or nobody in particular."""

    def __call__(self, email: str = "", **options: object) -> Visitor: ...


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The system's Chromium.

    The scope is the package, not the session: while it lives, its event loop runs in this thread,
    where the asynchronous tests of the other suites want theirs.
    """
    found = next((path for path in map(shutil.which, NAMES) if path), None)
    assert found, f"no browser: install one of {', '.join(NAMES)}"
    expect.set_options(timeout=15_000)
    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture
def arrive(browser: Browser, stack: Stack) -> Iterator[Arrive]:
    """Makes visitors; at the end their pages must have been quiet."""
    visitors: list[Visitor] = []

    def visitor(email: str = "", **options: object) -> Visitor:
        visitors.append(Visitor(browser, stack, **options))
        if email:
            visitors[-1].sign_in(email)
        return visitors[-1]

    yield visitor
    for each in visitors:
        each.close()

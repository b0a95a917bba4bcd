"""The bell only saves a minute: no answer waits for it, and none fails with it."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import dataclass, field, replace

import pytest

from shared.context import use_app
from shared.domain.errors import Rejected, Unavailable
from shared.service.sweep import sweep_outbox
from tests.functions.conftest import HOLLY, Doors
from tests.support.app import MemoryApp, memory_app

REQUESTS = "/api/desks/mytc/requests"
BODY = {
    "title": "Sign-in",
    "description": "It fails",
    "type": "production_issue",
    "environment": "production",
    "severity": "high",
    "requester": {"name": "Casey", "email": "casey@client.example"},
}


@dataclass
class StuckBell:
    """A queue that is away, refuses, or takes the message only when it is let go."""

    error: Exception | None = None
    let_go: asyncio.Event = field(default_factory=asyncio.Event)
    rang: asyncio.Event = field(default_factory=asyncio.Event)

    async def ring(self, message: str, *, delay: dt.timedelta = dt.timedelta()) -> None:
        if self.error:
            raise self.error
        await self.let_go.wait()
        self.rang.set()

    async def aclose(self) -> None: ...


@pytest.fixture(autouse=True)
def sign_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBSITE_AUTH_ENABLED", "True")


def doors_with(bell: StuckBell) -> Doors:
    app = memory_app()
    use_app(replace(app.app, deps=replace(app.deps, bell=bell)))
    return Doors(app)


async def delivered_by_the_sweep(app: MemoryApp) -> int:
    """How many mails the sweep's own bell brings about."""
    app.clock.advance(minutes=2)
    await sweep_outbox(app.deps, "mytc")
    await app.deliver_all()
    return len(app.vendors.mail.sent)


async def test_an_answer_does_not_wait_for_the_bell_which_rings_all_the_same() -> None:
    bell = StuckBell()
    doors = doors_with(bell)
    async with asyncio.timeout(10):
        answer = await doors.call(REQUESTS, BODY)
        assert (answer.status, bell.rang.is_set()) == (201, False)
        bell.let_go.set()
        await bell.rang.wait()


@pytest.mark.parametrize("error", [Unavailable("away"), Rejected("403")])
async def test_a_request_is_taken_and_delivered_although_the_queue_fails(error: Exception) -> None:
    doors = doors_with(StuckBell(error))
    assert (await doors.call(REQUESTS, BODY)).status == 201
    assert await delivered_by_the_sweep(doors.app) > 0


@pytest.mark.parametrize("error", [Unavailable("away"), Rejected("403")])
async def test_a_members_command_is_done_although_the_queue_fails(error: Exception) -> None:
    doors = doors_with(StuckBell(error))
    await doors.call(REQUESTS, BODY)
    body = {"command": "reply", "text": "We look into it"}
    answer = await doors.call("/api/tickets/MYTC-1/commands", body, by=HOLLY)
    assert answer.status == 200
    assert await delivered_by_the_sweep(doors.app) > 0

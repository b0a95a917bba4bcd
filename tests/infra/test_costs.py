"""The cost model counts what the app really does, and docs/costs.md shows its table."""

from __future__ import annotations

import json
from typing import Any

import azure.functions as func
from azure.functions.timer import TimerRequest

from scripts.costs import DEV, PRIVATE, PROD, STORAGE_CALLS, month, table
from shared.context import use_app
from shared.domain import commands as cm
from shared.service import reads
from shared.service.handle import Order, handle
from tests.infra.code import ROOT, bindings
from tests.support.app import MemoryApp, memory_app
from tests.support.stack import production_issue

HOLLY = "holly@mytc.example"
MAIL = b"""From: Casey Lee <casey@client.example>\r
To: support@mytc.example\r
Subject: Sign-in fails\r
Message-ID: <first@client.example>\r
Date: Mon, 23 Nov 2026 14:00:00 +0000\r
\r
Since this morning nobody can sign in.\r
"""


def function(name: str) -> Any:
    """The function of that name, as the worker calls it."""
    return next(b for b in bindings() if b.function == name).call


async def opened(app: MemoryApp) -> str:
    """A ticket through the API; its number."""
    use_app(app.app)
    [door] = [b for b in bindings() if b.route == "api/desks/{desk}/requests"]
    answer = await door.call(
        func.HttpRequest(
            method="POST",
            url="http://docket.test/api/desks/mytc/requests",
            headers={"host": "docket.test"},
            route_params={"desk": "mytc"},
            body=json.dumps(production_issue("casey@client.example")).encode(),
        )
    )
    assert answer.status_code == 201
    return str(json.loads(answer.get_body())["number"])


def spent(app: MemoryApp) -> int:
    """Storage calls since the last count."""
    count = len(app.calls)
    app.calls.clear()
    return count


async def test_an_intake_and_its_delivery_cost_no_more_storage_calls_than_the_model_says() -> None:
    app = memory_app()
    await opened(app)
    assert spent(app) <= STORAGE_CALLS["intake"]
    assert await app.deliver_all() == 1
    assert spent(app) <= STORAGE_CALLS["delivery"]


async def test_a_command_and_a_page_cost_no_more_than_the_model_says() -> None:
    app = memory_app()
    number = await opened(app)
    spent(app)
    move = cm.Move(command="move", to="in_planning")
    await handle(app.deps, Order(number, (move,), app.actor(HOLLY)))
    assert spent(app) <= STORAGE_CALLS["command"]
    await reads.find(app.deps, number)
    assert spent(app) <= STORAGE_CALLS["page"]


async def test_a_quiet_minute_costs_no_more_than_the_model_says() -> None:
    app = memory_app()
    use_app(app.app)
    timers = [
        b
        for b in bindings()
        if b.kind == "timerTrigger" and str(b.values["schedule"]).endswith(" * * * * *")
    ]
    assert len(timers) >= 4
    for timer in timers:  # the first round settles what is kept between rounds
        await timer.call(TimerRequest(past_due=False))
    spent(app)
    for timer in timers:
        await timer.call(TimerRequest(past_due=False))
    assert spent(app) <= STORAGE_CALLS["minute"]


async def test_a_mail_costs_no_more_than_the_model_says() -> None:
    app = memory_app()
    use_app(app.app)
    poll = function("poll_mailboxes")
    for _ in range(2):  # the second one is a quiet one
        app.calls.clear()
        await poll(TimerRequest(past_due=False))
    quiet = spent(app)
    app.vendors.reader.deliver("support@mytc.example", MAIL, app.clock.now())
    await poll(TimerRequest(past_due=False))
    assert len(app.bell.messages) == 1
    assert 0 < spent(app) - quiet <= STORAGE_CALLS["mail"]


def test_the_page_shows_the_models_table() -> None:
    assert table() in (ROOT / "docs" / "costs.md").read_text(encoding="utf-8")


def test_what_a_month_may_cost_is_below_each_environments_budget_at_a_usual_size() -> None:
    for kind in (DEV, PROD):
        text = (ROOT / "infra" / "environments" / f"{kind.name}.env").read_text()
        budget = float(text.partition("DOCKET_MONTHLY_BUDGET=")[2].split()[0])
        assert sum(month(kind, 1_000).values()) < budget


def test_a_private_network_costs_the_same_at_any_size() -> None:
    for tickets in (100, 10_000):
        alone = sum(month(PRIVATE, tickets).values()) - sum(month(PROD, tickets).values())
        assert 30 < alone < 35

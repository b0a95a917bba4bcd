"""The cost model reckons with what a running system took, and docs/costs.md shows its tables."""

from __future__ import annotations

from itertools import pairwise

from scripts.costs import (
    COUNTED,
    DEV,
    HTTP,
    LOOKS,
    PAGE,
    PRICES,
    PRIVATE,
    PROD,
    SIZES,
    calls,
    executions,
    month,
    page,
)
from scripts.costs_count import EACH_MINUTE, LIFE, settle
from scripts.costs_meter import kind_of, running
from tests.infra.code import ROOT, bindings
from tests.support.proxy import Seen
from tests.support.stack import client_address, production_issue


def test_the_page_shows_the_models_tables() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert page(text) == text, "scripts/docket costs --write"


def test_every_kind_of_call_that_was_counted_has_a_price() -> None:
    for what in ("ticket", "look", "minute", "night"):
        assert set(COUNTED[what]["calls"]) <= set(PRICES)


def test_every_function_that_was_counted_exists_and_is_told_by_what_opens_it() -> None:
    known = {b.function: b.kind for b in bindings()}
    for what in ("ticket", "look", "minute", "night"):
        for name in COUNTED[what]["executions"]:
            assert (known[name] == "httpTrigger") == name.startswith(HTTP)


def test_the_counted_life_is_the_one_that_the_count_plays() -> None:
    assert COUNTED["life"]["commands"] == sum(bool(persona) for persona, _ in LIFE)
    assert COUNTED["ticket"]["executions"]["api_command"] == COUNTED["life"]["commands"]
    assert COUNTED["ticket"]["executions"]["api_request"] == 1


def test_a_months_work_is_a_multiple_of_what_was_counted() -> None:
    one, look = COUNTED["ticket"]["calls"], COUNTED["look"]["calls"]
    for small, large in pairwise(SIZES):
        for kind in one:
            grown = calls(large)[kind] - calls(small)[kind]
            each = one[kind] + LOOKS * look.get(kind, 0)
            assert abs(grown - each * (large - small)) < 1
        assert executions(large) > executions(small)


def test_each_minutes_timers_were_counted_once_a_minute() -> None:
    found = COUNTED["minute"]["executions"]
    assert {name: found[name] for name in EACH_MINUTE} == dict.fromkeys(EACH_MINUTE, 1.0)


def test_requests_are_told_apart_by_what_they_cost() -> None:
    account = "/devstoreaccount1"
    for service, method, path, kind in (
        ("table", "POST", f"{account}/$batch", "transaction"),
        ("table", "GET", f"{account}/docket()?$filter=x", "read"),
        ("table", "POST", f"{account}/Tables", "other table"),
        ("queue", "GET", f"{account}/docket-outbox/messages?numofmessages=16", "poll"),
        ("queue", "GET", f"{account}/docket-outbox?comp=metadata", "other queue"),
        ("queue", "POST", f"{account}/docket-outbox/messages", "ring"),
        ("queue", "DELETE", f"{account}/docket-outbox/messages/1?popreceipt=x", "message"),
        ("queue", "PUT", f"{account}/docket-outbox", "new queue"),
        ("queue", "PUT", f"{account}/docket-outbox/messages/1", "other queue"),
        ("blob", "PUT", f"{account}/docket/x", "blob write"),
        ("blob", "GET", f"{account}/docket/x", "blob read"),
    ):
        assert kind_of(service, Seen(method, path, b"")) == kind


def test_a_running_systems_calls_and_executions_are_counted() -> None:
    """One request; the whole count takes minutes."""
    with running() as (stack, meter):
        stack.opened("mytc", production_issue(client_address()))
        settle(stack, meter)
        found, runs = meter.look()
    assert (runs["api_request"], runs["deliver_outbox"]) == (1, 1)
    assert found["transaction"] >= 2
    assert found["poll"] == found["message"] >= 1


def test_what_a_month_may_cost_is_below_each_environments_budget_at_a_usual_size() -> None:
    for kind in (DEV, PROD):
        text = (ROOT / "infra" / "environments" / f"{kind.name}.env").read_text()
        budget = float(text.partition("DOCKET_MONTHLY_BUDGET=")[2].split()[0])
        assert sum(month(kind, 1_000).values()) < budget


def test_a_private_network_costs_the_same_at_any_size() -> None:
    for tickets in (100, 10_000):
        alone = sum(month(PRIVATE, tickets).values()) - sum(month(PROD, tickets).values())
        assert 30 < alone < 35

"""Vendors that fail, lose their answer after the work, hang or hang up: everybody hears once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.stack import Stack, client_address, production_issue, wait_until

HOLLY = "holly@mytc.example"
LOST: dict[str, Any] = {"status": 504, "after_effect": True}
HUNG_UP: dict[str, Any] = {"drop": True, "after_effect": True}
CUT: dict[str, Any] = {"drop": True}
BUSY: dict[str, Any] = {"status": 429, "retry_after": 5}
AWAY: dict[str, Any] = {"status": 503}
HANGS: dict[str, Any] = {"delay": 50}  # seconds: more than any delivery waits
FAULTS = [
    ("graph", "POST", "*/messages", LOST),
    ("graph", "POST", "*/messages", HANGS),
    ("graph", "POST", "*/send", LOST),
    ("graph", "POST", "*/send", HUNG_UP),
    ("graph", "POST", "*/send", BUSY),
    ("graph", "*", "*", CUT),
    ("graph", "*", "/teams/*", LOST),
    ("graph", "*", "/teams/*", HUNG_UP),
    ("azure-devops", "POST", "*workitems*", LOST),
    ("azure-devops", "POST", "*workitems*", HUNG_UP),
    ("azure-devops", "*", "*", AWAY),
]


@pytest.mark.parametrize(("service", "method", "path", "fault"), FAULTS)
def test_a_failing_vendor_loses_nothing_and_doubles_nothing(
    stack: Stack, service: str, method: str, path: str, fault: dict[str, Any]
) -> None:
    client = client_address()
    stack.tenant.fault(service, method=method, path=path, **fault)
    try:
        number = stack.opened("mytc", production_issue(client))["number"]
        stack.order(number, HOLLY, "ask_team")
        # Each look moves the clock by a minute, as long as a delivery's claim: in a second of real
        # time a busy machine ends what it is at before the sweep takes it for dead.
        wait_until(
            lambda: _all_told(stack, number, client), f"all is told of {number}", 90, every=1.0
        )
    finally:
        stack.tenant.control("DELETE", "/faults")
    stack.tenant.advance("PT2M")
    assert len(stack.mails(client)) == 1
    assert len(_about_the_request(stack, number)) == 1
    assert len(stack.items(number)) == 1
    assert len(stack.threads(number)) == 1
    assert len(stack.ticket(number, HOLLY)["work_items"]) == 1


def _about_the_request(stack: Stack, number: str) -> list[str]:
    return [m["subject"] for m in stack.mails(HOLLY, number) if "New Production" in m["subject"]]


def _all_told(stack: Stack, number: str, client: str) -> bool:
    """Moves the clock on, so that what waits for another try gets it."""
    stack.tenant.advance("PT1M")
    ticket = stack.ticket(number, HOLLY)
    return bool(
        stack.mails(client)
        and _about_the_request(stack, number)
        and ticket["work_items"]
        and ticket["triage"]["thread"]
    )

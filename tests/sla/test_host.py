"""Service levels over the real host: the shared clock moves, and the host's timers fire."""

from __future__ import annotations

from collections import Counter

from tests.support.stack import Json, Stack, client_address, production_issue, wait_until

HOLLY = "holly@mytc.example"


def steps(stack: Stack, number: str) -> Counter[str]:
    """How often each rung or reminder of the ticket has fired."""
    history: list[Json] = stack.ticket(number, HOLLY)["history"]
    return Counter(h["step"] for h in history if h["kind"] == "escalated")


def about(stack: Stack, number: str) -> int:
    """Mails to the lead that speak of the ticket's promises: its own, or digests that name it."""
    marks = ("missed", "% used", "attention")
    found = (m for m in stack.mails(HOLLY) if any(mark in m["subject"] for mark in marks))
    return sum(f"{number} " in m["text"] or f"[{number}]" in m["subject"] for m in found)


def test_the_clock_warns_once_and_catches_up_once_after_a_week(stack: Stack) -> None:
    body = production_issue(client_address(), severity="critical")
    number = str(stack.opened("mytc", body)["number"])
    stack.mail(HOLLY, number, number)

    stack.tenant.advance("PT31M")
    wait_until(lambda: steps(stack, number)["response_missed"], "the missed first response")
    wait_until(lambda: about(stack, number), "a mail about it")
    assert steps(stack, number)["response_soon"] == 1
    assert about(stack, number) == 1

    stack.order(number, HOLLY, "reply", text="We look into it.")
    stack.tenant.advance("P7D")
    wait_until(lambda: steps(stack, number)["resolution_late"], "the ladder's last rung")
    wait_until(lambda: about(stack, number) == 2, "one more mail about it")
    fired = steps(stack, number)
    assert fired["resolution_missed"] == fired["resolution_soon"] == fired["resolution_half"] == 1

    stack.tenant.advance("PT2M")
    stack.tenant.settle()
    again = steps(stack, number)
    assert {step: again[step] for step in fired} == dict(fired)
    clocks = {c["clock"]: c["state"] for c in stack.ticket(number, HOLLY)["clocks"]}
    assert clocks == {"first_response": "missed", "resolution": "missed"}

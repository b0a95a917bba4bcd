"""The team's talk in Teams and the backlog tools, over the real stack."""

from __future__ import annotations

from typing import Any

from tests.journey.conftest import HOLLY, SAM, by_api
from tests.support.stack import Json, Stack, client_address, wait_until


def answer(stack: Stack, thread: Json, text: str, by: str = SAM) -> None:
    """Somebody answers in the thread in Teams."""
    [place] = [
        p for p in stack.tenant.teams() if any(m["id"] == thread["id"] for m in p["messages"])
    ]
    order = {
        "team": place["team"], "channel": place["channel"], "message": thread["id"],
        "from": by, "text": text,
    }  # fmt: skip
    stack.tenant.control("POST", "/teams/reply", json=order)


def said_in_teams(stack: Stack, number: str) -> list[Json]:
    history: list[Json] = stack.ticket(number, HOLLY)["history"]
    return [h for h in history if h.get("via") == "teams"]


def test_the_discussion_in_the_thread_comes_back_once_and_only_to_the_desk(stack: Stack) -> None:
    client = client_address()
    number = by_api(stack, client)
    stack.order(number, HOLLY, "ask_team")
    wait_until(lambda: stack.ticket(number, HOLLY)["triage"]["thread"], f"a thread for {number}")
    [thread] = stack.threads(number)
    answer(stack, thread, "The numbat service broke\nI restart it")
    answer(stack, thread, "Please do", by=HOLLY)

    def heard() -> list[Json]:
        stack.tenant.advance("PT1M")
        notes = said_in_teams(stack, number)
        return notes if len(notes) == 2 else []

    first, second = wait_until(heard, f"the answers about {number}")
    assert (first["by"], second["by"]) == (SAM, HOLLY)
    assert not first["public"]
    assert first["text"].endswith(":\n\nThe numbat service broke\nI restart it")
    stack.order(number, HOLLY, "decide", decision="proceed", reason="ours", urgency="urgent")
    wait_until(lambda: len(stack.threads(number)[0]["replies"]) == 3, "the decision in the thread")
    stack.tenant.advance("PT2M")
    stack.tenant.settle()
    assert len(said_in_teams(stack, number)) == 2
    assert "numbat" not in str(stack.mails(client))


def test_a_ticket_that_moves_while_azure_devops_is_away_is_caught_up(stack: Stack) -> None:
    away: dict[str, Any] = {"status": 503, "times": 1000}
    stack.tenant.fault("azure-devops", method="*", path="*", **away)
    try:
        number = by_api(stack, client_address())
        stack.order(number, HOLLY, "move", to="in_planning")
        stack.tenant.advance("PT2M")
        assert stack.ticket(number, HOLLY)["work_items"] == []
    finally:
        stack.tenant.control("DELETE", "/faults")

    def state() -> str:
        stack.tenant.advance("PT1M")
        return next((i["fields"]["System.State"] for i in stack.items(number)), "")

    # A minute a second: faster, the clock would end each delivery's claim while it is at work.
    mirror = f"the mirror of {number} in planning"
    wait_until(lambda: state() == "In Planning", mirror, within=60, every=1)
    assert len(stack.items(number)) == 1

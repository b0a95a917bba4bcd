"""A mirror that somebody moves where its ticket cannot follow goes back to the ticket's state."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.adapters.backlog_news import ItemNews
from shared.domain import events as ev
from shared.service import item_news, reads
from tests.pages.console_stage import HOLLY
from tests.service.test_items_follow import Desk

HOLLYS, SAMS, DANAS = "holly@mytc.example", "sam.okafor@mytc.example", "dana.kim@mytc.example"


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def _sets_mirror(desk: Desk, number: str, email: str, state: str, delivery: str) -> str:
    """Somebody sets the mirror's state in the tool; what it is after all deliveries."""
    mirror = (await desk.ticket(number)).mirror
    assert mirror
    desk.tool.items[mirror.id] = replace(desk.tool.items[mirror.id], state=state)
    news = ItemNews("azure_devops", mirror.id, delivery, state=state, by_email=email)
    await item_news.receive(desk.app.deps, news, frozenset())
    await desk.app.deliver_all()
    return await desk.mirror(number)


@pytest.mark.parametrize(
    ("states", "email", "wrong", "right"),
    [
        ((), HOLLYS, "Closed", "New"),  # the flow forbids it
        (("in_planning",), SAMS, "In Progress", "In Planning"),  # the triage is not decided
        (("in_planning",), DANAS, "Resolved", "In Planning"),  # a developer may not
        (("in_planning", "waiting_for_client"), SAMS, "Closed", "In Planning"),  # without a name
    ],
)
async def test_a_mirror_that_the_ticket_cannot_follow_goes_back_each_time_and_the_note_says_so(
    desk: Desk, states: tuple[str, ...], email: str, wrong: str, right: str
) -> None:
    number = await desk.opened()
    for state in states:
        await desk.give(number, HOLLY, "move", to=state)
    await desk.app.deliver_all()
    before = (await desk.ticket(number)).state

    assert await _sets_mirror(desk, number, email, wrong, "1") == right
    assert await _sets_mirror(desk, number, email, wrong, "2") == right

    found = await reads.find(desk.app.deps, number)
    assert found.ticket.state == before
    notes = [r.event.text for r in found.history if isinstance(r.event, ev.ItemChanged)]
    assert len(notes) == 2
    for note in notes:
        assert f"set the state to {wrong}. The ticket cannot follow, and the item is set" in note


async def test_a_mirror_that_reports_the_tickets_own_state_is_not_set_back_again(
    desk: Desk,
) -> None:
    number = await desk.opened()
    await desk.app.deliver_all()
    desk.app.clock.advance(minutes=1)
    await _sets_mirror(desk, number, SAMS, "Closed", "1")
    mirror = (await desk.ticket(number)).mirror
    assert mirror
    before = len((await reads.find(desk.app.deps, number)).history)

    echo = ItemNews("azure_devops", mirror.id, "2", state="New", by_email=SAMS)
    await item_news.receive(desk.app.deps, echo, frozenset())

    told = (await reads.find(desk.app.deps, number)).history[before:]
    assert [r.event.put_back for r in told if isinstance(r.event, ev.ItemChanged)] == [False]
    assert not desk.app.bell.messages


async def test_a_mirror_that_a_stranger_or_a_machine_moves_is_left_alone(desk: Desk) -> None:
    number = await desk.opened()
    await desk.app.deliver_all()

    assert await _sets_mirror(desk, number, "robot@else.example", "Closed", "1") == "Closed"


async def test_a_mirror_is_followed_to_the_same_state_again_after_the_ticket_left_it(
    desk: Desk,
) -> None:
    number = await desk.opened()
    await desk.app.deliver_all()
    await _sets_mirror(desk, number, HOLLYS, "In Planning", "1")
    await _sets_mirror(desk, number, HOLLYS, "Resolved", "2")
    await desk.give(number, HOLLY, "move", to="in_planning")
    await desk.app.deliver_all()

    await _sets_mirror(desk, number, HOLLYS, "Resolved", "3")

    assert (await desk.ticket(number)).state == "resolved"

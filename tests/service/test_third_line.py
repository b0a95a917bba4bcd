"""The third-line developer has one ticket in progress at most, whoever clicks when."""

from __future__ import annotations

import asyncio
import datetime as dt
import random

import pytest

from shared.domain import commands as cm
from shared.domain.errors import FlowForbids, Refused
from shared.service import reads
from shared.service.conversation import staff_command
from tests.service.counted import Counted, counted, submit

NORA, GRACE = "nora.lindqvist@doorfunds.example", "grace.odell@doorfunds.example"
TICKETS = 5


async def ready(at: Counted) -> list[str]:
    """Bugs in Ready for sprint, in their order."""
    numbers = []
    for _ in range(TICKETS):
        number = (await submit(at.deps, "door", type="bug")).loaded.ticket.number
        hand = cm.Move(command="move", to="third_line_triage")
        await staff_command(at.deps, number, hand, at.app.actor(NORA))
        accept = cm.AcceptForSprint(command="accept_for_sprint")
        await staff_command(at.deps, number, accept, at.app.actor(GRACE))
        numbers.append(number)
    return numbers


def developer(at: Counted) -> str:
    line = at.deps.desk("door").third_line
    assert line is not None
    today = at.deps.desk("door").today(at.app.clock.now())
    return line.rota.developer_of(line.rota.sprint_of(today))


async def attempt(at: Counted, number: str, command: cm.StaffCommand, by: str) -> bool:
    try:
        await staff_command(at.deps, number, command, at.app.actor(by))
    except Refused:
        return False
    return True


async def in_progress(at: Counted) -> list[str]:
    board, summaries = await reads.board(at.deps, at.deps.desk("door"))
    working = [s.number for s in summaries if s.state == "in_development"]
    assert working == ([board.slot.number] if board.slot else [])
    return working


async def test_of_many_pulls_at_once_one_gets_the_slot() -> None:
    at = counted()
    numbers = await ready(at)
    pull, me = cm.PullNext(command="pull_next"), developer(at)
    done = await asyncio.gather(*(attempt(at, n, pull, me) for n in numbers * 3))
    assert sum(done) == 1
    assert await in_progress(at) == numbers[:1]


@pytest.mark.parametrize("seed", range(6))
async def test_the_slot_holds_one_ticket_under_any_mix_of_commands(seed: int) -> None:
    at = counted()
    numbers = await ready(at)
    chance = random.Random(seed)  # noqa: S311  # the same mix each time
    me = developer(at)
    for _ in range(8):
        mix = [_any(chance, numbers, me) for _ in range(6)]
        await asyncio.gather(*(attempt(at, *each) for each in mix))
        assert len(await in_progress(at)) <= 1


def _any(chance: random.Random, numbers: list[str], me: str) -> tuple[str, cm.StaffCommand, str]:
    number, other = chance.sample(numbers, 2)
    likely: list[tuple[str, cm.StaffCommand, str]] = [
        (number, cm.PullNext(command="pull_next"), me),
        (number, cm.PullNext(command="pull_next"), me),
        (number, cm.MarkDeployed(command="mark_deployed"), me),
        (number, cm.Rank(command="rank", before=other), GRACE),
        (number, cm.Move(command="move", to="third_line_triage"), GRACE),
        (number, cm.AcceptForSprint(command="accept_for_sprint"), GRACE),
    ]
    return chance.choice(likely)


async def test_the_next_sprints_developer_may_not_pull() -> None:
    at = counted()
    [first, *_] = await ready(at)
    line = at.deps.desk("door").third_line
    assert line is not None
    other = next(p for p in line.rota.people if p != developer(at))
    with pytest.raises(FlowForbids, match="sprint"):
        await staff_command(at.deps, first, cm.PullNext(command="pull_next"), at.app.actor(other))


@pytest.mark.parametrize(
    ("at_utc", "puller"),
    [
        ("2026-06-21T22:30", "rui.costa@doorfunds.example"),  # Sunday, 23:30 in London
        ("2026-06-21T23:30", "lena.fischer@doorfunds.example"),  # Monday, 00:30: a new sprint
    ],
)
async def test_a_sprint_changes_hands_at_midnight_of_the_desk(at_utc: str, puller: str) -> None:
    at = counted()
    at.app.clock.at = dt.datetime.fromisoformat(f"{at_utc}+00:00")
    [first, *_] = await ready(at)
    assert developer(at) == puller
    pull, line = cm.PullNext(command="pull_next"), at.deps.desk("door").third_line
    assert line is not None
    [other] = set(line.rota.people) - {puller}
    with pytest.raises(FlowForbids, match=at.app.actor(puller).name):
        await staff_command(at.deps, first, pull, at.app.actor(other))
    await staff_command(at.deps, first, pull, at.app.actor(puller))

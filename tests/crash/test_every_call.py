"""A failure, a lost answer, a call without end or the end of the process at every call."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import Counter
from dataclasses import dataclass

import pytest

from shared.domain import commands as cm
from shared.domain import ticket as tk
from shared.domain.errors import DocketError
from shared.domain.events import PlannedItem
from shared.service.conversation import staff_command
from shared.service.deliver import PATIENCE
from tests.crash.desk_at_work import Action, DeskAtWork
from tests.crash.faulty import MODES, Dies, Faults, Mode

HOLLY, MARIA = "holly@mytc.example", "maria.lopez@mytc.example"
NUMBER = "MYTC-1"
LITTLE = dt.timedelta(seconds=0.05)  # of patience, where a call hangs


async def nothing(desk: DeskAtWork) -> None:
    """An empty desk."""


async def a_request(desk: DeskAtWork) -> None:
    """One request, everybody told."""
    await desk.open()
    await desk.come_to_rest()


async def a_question_to_the_team(desk: DeskAtWork) -> None:
    """A request that the team was asked about."""
    await a_request(desk)
    await staff_command(desk.deps, NUMBER, cm.AskTeam(command="ask_team"), desk.app.actor(HOLLY))
    await desk.come_to_rest()


async def a_request_not_yet_told(desk: DeskAtWork) -> None:
    """Committed and rung for."""
    await desk.open()


async def a_decision_not_yet_told(desk: DeskAtWork) -> None:
    """Committed and rung for."""
    await a_question_to_the_team(desk)
    await decision(desk)


async def intake(desk: DeskAtWork) -> None:
    """The client's request."""
    await desk.open()


async def reply(desk: DeskAtWork) -> None:
    """The lead's public answer."""
    said = cm.Reply(command="reply", text="We look into it. @sam.okafor")
    await staff_command(desk.deps, NUMBER, said, desk.app.actor(HOLLY))


async def decision(desk: DeskAtWork) -> None:
    """The scrum master lets it proceed."""
    decided = cm.Decide(
        command="decide",
        decision=tk.Opinion.PROCEED,
        reason="ours",
        urgency=tk.Urgency.URGENT,
        work_items=(PlannedItem(kind="pbi", title="Mend"), PlannedItem(kind="task", title="Look")),
    )
    await staff_command(desk.deps, NUMBER, decided, desk.app.actor(MARIA))


async def delivery(desk: DeskAtWork) -> None:
    """The queue's worker."""
    await desk.deliver_all()


@dataclass(frozen=True)
class Story:
    """What stands before, and what is done while something breaks."""

    before: Action
    action: Action


STORIES = {
    "intake": Story(nothing, intake),
    "reply": Story(a_request, reply),
    "decide": Story(a_question_to_the_team, decision),
    "delivery of a request": Story(a_request_not_yet_told, delivery),
    "delivery of a decision": Story(a_decision_not_yet_told, delivery),
}


@dataclass(frozen=True)
class Outcome:
    """How it stands when all is quiet again."""

    histories: list[Counter[str]]
    told: Counter[str]
    undelivered: int


async def outcome(desk: DeskAtWork) -> Outcome:
    return Outcome(await desk.histories(), await desk.told(), await desk.undelivered())


async def played(story: Story, faults: Faults) -> tuple[DeskAtWork, bool]:
    """The story with its failure; whether the action was acknowledged. All is quiet afterwards."""
    desk = DeskAtWork(faults)
    await story.before(desk)
    faults.armed = True
    if faults.mode == "hangs":
        desk.patience = LITTLE
    try:
        await story.action(desk)
        acknowledged = True
    except (DocketError, Dies, BaseExceptionGroup):
        acknowledged = False
        # The queue hands out again what was taken up and not ended.
        assert bool(desk.taken_up) == (story.action is delivery and faults.mode != "unheard")
    faults.armed = False
    desk.patience = PATIENCE
    desk.new_process()
    if story.action is intake and not acknowledged:
        await desk.open()  # the client's program repeats what was not acknowledged
    await desk.come_to_rest()
    return desk, acknowledged


async def calm(story: Story) -> tuple[Outcome, Outcome, list[str]]:
    """How it ends without the action, with it, and the calls that the action makes."""
    desk = DeskAtWork(Faults())
    await story.before(desk)
    await desk.come_to_rest()
    without = await outcome(desk)
    desk, _ = await played(story, faults := Faults())
    return without, await outcome(desk), faults.calls


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", STORIES)
async def test_nothing_is_lost_and_nothing_doubled_wherever_it_breaks(
    name: str, mode: Mode
) -> None:
    story = STORIES[name]
    without, with_it, calls = await calm(story)

    async def broken(at: int) -> None:
        desk, acknowledged = await played(story, Faults(at, mode))
        found = await outcome(desk)
        where = f"{mode} at call {at + 1} ({calls[at]})"
        committed = acknowledged or story.action in (intake, delivery)
        allowed = [with_it] if committed else [with_it, without]
        assert found in allowed, where

    assert calls
    await asyncio.gather(*(broken(at) for at in range(len(calls))))

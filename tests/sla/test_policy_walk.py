"""A changed policy's walk over the open tickets, when some of them stand in its way."""

from __future__ import annotations

import datetime as dt
import json

from shared.domain.errors import Unavailable
from shared.domain.policy import TargetOverride
from shared.ports import Delete, Put
from shared.service import layout as ly
from shared.service.policy import apply_policy
from tests.sla.desk_work import DeskWork
from tests.support.app import memory_app

H = dt.timedelta(hours=1)


async def test_a_ticket_that_cannot_be_counted_again_does_not_keep_the_walk_going() -> None:
    work = DeskWork()
    numbers = [await work.opened("2026-11-23 14:00") for _ in range(3)]
    await apply_policy(work.app.deps, work.desk)
    broken = Put(ly.state_key(numbers[1]), '{"newer": 1}')
    await work.app.deps.rows.commit("mytc", [broken])
    work.change_desk(targets=(TargetOverride(resolution_target=3 * H),))
    assert await apply_policy(work.app.deps, work.desk) == 2
    await apply_policy(work.app.deps, work.desk)
    work.app.calls.clear()
    assert await apply_policy(work.app.deps, work.desk) == 0
    assert work.app.calls == ["table.get"]


async def test_a_ticket_that_storage_kept_back_is_counted_again_in_the_next_walk() -> None:
    throttled = [False]

    def on_call(name: str) -> None:
        if throttled[0] and name == "table.commit":
            throttled[0] = False
            raise Unavailable("busy")

    work = DeskWork(app=memory_app(on_call))
    number = await work.opened("2026-11-23 14:00")
    await apply_policy(work.app.deps, work.desk)
    work.change_desk(targets=(TargetOverride(resolution_target=3 * H),))
    throttled[0] = True
    for _ in range(3):
        await apply_policy(work.app.deps, work.desk)
    assert (await work.loaded(number)).ticket.policy == work.desk.policy_version


async def test_a_list_that_lags_behind_its_ticket_does_not_keep_the_walk_going() -> None:
    work = DeskWork()
    await work.opened("2026-11-23 14:00")
    await apply_policy(work.app.deps, work.desk)
    rows = work.app.deps.rows
    [shown] = await rows.scan("mytc", "open|", f"open{ly.END}")
    lagging = json.dumps(json.loads(shown.body) | {"policy": "an older one"})
    await rows.commit("mytc", [Put(shown.key, lagging), Delete(ly.POLICY)])
    await apply_policy(work.app.deps, work.desk)
    work.app.calls.clear()
    assert await apply_policy(work.app.deps, work.desk) == 0
    assert work.app.calls == ["table.get"]

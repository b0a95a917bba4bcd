"""A timer's work: what is broken on a desk keeps neither the rest of it nor another one waiting."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import pytest

from functions import operations, workers
from functions.turns import TurnsFailed
from shared.adapters.memory import MemoryRows
from shared.context import use_app
from shared.domain.errors import Unavailable
from shared.ports import Insert, Write
from shared.service import backup, backup_shelf, sweep
from shared.service import layout as ly
from shared.service.sweep import sweep_outbox
from tests.operations.journey import opened
from tests.support.app import START, MemoryApp, memory_app

type Timer = Callable[[], Awaitable[None]]
BOB = "bob@client.example"
BROKEN = json.dumps({"newer": BOB})
OUTBOX = f"outbox|{ly.stamp(START)}|{{}}-99|000001"
LISTEN = f"listen|{ly.stamp(START)}|DOOR-99|{ly.digest('thread')}"


async def undelivered(app: MemoryApp, count: int = 1) -> set[str]:
    """Requests whose effects nobody was woken for, and whose claims are over."""
    numbers = {await opened(app) for _ in range(count)}
    app.bell.messages.clear()
    app.clock.advance(minutes=5)
    return numbers


def rung(app: MemoryApp) -> set[str]:
    """The tickets for which the bell rang."""
    return {ly.outbox_place(json.loads(m.message)["row"])[0] for m in app.bell.messages}


async def breaks(app: MemoryApp, desk: str, key: str) -> None:
    """A row that this release cannot read."""
    await app.rows.commit(desk, [Insert(key, BROKEN)])


async def fails(app: MemoryApp, timer: Timer) -> str:
    """What the host hears when the timer has fired."""
    use_app(app.app)
    with pytest.raises(TurnsFailed) as failed:
        await timer()
    return str(failed.value)


async def test_a_row_that_cannot_be_read_keeps_no_other_from_being_rung_for() -> None:
    app = memory_app()
    await breaks(app, "mytc", OUTBOX.format("MYTC"))
    await breaks(app, "door", OUTBOX.format("DOOR"))
    numbers = await undelivered(app, 2)
    use_app(app.app)
    await workers.sweep_undelivered()
    assert rung(app) == numbers


@pytest.mark.parametrize("fails_at", range(1, 9))
async def test_a_claim_or_a_bell_that_fails_takes_no_other_ring_with_it(fails_at: int) -> None:
    left = [0]

    def on_call(name: str) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Unavailable(f"{name} is throttled")

    app = memory_app(on_call)
    numbers = await undelivered(app, 4)
    left[0] = 1 + fails_at  # behind the scan; four claims and four bells follow
    assert await sweep_outbox(app.deps, "mytc") == 3
    assert len(rung(app)) == 3
    app.clock.advance(minutes=1)
    await sweep_outbox(app.deps, "mytc")
    assert rung(app) == numbers


class Counting(MemoryRows):
    """How many commits were under way at once, at most."""

    now = most = 0

    async def commit(self, partition: str, writes: Sequence[Write]) -> list[str]:
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0)
        try:
            return await super().commit(partition, writes)
        finally:
            self.now -= 1


async def test_a_long_outbox_is_claimed_a_few_rows_at_a_time() -> None:
    app = memory_app()
    app.rows = rows = Counting()
    app.app = replace(app.app, deps=replace(app.deps, rows=rows))
    await undelivered(app, 30)
    assert await sweep_outbox(app.deps, "mytc") == 30
    assert rows.most == sweep.AT_ONCE


@pytest.mark.parametrize(
    ("timer", "key", "work"),
    [
        (workers.apply_changed_rules, ly.POLICY, "policy"),
        (workers.sweep_service_levels, LISTEN, "threads"),
        (operations.measure_undelivered, OUTBOX.format("DOOR"), "measure"),
    ],
)
async def test_a_failure_on_a_desk_is_told_without_its_words(
    timer: Timer, key: str, work: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = memory_app()
    await breaks(app, "door", key)
    assert await fails(app, timer) == f"{work} of door: ValidationError"
    [record] = [r for r in caplog.records if r.levelno >= logging.ERROR]
    told = vars(record)
    assert (told["sweep"], told["desk"], told["failure"]) == (work, "door", "ValidationError")
    assert BOB not in record.getMessage()


async def test_the_rules_of_a_desk_are_applied_though_another_ones_cannot_be() -> None:
    app = memory_app()
    await breaks(app, "door", ly.POLICY)
    await fails(app, workers.apply_changed_rules)
    assert await app.rows.get("mytc", ly.POLICY) is not None


async def test_the_clock_looks_at_a_desk_though_another_ones_digest_cannot_be_read() -> None:
    app = memory_app()
    number = await opened(app)
    await app.deliver_all()
    [due] = await app.rows.scan("mytc", "due|", f"due{ly.END}")
    await breaks(app, "door", ly.digest_key("DOOR-99", 1))
    app.clock.advance(days=1)
    await fails(app, workers.sweep_service_levels)
    [after] = await app.rows.scan("mytc", "due|", f"due{ly.END}")
    assert due.key.endswith(number)
    assert after.key != due.key


async def test_a_backup_goes_on_though_a_desk_cannot_be_measured() -> None:
    app = memory_app()
    await opened(app)
    await breaks(app, "door", OUTBOX.format("DOOR"))
    assert await backup.begin(app.deps, seconds=0.0) is None
    app.clock.advance(minutes=5)
    await fails(app, operations.measure_undelivered)
    assert len(await backup_shelf.kept(app.deps)) == 1


async def test_storage_that_is_away_fails_the_run_that_alerts_go_by() -> None:
    def on_call(name: str) -> None:
        raise Unavailable(f"{name} does not answer")

    told = await fails(memory_app(on_call), workers.sweep_undelivered)
    assert told == "outbox of door: Unavailable; outbox of mytc: Unavailable"

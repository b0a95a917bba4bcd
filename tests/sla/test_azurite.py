"""Sweeps at once over the storage emulator: its transactions decide who does a step."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from shared.adapters.storage_account import StorageAccount
from shared.adapters.tables import TableRows
from shared.domain import commands as cm
from shared.service.numbers import Numbers
from shared.service.sweep import sweep_due
from tests.sla.desk_work import MYTC_LEAD, MYTC_STAFF, DeskWork, at
from tests.support.azurite import Azurite


@pytest.fixture(scope="module")
def azurite() -> Iterator[Azurite]:
    with Azurite() as storage:
        yield storage


@pytest.fixture
async def work(azurite: Azurite) -> AsyncIterator[DeskWork]:
    account = StorageAccount.from_connection_string(azurite.connection_string)
    rows = TableRows(account, f"t{uuid.uuid4().hex}")
    archive = TableRows(account, f"a{uuid.uuid4().hex}")
    made = DeskWork()
    deps = replace(made.app.deps, rows=rows, archive=archive, numbers=Numbers(rows))
    made.app.app = replace(made.app.app, deps=deps)
    yield made
    await rows.aclose()
    await archive.aclose()


@pytest.mark.parametrize("digest_above", [2, 50])
async def test_four_sweeps_at_once_do_each_step_once(work: DeskWork, digest_above: int) -> None:
    work.change_desk(digest_above=digest_above)
    numbers = [await work.opened("2026-11-23 14:00") for _ in range(6)]
    for number in numbers:
        await work.act(number, MYTC_LEAD, cm.Assign(command="assign", assignee=MYTC_STAFF))
    await work.app.deliver_all()
    work.app.clock.at = at("2026-11-23 16:01")
    await asyncio.gather(*(sweep_due(work.app.deps, "mytc") for _ in range(4)))
    for minute in range(2, 5):
        await work.tick(f"2026-11-23 16:{minute:02}")
    for number in numbers:
        steps = Counter(step for step, _ in await work.fired(number))
        assert steps == {"response_soon": 1, "response_missed": 1}
    single = work.mails(MYTC_LEAD, "first response missed")
    told = Counter(n for m in work.mails(MYTC_LEAD, "attention") for n in _named(m.text, numbers))
    told.update(n for m in single for n in numbers if f"[{n}]" in m.subject)
    assert told == Counter(numbers)


def _named(text: str, numbers: list[str]) -> set[str]:
    return {number for number in numbers if f"{number} " in text}

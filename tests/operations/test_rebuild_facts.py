"""What reports count follows from the histories too, also for tickets that were archived."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from shared.domain.desk import Desk
from shared.domain.reporting import Fact, month_of
from shared.ports import Delete, Put
from shared.service import layout as ly
from shared.service import rebuild, reports, walk
from tests.operations.journey import archived, closed, opened, without_type, worked
from tests.support.app import MemoryApp, memory_app

type Make = Callable[[], MemoryApp]


async def busy(app: MemoryApp) -> Desk:
    """A desk with an archived, a worked, a closed and an untouched ticket."""
    await archived(app)
    await worked(app)
    await closed(app)
    await opened(app)
    return app.deps.desks["mytc"]


async def facts(app: MemoryApp) -> dict[str, str]:
    return {r.key: r.body for r in await app.deps.rows.scan("mytc", "fact|", "fact}")}


async def sums(app: MemoryApp, desk: Desk) -> list[object]:
    """The reports of the last months."""
    now = month_of(desk, app.clock.now())
    found = [await reports.report(app.deps, desk, reports.shifted(now, -n)) for n in range(4)]
    return [(report.month, report.tables) for report in found]


async def fact_faults(app: MemoryApp, desk: Desk) -> list[rebuild.Difference]:
    found = [d async for d in rebuild.check_desk(app.deps, desk)]
    return [d for d in found if d.row.startswith("fact|")]


async def mend(app: MemoryApp, desk: Desk) -> list[str]:
    return [d.row async for d in rebuild.rebuild_desk(app.deps, desk)]


async def test_lost_facts_come_back_and_the_months_sums_with_them(make_app: Make) -> None:
    app = make_app()
    desk = await busy(app)
    before, told = await facts(app), await sums(app, desk)
    assert {key.rpartition("|")[2] for key in before} == {"MYTC-1", "MYTC-2", "MYTC-3"}
    await app.deps.rows.commit("mytc", [Delete(key) for key in before])
    assert await sums(app, desk) != told
    missing = [d.row for d in await fact_faults(app, desk) if d.what == "is missing"]
    assert sorted(missing) == sorted(before)
    assert sorted(await mend(app, desk)) == sorted(before)
    assert await facts(app) == before
    assert await sums(app, desk) == told
    assert await mend(app, desk) == []


async def test_facts_that_say_something_else_or_belong_to_nothing_are_mended(
    make_app: Make,
) -> None:
    app = make_app()
    desk = await busy(app)
    before = await facts(app)
    wrong = next(key for key in before if key.endswith("|MYTC-1"))
    told = json.loads(before[wrong])
    strays = [ly.fact_key("2026-01", "MYTC-1"), ly.fact_key("2026-11", "MYTC-99"),
              ly.fact_key("2026-11", "MYTC-4")]  # fmt: skip
    body = json.dumps({**told, "resolved": 7})
    await app.deps.rows.commit("mytc", [Put(wrong, body), *(Put(k, body) for k in strays)])
    assert {d.row for d in await fact_faults(app, desk)} == {wrong, *strays}
    assert set(await mend(app, desk)) == {wrong, *strays}
    assert await facts(app) == before


async def test_one_ticket_is_mended_alone() -> None:
    app = memory_app()
    desk = await busy(app)
    before = await facts(app)
    await app.rows.commit("mytc", [Delete(key) for key in before])
    for number in ("MYTC-1", "MYTC-3"):
        await rebuild.rebuild_ticket(app.deps, number)
    assert {k.rpartition("|")[2] for k in await facts(app)} == {"MYTC-1", "MYTC-3"}
    await mend(app, desk)
    assert await facts(app) == before


async def test_more_facts_than_a_page_are_looked_through() -> None:
    app = memory_app()
    desk = await busy(app)
    before = await facts(app)
    strays = [ly.fact_key("2026-02", f"MYTC-{n}") for n in range(1000, 1000 + walk.PAGE + 50)]
    for start in range(0, len(strays), 90):
        some = strays[start : start + 90]
        await app.rows.commit("mytc", [Put(key, "{}") for key in some])
    assert sorted(await mend(app, desk)) == sorted(strays)
    assert await facts(app) == before


async def test_what_was_measured_under_earlier_targets_stays_measured_so() -> None:
    app = memory_app()
    desk = await busy(app)
    harder = [
        s.model_copy(update={"resolution_target": s.resolution_target / 9}) for s in desk.severities
    ]
    other = Desk.model_construct(**{**dict(desk), "severities": tuple(harder)})
    assert other.policy_version != desk.policy_version
    ended = ("|MYTC-1", "|MYTC-3")
    assert [d for d in await fact_faults(app, other) if d.row.endswith(ended)] == []
    lost = [key for key in await facts(app) if key.endswith(ended)]
    await app.rows.commit("mytc", [Delete(key) for key in lost])
    app.deps.desks["mytc"] = other  # type: ignore[index]
    await mend(app, other)
    found = [Fact.model_validate_json(b) for k, b in (await facts(app)).items() if k in lost]
    assert len(found) == len(lost)
    assert any(fact.resolution for fact in found)


@pytest.mark.parametrize("lose", [True, False])
async def test_facts_of_an_archived_ticket_whose_type_is_gone_are_left_alone(lose: bool) -> None:
    app = memory_app()
    await archived(app)
    before = await facts(app)
    if lose:
        await app.rows.commit("mytc", [Delete(key) for key in before])
        before = {}
    other = without_type(app.deps.desks["mytc"], "production_issue")
    assert await fact_faults(app, other) == []
    await mend(app, other)
    assert await facts(app) == before

"""Reports: facts kept with the events, one month by range reads, pages and CSV."""

from __future__ import annotations

import csv
import io
from collections import Counter

import pytest

from shared.context import use_app
from shared.domain import commands as cm
from shared.domain.errors import Invalid
from shared.domain.report_tables import Table, percentile
from shared.domain.reporting import Fact
from shared.service.reports import as_csv, report
from tests.sla.desk_work import DOOR_LEAD, MYTC_LEAD, MYTC_STAFF, DeskWork, at
from tests.support.page_client import PageClient


def reply(text: str = "We look into it.") -> cm.Reply:
    return cm.Reply(command="reply", text=text)


def move(to: str) -> cm.Move:
    return cm.Move(command="move", to=to)


async def a_month(work: DeskWork) -> None:
    """November: one question answered in time and resolved, one late, one untouched."""
    good = await work.opened("2026-11-02 14:00", type="question")
    await work.act(good, MYTC_STAFF, reply())
    work.app.clock.advance(hours=4)
    await work.act(good, MYTC_STAFF, move("resolved"))
    bad = await work.opened("2026-11-03 14:00", type="question")
    await work.run_until("2026-11-04 16:00")  # eleven working hours later
    await work.act(bad, MYTC_STAFF, reply())
    await work.act(bad, MYTC_STAFF, move("resolved"))
    await work.opened("2026-11-20 14:00", severity="low")


async def rows_of(work: DeskWork, table: str, month: str = "") -> list[tuple[object, ...]]:
    found = (await report(work.app.deps, work.desk, month)).table(table)
    assert found is not None
    return list(found.rows)


async def test_targets_met_and_missed_are_counted_by_month_and_severity() -> None:
    work = DeskWork()
    await a_month(work)
    assert await rows_of(work, "service_levels") == [
        ("2026-11", "High", 1, 1, "50 %", 1, 1, "50 %")
    ]


async def test_a_target_that_has_passed_counts_as_missed_while_nobody_has_met_it() -> None:
    work = DeskWork()
    await a_month(work)
    work.app.clock.at = at("2026-11-24 14:00")
    answered = await work.opened("2026-11-24 15:00")
    await work.act(answered, MYTC_STAFF, reply())
    await work.opened("2026-11-24 15:00")  # neither answered nor resolved in time
    waiting = await work.opened("2026-11-24 15:00", type="question")
    work.app.clock.advance(hours=1)
    await work.act(waiting, MYTC_STAFF, reply())
    await work.act(waiting, MYTC_STAFF, move("in_progress"))
    await work.act(waiting, MYTC_STAFF, move("waiting_for_client"))
    work.app.clock.at = at("2026-12-01 14:00")
    levels = {row[:2]: row[2:] for row in await rows_of(work, "service_levels")}
    assert levels["2026-11", "High"] == (3, 2, "60 %", 1, 3, "25 %")
    assert {month for month, _ in levels} == {"2026-11"}


async def test_times_are_working_hours_at_the_nearest_rank() -> None:
    work = DeskWork()
    await a_month(work)
    assert await rows_of(work, "times") == [
        ("High", "First response", 2, 0.0, 11.0),
        ("High", "Resolution", 2, 4.0, 11.0),
    ]
    assert [percentile([1, 2, 3, 4], share) for share in (25, 50, 90, 100)] == [1, 2, 4, 4]


async def test_throughput_counts_open_tickets_that_nobody_has_touched() -> None:
    work = DeskWork()
    await a_month(work)
    (november,) = [row for row in await rows_of(work, "throughput") if row[0] == "2026-11"]
    assert november[1:4] == (3, 2, 0)


async def test_the_backlog_is_what_is_open_by_type_and_age() -> None:
    work = DeskWork()
    await a_month(work)
    work.app.clock.at = at("2026-11-25 14:00")
    assert await rows_of(work, "backlog") == [("Production support issue", 0, 0, 1, 0, 0, 0, 1, 1)]


async def test_a_reopened_ticket_counts_when_it_is_resolved_again() -> None:
    work = DeskWork()
    number = await work.opened("2026-11-27 14:00", type="question")
    await work.act(number, MYTC_STAFF, reply())
    await work.act(number, MYTC_STAFF, move("resolved"))
    work.app.clock.at = at("2026-12-02 14:00")
    await work.act(number, "", reply("Not yet."))
    work.app.clock.advance(hours=2)
    assert [r[1:4] for r in await rows_of(work, "throughput")][-2:] == [(1, 1, 0), (0, 0, 1)]
    assert [r[5:7] for r in await rows_of(work, "service_levels")] == [(0, 0)]
    await work.act(number, MYTC_STAFF, move("resolved"))
    levels = {r[0]: r[5:7] for r in await rows_of(work, "service_levels")}
    assert levels == {"2026-11": (0, 0), "2026-12": (1, 0)}


async def test_time_in_each_state_is_that_of_the_resolved() -> None:
    work = DeskWork()
    number = await work.opened("2026-11-02 14:00", type="question")
    work.app.clock.advance(hours=1)
    await work.act(number, MYTC_STAFF, move("in_progress"))
    work.app.clock.advance(hours=30)
    await work.act(number, MYTC_STAFF, move("resolved"))
    assert await rows_of(work, "states") == [
        ("Question", "New", 1, 1.0, 1.0, 1.0),
        ("Question", "In Progress", 1, 30.0, 30.0, 30.0),
    ]


async def test_escalations_are_counted_by_step() -> None:
    work = DeskWork()
    await work.opened("2026-11-23 14:00")
    await work.run_until("2026-11-23 16:01")
    fired = {row[0]: row[1:] for row in await rows_of(work, "escalations")}
    assert fired == {"Response soon": (1, 1), "Response missed": (1, 1), "Unassigned": (1, 1)}


async def test_a_report_reads_ranges_and_no_ticket() -> None:
    work = DeskWork()
    await a_month(work)
    work.app.calls.clear()
    await report(work.app.deps, work.desk)
    assert Counter(work.app.calls) == {"table.scan": 2}


async def test_an_opening_writes_no_fact() -> None:
    work = DeskWork()
    await work.opened("2026-11-23 14:00")
    assert await work.app.deps.rows.scan("mytc", "fact|", "fact}") == []


async def test_facts_say_what_the_replayed_ticket_says() -> None:
    work = DeskWork()
    await a_month(work)
    (row,) = [
        r for r in await work.app.deps.rows.scan("mytc", "fact|", "fact}") if "-1" in r.key[-2:]
    ]
    fact = Fact.model_validate_json(row.body)
    assert (fact.opened, fact.resolved, fact.response and fact.response.met) == (True, 1, True)


@pytest.mark.parametrize("month", ["2026-13", "november", "2027-01", "=1+1"])
async def test_another_month_than_one_that_has_begun_is_refused(month: str) -> None:
    work = DeskWork()
    work.app.clock.at = at("2026-11-25 14:00")
    with pytest.raises(Invalid) as refused:
        await report(work.app.deps, work.desk, month)
    assert refused.value.errors[0].field == "month"


def test_a_cell_that_a_spreadsheet_would_take_for_a_formula_is_guarded() -> None:
    table = Table("t", "T", "", ("=A", "B"), (("=cmd|x", 3), ("-2", 1.5), ("plain", 0)))
    text = as_csv(table)
    assert text.startswith("\ufeff")
    rows = list(csv.reader(io.StringIO(text[1:])))
    assert rows == [["'=A", "B"], ["'=cmd|x", "3"], ["'-2", "1.5"], ["plain", "0"]]


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> DeskWork:
    monkeypatch.setenv("WEBSITE_AUTH_ENABLED", "True")
    return DeskWork()


async def test_the_page_shows_charts_with_their_tables_and_leads_to_each_csv(
    work: DeskWork,
) -> None:
    await a_month(work)
    use_app(work.app.app)
    client = PageClient(work.app, MYTC_LEAD)
    page = await client.get("/desk/mytc/reports?month=2026-11")
    assert page.status == 200
    assert len(page.doc.all("svg")) >= 6
    assert all(svg.attrs.get("aria-label") for svg in page.doc.all("svg"))
    links = [a.attrs["href"] for a in page.doc.all("a") if ".csv" in a.attrs.get("href", "")]
    assert len(links) == 6
    for link in links:
        file = await client.get(link)
        assert file.status == 200
        assert "attachment" in file.headers["content-disposition"]
        assert len(file.body.splitlines()) > 1


async def test_a_desk_without_work_has_an_empty_report(work: DeskWork) -> None:
    use_app(work.app.app)
    page = await PageClient(work.app, DOOR_LEAD).get("/desk/door/reports")
    assert page.status == 200
    assert "Nothing to count" in page.text


async def test_reports_are_for_members_and_say_what_is_wrong_with_an_address(
    work: DeskWork,
) -> None:
    use_app(work.app.app)
    lead = PageClient(work.app, MYTC_LEAD)
    assert (await PageClient(work.app, DOOR_LEAD).get("/desk/mytc/reports")).status == 403
    assert (await PageClient(work.app).get("/desk/mytc/reports")).status == 302
    assert (await lead.get("/desk/mytc/reports?month=x")).status == 422
    assert (await lead.get("/desk/mytc/reports/tickets.csv")).status == 404
    assert (await lead.get("/desk/mytc/reports/times.txt")).status == 404

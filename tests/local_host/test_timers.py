"""Timers on a clock that the tests move."""

import asyncio
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from azure_functions_runtime.bindings.datumdef import Datum
from hypothesis import given
from hypothesis import strategies as st

from local.host.clock import SharedClock
from local.host.errors import FunctionDroppedError
from local.host.schedule import Schedule
from local.host.timer_state import StatusFile
from local.host.timers import Timer, TimerOptions, Timers
from tests.local_host.conftest import SAMPLE, Sample, sample_env
from tests.local_host.waiting import until
from tests.support.host import HostProcess

MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone


@pytest.mark.parametrize(
    ("expression", "after", "expected"),
    [
        ("0 */5 * * * *", "2026-11-22T10:02:03", "2026-11-22T10:05:00"),
        ("0 0 * * * *", "2026-11-22T10:00:00", "2026-11-22T11:00:00"),
        ("*/10 * * * * *", "2026-11-22T10:00:09.9", "2026-11-22T10:00:10"),
        ("0 30 9 * * 1-5", "2026-11-22T10:00:00", "2026-11-23T09:30:00"),
        ("0 30 9 * * MON-FRI", "2026-11-22T10:00:00", "2026-11-23T09:30:00"),
        ("0 0 0 * * 0", "2026-11-22T10:00:00", "2026-11-29T00:00:00"),
        ("0 0 0 1 JAN *", "2026-11-22T10:00:00", "2027-01-01T00:00:00"),
        ("0 0 0 1 1 0", "2026-11-22T10:00:00", "2034-01-01T00:00:00"),
        ("0 0 0 29 2 *", "2026-11-22T10:00:00", "2028-02-29T00:00:00"),
    ],
)
def test_an_expression_has_six_fields_from_seconds_to_weekday_all_to_match(
    expression: str, after: str, expected: str
) -> None:
    moment = datetime.fromisoformat(f"{after}+00:00")
    assert Schedule(expression).next_after(moment) == datetime.fromisoformat(f"{expected}+00:00")


@pytest.mark.parametrize(
    "expression",
    ["*/5 * * * *", "", "0 0 0 * * 7", "60 * * * * *", "0 0 0 31 2 *", "@daily", "H * * * * *",
     "0 0 0 L * *", "0 0 0 ? * *", "00:00:30", "0 0 25 * * *", "0 0 0 * * MON#1"],
)  # fmt: skip
def test_what_is_no_ncrontab_expression_takes_the_function_out(expression: str) -> None:
    with pytest.raises(FunctionDroppedError):
        Schedule(expression)


@given(MOMENTS)
def test_the_next_occurrence_is_always_later_and_the_earliest(moment: datetime) -> None:
    found = Schedule("0 */15 * * * *").next_after(moment)
    assert timedelta(0) < found - moment <= timedelta(minutes=15)
    assert found.minute % 15 == found.second == found.microsecond == 0


def test_only_schedules_of_a_minute_or_more_are_monitored() -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    assert Schedule("0 * * * * *").is_persisted(now)
    assert not Schedule("*/30 * * * * *").is_persisted(now)


def move(data: Path, offset: float) -> None:
    (data / "clock.json").write_text(json.dumps({"offset_seconds": offset}), "utf-8")


def test_the_clock_follows_its_file_and_survives_a_broken_one(tmp_path: Path) -> None:
    clock = SharedClock(tmp_path / "clock.json")
    assert not clock.reload()
    move(tmp_path, 3600)
    assert clock.reload()
    ahead = clock.now() - datetime.now(UTC)
    (tmp_path / "clock.json").write_text("{", "utf-8")
    assert not clock.reload()
    assert timedelta(minutes=59) < ahead <= timedelta(hours=1)
    assert clock.now() - datetime.now(UTC) > timedelta(minutes=59)


def test_a_clock_rewritten_within_one_tick_can_still_be_read(tmp_path: Path) -> None:
    file = tmp_path / "clock.json"
    move(tmp_path, 0)
    os.utime(file, ns=(1, 1))
    clock = SharedClock(file)
    move(tmp_path, 3600)
    os.utime(file, ns=(1, 1))
    assert not clock.reload()
    assert clock.reload(even_if_same=True)


class Bench:
    """One timer with a recorded function, over a folder that outlives it."""

    def __init__(self, data: Path, expression: str, *, use_monitor: bool = True) -> None:
        self.runs: list[dict[str, Any]] = []
        self.clock = SharedClock(data / "clock.json")
        self.timer = Timer(
            "name",
            Schedule(expression),
            TimerOptions(use_monitor=use_monitor),
            self._run,
            self.clock,
            StatusFile(data / "timers.json"),
        )
        self.timers = Timers([self.timer], self.clock)

    async def _run(self, value: Datum) -> None:
        await asyncio.sleep(0)
        self.runs.append(json.loads(value.value))


async def test_a_run_by_hand_leaves_the_schedule_as_it_is(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "0 0 * * * *")
    await bench.timer.start()
    following = bench.timers.upcoming()
    assert await bench.timers.run("name")
    assert not await bench.timers.run("another")
    assert len(bench.runs) == 1
    assert bench.timers.upcoming() == following


async def test_a_first_start_runs_nothing(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "0 0 * * * *")
    await bench.timer.start()
    assert bench.runs == []


async def test_however_much_was_missed_while_down_one_run_catches_up(tmp_path: Path) -> None:
    await Bench(tmp_path, "0 0 * * * *").timer.start()
    move(tmp_path, 86_400 * 30)
    bench = Bench(tmp_path, "0 0 * * * *")
    await bench.timer.start()
    assert await bench.timers.settle(within=5)
    assert [run["IsPastDue"] for run in bench.runs] == [True]


async def test_nothing_is_caught_up_without_a_monitor(tmp_path: Path) -> None:
    await Bench(tmp_path, "0 0 * * * *", use_monitor=False).timer.start()
    move(tmp_path, 86_400)
    bench = Bench(tmp_path, "0 0 * * * *", use_monitor=False)
    await bench.timer.start()
    assert bench.runs == []


async def test_a_changed_schedule_counts_from_the_last_run(tmp_path: Path) -> None:
    await Bench(tmp_path, "0 0 0 1 1 *").timer.start()
    move(tmp_path, 7_200)
    bench = Bench(tmp_path, "0 0 * * * *")
    await bench.timer.start()
    assert len(bench.runs) == 1


async def test_a_clock_that_jumps_gives_one_run_and_a_next_one_ahead(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "0 0 * * * *")
    await bench.timer.start()
    move(tmp_path, 86_400)
    assert all(await asyncio.gather(bench.timers.settle(5), bench.timers.settle(5)))
    assert [run["IsPastDue"] for run in bench.runs] == [True]
    assert bench.timer.next > bench.clock.now()


async def test_a_clock_set_back_brings_the_next_occurrence_nearer(tmp_path: Path) -> None:
    move(tmp_path, 86_400)
    bench = Bench(tmp_path, "0 0 * * * *")
    move(tmp_path, 0.5)
    assert await bench.timers.settle(within=5)
    assert bench.runs == []
    assert bench.timer.next - bench.clock.now() <= timedelta(hours=1)


async def test_the_function_learns_its_last_and_next_times(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "0 0 * * * *")
    await bench.timer.start()
    for offset in (86_400, 172_800):
        move(tmp_path, offset)
        assert await bench.timers.settle(within=5)
    first, second = (run["ScheduleStatus"] for run in bench.runs)
    assert first["Last"] == "0001-01-01T00:00:00"
    assert datetime.fromisoformat(second["Last"]) > datetime.fromisoformat(first["Next"])


def test_a_broken_state_file_starts_anew(tmp_path: Path) -> None:
    (tmp_path / "timers.json").write_text("{", "utf-8")
    assert StatusFile(tmp_path / "timers.json").load("name") is None


@pytest.fixture
def ticking(tmp_path: Path) -> Iterator[Sample]:
    """A sample app of a test's own, whose clock it may move."""
    log = tmp_path / "log"
    log.touch()
    env = sample_env("", log, "unused")
    with (
        HostProcess(SAMPLE, env=env, data=tmp_path / "data") as host,
        httpx.Client(base_url=host.url) as http,
    ):
        yield Sample(host, http, log)


def ran(sample: Sample) -> list[tuple[str, bool]]:
    return sorted((note["timer"], note["past_due"]) for note in sample.notes())


def test_due_timers_run_once_each_before_the_clock_call_answers(ticking: Sample) -> None:
    until(lambda: ran(ticking) == [("at_start", False)])
    move(ticking.host.data, 86_400 * 3)
    answer = ticking.http.post("/.docket/clock")
    assert answer.status_code == 200
    # The failing one raises, and is not tried again.
    assert ran(ticking) == [("at_start", False), ("failing", True), ("nightly", True)]
    assert ticking.http.post("/.docket/clock").status_code == 200
    assert len(ran(ticking)) == 3


def test_a_moved_clock_is_noticed_without_any_call(ticking: Sample) -> None:
    until(lambda: len(ran(ticking)) == 1)
    move(ticking.host.data, 86_400 * 3)
    until(lambda: len(ran(ticking)) == 3)


def test_a_restart_catches_up_once_what_fell_due_meanwhile(ticking: Sample) -> None:
    until(lambda: len(ran(ticking)) == 1)
    ticking.host.kill()
    move(ticking.host.data, 86_400 * 3)
    ticking.host.start()
    until(lambda: len(ran(ticking)) == 4)
    assert ran(ticking).count(("failing", True)) == 1

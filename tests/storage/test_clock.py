"""The clocks."""

import datetime as dt
import json
from pathlib import Path

import pytest

from shared.adapters.clock import OffsetClock, SystemClock

ROUGHLY = dt.timedelta(minutes=1)


def write(path: Path, seconds: float) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps({"offset_seconds": seconds}))
    fresh.replace(path)


def test_the_system_clock_tells_aware_utc() -> None:
    assert SystemClock().now().tzinfo is dt.UTC


def test_without_a_file_the_offset_clock_tells_the_time(tmp_path: Path) -> None:
    clock = OffsetClock(tmp_path / "clock.json")

    assert clock.now() - SystemClock().now() < ROUGHLY


def test_the_offset_clock_follows_its_file_at_each_change(tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    clock = OffsetClock(path)
    for hours in (4, -2, 100, 0):
        write(path, hours * 3600)
        off = clock.now() - SystemClock().now()
        assert abs(off - dt.timedelta(hours=hours)) < ROUGHLY
    write(path, 7200)
    clock.now()
    path.unlink()
    assert abs(clock.now() - SystemClock().now()) < ROUGHLY


def test_a_file_without_an_offset_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    path.write_text("{}")

    with pytest.raises(KeyError):
        OffsetClock(path).now()

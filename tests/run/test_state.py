"""What a run finds of the one before."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # ships no types
import pytest

from local.state import BACK, CLOCK, PARTS, UNFINISHED, begin_demo, end_demo, is_fresh, prepare
from local.state import remember_parts as remember


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A process that does nothing for long."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    yield process
    process.kill()
    process.wait()


def test_parts_of_a_killed_run_are_stopped_by_the_next_one(
    tmp_path: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    prepare(tmp_path, reset=False).close()
    remember(tmp_path, [sleeper.pid])
    prepare(tmp_path, reset=False).close()
    assert not psutil.pid_exists(sleeper.pid)
    assert not (tmp_path / PARTS).exists()


def test_a_process_that_only_has_the_number_of_a_part_is_left_alone(
    tmp_path: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    prepare(tmp_path, reset=False).close()
    earlier = psutil.Process(sleeper.pid).create_time() - 60
    (tmp_path / PARTS).write_text(json.dumps([[sleeper.pid, earlier]]))
    prepare(tmp_path, reset=False).close()
    assert sleeper.poll() is None


@pytest.mark.parametrize("text", ["", "{", "[1, 2]", '[["x", 1]]'])
def test_a_damaged_list_of_parts_does_not_keep_the_next_run_from_starting(
    tmp_path: Path, text: str
) -> None:
    prepare(tmp_path, reset=False).close()
    (tmp_path / PARTS).write_text(text)
    prepare(tmp_path, reset=False).close()


def test_reset_empties_the_folder_and_nothing_else_does(tmp_path: Path) -> None:
    prepare(tmp_path, reset=False).close()
    (tmp_path / "azurite").mkdir()
    (tmp_path / "azurite" / "blob").touch()
    prepare(tmp_path, reset=False).close()
    assert not is_fresh(tmp_path)
    prepare(tmp_path, reset=True).close()
    assert is_fresh(tmp_path)


def test_a_month_of_demonstration_that_broke_off_is_not_kept(tmp_path: Path) -> None:
    prepare(tmp_path, reset=False).close()
    begin_demo(tmp_path)
    (tmp_path / "azurite").mkdir()
    prepare(tmp_path, reset=False).close()
    assert is_fresh(tmp_path)
    assert not (tmp_path / CLOCK).exists()
    assert not (tmp_path / UNFINISHED).exists()


def test_after_the_demonstration_the_clock_is_the_real_one(tmp_path: Path) -> None:
    begin_demo(tmp_path)
    assert json.loads((tmp_path / CLOCK).read_text())["offset_seconds"] == -BACK.total_seconds()
    end_demo(tmp_path)
    assert json.loads((tmp_path / CLOCK).read_text())["offset_seconds"] == 0


def test_a_clock_that_somebody_moved_is_left_where_it_is(tmp_path: Path) -> None:
    (tmp_path / CLOCK).write_text('{"offset_seconds": 3600}')
    end_demo(tmp_path)
    assert json.loads((tmp_path / CLOCK).read_text())["offset_seconds"] == 3600

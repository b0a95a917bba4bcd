"""The folder that a local run keeps: whose it is, its lock, its clock, and what a crash left."""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import json
import shutil
from pathlib import Path
from typing import IO

import psutil  # type: ignore[import-untyped]  # ships no types

MARK = "docket-state"  # a file that says: this folder is ours to empty
LOCK = "run.lock"
PARTS = "parts.json"
CLOCK = "clock.json"
UNFINISHED = "demo-unfinished"
BACK = dt.timedelta(days=32)  # how far the clock is set back for a month of demonstration
ROOM = 10 * 2**20  # bytes; an empty start takes a tenth of it
GENTLE = 15.0  # seconds that a part may take to stop


class CannotRunError(RuntimeError):
    """One line that says what is in the way and how to mend it."""


def prepare(data: Path, *, reset: bool) -> IO[str]:
    """The folder, emptied when asked, and the lock that keeps a second run out.

    Raises CannotRunError when the folder is somebody else's, or another run has it.
    """
    try:
        if data.exists() and not (data / MARK).exists() and any(data.iterdir()):
            raise CannotRunError(f"{data} holds something else; choose a folder with DOCKET_DATA")
        data.mkdir(parents=True, exist_ok=True)
        (data / MARK).touch()
        lock = (data / LOCK).open("w")
    except (PermissionError, FileExistsError, FileNotFoundError, NotADirectoryError) as error:
        raise CannotRunError(
            f"{data} cannot be used ({error.strerror}); choose a folder with DOCKET_DATA"
        ) from error
    _take(lock, data)
    _end_leftovers(data)
    if (data / UNFINISHED).exists():
        print("The month of demonstration was not finished; starting empty", flush=True)
        reset = True
    if reset:
        _empty(data)
    check_room(data)
    return lock


def _take(lock: IO[str], data: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise CannotRunError(
            f"Docket is running already on {data}; stop it first (Ctrl-C there), "
            "or start another with its own DOCKET_DATA and ports"
        ) from error


def check_room(data: Path) -> None:
    """Raises CannotRunError when the disk is as good as full: a part's own words cannot tell."""
    free = shutil.disk_usage(data).free
    if free < ROOM:
        raise CannotRunError(
            f"the disk is full ({free // 1024} KB free at {data}); make room, "
            "or choose a folder on another disk with DOCKET_DATA"
        )


def _empty(data: Path) -> None:
    for entry in data.iterdir():
        if entry.name in (MARK, LOCK):
            continue
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()


# -- what a killed run leaves behind


def remember_parts(data: Path, pids: list[int]) -> None:
    """Writes down which processes belong to this run, for the next one in case of a crash."""
    started = [(pid, psutil.Process(pid).create_time()) for pid in pids if psutil.pid_exists(pid)]
    (data / PARTS).write_text(json.dumps(started), encoding="utf-8")


def _end_leftovers(data: Path) -> None:
    """Stops the processes of a run that was killed; the emulator saves its state on the way."""
    left = []
    for pid, started in _remembered(data):
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            if abs(process.create_time() - started) < 1:  # else the number has been used again
                process.terminate()
                left.append(process)
    _, stubborn = psutil.wait_procs(left, timeout=GENTLE)
    for process in stubborn:
        process.kill()
    psutil.wait_procs(stubborn, timeout=GENTLE)
    (data / PARTS).unlink(missing_ok=True)


def _remembered(data: Path) -> list[tuple[int, float]]:
    try:
        return [(int(pid), float(at)) for pid, at in json.loads((data / PARTS).read_text("utf-8"))]
    except (FileNotFoundError, ValueError, TypeError):
        return []


# -- the month of demonstration


def is_fresh(data: Path) -> bool:
    """Whether nothing has been stored yet."""
    return not (data / "azurite").exists()


def begin_demo(data: Path) -> None:
    """Sets the shared clock back, before anything starts; a run that ends early starts anew."""
    (data / UNFINISHED).touch()
    _set_clock(data, -BACK.total_seconds())


def end_demo(data: Path) -> None:
    """The shared clock is the real one again, to the microsecond, if it was set back."""
    if (data / UNFINISHED).exists():
        _set_clock(data, 0)
        (data / UNFINISHED).unlink()


def _set_clock(data: Path, offset: float) -> None:
    fresh = data / f"{CLOCK}.new"
    fresh.write_text(json.dumps({"offset_seconds": offset}), encoding="utf-8")
    fresh.replace(data / CLOCK)  # a reader never sees half a file

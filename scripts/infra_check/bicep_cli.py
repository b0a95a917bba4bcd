"""The Bicep CLI's build and lint, where it is installed."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path

_SECONDS = 300


@cache
def said() -> str:
    """Which CLI there is."""
    command = _command()
    return f"built by {' '.join(command)}" if command else "the Bicep CLI is not installed here"


def errors(files: list[Path]) -> list[str]:
    """What build and lint report; nothing without the CLI."""
    command = _command()
    if not command:
        return []
    return [line for path in files for line in _reported(command, path)]


@cache
def _command() -> tuple[str, ...]:
    if found := shutil.which("bicep"):
        return (found,)
    azure = shutil.which("az")
    return (azure, "bicep") if azure else ()


def _reported(command: tuple[str, ...], path: Path) -> list[str]:
    """Errors and warnings of one file; `az bicep` takes it by an option."""
    target = ("--file", str(path)) if command[-1] == "bicep" and len(command) > 1 else (str(path),)
    lines = []
    for action in ("build", "lint"):
        more = ("--stdout",) if action == "build" else ()
        done = subprocess.run(  # noqa: S603  # our own command lines
            [*command, action, *target, *more],
            capture_output=True, text=True, timeout=_SECONDS, check=False,
        )  # fmt: skip
        lines += [line for line in done.stderr.splitlines() if "Error" in line]
        if done.returncode and not lines:
            lines.append(f"{path}: {action} failed: {done.stderr.strip()[-300:]}")
    return lines

"""`python -m local.run` as a user starts it, on free ports and in a folder of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil  # type: ignore[import-untyped]  # ships no types

from tests.support.host import PROJECT
from tests.support.stack import free_port, wait_until

STARTS_WITHIN = 90.0  # seconds, on a busy machine


class Launched:
    """One run. Leaving the block ends it and all that it started."""

    def __init__(self, data: Path, python: str = sys.executable, **words: str) -> None:
        self.said_file = data.parent / f"said-{len(list(data.parent.glob('said-*')))}"
        self.environment = {
            **os.environ,
            "DOCKET_PORT": str(free_port()),
            "DOCKET_TENANT_PORT": str(free_port()),
            "DOCKET_AZURITE_PORT": str(_three_free_ports()),
            "DOCKET_DATA": str(data),
            **words,
        }
        self._python = python

    def start(self) -> Self:
        with self.said_file.open("wb") as out:
            self.process = subprocess.Popen(  # noqa: S603  # our own command line
                [self._python, "-m", "local.run"],
                cwd=PROJECT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=60)

    @property
    def said(self) -> str:
        return self.said_file.read_text()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.environment['DOCKET_PORT']}"

    def until_ready(self) -> None:
        def look() -> bool:
            assert self.process.poll() is None, self.said
            return "Docket is ready" in self.said

        wait_until(look, f"ready; it said: {self.said}", within=STARTS_WITHIN)

    def ended(self) -> tuple[int, str]:
        """The exit code and all that was said, once it has ended by itself."""
        return self.process.wait(timeout=60), self.said

    def parts(self) -> list[psutil.Process]:
        """The processes that it started."""
        return list(psutil.Process(self.process.pid).children(recursive=True))


def _three_free_ports() -> int:
    while True:
        first = free_port()
        if first < 65533 and all(_is_free(first + place) for place in (1, 2)):
            return first


def _is_free(port: int) -> bool:
    return all(c.laddr.port != port for c in psutil.net_connections("tcp") if c.laddr)

"""The processes of a local run: started in order, watched, stopped in reverse."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from local.host.front import ADMIN_KEY
from local.state import GENTLE, CannotRunError, check_room, remember_parts

PROJECT = Path(__file__).resolve().parent.parent
READY_WITHIN = 60.0
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Parts:
    """The processes of a run, started in order and stopped in reverse."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._running: list[tuple[str, subprocess.Popen[bytes]]] = []

    def start(self, name: str, argv: list[str], environment: Mapping[str, str]) -> None:
        """Starts a part in a group of its own, so that Ctrl-C reaches us first."""
        log = (self._data / f"{name}.log").open("ab")
        process = subprocess.Popen(  # noqa: S603  # our own command lines
            argv,
            cwd=PROJECT,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        log.close()
        self._running.append((name, process))
        remember_parts(self._data, [each.pid for _, each in self._running])

    def wait_for(
        self, name: str, port: int, path: str = "", *, within: float = READY_WITHIN
    ) -> None:
        """Until the part answers. Raises CannotRunError with its last words."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            self.check()
            if _answers(port, path):
                return
            time.sleep(0.05)
        raise CannotRunError(f"{name} did not answer within {within:.0f} s{self._said(name)}")

    def run_now(self, port: int, function: str) -> None:
        """Runs a timer's function before its time, as the host's admin API offers it.

        https://learn.microsoft.com/azure/azure-functions/functions-manually-run-non-http
        """
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=READY_WITHIN)
        headers = {"x-functions-key": ADMIN_KEY, "Content-Type": "application/json"}
        try:
            connection.request("POST", f"/admin/functions/{function}", '{"input": ""}', headers)
            connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            self.check()  # a host that is there runs it in its own time
        finally:
            connection.close()

    def check(self) -> None:
        """Raises CannotRunError when a part has ended."""
        for name, process in self._running:
            if process.poll() is not None:
                check_room(self._data)
                raise CannotRunError(f"{name} has stopped{self._said(name)}")

    def _said(self, name: str) -> str:
        log = self._data / f"{name}.log"
        lines = log.read_text(errors="replace").splitlines()[-6:] if log.exists() else []
        return "".join(f"\n  {line}" for line in lines) + f"\n  (all of it in {log})"

    def stop(self) -> None:
        """Gently, the last one first: the emulator saves its state on the way out."""
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)  # an impatient second Ctrl-C would lose it
        for _, process in reversed(self._running):
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(timeout=GENTLE)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        if not path:
            connection.connect()
            return True
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()

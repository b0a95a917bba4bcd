"""A local Functions host of a test's own: a subprocess on a free port."""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

PROJECT = Path(__file__).resolve().parents[2]
READY = re.compile(r"^Host ready on (http://\S+)$", re.MULTILINE)


class HostProcess:
    """`with HostProcess(app, env={...}) as host: httpx.get(host.url + "/api/...")`.

    `env` adds to this process's environment; `data` is the folder for clock and timer states
    (a temporary one when not given, gone at the end); `arguments` are more command-line options.
    """

    def __init__(
        self,
        app: Path,
        *,
        env: Mapping[str, str] | None = None,
        data: Path | None = None,
        arguments: tuple[str, ...] = (),
        ready_within: float = 60.0,
    ) -> None:
        self._app = app
        self._env = {**os.environ, **(env or {})}
        self._scratch = tempfile.TemporaryDirectory() if data is None else None
        self.data = data if data is not None else Path(self._scratch.name)  # type: ignore[union-attr]  # one of the two is there
        self._arguments = arguments
        self._ready_within = ready_within
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self._process: subprocess.Popen[bytes] | None = None
        self._earlier = 0
        self.url = ""

    @property
    def pid(self) -> int:
        if self._process is None:
            raise RuntimeError("the host is not running")
        return self._process.pid

    def start(self) -> Self:
        """Waits until the host is ready; raises RuntimeError with its output if it is not.

        After kill() or stop() it may be started again, on another port, with the same data.
        """
        self._launch()
        deadline = time.monotonic() + self._ready_within
        while (found := READY.search(self.output()[self._earlier :])) is None:
            if self._exit_code() is not None or time.monotonic() > deadline:
                said = self.output()
                self.kill()
                self.close()
                raise RuntimeError(f"the host did not start:\n{said}")
            time.sleep(0.02)
        self.url = found[1]
        return self

    def refuse(self) -> int:
        """For a start that is expected to fail: waits for the end and gives the exit code."""
        self._launch()
        return self._wait(self._ready_within)

    def output(self) -> str:
        """All that the host has printed and logged so far."""
        if self._output.closed:
            return ""
        size = os.fstat(self._output.fileno()).st_size
        return os.pread(self._output.fileno(), size, 0).decode("utf-8", "replace")

    def stop(self, within: float = 30.0) -> int:
        """SIGTERM, as the platform ends an instance; gives the exit code."""
        if self._exit_code() is None and self._process is not None:
            self._process.terminate()
        return self._wait(within)

    def kill(self) -> None:
        """SIGKILL: a crash."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def close(self) -> None:
        """Frees files and folders; after this output() is empty."""
        self._output.close()
        if self._scratch is not None:
            self._scratch.cleanup()

    def has_ended(self) -> bool:
        """Whether the process is gone."""
        return self._exit_code() is not None

    def _launch(self) -> None:
        self._earlier = len(self.output())
        command = [sys.executable, "-m", "local.host", "--app", str(self._app), "--port", "0"]
        self._process = subprocess.Popen(  # noqa: S603 - our own command line
            [*command, "--data", str(self.data), *self._arguments],
            cwd=PROJECT,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
        )

    def _exit_code(self) -> int | None:
        return None if self._process is None else self._process.poll()

    def _wait(self, within: float) -> int:
        if self._process is None:
            return 0
        try:
            return self._process.wait(timeout=within)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self.stop()
        finally:
            self.close()

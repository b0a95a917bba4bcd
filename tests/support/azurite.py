"""A storage emulator of a test session's own, on free ports, all in memory."""

import re
import subprocess
import tempfile
import time
from types import TracebackType
from typing import Self

from local.azurite import Ports, command, connection_string

LISTENING = re.compile(r"Azurite (Blob|Queue|Table) service .*listen\w* (?:at|on) \S+:(\d+)")


class Azurite:
    """`with Azurite() as storage: ... storage.connection_string`; also start() and stop().

    Give every test its own queue, table and container names: one emulator serves a session.
    """

    def __init__(self, ready_within: float = 60.0) -> None:
        """`ready_within`: seconds until start() gives up with a RuntimeError."""
        self._ready_within = ready_within
        self._process: subprocess.Popen[bytes] | None = None
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - closed by stop()
        self.ports = Ports()

    @property
    def connection_string(self) -> str:
        return connection_string(self.ports)

    def start(self) -> Self:
        self._process = subprocess.Popen(  # noqa: S603 - our own command line
            command(Ports()), stdout=self._output, stderr=subprocess.STDOUT
        )
        deadline = time.monotonic() + self._ready_within
        while not self._found_ports():
            if self._process.poll() is not None or time.monotonic() > deadline:
                said = self._said()
                self.stop()
                raise RuntimeError(f"Azurite did not start:\n{said}")
            time.sleep(0.05)
        return self

    def stop(self) -> None:
        """Ends the emulator gently; a second call does nothing."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        self._output.close()

    def _said(self) -> str:
        self._output.seek(0)
        return self._output.read().decode("utf-8", "replace")

    def _found_ports(self) -> bool:
        found = {service: int(port) for service, port in LISTENING.findall(self._said())}
        if len(found) < 3:
            return False
        self.ports = Ports(blob=found["Blob"], queue=found["Queue"], table=found["Table"])
        return True

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

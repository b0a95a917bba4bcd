"""Runs the simulated tenant as a process of its own, for tests of whole flows."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import uuid
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

_ROOT = Path(__file__).parents[2]
_START_TIMEOUT = 20.0  # seconds


class TenantProcess:
    """`python -m local.tenant` on a free port; use it as a context manager or call `stop`.

    `data` keeps its state (a temporary folder without it), `host_url` is where its webhooks go,
    `desks` the folder of desks that it is seeded from. A second one with the same `data` and
    `port` continues where a stopped one ended.
    """

    def __init__(
        self,
        *,
        host_url: str = "http://127.0.0.1:9",
        data: Path | None = None,
        desks: Path = _ROOT / "desks",
        port: int = 0,
    ) -> None:
        self._temporary = None if data else tempfile.TemporaryDirectory()
        self.data = data or Path(self._temporary.name if self._temporary else "")
        command = [
            *(sys.executable, "-m", "local.tenant"),
            *("--port", str(port)),
            *("--data", str(self.data)),
            *("--host-url", host_url),
            *("--desks", str(desks)),
        ]
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            command,
            cwd=_ROOT,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        self.url = self._read_address()
        self._client = httpx.Client(base_url=self.url, timeout=70, trust_env=False)
        self._await_answer()

    def _read_address(self) -> str:
        """The address from the first line; a process that says nothing is ended."""
        assert self._process.stdout is not None
        limit = threading.Timer(_START_TIMEOUT, self._process.kill)
        limit.start()
        line = self._process.stdout.readline()
        limit.cancel()
        if not line.startswith("Tenant at "):
            self._process.kill()
            raise RuntimeError("the simulated tenant did not start; its stderr says why")
        return line.removeprefix("Tenant at ").strip()

    def _await_answer(self) -> None:
        # The socket listens before the address is printed, so this waits without polling.
        self._client.get("/control/clock").raise_for_status()

    # -- control API

    def control(self, method: str, path: str, **options: Any) -> Any:
        """A control call, such as `control("GET", "/sent", params={"to": address})`.

        Returns the parsed JSON, or None for an empty answer; raises for a refusal.
        """
        answer = self._client.request(method, f"/control{path}", **options)
        if answer.is_error:
            raise AssertionError(f"{method} /control{path}: {answer.status_code} {answer.text}")
        kind = answer.headers.get("content-type", "")
        return answer.json() if "json" in kind and "ndjson" not in kind else answer.text or None

    def mail(self, mailbox: str, raw: bytes) -> None:
        """Delivers a raw mail (RFC 5322) to a mailbox."""
        self.control("POST", "/mail", params={"mailbox": mailbox}, content=raw)

    def sent(self, to: str = "") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.control("GET", "/sent", params={"to": to} if to else {})
        return found

    def teams(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.control("GET", "/teams")
        return found

    def fault(self, service: str, **order: Any) -> None:
        """Orders a fault: path, method, times, status, retry_after, drop, delay, after_effect."""
        self.control("POST", "/faults", json={"service": service, **order})

    def advance(self, duration: str) -> str:
        """Moves the clock by an ISO 8601 duration; returns the new time."""
        return str(self.control("POST", "/clock", json={"advance": duration})["now"])

    def now(self) -> str:
        return str(self.control("GET", "/clock")["now"])

    def journal(self, **filters: str) -> list[dict[str, Any]]:
        text = self.control("GET", "/journal", params=filters) or ""
        return [json.loads(line) for line in text.split("\n") if line]

    def settle(self) -> None:
        """Waits until every webhook that is under way has been delivered or given up."""
        self.control("POST", "/settle")

    def reset(self) -> None:
        self._keep_journal()
        self.control("POST", "/reset")

    def _keep_journal(self) -> None:
        """Where DOCKET_JOURNALS names a folder, the calls go there to be held to the contracts."""
        folder, journal = os.environ.get("DOCKET_JOURNALS"), self.data / "tenant-journal.jsonl"
        if folder and journal.exists() and journal.stat().st_size:
            Path(folder).mkdir(parents=True, exist_ok=True)
            shutil.copyfile(journal, Path(folder) / f"{uuid.uuid4().hex}.jsonl")

    # -- end

    def stop(self) -> None:
        self._client.close()
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._keep_journal()
        if self._temporary is not None:
            self._temporary.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

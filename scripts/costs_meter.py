"""Counts the storage calls and executions of a running system, for scripts/costs_count.py."""

from __future__ import annotations

import asyncio
import re
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from local.azurite import Ports, connection_string
from tests.support.azurite import Azurite
from tests.support.host import HostProcess
from tests.support.proxy import CuttingProxy, Seen
from tests.support.stack import Stack

_ENDED = re.compile(r"Invocation ended: (\w+), ([\d.]+) ms")

type Calls = Counter[str]


class CountedAzurite(Azurite):
    """The emulator behind proxies that keep every request."""

    def start(self) -> Self:
        super().start()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        ports = {"blob": self.ports.blob, "queue": self.ports.queue, "table": self.ports.table}
        self._proxies = {name: CuttingProxy(port) for name, port in ports.items()}
        for proxy in self._proxies.values():
            self._wait(proxy.__aenter__())
        return self

    @property
    def connection_string(self) -> str:
        return connection_string(Ports(**{name: p.port for name, p in self._proxies.items()}))

    def stop(self) -> None:
        self._wait(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        super().stop()

    async def _end(self) -> None:
        for proxy in self._proxies.values():
            await proxy.__aexit__(None, None, None)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def calls(self) -> Calls:
        """All requests so far, by kind."""
        return Counter(
            kind_of(name, seen) for name, p in self._proxies.items() for seen in list(p.requests)
        )

    def _wait(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(30)


def kind_of(service: str, seen: Seen) -> str:
    """What a request is to the bill; "poll" asks a queue for messages."""
    asked = f"{service} {seen.method} {seen.path}"
    return next((kind for pattern, kind in KINDS if pattern.match(asked)), f"other {service}")


# The first pattern that fits counts.
KINDS = [
    (re.compile(pattern), kind)
    for pattern, kind in (
        (r"table POST .*\$batch$", "transaction"),
        ("table GET ", "read"),
        (r"queue GET [^?]*/messages(?!.*peekonly)", "poll"),
        ("queue POST ", "ring"),
        ("queue DELETE ", "message"),
        (r"queue PUT (?![^?]*/messages)", "new queue"),
        ("blob (PUT|POST|DELETE) ", "blob write"),
        ("blob ", "blob read"),
    )
]


class Meter:
    """Calls and executions between two looks."""

    def __init__(self, storage: CountedAzurite, hosts: list[HostProcess]) -> None:
        self._storage, self._hosts = storage, hosts
        self._before: tuple[Calls, Calls] = (Counter(), Counter())
        self.look()

    def look(self) -> tuple[Calls, Calls]:
        """Storage calls by kind and executions by function since the last look, idle polls out."""
        now = self._storage.calls(), self.runs()
        calls, runs = (new - old for new, old in zip(now, self._before, strict=True))
        self._before = now
        calls["poll"] = calls["message"]  # one receive for each message; idle ones go by time
        return calls, runs

    def runs(self) -> Counter[str]:
        """Executions so far, by function."""
        return Counter(name for name, _ in self._ended())

    def is_quiet(self) -> bool:
        """Whether each message that was put has been handled; a new queue took two attempts."""
        calls = self._storage.calls()
        return calls["ring"] == calls["message"] + calls["new queue"]

    def slow(self) -> float:
        """The share of executions so far that took longer than the second that is billed."""
        ended = self._ended()
        return sum(float(ms) > 1000 for _, ms in ended) / len(ended)

    def _ended(self) -> list[tuple[str, str]]:
        return _ENDED.findall("".join(host.output() for host in self._hosts))


@contextmanager
def running() -> Iterator[tuple[Stack, Meter]]:
    """The whole system, counted."""
    storage = CountedAzurite()
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Path(folder), serving=False)
        stack.storage.stop()  # its own, which was not started
        stack.storage = storage
        with stack:
            made = [
                stack.new_host(storage.connection_string, stack.tenant.url, kind)
                for kind in ("http", "background")
            ]
            try:
                hosts = [host.start() for host in made]
                yield stack, Meter(storage, hosts)
            finally:
                for host in made:
                    host.stop()
                    host.close()

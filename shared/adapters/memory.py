"""In-memory twins of the storage ports, with the same limits and the same failures."""

from __future__ import annotations

import asyncio
import datetime as dt
from bisect import bisect_left, insort
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from shared.adapters import storage_limits as limits
from shared.adapters.table_wire import transaction
from shared.domain.errors import Conflict, NotFound
from shared.ports import Delete, Insert, Put, Replace, Row, Write


def _unobserved(_: str) -> None: ...


async def _round_trip(on_call: Callable[[str], None], call: str) -> None:
    """What `on_call` raises is the call's failure; and others get their turn, as on a network."""
    on_call(call)
    await asyncio.sleep(0)


@dataclass
class _Partition:
    rows: dict[str, Row] = field(default_factory=dict)
    keys: list[tuple[bytes, str]] = field(default_factory=list)  # sorted as the service sorts


class MemoryRows:
    """The port Rows over dictionaries. `on_call` hears table.get, table.scan, table.commit."""

    def __init__(self, *, on_call: Callable[[str], None] = _unobserved) -> None:
        self._on_call = on_call
        self._partitions: dict[str, _Partition] = {}
        self._written = 0

    async def get(self, partition: str, key: str) -> Row | None:
        """The row, or None."""
        limits.check_key("partition", partition)
        limits.check_key("row", key)
        await _round_trip(self._on_call, "table.get")
        return self._partitions.get(partition, _Partition()).rows.get(key)

    async def scan(
        self, partition: str, low: str, high: str, *, limit: int | None = None
    ) -> list[Row]:
        """Rows with low <= key < high, in order, `limit` at most."""
        limits.check_key("partition", partition)
        await _round_trip(self._on_call, "table.scan")
        found = self._partitions.get(partition, _Partition())
        start = bisect_left(found.keys, _place(low))
        end = max(start, bisect_left(found.keys, _place(high)))
        if limit is not None:
            end = min(end, start + limit)
        return [found.rows[key] for _, key in found.keys[start:end]]

    async def commit(self, partition: str, writes: Sequence[Write]) -> list[str]:
        """All or none; the new etags in order ('' for a Delete).

        Raises Conflict, and ValueError beyond the limits of Azure's tables.
        """
        limits.check_writes(partition, writes)
        if not writes:
            return []
        limits.check_request(
            len(transaction("https://a.table.core/t", partition, writes, "b" * 38))
        )
        await _round_trip(self._on_call, "table.commit")
        held = self._partitions.setdefault(partition, _Partition())
        for write in writes:
            _check(held.rows.get(write.key), write)
        return [self._write(held, write) for write in writes]

    async def ping(self) -> None:
        """Always there."""
        await _round_trip(self._on_call, "table.ping")

    async def aclose(self) -> None:
        """Nothing to close."""

    def _write(self, held: _Partition, write: Write) -> str:
        if isinstance(write, Delete):
            del held.rows[write.key]
            del held.keys[bisect_left(held.keys, _place(write.key))]
            return ""
        if write.key not in held.rows:
            insort(held.keys, _place(write.key))
        self._written += 1
        row = Row(write.key, write.body, f'W/"{self._written}"')
        held.rows[write.key] = row
        return row.etag


@dataclass(frozen=True)
class Rung:
    """A message in the memory twin of the queue. `delay` in whole seconds."""

    message: str
    delay: dt.timedelta


class MemoryBell:
    """The port Bell over a list; tests take from `messages`. `on_call` hears queue.put."""

    def __init__(self, *, on_call: Callable[[str], None] = _unobserved) -> None:
        self._on_call = on_call
        self.messages: list[Rung] = []

    async def ring(self, message: str, *, delay: dt.timedelta = dt.timedelta()) -> None:
        """Queues the message. ValueError beyond 48 KiB or seven days."""
        seconds = limits.check_message(message, delay)
        await _round_trip(self._on_call, "queue.put")
        self.messages.append(Rung(message, dt.timedelta(seconds=seconds)))

    async def aclose(self) -> None:
        """Nothing to close."""


class MemoryBlobs:
    """The port Blobs over a dictionary. `on_call` hears blob.put, blob.get, blob.delete."""

    def __init__(self, *, on_call: Callable[[str], None] = _unobserved) -> None:
        self._on_call = on_call
        self.stored: dict[str, tuple[bytes, str]] = {}  # name -> content, content type

    async def put(self, name: str, content: bytes, content_type: str) -> None:
        """Stores the content, over what the name held."""
        limits.check_blob_name(name)
        await _round_trip(self._on_call, "blob.put")
        self.stored[name] = (bytes(content), content_type)

    async def get(self, name: str) -> bytes:
        """The content. Raises NotFound."""
        limits.check_blob_name(name)
        await _round_trip(self._on_call, "blob.get")
        if name not in self.stored:
            raise NotFound(f"no blob {name!r}")
        return self.stored[name][0]

    async def delete(self, name: str) -> None:
        """The content goes; a missing one is no error."""
        limits.check_blob_name(name)
        await _round_trip(self._on_call, "blob.delete")
        self.stored.pop(name, None)

    async def aclose(self) -> None:
        """Nothing to close."""


def _place(key: str) -> tuple[bytes, str]:
    return key.encode("utf-16-be", "surrogatepass"), key


def _check(row: Row | None, write: Write) -> None:
    match write:
        case Insert() if row is not None:
            raise Conflict(write.key, exists=True)
        case Replace(etag=etag) | Delete(etag=etag) if row is None or etag not in ("*", row.etag):
            raise Conflict(write.key, exists=False)
        case Insert() | Put() | Replace() | Delete():
            return

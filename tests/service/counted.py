"""Storage that counts: calls by name, and the rows of each commit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from shared.domain import commands as cm
from shared.domain.people import Actor, ActorKind
from shared.ports import Row, Rows, Write
from shared.service.deps import Deps
from shared.service.numbers import Numbers
from shared.service.opening import Opened, Request, open_request
from tests.support.app import MemoryApp, memory_app

CLIENT = "casey@client.example"


@dataclass
class CountingRows:
    """The port Rows: what was written and what was read, by row."""

    rows: Rows
    written: list[int] = field(default_factory=list)
    read: int = 0

    async def get(self, partition: str, key: str) -> Row | None:
        found = await self.rows.get(partition, key)
        self.read += found is not None
        return found

    async def scan(
        self, partition: str, low: str, high: str, *, limit: int | None = None
    ) -> list[Row]:
        found = await self.rows.scan(partition, low, high, limit=limit)
        self.read += len(found)
        return found

    async def commit(self, partition: str, writes: Sequence[Write]) -> list[str]:
        self.written.append(len(writes))
        return await self.rows.commit(partition, writes)

    async def ping(self) -> None:
        await self.rows.ping()


@dataclass
class Counted:
    """An app in memory whose costs are known."""

    app: MemoryApp
    rows: CountingRows
    deps: Deps

    def forget(self) -> None:
        """Counting begins anew."""
        self.app.calls.clear()
        self.rows.written.clear()
        self.rows.read = 0

    @property
    def calls(self) -> list[str]:
        return self.app.calls


def counted() -> Counted:
    app = memory_app()
    rows = CountingRows(app.rows)
    deps = replace(app.deps, rows=rows, numbers=Numbers(rows))
    return Counted(app, rows, deps)


async def submit(
    deps: Deps, desk: str = "mytc", *, keys: tuple[tuple[str, str], ...] = (), **more: object
) -> Opened:
    """A request of a client, as a door would hand it over."""
    found = deps.desk(desk)
    command = cm.Open.model_validate(
        {"title": "Sign-in", "description": "It fails", "type": found.request_types[0].id,
         "environment": found.environments[0].id, "severity": found.severities[0].id,
         "requester": {"email": CLIENT, "name": "Casey"}, **more}
    )  # fmt: skip
    actor = Actor(kind=ActorKind.CLIENT, email=CLIENT, name="Casey")
    return await open_request(deps, found, Request(command, actor, keys, "body"))

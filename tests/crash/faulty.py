"""Storage and vendors in memory that fail, lose an answer or end the process at one chosen call."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from shared.adapters.memory import MemoryBell, MemoryBlobs, MemoryRows
from shared.domain.errors import DocketError, Unavailable, Unknown
from shared.ports import (
    Backlog,
    BacklogPlace,
    BuildState,
    ChatPlace,
    ItemRef,
    ItemState,
    Mail,
    Mailer,
    NewItem,
    Post,
    Row,
    Write,
)

# away: refused, nothing done; lost: done, the answer does not come; doubt: not done, nobody knows;
# the process dies before the call, or when the call is done; unheard: it dies then, too, and the
# message that it was at comes never again; hangs: done (a vendor only), and there is no end to it.
Mode = Literal["away", "lost", "doubt", "dies before", "dies after", "unheard", "hangs"]
MODES: tuple[Mode, ...] = (
    "away", "lost", "doubt", "dies before", "dies after", "unheard", "hangs",
)  # fmt: skip
_OURS = ("table.", "queue.", "blob.")  # storage ends its calls itself


class Dies(BaseException):
    """The process ends here: nobody may catch it and go on."""


@dataclass
class Faults:
    """Counts the calls; the one at `at` fails in the way of `mode`."""

    at: int = -1
    mode: Mode = "away"
    calls: list[str] = field(default_factory=list)
    armed: bool = False

    async def through[T](self, name: str, call: Callable[[], Awaitable[T]]) -> T:
        """The call, or its failure."""
        if not self.armed:
            return await call()
        hit = len(self.calls) == self.at
        self.calls.append(name)
        if hit and self.mode in ("away", "doubt", "dies before"):
            raise self._failure(name)
        done = await call()
        if hit and self.mode == "hangs" and not name.startswith(_OURS):
            await asyncio.Event().wait()
        if hit:
            raise self._failure(name)
        return done

    def _failure(self, name: str) -> BaseException:
        if self.mode.startswith("dies") or self.mode == "unheard":
            return Dies(name)
        in_doubt = name == "table.commit" and self.mode != "away"
        kind: type[DocketError] = Unknown if in_doubt else Unavailable
        return kind(f"{name} {self.mode}")


@dataclass
class FaultyRows:
    """The port Rows."""

    rows: MemoryRows
    faults: Faults

    async def get(self, partition: str, key: str) -> Row | None:
        return await self.faults.through("table.get", lambda: self.rows.get(partition, key))

    async def scan(
        self, partition: str, low: str, high: str, *, limit: int | None = None
    ) -> list[Row]:
        return await self.faults.through(
            "table.scan", lambda: self.rows.scan(partition, low, high, limit=limit)
        )

    async def commit(self, partition: str, writes: Sequence[Write]) -> list[str]:
        return await self.faults.through(
            "table.commit", lambda: self.rows.commit(partition, writes)
        )

    async def ping(self) -> None:
        await self.rows.ping()

    async def aclose(self) -> None: ...


@dataclass
class FaultyBell:
    """The port Bell."""

    bell: MemoryBell
    faults: Faults

    async def ring(self, message: str, *, delay: dt.timedelta = dt.timedelta()) -> None:
        await self.faults.through("queue.put", lambda: self.bell.ring(message, delay=delay))

    async def aclose(self) -> None: ...


@dataclass
class FaultyBlobs:
    """The port Blobs."""

    blobs: MemoryBlobs
    faults: Faults

    async def put(self, name: str, content: bytes, content_type: str) -> None:
        await self.faults.through("blob.put", lambda: self.blobs.put(name, content, content_type))

    async def get(self, name: str) -> bytes:
        return await self.faults.through("blob.get", lambda: self.blobs.get(name))

    async def delete(self, name: str) -> None:
        await self.faults.through("blob.delete", lambda: self.blobs.delete(name))

    async def aclose(self) -> None: ...


@dataclass
class LiteralVendors:
    """Vendors that do what they are told: twice, unless the second time asks them to look first."""

    faults: Faults
    mails: list[tuple[str, Mail]] = field(default_factory=list)
    posts: list[tuple[str, Post, str]] = field(default_factory=list)
    items: list[tuple[str, NewItem]] = field(default_factory=list)
    comments: list[tuple[str, str, str]] = field(default_factory=list)
    states: dict[str, str] = field(default_factory=dict)

    def mailer(self, way: str) -> Mailer:
        return self

    def backlog(self, system: str) -> Backlog:
        return self

    @property
    def chat(self) -> LiteralVendors:
        return self

    @property
    def builds(self) -> LiteralVendors:
        return self

    @property
    def reader(self) -> LiteralVendors:
        return self

    async def send(self, mail: Mail, key: str, *, again: bool) -> str:
        async def work() -> str:
            if not (again and any(known == key for known, _ in self.mails)):
                self.mails.append((key, mail))
            return mail.message_id

        return await self.faults.through("mail.send", work)

    async def post(
        self, place: ChatPlace, post: Post, key: str, *, thread: str = "", again: bool
    ) -> str:
        async def work() -> str:
            known = [i for i, posted in enumerate(self.posts) if posted[0] == key]
            if not (again and known):
                self.posts.append((key, post, thread))
                known = [len(self.posts) - 1]
            return f"message-{known[0] + 1}"

        return await self.faults.through("chat.post", work)

    async def create(
        self, place: BacklogPlace, item: NewItem, key: str, *, again: bool,
        since: dt.timedelta | None = None,
    ) -> ItemRef:  # fmt: skip
        async def work() -> ItemRef:
            known = [i for i, made in enumerate(self.items) if made[0] == key]
            if not (again and known):
                self.items.append((key, item))
                known = [len(self.items) - 1]
            return ItemRef(str(known[0] + 1), f"https://items.example/{known[0] + 1}")

        return await self.faults.through("item.create", work)

    async def comment(
        self, place: BacklogPlace, item_id: str, text: str, mention: tuple[str, str] | None,
        key: str, *, again: bool,
    ) -> None:  # fmt: skip
        async def work() -> None:
            if not (again and any(known == key for known, _, _ in self.comments)):
                self.comments.append((key, item_id, text))

        await self.faults.through("item.comment", work)

    async def set_state(self, place: BacklogPlace, item_id: str, state: str) -> None:
        async def work() -> None:
            self.states[item_id] = state

        await self.faults.through("item.state", work)

    async def into_sprint(self, place: BacklogPlace, item_id: str) -> bool:
        return True

    async def get(self, place: BacklogPlace, item_id: str) -> ItemState:
        return ItemState(item_id, self.states.get(item_id, "New"), "")

    async def start(self, job: str, key: str, *, again: bool) -> str:
        raise NotImplementedError("no build in these stories")

    async def follow(self, handle: str) -> BuildState:
        raise NotImplementedError("no build in these stories")

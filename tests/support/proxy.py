"""A proxy between an adapter and its server that loses requests and answers on demand."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self


@dataclass(frozen=True)
class Seen:
    """A request that reached the proxy."""

    method: str
    path: str  # with the query
    body: bytes = field(repr=False)


@dataclass
class _Plan:
    """What to do to the `left`-th matching request from now."""

    left: int
    path: str
    cut: str = ""  # "before", "after" or nothing
    seconds: float = 0.0
    answer: bytes = b""
    meanwhile: Callable[[], None] | None = None


class CuttingProxy:
    """`async with CuttingProxy(upstream_port) as proxy:`, then talk to 127.0.0.1:`proxy.port`.

    Each plan concerns one request: the n-th (from 1) from now whose path contains `path`.
    """

    def __init__(self, upstream_port: int) -> None:
        self._upstream_port = upstream_port
        self._plans: list[_Plan] = []
        self._server: asyncio.Server | None = None
        self.requests: list[Seen] = []

    @property
    def port(self) -> int:
        assert self._server is not None, "not started"
        return int(self._server.sockets[0].getsockname()[1])

    def cut_before(self, n: int = 1, *, path: str = "") -> None:
        """The request never reaches the server; its sender sees the connection break."""
        self._plans.append(_Plan(n, path, cut="before"))

    def cut_after(
        self, n: int = 1, *, path: str = "", meanwhile: Callable[[], None] | None = None
    ) -> None:
        """The server does the work, then the answer is lost. `meanwhile` runs in between."""
        self._plans.append(_Plan(n, path, cut="after", meanwhile=meanwhile))

    def delay(self, seconds: float, n: int = 1, *, path: str = "") -> None:
        """The request reaches the server late."""
        self._plans.append(_Plan(n, path, seconds=seconds))

    def answer(
        self, status: int, n: int = 1, *, path: str = "", body: bytes = b"", **headers: str
    ) -> None:
        """The request gets this answer instead of the server's; `_` in header names means `-`."""
        lines = [f"HTTP/1.1 {status} Planned", f"Content-Length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        head = "\r\n".join(lines) + "\r\n\r\n"
        self._plans.append(_Plan(n, path, answer=head.encode() + body))

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.close()
            self._server.close_clients()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream = await asyncio.open_connection("127.0.0.1", self._upstream_port)
        try:
            while await self._relay(reader, writer, *upstream):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # one of the two hung up
        finally:
            writer.transport.abort()
            upstream[1].transport.abort()

    async def _relay(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        from_server: asyncio.StreamReader,
        to_server: asyncio.StreamWriter,
    ) -> bool:
        """One request and its answer; False when the connection is to be cut."""
        head, body = await _message(reader)
        method, path, _ = head.split(b" ", 2)
        self.requests.append(Seen(method.decode(), path.decode(), body))
        plan = self._plan_for(path.decode())
        await asyncio.sleep(plan.seconds)
        if plan.cut == "before":
            return False
        if not plan.answer:
            to_server.write(head + body)
            plan.answer = b"".join(await _message(from_server, asked_by=method))
        if plan.meanwhile is not None:
            plan.meanwhile()
        if plan.cut == "after":
            return False
        writer.write(plan.answer)
        await writer.drain()
        return True

    def _plan_for(self, path: str) -> _Plan:
        for plan in self._plans:
            if plan.path in path:
                plan.left -= 1
        due = next((plan for plan in self._plans if plan.left <= 0), _Plan(0, ""))
        self._plans = [plan for plan in self._plans if plan is not due]
        return due


async def _message(
    reader: asyncio.StreamReader, asked_by: bytes | None = None
) -> tuple[bytes, bytes]:
    """Head and body, as they came. `asked_by`: the method, when it is an answer."""
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    headers = dict(line.split(b":", 1) for line in lines[1:] if line)
    no_body = asked_by == b"HEAD" or lines[0].split(b" ")[1] in (b"204", b"304")
    if asked_by is not None and no_body:
        return head, b""
    if b"chunked" in headers.get(b"transfer-encoding", b""):
        return head, await _chunks(reader)
    return head, await reader.readexactly(int(headers.get(b"content-length", b"0")))


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while True:
        size = await reader.readline()
        chunk = await reader.readexactly(int(size.split(b";")[0], 16) + 2)
        body += size + chunk
        if int(size.split(b";")[0], 16) == 0:
            return body

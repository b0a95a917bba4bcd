"""The door of a vendor's API: applies ordered faults and writes the journal."""

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from local.tenant.core import Tenant
from local.tenant.faults import Fault

_SECRET_HEADERS = ("authorization", "x-functions-key", "cookie")
_LONGEST_TEXT = 200_000


@dataclass(frozen=True)
class Vendor:
    """How one vendor's calls are named in the journal and in faults.

    `mount`: where its host stands; `root`: the path below it that vendors call the service root;
    `error`: the vendor's error body for a status, so that clients read a fault like the real thing.
    """

    service: str
    mount: str
    root: str
    error: Callable[[int], Any]


@dataclass
class _Answer:
    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""

    async def take(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = list(message.get("headers", ()))
        else:
            self.body += message.get("body", b"")

    async def give(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body})


class VendorDoor:
    """ASGI middleware around one vendor's routes."""

    def __init__(self, app: ASGIApp, vendor: Vendor, tenant: Tenant) -> None:
        self._app = app
        self._vendor = vendor
        self._tenant = tenant

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = await _read_body(receive)
        path = _path_below(scope, self._vendor.mount)
        fault = self._tenant.faults.take(
            self._vendor.service, scope["method"], self._spellings(path)
        )
        if fault is not None and fault.delay:
            await asyncio.sleep(fault.delay)
        if fault is None or fault.keeps_answer:
            answer = await self._ask(scope, request)
            self._record(scope, path, request, answer)
            await answer.give(send)
            return
        if fault.after_effect:
            self._record(scope, path, request, await self._ask(scope, request))
        await self._fail(fault, scope, path, request, send)

    def _spellings(self, path: str) -> tuple[str, ...]:
        """The path below the service's root, as sent and decoded, and with the root kept."""
        whole = path.split("?", maxsplit=1)[0]
        below = whole.removeprefix(self._vendor.root) or "/"
        return (below, unquote(below), whole, unquote(whole))

    async def _ask(self, scope: Scope, request: bytes) -> _Answer:
        answer = _Answer()
        sent = False

        async def receive() -> Message:
            nonlocal sent
            if sent:
                return {"type": "http.disconnect"}
            sent = True
            return {"type": "http.request", "body": request, "more_body": False}

        await self._app(scope, receive, answer.take)
        return answer

    async def _fail(
        self, fault: Fault, scope: Scope, path: str, request: bytes, send: Send
    ) -> None:
        if fault.drop or (fault.after_effect and not fault.status):
            self._record(scope, path, request, _Answer(), fault=True)
            await cut_connection(scope)
            return
        status = fault.status or 503
        headers = [(b"content-type", b"application/json; charset=utf-8")]
        if fault.retry_after is not None:
            headers.append((b"retry-after", f"{fault.retry_after:g}".encode()))
        answer = _Answer(status, headers, json.dumps(self._vendor.error(status)).encode())
        self._record(scope, path, request, answer, fault=True)
        await answer.give(send)

    def _record(
        self, scope: Scope, path: str, request: bytes, answer: _Answer, *, fault: bool = False
    ) -> None:
        headers = _readable(scope["headers"])
        entry: dict[str, Any] = {
            "at": self._tenant.now().isoformat(),
            "service": self._vendor.service,
            "method": scope["method"],
            "url": re.sub(r"([?&](?:sig|code)=)[^&]*", r"\1hidden", path),
            "request_headers": headers,
            "request_body": readable_body(request, headers.get("content-type", "")),
            "status": answer.status,
            "response_body": _readable_answer(answer),
            "response_headers": _readable(answer.headers),
        }
        if fault:
            entry["fault"] = True
        self._tenant.journal.append(entry)


async def cut_connection(scope: Scope) -> None:
    """Resets the TCP connection under a request, as a dying gateway does."""
    scope["state"]["transport"].abort()
    await asyncio.sleep(0)  # lets the server see that nobody waits for an answer


async def _read_body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _path_below(scope: Scope, mount: str) -> str:
    """The undecoded path and query below the vendor's host."""
    path = str(scope["raw_path"].decode("latin-1")).removeprefix(mount) or "/"
    query = scope["query_string"].decode("latin-1")
    return f"{path}?{query}" if query else path


def _readable(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    named = ((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in headers)
    return {
        name: f"{value.split(' ')[0]} hidden" if name in _SECRET_HEADERS else value
        for name, value in named
    }


def _readable_answer(answer: _Answer) -> Any:
    return readable_body(answer.body, _readable(answer.headers).get("content-type", ""))


def readable_body(body: bytes, content_type: str) -> Any:
    """A body as the journal keeps it: parsed JSON, text, or the size of what is neither."""
    if not body:
        return None
    media = content_type.split(";", maxsplit=1)[0].strip().lower()
    if media.endswith("json"):
        try:
            return json.loads(body)
        except ValueError:
            pass
    elif not media.startswith("text/"):
        return f"({len(body)} bytes of {media or 'unnamed content'})"
    return body[:_LONGEST_TEXT].decode("utf-8", "replace")

"""An HTTP request as the Functions host hands it to the worker."""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

from azure_functions_runtime.bindings.datumdef import Datum

type Scope = MutableMapping[str, Any]
type Message = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]

# https://learn.microsoft.com/azure/azure-functions/functions-bindings-http-webhook-trigger#limits
BODY_LIMIT = 100 * 1024 * 1024


class BodyTooLargeError(RuntimeError):
    """The declared length is beyond the platform's limit."""


@dataclass(frozen=True)
class Request:
    """The parts that routing, authorisation and the worker need; header names in lower case."""

    method: str
    url: str
    path: str
    headers: dict[str, str]
    query: dict[str, str]


def read_request(scope: Scope) -> Request:
    """Repeated headers and query keys are joined by commas; empty query values vanish."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("utf-8", "replace")
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    raw_path: str = scope["raw_path"].decode("latin-1")
    query: bytes = scope["query_string"]
    url = f"{scope['scheme']}://{headers.get('host', 'localhost')}{raw_path}"
    if query:
        url = f"{url}?{query.decode('latin-1')}"
    return Request(
        scope["method"],
        url,
        _decoded(raw_path) if "%" in raw_path or "/." in raw_path else raw_path,
        headers,
        _query(parse_qsl(query.decode("latin-1"), keep_blank_values=True)) if query else {},
    )


async def read_body(request: Request, receive: Receive) -> bytes:
    """The host reads a body only when its length is declared: a chunked one arrives empty."""
    length = request.headers.get("content-length", "0")
    if length == "0":
        return b""
    if int(length) > BODY_LIMIT:
        raise BodyTooLargeError
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body", False):
        return body
    chunks = [body]
    while message.get("more_body", False):
        message = await receive()
        chunks.append(message.get("body", b""))
    return b"".join(chunks)


def as_datum(
    request: Request, headers: dict[str, str], body: bytes, parameters: dict[str, str]
) -> Datum:
    """What the trigger's converter in azure.functions decodes into an HttpRequest."""
    return Datum(
        {
            "method": Datum(request.method, "string"),
            "url": Datum(request.url, "string"),
            "headers": _data(headers),
            "query": _data(request.query),
            "params": _data(parameters),
            "body": Datum(body, "bytes"),
        },
        "http",
    )


def _data(values: dict[str, str]) -> dict[str, Datum]:
    return {name: Datum(value, "string") for name, value in values.items()}


def _decoded(raw_path: str) -> str:
    """Everything is decoded but an encoded slash, then dot segments go, as in ASP.NET Core."""
    path = unquote(raw_path.replace("%2F", "%252F").replace("%2f", "%252f"))
    if "/." not in path:
        return path
    kept: list[str] = []
    for part in path.split("/")[1:]:
        if part == "..":
            del kept[-1:]
        elif part != ".":
            kept.append(part)
    if path.endswith(("/.", "/..")):
        kept.append("")
    return "/" + "/".join(kept)


def _query(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    spelling: dict[str, str] = {}
    joined: dict[str, list[str]] = {}
    for name, value in pairs:
        joined.setdefault(spelling.setdefault(name.lower(), name), []).append(value)
    return {name: ",".join(values) for name, values in joined.items() if any(values)}

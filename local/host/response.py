"""What a function returned, as the HTTP response that the real host makes of it.

https://github.com/Azure/azure-functions-host/blob/dev/src/WebJobs.Script/Binding/Http/HttpBinding.cs
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from azure_functions_runtime.bindings.datumdef import Datum

from local.host.cookies import set_cookie_values

TEXT = "text/plain; charset=utf-8"
_OURS = frozenset(("content-length", "transfer-encoding", "connection", "date"))
# Kestrel refuses control and non-ASCII characters in response headers.
_BAD_VALUE = re.compile(r"[^\t\x20-\x7e]")


@dataclass(frozen=True)
class Response:
    """Status, headers and body as they go out."""

    status: int
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""


FAILED = Response(500)


def text(status: int, body: str, content_type: str = TEXT) -> Response:
    """The host's own answers."""
    return Response(status, [(b"content-type", content_type.encode())], body.encode())


def from_datum(datum: Datum | None) -> Response:
    """Raises ValueError or TypeError for what makes the invocation fail in the host."""
    if datum is None or datum.type is None:
        return Response(204)
    if datum.type == "http":
        return _from_http(datum.value)
    if datum.type == "bytes":
        return Response(200, [(b"content-type", b"application/octet-stream")], datum.value)
    return _from_text(str(datum.value))


def _from_http(value: dict[str, Any]) -> Response:
    headers = {name: each.value for name, each in value["headers"].items()}
    return _response(
        int(value["status_code"].value),
        headers,
        value["body"].value,
        set_cookie_values(value["cookies"]) if value["cookies"] else (),
    )


def _from_text(returned: str) -> Response:
    """A text that is JSON is parsed by the host; with a "body" key it is a whole response."""
    try:
        content = json.loads(returned)
    except ValueError:
        content = returned
    status = 200
    headers: dict[str, object] = {}
    if isinstance(content, dict):
        parts = {name.lower(): value for name, value in content.items()}
        if "body" in parts:
            content, headers = parts["body"], parts.get("headers") or {}
            status = int(parts.get("statuscode") or parts.get("status") or 200)
            content = json.dumps(content) if isinstance(content, dict) else content
    body = _printed(content).encode()
    names = {name.lower() for name in headers}
    typed = headers if "content-type" in names else {**headers, "content-type": TEXT}
    return _response(status, {name: str(value) for name, value in typed.items()}, body, ())


def _printed(content: object) -> str:
    """As .NET prints the parsed value."""
    if isinstance(content, dict | list):
        return json.dumps(content, indent=2, ensure_ascii=False)
    if content is None:
        return ""
    return str(content)


def _response(
    status: int, headers: dict[str, str], body: bytes, cookies: list[str] | tuple[str, ...]
) -> Response:
    out: list[tuple[bytes, bytes]] = []
    seen: set[str] = set()
    for name, value in headers.items():
        lower = name.lower()
        if lower in seen or lower in _OURS:
            continue
        seen.add(lower)
        if _BAD_VALUE.search(value):
            raise ValueError(f"header {name} holds a character that HTTP does not allow")
        out.append((lower.encode("ascii"), value.encode("ascii")))
    out += [(b"set-cookie", cookie.encode("ascii")) for cookie in cookies]
    return Response(status, out, body)

"""App Service's front, played before Core Tools, which have none: `python -m local.gate`.

Sign-in pages and identity headers are the built-in host's; everything else goes on to Core Tools,
which listen on a port of their own. Function keys are not looked at: only the host knows them.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import httpx
import uvicorn

from local.host.easy_auth import EasyAuth
from local.host.errors import HostError
from local.host.front import send_response
from local.host.people import Directory
from local.host.request import (
    BodyTooLargeError,
    Receive,
    Request,
    Scope,
    Send,
    read_body,
    read_request,
)
from local.host.response import Response, text
from local.host.server import listen
from local.host.sign_in import SignIn

# A function may take five minutes (host.json); no platform waits longer than 230 s for its answer.
PATIENCE = httpx.Timeout(240.0, connect=5.0)
_OF_ONE_CONNECTION = frozenset(
    ("connection", "keep-alive", "transfer-encoding", "upgrade", "te", "trailer", "date")
)
_NOT_FROM_OUTSIDE = ("/admin/", "/runtime/", "/.docket/")  # they want a key that nobody has here


class Gate:
    """The ASGI application; `core_tools` is the address of `func start`."""

    def __init__(self, core_tools: str, app: Path) -> None:
        directory = Directory(app)
        self._easy_auth = EasyAuth(directory)
        self._sign_in = SignIn(directory, self._easy_auth)
        self._client = httpx.AsyncClient(base_url=core_tools, timeout=PATIENCE, trust_env=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = read_request(scope)
        try:
            body = await read_body(request, receive)
            answer = await self._answer(request, scope, body)
        except BodyTooLargeError:
            answer = Response(413)
        except httpx.HTTPError as error:
            answer = text(503, f"Core Tools do not answer: {type(error).__name__}")
        await send_response(answer, send)

    async def _answer(self, request: Request, scope: Scope, body: bytes) -> Response:
        if request.path.startswith("/.auth/"):
            return self._sign_in.answer(request, body)
        if request.path.startswith(_NOT_FROM_OUTSIDE):
            return Response(404)
        query = scope["query_string"]
        target = scope["raw_path"] + (b"?" + query if query else b"")
        headers = {"accept-encoding": "identity", **self._easy_auth.apply(request.headers)}
        passed = {k.encode(): v.encode() for k, v in headers.items() if k not in _OF_ONE_CONNECTION}
        sent = self._client.build_request(
            request.method,
            httpx.URL(self._client.base_url, raw_path=target),
            content=body,
            headers=httpx.Headers(passed),
        )
        found = await self._client.send(sent, stream=True)
        try:
            content = b"".join([chunk async for chunk in found.aiter_raw()])
        finally:
            await found.aclose()
        dropped = _OF_ONE_CONNECTION | {"content-length"}
        kept = [(k.lower(), v) for k, v in found.headers.raw if k.lower().decode() not in dropped]
        return Response(found.status_code, kept, content)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serves until a signal; 1 when the port is taken."""
    parser = argparse.ArgumentParser(prog="python -m local.gate", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--to", required=True, help="the address of Core Tools")
    parser.add_argument("--app", type=Path, default=Path(), help="the function app's folder")
    given = parser.parse_args(arguments)
    config = uvicorn.Config(
        Gate(given.to, given.app.resolve()),
        interface="asgi3",
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=5,
    )
    try:
        with listen(given.port) as sock:
            uvicorn.Server(config).run(sockets=[sock])
    except HostError as error:
        print(error, file=sys.stderr, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The ASGI front: identity, keys, routing, and the host's own addresses."""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass

from azure_functions_runtime.bindings.datumdef import Datum

from local.host.clock import SharedClock
from local.host.easy_auth import EasyAuth
from local.host.invocations import Invocations
from local.host.manifest import Function
from local.host.people import Directory
from local.host.request import (
    BodyTooLargeError,
    Receive,
    Request,
    Scope,
    Send,
    as_datum,
    read_body,
    read_request,
)
from local.host.response import FAILED, Response, from_datum, text
from local.host.routes import Routes
from local.host.sign_in import SignIn
from local.host.timers import Timers

log = logging.getLogger("local.host.front")
FUNCTION_KEY = "local"
ADMIN_KEY = "local-admin"
JSON = "application/json; charset=utf-8"
SETTLE_WITHIN = 55.0  # seconds
LOOPBACK = ("127.0.0.1", "::1")
HOME = "Your Functions app is up and running, on Docket's local host.\n"


@dataclass(frozen=True)
class Parts:
    """What the front needs of the running host."""

    functions: tuple[Function, ...]
    routes: Routes
    invocations: Invocations
    timers: Timers
    clock: SharedClock
    directory: Directory
    is_ready: Callable[[], bool]


class Front:
    """The ASGI application."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._routes = parts.routes
        self._easy_auth = EasyAuth(parts.directory)
        self._sign_in = SignIn(parts.directory, self._easy_auth)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError(f"{scope['type']} is not served")
        request = read_request(scope)
        try:
            response = await self._answer(request, scope, receive)
        except BodyTooLargeError:
            response = Response(413)
        await send_response(response, send)

    async def _answer(self, request: Request, scope: Scope, receive: Receive) -> Response:
        path = request.path
        if path.startswith(("/.auth/", "/.docket/", "/admin/")):
            return await self._own(request, scope, receive)
        found = self._routes.find(request.method, path)
        if found is None:
            return text(200, HOME) if path == "/" and request.method == "GET" else Response(404)
        function, parameters = found
        if not _allowed(function.auth_level, request):
            return Response(401)
        headers = self._easy_auth.apply(request.headers)
        value = as_datum(request, headers, await read_body(request, receive), parameters)
        outcome = await self._parts.invocations.run(function, value)
        if not outcome.ok:
            return FAILED
        return _response(function, outcome.returned, dict(outcome.outputs))

    async def _own(self, request: Request, scope: Scope, receive: Receive) -> Response:
        if request.path.startswith("/.auth/"):
            return self._sign_in.answer(request, await read_body(request, receive))
        client = scope.get("client")
        if client is not None and client[0] not in LOOPBACK:
            return Response(404)
        if request.path == "/.docket/clock" and request.method == "POST":
            return await self._clock()
        if request.path == "/admin/host/status" and request.method == "GET":
            return self._status(request)
        if request.path.startswith("/admin/functions/") and request.method == "POST":
            return await self._run_timer(request)
        return Response(404)

    async def _clock(self) -> Response:
        """Timers that fell due have run when this answers, unless they take too long (504)."""
        settled = await self._parts.timers.settle(SETTLE_WITHIN)
        upcoming = {name: each.isoformat() for name, each in self._parts.timers.upcoming().items()}
        answer = {"now": self._parts.clock.now().isoformat(), "timers": upcoming}
        return text(200 if settled else 504, json.dumps(answer), JSON)

    async def _run_timer(self, request: Request) -> Response:
        """Answers when the run has ended, where the real host answers at once."""
        if _key(request) != ADMIN_KEY:
            return Response(401)
        name = request.path.removeprefix("/admin/functions/")
        return Response(202 if await self._parts.timers.run(name) else 404)

    def _status(self, request: Request) -> Response:
        ready = self._parts.is_ready()
        answer: dict[str, object] = {"state": "Running" if ready else "Starting"}
        if _key(request) == ADMIN_KEY:
            answer["functions"] = [function.name for function in self._parts.functions]
            answer["running_invocations"] = self._parts.invocations.running
        return text(200 if ready else 503, json.dumps(answer), JSON)


def _key(request: Request) -> str:
    return request.headers.get("x-functions-key") or request.query.get("code", "")


def _allowed(level: str, request: Request) -> bool:
    if level == "anonymous":
        return True
    keys = (ADMIN_KEY,) if level == "admin" else (FUNCTION_KEY, ADMIN_KEY)
    return _key(request) in keys


def _response(function: Function, returned: Datum | None, outputs: dict[str, Datum]) -> Response:
    """From the binding of type http, which may be the return value or an Out parameter."""
    binding = function.outputs.get("$return")
    if binding is None or binding["type"] != "http":
        names = [name for name, each in function.outputs.items() if each["type"] == "http"]
        returned = outputs.get(names[0]) if names else None
    try:
        return from_datum(returned)
    except (ValueError, TypeError) as error:
        log.error("Response cannot be sent: %s: %s", function.name, error)  # noqa: TRY400
        return FAILED


async def send_response(response: Response, send: Send) -> None:
    """The answer as ASGI wants it, with its length."""
    headers = response.headers
    bodiless = response.status in (204, 304) or response.status < 200
    body = b"" if bodiless else response.body
    if not bodiless:
        headers = [*headers, (b"content-length", str(len(body)).encode("ascii"))]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})

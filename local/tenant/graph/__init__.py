"""Microsoft Graph: mail, subscriptions, Teams and people, below /graph."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from local.tenant.core import Tenant
from local.tenant.graph import attachments, delta, messages, subscriptions, teams, users
from local.tenant.graph.errors import GraphError
from local.tenant.graph.http import Call, Handler, Operation, answer, read_call, segments_of
from local.tenant.graph.notifications import Notifier
from local.tenant.graph.throttle import Throttle

_METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE"]

# The first match counts: delta stands before a message of that name.
_OPERATIONS: list[Operation] = [
    *delta.OPERATIONS,
    *attachments.OPERATIONS,
    *messages.OPERATIONS,
    *subscriptions.OPERATIONS,
    *teams.OPERATIONS,
    *users.OPERATIONS,
]


def routes(tenant: Tenant) -> list[BaseRoute]:
    """`/v1.0/...`, and the addresses of upload sessions, which stand outside of it."""
    throttle = Throttle(tenant)
    Notifier(tenant)

    async def graph(request: Request) -> Response:
        return await _answer(tenant, throttle, request, "/graph/v1.0/", _OPERATIONS)

    async def uploads(request: Request) -> Response:
        operations = attachments.UPLOAD_OPERATIONS
        return await _answer(tenant, throttle, request, "/graph/api/v2.0/", operations)

    return [
        Route("/v1.0/{path:path}", graph, methods=_METHODS),
        Route("/api/v2.0/{path:path}", uploads, methods=_METHODS),
    ]


async def _answer(
    tenant: Tenant, throttle: Throttle, request: Request, root: str, operations: list[Operation]
) -> Response:
    # The decoded path has lost which slashes belong to an id, so the raw one is matched.
    raw_path = request.scope["raw_path"].decode("latin-1").removeprefix(root)
    try:
        call = await read_call(tenant, request, throttle)
        handler = _find(call, segments_of(raw_path), operations)
        if "user" in call.params and raw_path.count("/") > 1:
            async with throttle.slot(call.user()):
                return await handler(call)
        return await handler(call)
    except GraphError as error:
        return answer(error.body(tenant.now()), error.status, error.headers)


def _find(call: Call, segments: list[str], operations: list[Operation]) -> Handler:
    for operation in operations:
        params = operation.match(call.request.method, segments)
        if params is not None:
            call.params = params
            return operation.handler
    raise GraphError(400, "BadRequest", f"Resource not found for the segment '{segments[-1]}'.")

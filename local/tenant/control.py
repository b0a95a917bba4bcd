"""The control API: what a test or a developer does to the tenant from outside."""

import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from local.tenant import acs_reports
from local.tenant.channels import Channels
from local.tenant.core import Tenant
from local.tenant.faults import Fault
from local.tenant.graph.delta import expire
from local.tenant.graph.notifications import MOODS, raise_lifecycle
from local.tenant.mailbox import all_mailboxes
from local.tenant.post import PostOffice

_NO_CONTENT = 204
_GRAPH_OPTIONS: dict[str, tuple[str, ...]] = {
    "notifications": MOODS,
    "message_ids": ("kept", "replaced"),
    "immutable_ids": ("kept", "changed"),
}
_GRAPH_NUMBERS = ("delay", "latency_ms")


class BadOrderError(ValueError):
    """A control call that cannot be carried out; the message names the field."""


Action = Callable[[Tenant, Request], Awaitable[Response]]


def routes(tenant: Tenant) -> list[BaseRoute]:
    """Mail, Teams, vendors' moods, faults, clock, journal and reset."""
    return [
        Route(path, _guarded(tenant, action), methods=[method]) for method, path, action in _CALLS
    ]


def _guarded(tenant: Tenant, action: Action) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            return await action(tenant, request)
        except ValidationError as error:
            first = error.errors()[0]
            return _refuse(f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}")
        except (BadOrderError, ValueError) as error:
            return _refuse(str(error))

    return endpoint


def _refuse(detail: str, status: int = 400) -> Response:
    body = {"title": "The control call cannot be carried out", "detail": detail}
    return JSONResponse(body, status, media_type="application/problem+json")


async def _order(request: Request) -> dict[str, Any]:
    text = await request.body()
    order = json.loads(text or b"{}")
    if not isinstance(order, dict):
        raise BadOrderError("body: must be a JSON object")
    return order


def _text(order: dict[str, Any], name: str) -> str:
    value = order.get(name)
    if not isinstance(value, str) or not value.strip():
        raise BadOrderError(f"{name}: required")
    return value.strip()


# -- mail


async def _deliver_mail(tenant: Tenant, request: Request) -> Response:
    address = request.query_params.get("mailbox", "").strip()
    if "@" not in address:
        raise BadOrderError("mailbox: must be an address")
    message = PostOffice(tenant).deliver(address, await request.body())
    return JSONResponse({"message_id": message["internetMessageId"]}, 201)


async def _sent(tenant: Tenant, request: Request) -> Response:
    return JSONResponse(PostOffice(tenant).sent(request.query_params.get("to", "")))


async def _mailboxes(tenant: Tenant, request: Request) -> Response:
    return JSONResponse(
        [
            {
                "address": mailbox.address,
                "messages": len(mailbox.messages),
                "unread": sum(not message["isRead"] for message in mailbox.in_folder("inbox")),
            }
            for mailbox in all_mailboxes(tenant)
        ]
    )


async def _auto_responder(tenant: Tenant, request: Request) -> Response:
    order = await _order(request)
    PostOffice(tenant).set_responder(_text(order, "mailbox"), _text(order, "kind"))
    return Response(status_code=_NO_CONTENT)


async def _bounces(tenant: Tenant, request: Request) -> Response:
    order = await _order(request)
    PostOffice(tenant).set_bounce(_text(order, "address"), _text(order, "kind"))
    return Response(status_code=_NO_CONTENT)


async def _acs(tenant: Tenant, request: Request) -> Response:
    order = await _order(request)
    wanted = _text(order, "reports")
    if wanted == "off":
        acs_reports.turn_off(tenant)
    elif wanted != "on":
        raise BadOrderError("reports: must be on or off")
    elif not await acs_reports.turn_on(tenant):
        return _refuse("the endpoint did not pass the validation handshake", 409)
    return JSONResponse({"reports": wanted})


# -- Graph


async def _graph(tenant: Tenant, request: Request) -> Response:
    order = await _order(request)
    for name, value in order.items():
        if name in _GRAPH_NUMBERS:
            if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
                raise BadOrderError(f"{name}: must be a number from 0 on")
        elif value not in _GRAPH_OPTIONS.get(name, ()):
            raise BadOrderError(f"{name}: unknown option or value {value!r}")
    stored = tenant.store.collection("settings")
    stored["graph"] = {**stored.get("graph", {}), **order}
    return JSONResponse(stored["graph"])


async def _lifecycle(tenant: Tenant, request: Request) -> Response:
    order = await _order(request)
    return JSONResponse({"told": raise_lifecycle(tenant, _text(order, "event"))})


async def _expire_delta(tenant: Tenant, request: Request) -> Response:
    order = await _order(request)
    expire(tenant, order.get("mailbox", ""), order.get("folder", ""))
    return Response(status_code=_NO_CONTENT)


# -- Teams


async def _teams(tenant: Tenant, request: Request) -> Response:
    return JSONResponse(Channels(tenant).as_json())


async def _teams_reply(tenant: Tenant, request: Request) -> Response:
    order = await _order(request)
    try:
        message = Channels(tenant).answer_as(
            _text(order, "team"),
            _text(order, "channel"),
            _text(order, "message"),
            _text(order, "from"),
            _text(order, "text"),
        )
    except KeyError:
        return _refuse("message: there is none of that id in this channel", 404)
    return JSONResponse({"id": message["id"]}, 201)


# -- faults, clock, journal, reset


async def _add_fault(tenant: Tenant, request: Request) -> Response:
    fault = Fault.model_validate(await _order(request))
    tenant.faults.add(fault)
    return JSONResponse(fault.model_dump(), 201)


async def _faults(tenant: Tenant, request: Request) -> Response:
    return JSONResponse(tenant.faults.as_json())


async def _clear_faults(tenant: Tenant, request: Request) -> Response:
    tenant.faults.clear()
    return Response(status_code=_NO_CONTENT)


async def _now(tenant: Tenant, request: Request) -> Response:
    return JSONResponse(_clock_face(tenant.now()))


async def _advance(tenant: Tenant, request: Request) -> Response:
    order = await _order(request)
    return JSONResponse(_clock_face(await tenant.advance(_text(order, "advance"))))


def _clock_face(now: datetime) -> dict[str, str]:
    return {"now": now.isoformat().replace("+00:00", "Z")}


async def _journal(tenant: Tenant, request: Request) -> Response:
    faults = request.query_params.get("faults", "") not in ("", "0")
    service = request.query_params.get("service", "")
    text = tenant.journal.text(faults=faults, service=service)
    return PlainTextResponse(text, media_type="application/x-ndjson")


async def _settle(tenant: Tenant, request: Request) -> Response:
    await tenant.settled()
    return Response(status_code=_NO_CONTENT)


async def _reset(tenant: Tenant, request: Request) -> Response:
    raise_lifecycle(tenant, "subscriptionRemoved")  # as Graph does when it drops them
    tenant.reset()
    return Response(status_code=_NO_CONTENT)


_CALLS: tuple[tuple[str, str, Action], ...] = (
    ("POST", "/mail", _deliver_mail),
    ("GET", "/sent", _sent),
    ("GET", "/mailboxes", _mailboxes),
    ("POST", "/auto-responder", _auto_responder),
    ("POST", "/bounces", _bounces),
    ("POST", "/acs", _acs),
    ("POST", "/graph", _graph),
    ("POST", "/graph/lifecycle", _lifecycle),
    ("POST", "/graph/expire-delta", _expire_delta),
    ("GET", "/teams", _teams),
    ("POST", "/teams/reply", _teams_reply),
    ("POST", "/faults", _add_fault),
    ("GET", "/faults", _faults),
    ("DELETE", "/faults", _clear_faults),
    ("GET", "/clock", _now),
    ("POST", "/clock", _advance),
    ("GET", "/journal", _journal),
    ("POST", "/settle", _settle),
    ("POST", "/reset", _reset),
)

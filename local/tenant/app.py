"""Puts the simulated tenant together: vendors behind their doors, control API, viewer."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Router

from local.tenant import (
    acs,
    control,
    control_backlog,
    devops,
    forms,
    graph,
    identity,
    jenkins,
    jira,
    viewer,
    viewer_backlog,
    workflows,
)
from local.tenant.core import Tenant
from local.tenant.door import Vendor, VendorDoor


def _graph_error(status: int) -> Any:
    code = {429: "TooManyRequests", 503: "serviceNotAvailable", 504: "gatewayTimeout"}
    return {"error": {"code": code.get(status, "generalException"), "message": "Ordered fault"}}


def _acs_error(status: int) -> Any:
    code = {429: "TooManyRequests", 503: "ServiceUnavailable"}
    return {"error": {"code": code.get(status, "InternalServerError"), "message": "Ordered fault"}}


def _devops_error(status: int) -> Any:
    return {
        "$id": "1",
        "innerException": None,
        "message": f"TF400733: The request has been canceled: ordered fault ({status}).",
        "typeName": "Microsoft.TeamFoundation.Framework.Server.RequestFilterException",
        "typeKey": "RequestFilterException",
        "errorCode": 0,
        "eventId": 3000,
    }


def _jira_error(status: int) -> Any:
    return {"errorMessages": [f"Ordered fault ({status})"], "errors": {}}


def _plain_error(status: int) -> Any:
    return {"error": {"code": str(status), "message": "Ordered fault"}}


_VENDORS: tuple[tuple[Vendor, Callable[[Tenant], list[BaseRoute]]], ...] = (
    (Vendor("graph", "/graph", "/v1.0", _graph_error), graph.routes),
    (Vendor("acs", "/acs", "", _acs_error), acs.routes),
    (Vendor("azure-devops", "/azure-devops", "", _devops_error), devops.routes),
    (Vendor("jira", "/jira", "", _jira_error), jira.routes),
    (Vendor("jenkins", "/jenkins", "", _plain_error), jenkins.routes),
    (Vendor("teams-webhook", "/workflows", "", _plain_error), workflows.routes),
)


def create_app(tenant: Tenant) -> Starlette:
    """The whole tenant as one ASGI app."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        await tenant.close()

    routes: list[BaseRoute] = [
        Mount(vendor.mount, VendorDoor(Router(make_routes(tenant)), vendor, tenant))
        for vendor, make_routes in _VENDORS
    ]
    routes += [
        Mount("/forms", routes=forms.routes(tenant)),
        Mount("/login", routes=identity.routes(tenant)),
        Mount("/control", routes=[*control.routes(tenant), *control_backlog.routes(tenant)]),
        *viewer_backlog.routes(tenant),
        *viewer.routes(tenant),
    ]
    return Starlette(routes=routes, lifespan=lifespan)

"""Control calls for the backlogs: what stands in them, people editing there, builds, forms."""

import json
import re
from asyncio import timeout
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from local.tenant import jenkins
from local.tenant.core import Tenant
from local.tenant.devops import control as devops
from local.tenant.devops import options
from local.tenant.devops.errors import VssError
from local.tenant.forms import flow
from local.tenant.jira import control as jira
from local.tenant.jira.errors import JiraError

_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]*-\d+")
_SETTLING = 30.0  # seconds that a control call waits for its webhooks

Action = Callable[[dict[str, Any]], Any]


def routes(tenant: Tenant) -> list[BaseRoute]:
    """Paths below ``/control``. A wrong order is answered 422 with the field's name."""
    calls = _Calls(tenant)
    return [
        Route("/work-items", calls.work_items, methods=["GET"]),
        Route("/work-items/{id}", calls.change, methods=["PATCH"]),
        Route("/work-items/{id}", calls.delete, methods=["DELETE"]),
        Route("/work-items/{id}/comments", calls.comment, methods=["POST"]),
        Route("/jenkins", calls.order_build, methods=["POST"]),
        Route("/jenkins", calls.builds, methods=["GET"]),
        Route("/forms", calls.set_trigger, methods=["POST"]),
        Route("/backlog-options", calls.set_options, methods=["POST"]),
        Route("/backlog-options", calls.options, methods=["GET"]),
    ]


async def settle(tenant: Tenant) -> None:
    """Waits for the webhooks under way, so that what they caused can be seen; bounded."""
    with suppress(TimeoutError):
        async with timeout(_SETTLING):
            await tenant.settled()


class _Calls:
    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant

    async def work_items(self, request: Request) -> Response:
        """Both systems in one shape: ``{"id","type","fields","relations","comments"}``."""
        system = devops if request.query_params.get("system") != "jira" else jira
        return JSONResponse(system.listed(self._tenant))

    async def change(self, request: Request) -> Response:
        """``{"fields": {...}, "by"?}``: somebody edits; the hooks have fired when it answers."""
        wanted = request.path_params["id"]
        system = jira if _KEY.fullmatch(wanted) else devops
        return await self._do(
            request, lambda body: system.change(self._tenant, wanted, _fields(body), _by(body))
        )

    async def delete(self, request: Request) -> Response:
        """``{"by"?}``: somebody deletes an item of Azure DevOps; the answer shows it as it was."""
        wanted = request.path_params["id"]
        return await self._do(request, lambda body: devops.delete(self._tenant, wanted, _by(body)))

    async def comment(self, request: Request) -> Response:
        """``{"text", "by"?}``"""
        wanted = request.path_params["id"]
        system = jira if _KEY.fullmatch(wanted) else devops
        return await self._do(
            request, lambda body: system.comment(self._tenant, wanted, _text(body), _by(body))
        )

    async def order_build(self, request: Request) -> Response:
        """``{"job", "result"?, "seconds"?}``: how the job's next build ends, and after how long."""
        return await self._do(request, lambda body: jenkins.order(self._tenant, body))

    async def builds(self, request: Request) -> Response:
        return JSONResponse(jenkins.builds(self._tenant, request.query_params.get("job", "")))

    async def set_trigger(self, request: Request) -> Response:
        """``{"trigger": "normal"|"double"|"delayed"|"down"}``"""
        return await self._do(
            request,
            lambda body: {"trigger": flow.set_trigger(self._tenant, body.get("trigger"))},
        )

    async def options(self, request: Request) -> Response:
        return JSONResponse(options.read(self._tenant))

    async def set_options(self, request: Request) -> Response:
        """Any of ``{"search_lag_seconds", "sign_in_page", "current_sprint"}``."""
        return await self._do(request, lambda body: options.change(self._tenant, body))

    async def _do(self, request: Request, action: Action) -> Response:
        try:
            done = action(_body(await request.body()))
        except ValueError as error:
            return _wrong(422, str(error))
        except (VssError, JiraError) as error:
            return _wrong(error.status, _words(error))
        await settle(self._tenant)
        return JSONResponse(done)


def _body(content: bytes) -> dict[str, Any]:
    body = json.loads(content or b"{}")
    if not isinstance(body, dict):
        raise ValueError("the body must be an object")  # noqa: TRY004 - bad input, like the rest
    return body


def _fields(body: dict[str, Any]) -> dict[str, Any]:
    fields = body.get("fields")
    if not isinstance(fields, dict) or not fields:
        raise ValueError("fields: an object with at least one field is required")
    return fields


def _text(body: dict[str, Any]) -> str:
    text = body.get("text")
    if not isinstance(text, str) or not text.strip():
        raise ValueError("text: required")
    return text


def _by(body: dict[str, Any]) -> str:
    return str(body.get("by") or "")


def _words(error: VssError | JiraError) -> str:
    if isinstance(error, VssError):
        return error.message
    return "; ".join([*error.messages, *(f"{name}: {text}" for name, text in error.errors.items())])


def _wrong(status: int, detail: str) -> Response:
    body = {"title": "The control call was refused", "status": status, "detail": detail}
    return JSONResponse(body, status_code=status, media_type="application/problem+json")

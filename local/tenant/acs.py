"""Azure Communication Services Email.

https://learn.microsoft.com/rest/api/communication/email
"""

import json
import uuid
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from local.tenant.acs_message import AcsError, Reading, read_message
from local.tenant.acs_reports import send_reports
from local.tenant.core import Tenant
from local.tenant.mime import write_mail
from local.tenant.post import PostOffice
from local.tenant.store import Document

_VERSIONS = ("2023-03-31", "2025-09-01")
_LARGEST = 10 * 1024 * 1024
_RETRY_AFTER = "1"


def routes(tenant: Tenant) -> list[BaseRoute]:
    """`/emails:send` and `/emails/operations/{id}`."""

    async def send(request: Request) -> Response:
        try:
            return await _send(tenant, request)
        except AcsError as error:
            return _refuse(error)

    async def operation(request: Request) -> Response:
        try:
            _check_call(request)
            return _state(tenant, request.path_params["operation"])
        except AcsError as error:
            return _refuse(error)

    return [
        Route("/emails:send", send, methods=["POST"]),
        Route("/emails/operations/{operation}", operation, methods=["GET"]),
    ]


def _refuse(error: AcsError) -> Response:
    body = {"error": {"code": error.code, "message": str(error)}}
    return JSONResponse(body, error.status, {"x-ms-error-code": error.code})


def _check_call(request: Request) -> None:
    if request.query_params.get("api-version") not in _VERSIONS:
        raise AcsError(400, "UnsupportedApiVersion", f"api-version must be one of {_VERSIONS}.")
    scheme = request.headers.get("authorization", "").split(" ")[0]
    if scheme == "Bearer":
        return
    signed = all(name in request.headers for name in ("x-ms-date", "x-ms-content-sha256"))
    if scheme != "HMAC-SHA256" or not signed:
        raise AcsError(401, "Denied", "Denied by the resource provider.")


async def _send(tenant: Tenant, request: Request) -> Response:
    _check_call(request)
    body = await request.body()
    if len(body) > _LARGEST:
        raise AcsError(413, "RequestEntityTooLarge", "An email request has 10 MB at most.")
    operation = _operation_id(tenant, request)
    reading = read_message(tenant, _json(body), request.query_params["api-version"])
    try:
        raw = write_mail(reading.fields)
    except ValueError as error:
        raise AcsError(400, "InvalidHeader", str(error)) from error
    operations = tenant.store.collection("acs-operations")
    operations[operation] = {"id": operation, "status": "Succeeded"}
    _remember_message_id(tenant, reading)
    refused = PostOffice(tenant).submit(
        raw, sender=reading.sender, recipients=reading.recipients, via="acs"
    )
    send_reports(tenant, operation, reading.sender, reading.recipients, refused)
    place = f"{tenant.config.base_url}/acs/emails/operations/{operation}"
    version = request.query_params["api-version"]
    return JSONResponse(
        {"id": operation, "status": "Running"},
        202,
        {"Operation-Location": f"{place}?api-version={version}", "retry-after": _RETRY_AFTER},
    )


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError as error:
        raise AcsError(400, "InvalidRequest", f"The body is not JSON: {error}") from error


def _operation_id(tenant: Tenant, request: Request) -> str:
    """The caller's id, refused when it was used; what the service does then is undocumented."""
    given = request.headers.get("operation-id")
    if given is None:
        return str(uuid.uuid4())
    try:
        operation = str(uuid.UUID(given))
    except ValueError as error:
        raise AcsError(400, "InvalidOperationId", "Operation-Id must be a GUID.") from error
    if operation in tenant.store.collection("acs-operations"):
        raise AcsError(409, "OperationIdInUse", f"The operation {operation} exists already.")
    return operation


def _remember_message_id(tenant: Tenant, reading: Reading) -> None:
    tenant.store.collection("acs-message-ids")[reading.fields["internetMessageId"]] = {}


def _state(tenant: Tenant, number: str) -> Response:
    found: Document | None = tenant.store.collection("acs-operations").get(number.lower())
    if found is None:
        raise AcsError(404, "NotFound", f"The operation {number} was not found.")
    return JSONResponse(found)

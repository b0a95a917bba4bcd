"""The API's own description (OpenAPI 3.1), made from the models that check the bodies."""

from __future__ import annotations

from typing import Any

import azure.functions as func

from functions.visit import Visit, answer, api
from shared.domain import commands as cm
from shared.service.retry import LONGEST_REASON

_FILES = {
    "type": "array",
    "maxItems": 10,
    "description": "at most 10 MB each, 25 MB in all",
    "items": {
        "type": "object",
        "required": ["name", "content_base64"],
        "properties": {
            "name": {"type": "string"},
            "content_type": {"type": "string"},
            "content_base64": {"type": "string", "format": "byte"},
        },
    },
}
_PROBLEM = {
    "type": "object",
    "description": "RFC 9457 problem details",
    "required": ["title", "status", "detail"],
    "properties": {
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
        "allowed": {"type": "array", "items": {"type": "string"}},
    },
}
_SET_ASIDE = {
    "type": "object",
    "required": ["key", "reason"],
    "properties": {
        "key": {"type": "string", "description": "the row's, from the undelivered list"},
        "reason": {"type": "string", "maxLength": LONGEST_REASON},
    },
}
_STAFF: list[dict[str, list[str]]] = [{"staff": []}]
_KEY: list[dict[str, list[str]]] = [{"function_key": []}]


@api
async def api_openapi(visit: Visit) -> func.HttpResponse:
    """The description."""
    return answer(description(visit.app.settings.public_url))


def description(public_url: str) -> dict[str, Any]:
    """The whole document."""
    commands = cm.STAFF_COMMAND.json_schema(ref_template="#/components/schemas/{model}")
    schemas = commands.pop("$defs", {})
    hidden = {"mentions", "message_id"}
    for name in ("Reply", "Note"):
        properties = schemas[name]["properties"]
        properties["attachments"] = _FILES
        for field in hidden & set(properties):
            del properties[field]
    return {
        "openapi": "3.1.0",
        "info": {"title": "Docket", "version": "1", "description": "A production-support desk."},
        "servers": [{"url": public_url}],
        "paths": _paths(),
        "components": {
            "schemas": {
                **schemas,
                "Command": commands,
                "Request": _request_schema(schemas),
                "Problem": _PROBLEM,
                "SetAside": _SET_ASIDE,
                "Object": {"type": "object"},
            },
            "securitySchemes": {
                "function_key": {"type": "apiKey", "in": "header", "name": "x-functions-key"},
                "staff": {
                    "type": "openIdConnect",
                    "description": "App Service authentication with Entra ID",
                    "openIdConnectUrl": "https://login.microsoftonline.com/common/v2.0/"
                    ".well-known/openid-configuration",
                },
            },
        },
    }


def _request_schema(schemas: dict[str, Any]) -> dict[str, Any]:
    schema = cm.Open.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(schema.pop("$defs", {}))
    for name in ("source", "message_id", "links", "watchers", "raw", "raw_form"):
        schema["properties"].pop(name, None)
    schema["properties"]["attachments"] = _FILES
    return schema


def _paths() -> dict[str, Any]:
    return {
        "/api/health": {"get": _call("Whether storage answers", 200, 503)},
        **_desk_paths(),
        **_door_paths(),
        **_list_paths(),
        **_ticket_paths(),
    }


def _desk_paths() -> dict[str, Any]:
    return {
        "/api/desks": {"get": _call("Your desks", 200, 401, security=_STAFF)},
        "/api/desks/{desk}": _read("A desk", _parameter("desk")),
    }


def _door_paths() -> dict[str, Any]:
    """Where requests come in."""
    answers = (201, 200, 401, 404, 422)
    desk = _parameter("desk")
    return {
        "/api/desks/{desk}/requests": {
            "post": _call(
                "A new request; Idempotency-Key makes a repeat harmless",
                *answers,
                security=_KEY,
                parameters=[desk, _header("Idempotency-Key")],
                body="Request",
            )
        },
        "/api/desks/{desk}/forms/{form}/responses": {
            "post": _call(
                "A raw Microsoft Forms response",
                *answers,
                security=_KEY,
                parameters=[desk, _parameter("form")],
                body="Object",
            )
        },
    }


def _list_paths() -> dict[str, Any]:
    """What a desk holds."""
    desk = _parameter("desk")
    filters = [_query(name) for name in _FILTERS]
    path = "/api/desks/{desk}"
    return {
        f"{path}/tickets": _read("A page of a view", desk, *filters, wrong=422),
        f"{path}/quarantine": _read("What could not be taken in", desk),
        f"{path}/undelivered": _read("What was not delivered", desk),
        f"{path}/undelivered/retry": {
            "post": _call(
                "Tries a row again",
                *(200, 401, 403, 404),
                security=_STAFF,
                parameters=[desk],
                body="Object",
            )
        },
        f"{path}/undelivered/set-aside": {
            "post": _call(
                "Takes a row that was given up off the list; If-Match: the row's attempt",
                *(200, 401, 403, 404, 409, 412, 422),
                security=_STAFF,
                parameters=[desk, _header("If-Match")],
                body="SetAside",
            )
        },
        f"{path}/reconciliation": _read("The day's mail balance", desk, _query("date"), wrong=422),
    }


def _ticket_paths() -> dict[str, Any]:
    number = _parameter("number")
    path = "/api/tickets/{number}"
    return {
        path: _read("A ticket", number),
        f"{path}/commands": {
            "post": _call(
                "A command; If-Match refuses a stale one",
                *(200, 401, 403, 404, 409, 412, 422),
                security=_STAFF,
                parameters=[number, _header("If-Match")],
                body="Command",
            )
        },
        f"{path}/attachments/{{attachment}}": _read(
            "A file", number, _parameter("attachment"), kind="application/octet-stream"
        ),
        f"{path}/mails/{{seq}}": _read(
            "The mail that the event of that number came in, whole; with text, its full text",
            number,
            _parameter("seq"),
            _query("text"),
            kind="application/octet-stream",
        ),
    }


def _read(
    summary: str, *parameters: dict[str, Any], wrong: int = 0, kind: str = "application/json"
) -> dict[str, Any]:
    """What staff may read. `wrong`: a status for bad parameters; `kind`: of the answer."""
    statuses = (200, 401, 403, 404, *([wrong] if wrong else []))
    found = _call(summary, *statuses, security=_STAFF, parameters=list(parameters))
    if kind != "application/json":
        content = {kind: {"schema": {"type": "string", "format": "binary"}}}
        found["responses"]["200"]["content"] = content
    return {"get": found}


_FILTERS = ("view", "state", "type", "severity", "assignee", "requester", "q", "limit", "cursor")


def _place(name: str, where: str, *, required: bool) -> dict[str, Any]:
    return {"name": name, "in": where, "required": required, "schema": {"type": "string"}}


def _parameter(name: str) -> dict[str, Any]:
    return _place(name, "path", required=True)


def _query(name: str) -> dict[str, Any]:
    return _place(name, "query", required=False)


def _header(name: str) -> dict[str, Any]:
    return _place(name, "header", required=False)


def _call(summary: str, *statuses: int, body: str = "", **more: Any) -> dict[str, Any]:
    """One operation; statuses from 400 on answer with a problem."""
    answers: dict[str, Any] = {}
    for status in statuses:
        kind, schema = ("application/problem+json", "Problem") if status >= 400 else (
            "application/json", "Object")  # fmt: skip
        content = {kind: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
        answers[str(status)] = {"description": summary, "content": content}
    told: dict[str, Any] = {"summary": summary, "responses": answers, **more}
    if body:
        schema_ref = {"$ref": f"#/components/schemas/{body}"}
        told["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schema_ref}},
        }
    return told

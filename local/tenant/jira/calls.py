"""One call to Jira: its body, who makes it, and the refusals common to all calls."""

import base64
import binascii
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from local.tenant.core import Tenant
from local.tenant.jira import people
from local.tenant.jira.errors import JiraError
from local.tenant.seed import Person


@dataclass(frozen=True)
class Call:
    tenant: Tenant
    request: Request
    content: bytes
    actor: Person

    def path(self, name: str) -> str:
        return str(self.request.path_params[name])

    def query(self, name: str, default: str = "") -> str:
        return self.request.query_params.get(name, default)

    def number(self, name: str, default: int) -> int:
        text = self.query(name, str(default))
        if not text.isdecimal():
            raise JiraError(400, f"{name} must be a number.")
        return int(text)

    def names(self, name: str) -> list[str]:
        """A list that is given with commas, or several times, or both."""
        values = self.request.query_params.getlist(name)
        return [part.strip() for value in values for part in value.split(",") if part.strip()]

    def json(self) -> Any:
        media = self.request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media != "application/json":
            raise JiraError(415, "Unsupported Media Type")
        try:
            return json.loads(self.content)
        except ValueError as error:
            message = "There was an error parsing JSON. Check that your request body is valid."
            raise JiraError(400, message) from error

    def object(self) -> dict[str, Any]:
        body = self.json()
        if not isinstance(body, dict):
            raise JiraError(400, "Invalid request payload. Refer to the REST API documentation.")
        return body


Handler = Callable[[Call], Response]


def endpoint(tenant: Tenant, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """The handler as Starlette wants it, behind authentication."""

    async def serve(request: Request) -> Response:
        content = await request.body()
        try:
            return handler(Call(tenant, request, content, _actor(tenant, request)))
        except JiraError as error:
            return error.answer()

    return serve


def _actor(tenant: Tenant, request: Request) -> Person:
    """The account whose API token is used; an address that is nobody's is the desk's own."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if not value:
        raise JiraError(401, "Client must be authenticated to access this resource.")
    if scheme.lower() == "basic":
        try:
            email = base64.b64decode(value).decode().partition(":")[0].lower()
        except (binascii.Error, UnicodeDecodeError):
            raise JiraError(401, "Basic authentication with a broken header.") from None
        return tenant.seed.people.get(email, people.APP)
    return people.APP

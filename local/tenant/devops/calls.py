"""One call to the API: where it goes, what it carries, and who makes it."""

import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from local.tenant.core import Tenant
from local.tenant.devops import people
from local.tenant.devops.errors import VssError
from local.tenant.seed import Person


@dataclass(frozen=True)
class Call:
    """`scope` is what stands before ``_apis``; `args` the captured parts of the path after it."""

    tenant: Tenant
    request: Request
    scope: tuple[str, ...]
    args: tuple[str, ...]
    body: bytes
    actor: Person

    @property
    def org(self) -> str:
        return self.scope[0]

    @property
    def project(self) -> str:
        """The project's name; "" when the call is about the whole organisation."""
        return self.scope[1] if len(self.scope) > 1 else ""

    @property
    def team(self) -> str:
        return self.scope[2] if len(self.scope) > 2 else f"{self.project} Team"

    @property
    def root(self) -> str:
        return f"{self.tenant.config.base_url}/azure-devops/{self.org}"

    def query(self, name: str, default: str = "") -> str:
        """A query parameter, whatever the case of its name."""
        for key, value in self.request.query_params.items():
            if key.lower() == name.lower():
                return value
        return default

    def flag(self, name: str) -> bool:
        return self.query(name).lower() == "true"

    def json(self, *media_types: str) -> Any:
        """The body; VssError when it has another media type or is not JSON."""
        given = self.request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if given not in media_types:
            message = (
                f'The request indicated a Content-Type of "{given}" for method type '
                f'"{self.request.method}" which is not supported. Valid content types for this '
                f"method are: {', '.join(media_types)}."
            )
            raise VssError(415, "VssRequestContentTypeNotSupportedException", message)
        try:
            return json.loads(self.body)
        except ValueError as error:
            message = "The request body is not valid JSON."
            raise VssError(400, "VssPropertyValidationException", message) from error


Handler = Callable[[Call], Response]


def actor_of(tenant: Tenant, request: Request) -> Person:
    """A bearer token is the desk's own; a personal access token acts for the person it names.

    Basic credentials whose user name is a member's address act as that member.
    """
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            user = base64.b64decode(value).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            user = ""
        found = people.find(tenant, user) if user else []
        return found[0] if found else people.APP
    return people.APP

"""How Graph reads requests and writes answers: OData paths, preferences, errors, pages."""

import base64
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from local.tenant.core import Tenant
from local.tenant.graph.errors import GraphError
from local.tenant.graph.throttle import Throttle
from local.tenant.mailbox import Mailbox
from local.tenant.store import Document

_MAX_JSON = 4 * 1024 * 1024
_OWN_MAILBOX = "docket@contoso.com"  # who "me" is when the token names nobody
_TENANT_ID = "84bd8158-6d4d-4958-8b9f-9d6445542f95"


@dataclass
class Call:
    """One request to Graph, with its path's parameters and its query."""

    tenant: Tenant
    request: Request
    throttle: Throttle
    body: bytes
    query: dict[str, str]
    params: dict[str, str] = field(default_factory=dict)

    @property
    def is_json(self) -> bool:
        return not self.request.headers.get("content-type", "").startswith("text/plain")

    @property
    def prefer(self) -> str:
        return ",".join(self.request.headers.getlist("prefer"))

    @property
    def immutable(self) -> bool:
        """Whether the caller wants ids that survive a change of folder."""
        return bool(re.search(r'idtype\s*=\s*"immutableid"', self.prefer, re.IGNORECASE))

    @property
    def wants_text(self) -> bool:
        return bool(re.search(r'body-content-type\s*=\s*"text"', self.prefer, re.IGNORECASE))

    @property
    def token(self) -> str:
        return self.request.headers.get("authorization", "").removeprefix("Bearer ").strip()

    def page_size(self, standard: int, largest: int = 1000) -> int:
        wanted = re.search(r"odata\.maxpagesize\s*=\s*(\d+)", self.prefer, re.IGNORECASE)
        size = self.query.get("$top") or (wanted[1] if wanted else str(standard))
        if not size.isdigit() or not 1 <= int(size) <= largest:
            raise GraphError(400, "BadRequest", f"Invalid page size: {size}")
        return int(size)

    def json(self) -> dict[str, Any]:
        """The body as an object whose names are matched without regard to case at the top."""
        try:
            value = json.loads(self.body or b"{}")
        except ValueError as error:
            raise GraphError(
                400, "BadRequest", f"Unable to read JSON request payload: {error}"
            ) from error
        if not isinstance(value, dict):
            raise GraphError(
                400, "BadRequest", "Entity only allows writes with a JSON Content-Type header."
            )
        return value

    def action(self) -> dict[str, Any]:
        """The parameters of an action, in lower case: SDKs write Message, documents message."""
        return {name.lower(): value for name, value in self.json().items()}

    def mailbox(self) -> Mailbox:
        return Mailbox(self.tenant, self.user())

    def user(self) -> str:
        """The address that the path's user means: an address, an object id, or me."""
        name = self.params["user"].strip().lower()
        if name == "me":
            return self.token.partition(":")[2] or _OWN_MAILBOX
        if "@" in name:
            return name
        for person in self.tenant.seed.people.values():
            if person.aad_id.lower() == name:
                return person.email
        for address in self.tenant.store.collection("mailboxes"):
            if self.tenant.person(address).aad_id == name:
                return address
        raise GraphError(
            404,
            "Request_ResourceNotFound",
            f"Resource '{name}' does not exist or one of its queried reference-property"
            " objects are not present.",
        )

    def message(self, mailbox: Mailbox) -> Document:
        found = mailbox.find_id(self.params["message"])
        if found is None:
            raise GraphError(
                404, "ErrorItemNotFound", "The specified object was not found in the store."
            )
        return found

    def url(self, path: str, query: dict[str, str] | None = None) -> str:
        """An absolute address below the service's root."""
        tail = f"?{urlencode(query, safe='$')}" if query else ""
        return f"{self.tenant.config.base_url}/graph/v1.0/{path}{tail}"

    def own_path(self) -> str:
        """The path of this request as it was sent, below the service's root."""
        raw: bytes = self.request.scope["raw_path"]
        return raw.decode("latin-1").removeprefix("/graph/v1.0/")


Handler = Callable[[Call], Awaitable[Response]]


@dataclass(frozen=True)
class Operation:
    """A method and a path such as `users/{user}/messages/{message}/send`."""

    method: str
    path: str
    handler: Handler

    def match(self, method: str, segments: list[str]) -> dict[str, str] | None:
        names = self.path.split("/")
        if method != self.method or len(names) != len(segments):
            return None
        params = {}
        for name, given in zip(names, segments, strict=True):
            if name.startswith("{"):
                params[name[1:-1]] = given
            elif name.lower() != given.lower():
                return None
        return params


def segments_of(raw_path: str) -> list[str]:
    """The decoded parts of a path, with one spelling: users('x') is users/x, delta() is delta."""
    parts = []
    for raw in raw_path.strip("/").split("/"):
        text = unquote(raw)
        keyed = re.fullmatch(r"(\w+)\('(.*)'\)", text)
        if keyed:
            parts += [keyed[1], keyed[2]]
        else:
            parts.append(text.removesuffix("()").removeprefix("microsoft.graph."))
    if parts[0].lower() == "me":
        parts[:1] = ["users", "me"]
    return parts


def context_of(tenant: Tenant, entity: str) -> str:
    return f"{tenant.config.base_url}/graph/v1.0/$metadata#{entity}"


def answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse(body, status, headers, media_type="application/json;odata.metadata=minimal")


def empty(status: int) -> Response:
    return Response(status_code=status)


def write_token(state: dict[str, Any]) -> str:
    """An opaque continuation token."""
    return base64.urlsafe_b64encode(json.dumps(state).encode()).decode()


def read_token(text: str) -> dict[str, Any]:
    try:
        state = json.loads(base64.urlsafe_b64decode(text))
    except ValueError as error:
        raise GraphError(400, "BadRequest", "The continuation token is not valid.") from error
    if not isinstance(state, dict):
        raise GraphError(400, "BadRequest", "The continuation token is not valid.")
    return state


def tenant_id() -> str:
    return _TENANT_ID


async def read_call(tenant: Tenant, request: Request, throttle: Throttle) -> Call:
    body = await request.body()
    query = dict(parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True))
    call = Call(tenant, request, throttle, body, query)
    upload = request.method == "PUT"  # ranges of an upload session have their own limit
    if len(body) > _MAX_JSON and not upload:
        raise GraphError(413, "BadRequest", "Maximum request length exceeded.")
    return call

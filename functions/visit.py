"""One request at a door: the app, the visitor, and answers for everything that can go wrong."""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import azure.functions as func

from functions.identity import NotSignedIn, SignedIn, member, signed_in
from shared import telemetry
from shared.context import App, get_app
from shared.domain.desk import Desk
from shared.domain.errors import (
    DocketError,
    FlowForbids,
    Forbidden,
    Invalid,
    NotFound,
    Refused,
    Stale,
    Unavailable,
    Unknown,
)
from shared.domain.people import Actor
from shared.service.deps import Deps

log = logging.getLogger(__name__)
PROBLEM = "application/problem+json"
_STATUS: tuple[tuple[type[DocketError], int, str], ...] = (
    (Invalid, 422, "Some input is wrong"),
    (NotSignedIn, 401, "Sign in first"),
    (Forbidden, 403, "You may not do that"),
    (FlowForbids, 409, "The flow does not allow that now"),
    (Stale, 412, "Somebody else changed it first"),
    (NotFound, 404, "Not found"),
    (Unavailable, 503, "Try again in a moment"),
    (Unknown, 503, "Try again in a moment"),
)


@dataclass(frozen=True)
class Visit:
    """A request with the app that serves it and the one clock reading of the invocation."""

    app: App
    req: func.HttpRequest
    now: dt.datetime

    @property
    def deps(self) -> Deps:
        """What the service works with."""
        return self.app.deps

    def route(self, name: str) -> str:
        """A part of the address."""
        return str(self.req.route_params.get(name) or "")

    def query(self, name: str) -> str:
        """A query parameter, '' when absent."""
        return str(self.req.params.get(name) or "")

    @property
    def desk(self) -> Desk:
        """The desk of the address. Raises NotFound."""
        return self.deps.desk(self.route("desk"))

    def person(self) -> SignedIn:
        """Who is signed in. Raises NotSignedIn; refuses what other sites made a browser send."""
        if self.req.method != "GET":
            refuse_foreign(self)
        return signed_in(self.req.headers)

    def member(self, desk: Desk) -> Actor:
        """The visitor as a member of the desk. Raises Forbidden."""
        return member(desk, self.person())


def refuse_foreign(visit: Visit) -> None:
    """A browser says where a request comes from; another site's form is refused."""
    headers = visit.req.headers
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Forbidden("this request comes from another site")
    origin = headers.get("origin")
    if origin and urlsplit(origin).netloc not in (
        urlsplit(visit.app.settings.public_url).netloc,
        headers.get("host", ""),
    ):
        raise Forbidden("this request comes from another site")


type Handler = Callable[[Visit], Awaitable[func.HttpResponse]]
type Refusal = Callable[[Visit | None, DocketError], func.HttpResponse]


def door(refusal: Refusal) -> Callable[[Handler], Callable[..., Any]]:
    """Makes a handler into an HTTP function; every failure of ours gets an answer.

    The wrapper keeps only the handler's name: the worker reads bindings from the signature.
    """

    def wrap(handler: Handler) -> Callable[..., Any]:
        async def enter(req: func.HttpRequest) -> func.HttpResponse:
            visit: Visit | None = None
            try:
                app = get_app()
                visit = Visit(app, req, app.deps.clock.now())
                with telemetry.traced(telemetry.arriving(req.headers.get("traceparent", ""))):
                    return await handler(visit)
            except DocketError as error:
                if not isinstance(error, Refused):
                    log.warning("request failed", extra={"failure": type(error).__name__})
                return refusal(visit, error)
            except Exception:  # the platform's own answer would be an empty page
                log.exception("a door failed", extra={"door": handler.__name__})
                return refusal(visit, DocketError("a mistake of ours"))

        enter.__name__ = handler.__name__
        enter.__doc__ = handler.__doc__
        return enter

    return wrap


def status_of(error: DocketError) -> tuple[int, str]:
    """The HTTP status and title for a failure."""
    return next(((s, t) for kind, s, t in _STATUS if isinstance(error, kind)), (500, "Failed"))


def problem(visit: Visit | None, error: DocketError) -> func.HttpResponse:
    """The failure as RFC 9457 problem details; nothing internal is told."""
    del visit
    status, title = status_of(error)
    known = isinstance(error, Refused)
    told: dict[str, object] = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": str(error) if known else title,
    }
    if isinstance(error, Invalid):
        told["errors"] = [{"field": e.field, "message": e.message} for e in error.errors]
    if isinstance(error, FlowForbids) and error.allowed:
        told["allowed"] = list(error.allowed)
    headers = {"Cache-Control": "no-store"}
    if isinstance(error, Unavailable):
        headers["Retry-After"] = str(int(error.retry_after or 5))
    return func.HttpResponse(
        json.dumps(told), status_code=status, headers=headers, mimetype=PROBLEM
    )


api = door(problem)


def answer(body: object, status: int = 200) -> func.HttpResponse:
    """A JSON answer."""
    return func.HttpResponse(
        json.dumps(body, separators=(",", ":")),
        status_code=status,
        headers={"Cache-Control": "no-store"},
        mimetype="application/json",
    )


def json_body(req: func.HttpRequest, limit: int = 40_000_000) -> dict[str, Any]:
    """The body as an object. Raises Invalid saying what is wrong with it."""
    raw = req.get_body()
    if len(raw) > limit:
        raise Invalid.of("body", f"send at most {limit // 1_000_000} MB")
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Invalid.of("body", "send a JSON object") from error
    if not isinstance(found, dict):
        raise Invalid.of("body", "send a JSON object")
    return found

"""Pages as answers: HTML with its security headers, forms that come back, failures in words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import azure.functions as func

from functions.identity import NotSignedIn
from functions.visit import Visit, door, status_of
from shared.domain.answers import clean
from shared.domain.errors import DocketError, Invalid, Refused, Unavailable
from shared.render import pages
from shared.service.files import Upload

# https://developer.mozilla.org/docs/Web/HTTP/Guides/CSP
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer: with that a browser sends `Origin: null` with our own forms, and we refuse
    # it (https://fetch.spec.whatwg.org/#append-a-request-origin-header). Nothing goes elsewhere.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
BODY_LIMIT = 30_000_000  # the files of one form, and its texts


def render(
    visit: Visit | None, template: str, status: int = 200, **values: object
) -> func.HttpResponse:
    """The page of that template (a path below web/pages), never cached, nothing foreign in it.

    `now`, the invocation's one clock reading, is among its values.
    """
    values.setdefault("now", visit.now if visit else None)
    return document(pages.html(template, **values), status)


def document(
    body: str, status: int = 200, headers: Mapping[str, str] | None = None
) -> func.HttpResponse:
    """HTML with the pages' security headers; `headers` come on top."""
    return func.HttpResponse(
        body,
        status_code=status,
        headers={**HEADERS, **(headers or {})},
        mimetype="text/html",
        charset="utf-8",
    )


def see_other(url: str, headers: Mapping[str, str] | None = None) -> func.HttpResponse:
    """After a form: look there (303), so that a reload sends nothing twice. `url` is our own."""
    return func.HttpResponse(
        b"",
        status_code=303,
        headers={"Location": url, "Cache-Control": "no-store", **(headers or {})},
    )


def page_refusal(visit: Visit | None, error: DocketError) -> func.HttpResponse:
    """The failure as a page with the right status; visitors without a sign-in are sent to it."""
    if isinstance(error, NotSignedIn) and visit is not None:
        return _sign_in(visit)
    status, title = status_of(error)
    known = isinstance(error, Refused)
    found = render(
        visit,
        "components/error.html",
        status,
        title=title,
        code=status,
        detail=str(error) if known and not isinstance(error, Invalid) else "",
        errors=error.errors if isinstance(error, Invalid) else (),
    )
    if isinstance(error, Unavailable):
        found.headers["Retry-After"] = str(int(error.retry_after or 5))
    return found


def _sign_in(visit: Visit) -> func.HttpResponse:
    """To the sign-in, and from there back. A page that stays where it is gets told instead.

    So what was typed there is not lost: web/static/live.js offers the sign-in beside it.
    """
    login = visit.app.settings.login_path
    url = f"{login}?post_login_redirect_uri={quote(_standing_on(visit), safe='/')}"
    if is_partial(visit):
        told = {"Cache-Control": "no-store", **trigger(**{"docket:signed-out": {"url": url}})}
        return func.HttpResponse(b"", status_code=401, headers=told)
    return func.HttpResponse(
        b"", status_code=302, headers={"Location": url, "Cache-Control": "no-store"}
    )


def _standing_on(visit: Visit) -> str:
    """The address that the visitor looks at, which for a form or a part is not the requested one.

    It comes from a header then, so only an address of the console counts.
    """
    is_whole = visit.req.method == "GET" and not is_partial(visit)
    headers = visit.req.headers
    named = str(headers.get("hx-current-url") or headers.get("referer") or "")
    found = urlsplit(visit.req.url if is_whole else named)
    here = found.path + (f"?{found.query}" if found.query else "")
    return here if is_whole or found.path.startswith("/desk/") else "/desk"


page = door(page_refusal)


def is_partial(visit: Visit) -> bool:
    """Whether htmx asks, for a part of a page that stays where it is."""
    return str(visit.req.headers.get("hx-request", "")).lower() == "true"


@dataclass(frozen=True)
class Form:
    """What a form sent: every value of each field, and its files."""

    values: Mapping[str, tuple[str, ...]]
    uploads: Mapping[str, tuple[Upload, ...]]

    def text(self, name: str) -> str:
        """The field's text without surrounding white space, '' when it was not sent."""
        return self.values.get(name, ("",))[0].strip()

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a field that may be chosen more than once."""
        return self.values.get(name, ())

    def files(self, name: str) -> tuple[Upload, ...]:
        """The files that were chosen there."""
        return self.uploads.get(name, ())


def form_values(req: func.HttpRequest) -> Form:
    """An urlencoded or multipart body. Raises Invalid when it is too large.

    Control characters are dropped from texts, and a browser's CR LF becomes LF.
    """
    if len(req.get_body()) > BODY_LIMIT:
        raise Invalid.of("attachments", f"send at most {BODY_LIMIT // 1_000_000} MB")
    values = {
        name: tuple(clean(str(value).replace("\r\n", "\n")) for value in req.form.getlist(name))
        for name in req.form
    }
    uploads = {name: tuple(_uploads(req, name)) for name in req.files}
    return Form(values, uploads)


def _uploads(req: func.HttpRequest, name: str) -> Iterator[Upload]:
    for file in req.files.getlist(name):
        with file.stream as stream:
            content = stream.read()
        if file.filename:  # an empty file field arrives without a name
            yield Upload(str(file.filename), str(file.content_type or ""), content)


def trigger(**events: object) -> dict[str, str]:
    """The header by which htmx raises events in the page, each with its details."""
    return {"HX-Trigger": json.dumps(events)}

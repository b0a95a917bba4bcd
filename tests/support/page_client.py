"""A browser for tests: calls the doors that the address leads to, and inspects every page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urljoin, urlsplit

import azure.functions as func

from function_app import app as function_app
from local.host.people import Person
from local.host.templates import Template
from tests.support.app import MemoryApp

HOST = "http://docket.test"
# Tags without an end: HTML's own, and those of our drawings that the templates close at once.
_VOID = frozenset({"br", "hr", "img", "input", "link", "meta", "path", "rect"})
_UNLABELLED = frozenset({"hidden", "submit", "button", "reset", "image"})


@dataclass
class Element:
    """A tag with its attributes and what lies in it."""

    tag: str
    attrs: dict[str, str]
    parent: Element | None = None
    children: list[Element | str] = field(default_factory=list)

    def __iter__(self) -> Iterator[Element]:
        """Every element below, in the order of the page."""
        for child in self.children:
            if isinstance(child, Element):
                yield child
                yield from child

    @property
    def text(self) -> str:
        """The words inside, white space collapsed."""
        return " ".join("".join(self._texts()).split())

    def _texts(self) -> Iterator[str]:
        for child in self.children:
            if isinstance(child, Element):
                yield from child._texts()
            else:
                yield child

    def all(self, tag: str, **attrs: str) -> list[Element]:
        """Elements of that tag with those attributes (`data_row` means data-row)."""
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attrs.items()}
        return [
            e for e in self if e.tag == tag and all(e.attrs.get(n) == v for n, v in wanted.items())
        ]

    def by_id(self, name: str) -> Element:
        """The element of that id. Raises KeyError."""
        for element in self:
            if element.attrs.get("id") == name:
                return element
        raise KeyError(name)


class _Tree(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = self._at = Element("#document", {})

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {k: v or "" for k, v in attrs}, self._at)
        self._at.children.append(element)
        if tag not in _VOID:
            self._at = element

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._at.children.append(Element(tag, {k: v or "" for k, v in attrs}, self._at))

    def handle_endtag(self, tag: str) -> None:
        at: Element | None = self._at
        while at is not None and at.tag != tag:
            at = at.parent
        if at is not None and at.parent is not None:
            self._at = at.parent

    def handle_data(self, data: str) -> None:
        self._at.children.append(data)


def parse(html: str) -> Element:
    """The page as a tree."""
    tree = _Tree()
    tree.feed(html)
    return tree.root


@dataclass(frozen=True)
class Page:
    """An answer, as the browser got it."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: str

    @cached_property
    def doc(self) -> Element:
        """The page as a tree."""
        return parse(self.body)

    @property
    def text(self) -> str:
        """All words on the page."""
        return self.doc.text

    @property
    def location(self) -> str:
        """Where a redirect leads."""
        return self.headers.get("location", "")

    def forms(self, command: str = "") -> list[Element]:
        """The page's forms; with `command` those that give it."""
        found = self.doc.all("form")
        return [f for f in found if not command or _value(f, "command") == command]

    def form(self, command: str) -> Element:
        """The one form for that command. Raises AssertionError when it is not offered once."""
        found = self.forms(command)
        assert len(found) == 1, f"{len(found)} forms for {command}"
        return found[0]


def _value(form: Element, name: str) -> str | None:
    return next((e.attrs.get("value", "") for e in form if e.attrs.get("name") == name), None)


def filled(form: Element) -> list[tuple[str, str]]:
    """What a browser would send without anything typed; buttons aside."""
    found: list[tuple[str, str]] = []
    for e in form:
        name = e.attrs.get("name", "")
        if not name or "disabled" in e.attrs:
            continue
        if e.tag == "input" and e.attrs.get("type") in ("checkbox", "radio"):
            if "checked" in e.attrs:
                found.append((name, e.attrs.get("value", "on")))
        elif e.tag == "input" and e.attrs.get("type") not in ("submit", "file"):
            found.append((name, e.attrs.get("value", "")))
        elif e.tag == "textarea":
            raw = "".join(c for c in e.children if isinstance(c, str))
            found.append((name, raw.removeprefix("\n")))
        elif e.tag == "select":
            options = e.all("option")
            chosen = [o for o in options if "selected" in o.attrs] or options[:1]
            found.extend((name, o.attrs.get("value", o.text)) for o in chosen)
    return found


def inspect(page: Page) -> None:
    """What must hold for every page, whatever it shows."""
    policy = page.headers.get("content-security-policy", "")
    assert "script-src 'self'" in policy, page.url
    assert "frame-ancestors 'none'" in policy, page.url
    assert page.headers.get("x-content-type-options") == "nosniff", page.url
    may_go_back = page.url.startswith("/request/") and page.status == 200  # to what was typed
    kept = "private, no-cache" if may_go_back else "no-store"
    assert page.headers.get("cache-control") == kept, page.url
    if "<html" in page.body:
        _inspect_document(page)
    elements = list(page.doc)
    ids = [e.attrs["id"] for e in elements if "id" in e.attrs]
    assert len(ids) == len(set(ids)), f"{page.url}: ids twice: {_twice(ids)}"
    for element in elements:
        _inspect_element(page, element)


def _inspect_document(page: Page) -> None:
    assert page.body.startswith("<!doctype html>"), page.url
    (root,) = page.doc.all("html")
    assert root.attrs.get("lang"), page.url
    (title,) = (t for t in page.doc.all("title") if t.parent and t.parent.tag == "head")
    assert title.text, page.url
    assert len(page.doc.all("h1")) == 1, f"{page.url}: {len(page.doc.all('h1'))} h1"
    assert len(page.doc.all("main")) == 1, page.url


def _inspect_element(page: Page, e: Element) -> None:
    where = f"{page.url}: <{e.tag} {e.attrs}>"
    assert not [name for name in e.attrs if name.startswith("on")], where
    assert "style" not in e.attrs, where
    assert e.tag not in ("iframe", "object", "embed", "base"), where
    if e.tag == "script":
        assert e.attrs.get("src", "").startswith("/static/"), where
    if e.tag in ("img", "link"):
        assert e.attrs.get("src", e.attrs.get("href", "")).startswith("/static/"), where
    if e.tag == "a" and "href" in e.attrs:
        assert urlsplit(e.attrs["href"]).scheme in ("", "http", "https", "mailto"), where
    if e.tag == "form" and e.attrs.get("method") != "dialog":
        action = e.attrs.get("action", "")
        assert action.startswith("/"), where
        assert not action.startswith("//"), where
    if e.tag in ("input", "select", "textarea") and e.attrs.get("type") not in _UNLABELLED:
        assert _is_labelled(page.doc, e), where
    if e.tag == "button":
        assert e.text or e.attrs.get("aria-label"), where


def _is_labelled(doc: Element, e: Element) -> bool:
    if e.attrs.get("aria-label") or e.attrs.get("aria-labelledby"):
        return True
    if e.attrs.get("id") and doc.all("label", for_=e.attrs["id"]):
        return True
    at = e.parent
    while at is not None:
        if at.tag == "label":
            return True
        at = at.parent
    return False


def _twice(names: list[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})


class PageClient:
    """`PageClient(app, "holly@mytc.example")`; without an address nobody is signed in.

    The caller has made the app the current one (shared.context.use_app) and has set
    WEBSITE_AUTH_ENABLED, as App Service does.
    """

    def __init__(
        self, app: MemoryApp, email: str = "", *, app_roles: tuple[str, ...] = ("Docket.Staff",)
    ) -> None:
        self._app = app
        person = Person(email, email, (), app_roles)
        self._identity = person.headers if email else {}

    async def get(self, url: str, **headers: str) -> Page:
        """Opens the address; a redirect is told, not followed."""
        return await self._send("GET", url, b"", headers)

    async def post(
        self, url: str, values: Mapping[str, str] | list[tuple[str, str]], **headers: str
    ) -> Page:
        """Sends a form; header names are written with _ for -."""
        pairs = list(values.items()) if isinstance(values, Mapping) else values
        kind = {"content_type": "application/x-www-form-urlencoded"}
        return await self._send("POST", url, urlencode(pairs).encode(), kind | headers)

    async def submit(self, form: Element, **typed: str) -> Page:
        """Sends a form of a page with these fields typed over what it held."""
        kept = [(name, value) for name, value in filled(form) if name not in typed]
        return await self.post(form.attrs["action"], [*kept, *typed.items()])

    async def upload(self, form: Element, name: str, file: tuple[str, bytes], **typed: str) -> Page:
        """Sends a multipart form with one file."""
        kept = [(n, value) for n, value in filled(form) if n not in typed]
        body = b"".join(
            f'--sep\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n'.encode()
            for n, v in [*kept, *typed.items()]
        )
        head = f'--sep\r\nContent-Disposition: form-data; name="{name}"; filename="{file[0]}"\r\n'
        body += head.encode() + b"Content-Type: text/html\r\n\r\n" + file[1] + b"\r\n--sep--\r\n"
        kind = {"content_type": "multipart/form-data; boundary=sep"}
        return await self._send("POST", form.attrs["action"], body, kind)

    async def follow(self, page: Page) -> Page:
        """Goes where a redirect leads."""
        assert page.status in (302, 303), (page.status, page.text)
        return await self.get(page.location)

    async def _send(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Page:
        parts = urlsplit(urljoin(HOST, url))
        handler, route = _find(method, unquote(parts.path))
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        req = func.HttpRequest(
            method,
            urljoin(HOST, url),
            headers={"host": "docket.test", **self._identity, **given},
            params=dict(parse_qsl(parts.query)),
            route_params=route,
            body=body,
        )
        answer: func.HttpResponse = await handler(req)
        told = {name.lower(): value for name, value in answer.headers.items()}
        page = Page(url, answer.status_code, told, answer.get_body().decode("utf-8", "replace"))
        if answer.mimetype == "text/html" and page.body:
            inspect(page)
        return page


type Handler = Callable[..., Awaitable[func.HttpResponse]]


def _routes() -> list[tuple[Template, frozenset[str], Handler]]:
    """HTTP functions in the order in which the platform looks: by name."""
    found: list[tuple[Template, frozenset[str], Handler]] = []
    for function in sorted(function_app.get_functions(), key=lambda f: str(f.get_function_name())):
        trigger: Any = function.get_trigger()
        if trigger is None or trigger.type != "httpTrigger":
            continue
        methods = frozenset(str(getattr(m, "value", m)) for m in trigger.methods or ())
        found.append((Template(trigger.route), methods, function.get_user_function()))
    return found


_ROUTES = _routes()


def _find(method: str, path: str) -> tuple[Handler, dict[str, str]]:
    parts = [part for part in path.split("/") if part]
    for template, methods, handler in _ROUTES:
        if methods and method not in methods:
            continue
        route = template.match(parts)
        if route is not None:
            return handler, route
    raise AssertionError(f"no door for {method} {path}")

"""The one narrow seam through which vendors are called over plain HTTPS."""

from __future__ import annotations

import asyncio
import email.utils
import json as jsonlib
import logging
import re
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from shared.domain.errors import DocketError, Rejected, Unavailable

if TYPE_CHECKING:
    import httpx

type Authorise = Callable[[], Awaitable[str]]
"""Gives the value of the Authorization header."""

type OnCall = Callable[[str], None]
"""Hears the name of each vendor call before it is made."""

TIMEOUT = 20.0
"""Seconds for one call, from first byte out to last byte in."""

_CONNECT_TIMEOUT = 5.0
# Refused for now: credentials and permissions can be mended while the effect waits,
# a conflict or a lock passes by itself.
_PASSING = frozenset({401, 403, 408, 409, 412, 423, 425, 429})
_CODE = re.compile(r"[A-Za-z][\w.-]{1,79}")

# httpx logs every URL at INFO; some of ours are secrets (workflow addresses, upload sessions).
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


def open_client(
    timeout: float = TIMEOUT, transport: httpx.AsyncBaseTransport | None = None
) -> httpx.AsyncClient:
    """A client without retries, redirects or environment proxies for one event loop."""
    import httpx  # noqa: PLC0415  # costs 0.1 s, which an intake that calls no vendor need not pay

    return httpx.AsyncClient(
        timeout=httpx.Timeout(timeout, connect=_CONNECT_TIMEOUT),
        transport=transport or httpx.AsyncHTTPTransport(),
        follow_redirects=False,
        trust_env=False,
    )


class Wire:
    """One vendor's HTTPS API.

    Never sends anything twice; gives up after `timeout` seconds; raises our own errors, whose
    texts hold neither URLs nor bodies.
    """

    def __init__(
        self,
        vendor: str,
        base_url: str = "",
        *,
        authorise: Authorise | None = None,
        client: httpx.AsyncClient | None = None,
        timeout: float = TIMEOUT,
        on_call: OnCall | None = None,
    ) -> None:
        self.vendor = vendor
        self.base_url = base_url.rstrip("/")
        self._authorise = authorise
        self._client = client
        self._timeout = timeout
        self._on_call = on_call

    async def call(
        self,
        name: str,
        method: str,
        path: str,
        *,
        json: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        accept: Collection[int] = (),
        missing: type[DocketError] = Rejected,
        timeout: float | None = None,  # noqa: ASYNC109  # handed to asyncio.timeout below
    ) -> httpx.Response:
        """Calls `path` below the base URL and gives the answer.

        A status outside 2xx and `accept` raises: Unavailable when it may pass, `missing` for
        404, else Rejected. `name` is what logs, metrics and errors call the call.
        """
        sent = dict(headers or {})
        if json is not None:
            content = jsonlib.dumps(json, ensure_ascii=False).encode()
            sent.setdefault("Content-Type", "application/json")
        if self._authorise is not None:
            sent["Authorization"] = await self._authorise()
        url = self._below(path)
        answer = await self._attempt(
            name, lambda: self._send(method, url, sent, content), timeout or self._timeout
        )
        return self._judge(name, answer, accept, missing)

    async def call_secret(
        self,
        name: str,
        method: str,
        url: str,
        content: bytes,
        headers: Mapping[str, str],
        timeout: float,  # noqa: ASYNC109  # handed to asyncio.timeout below
    ) -> httpx.Response:
        """Calls an address that is itself the key: no Authorization, no trace of the address."""
        with _untraced():
            answer = await self._attempt(
                name, lambda: Wire._send(self, method, url, headers, content), timeout, secret=True
            )
        return self._judge(name, answer, (), Rejected)

    async def fetch(self, name: str, path: str, **options: Any) -> dict[str, Any]:
        """GETs a JSON object."""
        return document(self.vendor, name, await self.call(name, "GET", path, **options))

    async def submit(
        self, name: str, method: str, path: str, json: Any, **options: Any
    ) -> dict[str, Any]:
        """Sends JSON and gives the answer's JSON object ({} for an empty answer)."""
        answer = await self.call(name, method, path, json=json, **options)
        return document(self.vendor, name, answer) if answer.content else {}

    async def aclose(self) -> None:
        """Closes the connections."""
        if self._client is not None:
            await self._client.aclose()

    def _below(self, path: str) -> str:
        # Continuation links come back as whole URLs: our token must not follow them elsewhere.
        if path.startswith(("http://", "https://")):
            if not path.startswith(f"{self.base_url}/"):
                raise Rejected(f"{self.vendor}: a link leads away from the service's address")
            return path
        return f"{self.base_url}/{path.removeprefix('/')}"

    async def _send(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None
    ) -> httpx.Response:
        if self._client is None:
            self._client = open_client(self._timeout)
        return await self._client.request(method, url, headers=headers, content=content)

    async def _attempt(
        self,
        name: str,
        send: Callable[[], Awaitable[httpx.Response]],
        timeout: float,  # noqa: ASYNC109
        *,
        secret: bool = False,
    ) -> httpx.Response:
        import httpx  # noqa: PLC0415  # see open_client

        if self._on_call is not None:
            self._on_call(name)
        try:
            async with asyncio.timeout(timeout):
                return await send()
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            kind = type(error).__name__
            # httpx puts the address into some messages, hence no cause where it is a secret
            cause = None if secret else error
            raise Unavailable(f"{self.vendor}: {name}: no answer ({kind})") from cause

    def _judge(
        self, name: str, answer: httpx.Response, accept: Collection[int], missing: type[DocketError]
    ) -> httpx.Response:
        if answer.is_success or answer.status_code in accept:
            return answer
        raise failure(self.vendor, name, answer, missing)


def failure(
    vendor: str, name: str, answer: httpx.Response, missing: type[DocketError] = Rejected
) -> DocketError:
    """What a refusing answer means to us."""
    status = answer.status_code
    code = diagnosis(answer)
    text = f"{vendor}: {name} was answered with {status}" + (f" ({code})" if code else "")
    if status == 404:
        return missing(text)
    if status < 400 or status >= 500 or status in _PASSING:
        return Unavailable(text, retry_after(answer.headers))
    return Rejected(text)


def document(vendor: str, name: str, answer: httpx.Response) -> dict[str, Any]:
    """The JSON object in an answer. Raises Unavailable for anything else (a proxy's page)."""
    try:
        found = answer.json()
    except ValueError as error:
        raise Unavailable(f"{vendor}: {name} was answered with something else than JSON") from error
    if not isinstance(found, dict):
        raise Unavailable(f"{vendor}: {name} was answered with JSON of another shape")
    return found


def diagnosis(answer: httpx.Response) -> str:
    """The vendor's short error code, when it gave one; never its free text, which may hold names.

    Graph and ACS: `error.code`; Azure DevOps: `typeKey`; Jira: the names of the wrong fields.
    """
    try:
        body = answer.json()
    except ValueError:
        return ""
    if not isinstance(body, dict):
        return ""
    inner = body.get("error")
    code = inner.get("code") if isinstance(inner, dict) else body.get("typeKey")
    codes = [code] if code else list(body.get("errors") or ())
    return ", ".join(c for c in codes if isinstance(c, str) and _CODE.fullmatch(c))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds from a Retry-After header (RFC 9110, 10.2.3: seconds or a date)."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    if re.fullmatch(r"\d+(\.\d+)?", value):
        return float(value)
    try:
        until = email.utils.parsedate_to_datetime(value)
        now = email.utils.parsedate_to_datetime(headers.get("date", ""))
    except ValueError:
        return None
    return max(0.0, (until - now).total_seconds())


def _untraced() -> AbstractContextManager[None]:
    from opentelemetry.instrumentation.utils import (  # noqa: PLC0415  # only where needed
        suppress_http_instrumentation,
    )

    return suppress_http_instrumentation()

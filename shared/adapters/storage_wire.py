"""One round trip to a storage service over azure-core's pipeline, and what its failure means.

The storage SDKs put ten to fifteen policies, an XML or JSON model and, for transactions, the
standard library's mail package around each call. A submission waits for all of that, so the
adapters write their few requests themselves and keep azure-core's transport and credentials.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from weakref import WeakKeyDictionary
from wsgiref.handlers import format_date_time

import aiohttp
from azure.core.exceptions import AzureError, ClientAuthenticationError
from azure.core.pipeline import AsyncPipeline, PipelineRequest
from azure.core.pipeline.policies import DistributedTracingPolicy, SansIOHTTPPolicy
from azure.core.pipeline.transport import AioHttpTransport
from azure.core.rest import AsyncHttpResponse, HttpRequest

from shared.adapters.retrying import Backoff
from shared.adapters.storage_account import StorageAccount
from shared.domain.errors import Unavailable, Unknown

LARGE = 512 * 1024
CONNECT_SECONDS = 5.0
READ_SECONDS = 15.0
# Rights granted at deployment take minutes to arrive; hammering does not hasten them.
# https://learn.microsoft.com/azure/role-based-access-control/troubleshooting
DENIED_RETRY_SECONDS = 60.0

_CODE = re.compile(rb'"code": *"(\w+)"|<Code>(\w+)</Code>')

type OnCall = Callable[[str], None]
type _Pipeline = AsyncPipeline[HttpRequest, AsyncHttpResponse]


def unobserved(_: str) -> None:
    """The default for `on_call`: nobody counts."""


@dataclass(frozen=True)
class Answer:
    """What the service said, below the statuses that mean that it is away."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def code(self) -> str:
        """The service's own error code, such as TableNotFound; may be empty."""
        if self.status < 400:
            return ""
        if code := self.headers.get("x-ms-error-code"):
            return code
        found = _CODE.search(self.content)
        return (found[1] or found[2]).decode() if found else ""


def upload(content: bytes) -> bytes | BytesIO:
    """The content in the form that suits a request: a large one as a stream."""
    # aiohttp writes bytes in one go, during which the event loop stands still.
    return content if len(content) < LARGE else BytesIO(content)


class _Stamp(SansIOHTTPPolicy[HttpRequest, AsyncHttpResponse]):
    """The headers that every storage request carries."""

    def __init__(self, version: str) -> None:
        self._version = version

    def on_request(self, request: PipelineRequest[HttpRequest]) -> None:
        headers = request.http_request.headers
        headers["User-Agent"] = "docket"
        headers["x-ms-version"] = self._version
        headers["x-ms-date"] = format_date_time(time.time())


class Wire:
    """Sends requests to one service; one HTTP session for each event loop that uses it."""

    def __init__(
        self,
        account: StorageAccount,
        *,
        version: str,
        tables: bool = False,
        on_call: OnCall = unobserved,
        read_seconds: float = READ_SECONDS,
        backoff: Backoff | None = None,
    ) -> None:
        """`version` of the service's REST API; `tables`: it is the Table service."""
        self._account = account
        self._version = version
        self._tables = tables
        self._on_call = on_call
        self._read_seconds = read_seconds
        self._backoff = backoff or Backoff()
        self._pipelines: WeakKeyDictionary[asyncio.AbstractEventLoop, _Pipeline] = (
            WeakKeyDictionary()
        )

    async def send(self, call: str, request: HttpRequest) -> Answer:
        """One attempt, reported to `on_call` under the name `call`.

        Raises Unavailable when the service did nothing, Unknown when nobody can tell.
        """
        self._on_call(call)
        try:
            response = (await self._pipeline().run(request)).http_response
        except ClientAuthenticationError as error:
            raise Unavailable(f"{call}: no token", DENIED_RETRY_SECONDS) from error
        except AzureError as error:
            raise _unanswered(call, error) from error
        answer = Answer(response.status_code, response.headers, response.content)
        if answer.status in (401, 403, 408, 429) or answer.status >= 500:
            raise away(call, answer.status, answer.code, answer.headers.get("Retry-After"))
        return answer

    async def ask(self, call: str, make: Callable[[], HttpRequest]) -> Answer:
        """The same for a request that may be repeated: several attempts. Raises Unavailable."""
        for wait in self._backoff.waits():
            try:
                return await self.send(call, make())
            except (Unavailable, Unknown) as error:
                asked = error.retry_after if isinstance(error, Unavailable) else None
                if wait is None or (asked is not None and asked > self._backoff.patience):
                    raise Unavailable(str(error), asked) from error
                pause = max(wait, asked or 0.0)
            await asyncio.sleep(pause)
        raise AssertionError("unreachable: the last wait is None")

    async def aclose(self) -> None:
        """Closes the running loop's session."""
        pipeline = self._pipelines.pop(asyncio.get_running_loop(), None)
        if pipeline is not None:
            await pipeline.__aexit__(None, None, None)

    def _pipeline(self) -> _Pipeline:
        loop = asyncio.get_running_loop()
        pipeline = self._pipelines.get(loop)
        if pipeline is None:
            pipeline = self._pipelines[loop] = AsyncPipeline(self._transport(), self._policies())
        return pipeline

    def _policies(self) -> list[Any]:
        # Fresh ones for each pipeline, which chains them by writing to them. Any, because
        # azure-core types its ready-made policies for the synchronous pipeline.
        signer = self._account.signer(tables=self._tables)
        return [_Stamp(self._version), signer, DistributedTracingPolicy()]

    def _transport(self) -> AioHttpTransport:
        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(keepalive_timeout=self._account.keepalive),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,  # azure-core does it
        )
        return AioHttpTransport(
            session=session,
            connection_timeout=CONNECT_SECONDS,
            read_timeout=self._read_seconds,
            connection_data_block_size=256 * 1024,
        )


def away(call: str, status: int, code: str, retry_after: str | None = None) -> Exception:
    """What a status that means "not now" stands for: Unavailable when it did nothing."""
    said = f"{call}: {status} {code}".rstrip()
    if status in (401, 403):
        return Unavailable(said, DENIED_RETRY_SECONDS)
    if status == 429 or code == "ServerBusy":
        seconds = retry_after or ""
        return Unavailable(said, float(seconds) if seconds.isdecimal() else None)
    return Unknown(said)


def _unanswered(call: str, error: AzureError) -> Exception:
    never_sent = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
    if isinstance(error.inner_exception, never_sent):
        return Unavailable(f"{call}: no connection")
    return Unknown(f"{call}: no answer ({type(error).__name__})")

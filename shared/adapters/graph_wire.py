"""Microsoft Graph over the SDK's own adapter, pipeline and credentials, without its models.

Building and parsing the SDK's models costs three times the CPU of everything else in a call, so
requests are plain JSON; the rest (authentication with claims challenges, host check, telemetry,
middleware) is msgraph-sdk's. The package is imported when the first call is made.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit
from weakref import WeakKeyDictionary

from shared.adapters.credentials import GRAPH
from shared.adapters.http import OnCall, Wire, open_client
from shared.domain.errors import Unavailable

if TYPE_CHECKING:
    import httpx
    from azure.core.credentials_async import AsyncTokenCredential
    from msgraph.graph_request_adapter import GraphRequestAdapter

IMMUTABLE = 'IdType="ImmutableId"'
"""Prefer header: ids that survive a move to another folder."""

_TIMEOUT = 30.0
_SLOTS = 4  # https://learn.microsoft.com/graph/throttling-limits#outlook-service-limits
# Longer than any call may take: the limit that counts is set around the call.
_CLIENT_TIMEOUT = 300.0


class GraphWire(Wire):
    """Graph for one identity; keeps to four concurrent calls for each mailbox."""

    def __init__(
        self,
        base_url: str,
        credential: AsyncTokenCredential,
        *,
        timeout: float = _TIMEOUT,
        on_call: OnCall | None = None,
    ) -> None:
        super().__init__("Graph", base_url, timeout=timeout, on_call=on_call)
        self._credential = credential
        self._adapter: GraphRequestAdapter | None = None
        self._transport: httpx.AsyncHTTPTransport | None = None
        self._slots: WeakKeyDictionary[
            asyncio.AbstractEventLoop, defaultdict[str, asyncio.Semaphore]
        ] = WeakKeyDictionary()

    def slot(self, mailbox: str) -> asyncio.Semaphore:
        """To be held during a call to that mailbox; belongs to the running event loop."""
        loop = asyncio.get_running_loop()
        slots = self._slots.setdefault(loop, defaultdict(lambda: asyncio.Semaphore(_SLOTS)))
        return slots[mailbox.lower()]

    async def aclose(self) -> None:
        """Closes the connections; the credential belongs to the caller."""
        await super().aclose()
        if self._transport is not None:  # the SDK's client does not close what it wraps
            await self._transport.aclose()

    async def _send(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None
    ) -> httpx.Response:
        from azure.core.exceptions import AzureError  # noqa: PLC0415  # with msgraph-sdk
        from kiota_abstractions.api_error import APIError  # noqa: PLC0415

        request = _request(method, url, headers, content)
        adapter = self._adapter or self._open()
        try:
            # the response handler that _request sets hands the answer through
            answer: Any = await adapter.send_no_response_content_async(request, {})
        except (AzureError, APIError) as error:
            raise Unavailable(f"Graph: no answer ({type(error).__name__})") from error
        return answer  # type: ignore[no-any-return]

    def _open(self) -> GraphRequestAdapter:
        import httpx  # noqa: PLC0415
        from kiota_authentication_azure.azure_identity_authentication_provider import (  # noqa: PLC0415
            AzureIdentityAuthenticationProvider,
        )
        from msgraph.graph_request_adapter import GraphRequestAdapter  # noqa: PLC0415

        self._transport = httpx.AsyncHTTPTransport()
        host = urlsplit(self.base_url).hostname or ""
        provider = AzureIdentityAuthenticationProvider(
            self._credential, scopes=[GRAPH], allowed_hosts=[host]
        )
        self._adapter = GraphRequestAdapter(provider, _sdk_client(self._transport))
        self._adapter.base_url = self.base_url
        return self._adapter


def user_path(mailbox: str, *parts: str) -> str:
    """`/users/{mailbox}/...`, quoted."""
    return "/".join(("/users", quote(mailbox, safe=""), *(quote(p, safe="$()") for p in parts)))


def _sdk_client(transport: httpx.AsyncHTTPTransport) -> httpx.AsyncClient:
    """The SDK's client with its telemetry alone: what is absent cannot retry or redirect."""
    from msgraph.graph_request_adapter import options  # noqa: PLC0415
    from msgraph_core import GraphClientFactory  # type: ignore[import-untyped]  # noqa: PLC0415
    from msgraph_core.middleware import (  # type: ignore[import-untyped]  # noqa: PLC0415
        GraphTelemetryHandler,
    )
    from msgraph_core.middleware.options import (  # type: ignore[import-untyped]  # noqa: PLC0415
        GraphTelemetryHandlerOption,
    )

    telemetry = GraphTelemetryHandler(options[GraphTelemetryHandlerOption.get_key()])
    client: httpx.AsyncClient = GraphClientFactory.create_with_custom_middleware(
        [telemetry], client=open_client(_CLIENT_TIMEOUT, transport)
    )
    return client


def _request(method: str, url: str, headers: Mapping[str, str], content: bytes | None) -> Any:
    from kiota_abstractions.method import Method  # noqa: PLC0415
    from kiota_abstractions.native_response_handler import NativeResponseHandler  # noqa: PLC0415
    from kiota_abstractions.request_information import RequestInformation  # noqa: PLC0415
    from kiota_http.middleware.options import ResponseHandlerOption  # noqa: PLC0415

    request = RequestInformation()
    request.http_method = Method[method]
    request.url = url
    request.content = content
    for name, value in headers.items():
        request.headers.add(name, value)
    request.add_request_options([ResponseHandlerOption(NativeResponseHandler())])
    return request

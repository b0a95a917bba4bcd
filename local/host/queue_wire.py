"""Storage queues over plain HTTP: the four calls that a listener makes, at little CPU.

A call through the storage SDK costs the host some 3 ms of CPU, one here a fraction of that.
https://learn.microsoft.com/rest/api/storageservices/queue-service-rest-api
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Self
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

import aiohttp
from azure.storage.queue import AccountSasPermissions, ResourceTypes, generate_account_sas
from yarl import URL

from local.azurite import Ports, connection_string
from local.host.errors import FunctionDroppedError

TIMEOUT = aiohttp.ClientTimeout(total=30)
# Azurite closes idle connections after 5 s; a pooled one must be given up before.
KEEP_ALIVE = 4.0
DEFAULT_CONNECTION = "AzureWebJobsStorage"


class QueueError(RuntimeError):
    """The queue service refused a call, or could not be reached."""


class QueueMissingError(QueueError):
    """The queue, or the message in it, does not exist."""


@dataclass
class Received:
    """A message that is ours for a while; times are aware UTC, `text` as it was sent."""

    id: str
    text: str
    pop_receipt: str
    dequeue_count: int
    insertion_time: datetime
    expiration_time: datetime
    next_visible_time: datetime

    @classmethod
    def parse(cls, element: ET.Element) -> Self:
        found = {child.tag: child.text or "" for child in element}
        return cls(
            found["MessageId"],
            found["MessageText"],
            found["PopReceipt"],
            int(found["DequeueCount"]),
            parsedate_to_datetime(found["InsertionTime"]),
            parsedate_to_datetime(found["ExpirationTime"]),
            parsedate_to_datetime(found["TimeNextVisible"]),
        )


class QueueWire:
    """The queues of one storage account."""

    def __init__(self, session: aiohttp.ClientSession, connection: str) -> None:
        """Raises FunctionDroppedError for a connection string that has no account key."""
        self._session = session
        parts = _parts(connection)
        self._endpoint = parts["QueueEndpoint"].rstrip("/")
        # A signature for the whole account, once, spares signing every call.
        self._signature = generate_account_sas(
            parts["AccountName"],
            parts["AccountKey"],
            ResourceTypes(container=True, object=True),
            AccountSasPermissions(
                read=True, write=True, delete=True, add=True, create=True, update=True, process=True
            ),
            datetime.now(UTC) + timedelta(days=365),
        )

    async def receive(self, queue: str, count: int, visibility: int) -> list[Received]:
        """Up to `count` messages, hidden from others for `visibility` seconds."""
        query = f"numofmessages={count}&visibilitytimeout={visibility}"
        body, _ = await self._call("GET", f"{queue}/messages", query)
        if b"<QueueMessage>" not in body:
            return []
        try:
            # The answer comes from the developer's own storage emulator.
            return [Received.parse(each) for each in ET.fromstring(body)]  # noqa: S314
        except (ET.ParseError, KeyError, ValueError) as error:
            raise QueueError(f"{queue} holds what XML cannot carry: {error}") from error

    async def delete(self, queue: str, message: Received) -> None:
        await self._call("DELETE", f"{queue}/messages/{message.id}", _receipt(message))

    async def hide(self, queue: str, message: Received, seconds: int) -> None:
        """Sets how long the message stays hidden from now on; its pop receipt changes."""
        query = f"{_receipt(message)}&visibilitytimeout={seconds}"
        _, headers = await self._call("PUT", f"{queue}/messages/{message.id}", query)
        message.pop_receipt = headers.get("x-ms-popreceipt", message.pop_receipt)

    async def send(self, queue: str, text: str) -> None:
        """Adds a message with the default time to live; creates the queue when it is missing."""
        body = f"<QueueMessage><MessageText>{escape(text)}</MessageText></QueueMessage>".encode()
        try:
            await self._call("POST", f"{queue}/messages", "", body)
        except QueueMissingError:
            await self._call("PUT", queue, "")
            await self._call("POST", f"{queue}/messages", "", body)

    async def _call(
        self, method: str, path: str, query: str, body: bytes | None = None
    ) -> tuple[bytes, Mapping[str, str]]:
        url = URL(f"{self._endpoint}/{path}?{query}&{self._signature}", encoded=True)
        try:
            async with self._session.request(method, url, data=body, timeout=TIMEOUT) as answer:
                content = await answer.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise QueueError(f"{method} {path}: {error!r}") from error
        if answer.status == 404:
            raise QueueMissingError(path)
        if answer.status >= 400:
            code = answer.headers.get("x-ms-error-code", "")
            raise QueueError(f"{method} {path}: {answer.status} {code}")
        return content, answer.headers


class Wires:
    """The accounts that bindings name, each opened once; `async with` closes them."""

    def __init__(self, settings: Mapping[str, str] = os.environ) -> None:
        self._settings = settings
        self._session: aiohttp.ClientSession | None = None
        self._open: dict[str, QueueWire] = {}

    def get(self, connection: str) -> QueueWire:
        """Raises FunctionDroppedError when the connection's app setting is missing."""
        name = connection or DEFAULT_CONNECTION
        if name not in self._open:
            found = self._settings.get(f"AzureWebJobs{name}") or self._settings.get(name)
            if not found:
                raise FunctionDroppedError(
                    f"storage account connection string '{name}' does not exist"
                )
            if self._session is None:
                raise RuntimeError("Wires is used outside `async with`")
            self._open[name] = QueueWire(self._session, found)
        return self._open[name]

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE)
        self._session = aiohttp.ClientSession(connector=connector, auto_decompress=False)
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        if self._session is not None:
            await self._session.close()


def _receipt(message: Received) -> str:
    return URL.build(query={"popreceipt": message.pop_receipt}).raw_query_string.replace("+", "%2B")


def _parts(connection: str) -> dict[str, str]:
    pairs = (each.partition("=") for each in connection.split(";") if each)
    parts = {name.strip(): value for name, _, value in pairs}
    if parts.get("UseDevelopmentStorage", "").lower() == "true":
        return _parts(connection_string(Ports(10000, 10001, 10002)))
    if not {"AccountName", "AccountKey"} <= parts.keys():
        raise FunctionDroppedError("this host needs a connection string with an account key")
    if "QueueEndpoint" not in parts:
        suffix = parts.get("EndpointSuffix", "core.windows.net")
        scheme = parts.get("DefaultEndpointsProtocol", "https")
        parts["QueueEndpoint"] = f"{scheme}://{parts['AccountName']}.queue.{suffix}"
    return parts

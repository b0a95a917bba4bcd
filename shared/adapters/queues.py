"""The bell, on an Azure storage queue."""

from __future__ import annotations

import base64
import datetime as dt

from azure.core.rest import HttpRequest

from shared.adapters.storage_account import StorageAccount
from shared.adapters.storage_limits import check_message, check_queue_name
from shared.adapters.storage_wire import Answer, OnCall, Wire, unobserved
from shared.domain.errors import Rejected, Unavailable, Unknown

API_VERSION = "2021-12-02"
READ_SECONDS = 5.0  # somebody waits for the answer, and a timer rings again what is not rung


class QueueBell:
    """The port Bell over one queue, which is created when it is missing.

    Messages never expire, and are base64 of UTF-8, which the Functions queue trigger expects.
    `on_call` hears of each round trip: queue.put, queue.create.
    """

    def __init__(
        self, account: StorageAccount, queue: str, *, on_call: OnCall = unobserved
    ) -> None:
        """ValueError for a name that no queue may have."""
        self._url = f"{account.queues}/{check_queue_name(queue)}"
        self._wire = Wire(
            account,
            version=API_VERSION,
            on_call=on_call,
            read_seconds=READ_SECONDS,
        )

    async def ring(self, message: str, *, delay: dt.timedelta = dt.timedelta()) -> None:
        """Queues the message; a delay in the past is none. Never tries twice.

        Raises Unavailable, also when the message may have arrived; ValueError beyond 48 KiB
        of UTF-8 or seven days.
        """
        seconds = check_message(message, delay)
        try:
            answer = await self._put(message, seconds)
            if answer.status == 404:
                await self._create()
                answer = await self._put(message, seconds)
        except Unknown as error:
            raise Unavailable(str(error)) from error
        if answer.status != 201:
            raise Rejected(f"queue.put: {answer.status} {answer.code}")

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._wire.aclose()

    async def _put(self, message: str, seconds: int) -> Answer:
        # https://learn.microsoft.com/rest/api/storageservices/put-message
        url = f"{self._url}/messages?messagettl=-1&visibilitytimeout={seconds}"
        text = base64.b64encode(message.encode()).decode()
        body = f"<QueueMessage><MessageText>{text}</MessageText></QueueMessage>".encode()
        headers = {"Content-Type": "application/xml"}
        return await self._wire.send(
            "queue.put", HttpRequest("POST", url, headers=headers, content=body)
        )

    async def _create(self) -> None:
        answer = await self._wire.send("queue.create", HttpRequest("PUT", self._url))
        if answer.status >= 300 and answer.code != "QueueAlreadyExists":
            raise Unavailable(f"queue.create: {answer.status} {answer.code}")

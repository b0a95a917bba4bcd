"""A queue trigger's listener: polls, runs the function, deletes, retries or poisons.

Follows the Storage extension's QueueListener and QueueProcessor.
https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue-trigger
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from azure_functions_runtime.bindings.datumdef import Datum

from local.host.host_json import QueueOptions
from local.host.queue_message import decode, metadata
from local.host.queue_wire import QueueError, QueueMissingError, QueueWire, Received

log = logging.getLogger("local.host.queue")
LEASE = 600  # seconds that a message stays hidden while its function runs
SHORTEST_POLL = 0.1  # seconds
NAME_LIMIT = 63

type Run = Callable[[Datum, dict[str, Datum]], Awaitable[bool]]


class QueuePoller:
    """listen() until stop(); `run` answers whether the function succeeded."""

    def __init__(
        self, queue: str, wire: QueueWire, options: QueueOptions, run: Run, *, lease: int = LEASE
    ) -> None:
        self._queue = queue
        self._wire = wire
        self._options = options
        self._run = run
        self._lease = lease
        self._stopping = asyncio.Event()
        self._processing: set[asyncio.Task[None]] = set()
        self._poison = poison_queue(queue)
        self._failing = False

    async def listen(self) -> None:
        idle = 0
        while not self._stopping.is_set():
            messages = await self._receive()
            if not messages:
                idle += 1
                await self._pause(idle)
                continue
            idle = 0
            for message in messages:
                self._start(message)
            while len(self._processing) > self._options.new_batch_threshold:
                await asyncio.wait(self._processing, return_when=asyncio.FIRST_COMPLETED)
        if self._processing:
            await asyncio.wait(self._processing)

    def stop(self) -> None:
        """No new messages; listen() ends when the running ones are done."""
        self._stopping.set()

    async def _receive(self) -> list[Received]:
        try:
            found = await self._wire.receive(self._queue, self._options.batch_size, self._lease)
        except QueueMissingError:
            found = []
        except QueueError as error:
            if not self._failing:
                log.warning("Queue cannot be read, trying on: %s", error)
            self._failing = True
            return []
        self._failing = False
        return found

    async def _pause(self, idle: int) -> None:
        """Backs off from 0.1 s, doubling, to the ceiling, each step spread by a fifth."""
        ceiling = self._options.max_polling_interval.total_seconds()
        spread = random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, guards nothing
        seconds = min(ceiling, SHORTEST_POLL * spread * 2 ** min(idle - 1, 20))
        try:
            async with asyncio.timeout(max(seconds, SHORTEST_POLL)):
                await self._stopping.wait()
        except TimeoutError:
            return

    def _start(self, message: Received) -> None:
        task = asyncio.create_task(self._process(message))
        self._processing.add(task)
        task.add_done_callback(self._processing.discard)

    async def _process(self, message: Received) -> None:
        try:
            if message.dequeue_count > self._options.max_dequeue_count:
                await self._to_poison(message)
                return
            text = decode(message.text, is_base64=self._options.base64)
            if text is None:
                log.warning("Message is not base64: %s in queue %s", message.id, self._queue)
                await self._to_poison(message)
                return
            given = metadata(message, text)
            async with _Renewal(self._wire, self._queue, message, self._lease):
                ok = await self._run(Datum(text, "string"), given)
            await self._complete(message, ok=ok)
        except QueueMissingError:
            log.info("Message or queue is gone: %s in queue %s", message.id, self._queue)
        except QueueError as error:
            log.warning("Message could not be completed, it will come back: %s", error)

    async def _complete(self, message: Received, *, ok: bool) -> None:
        if ok:
            await self._wire.delete(self._queue, message)
        elif self._poison is None:
            # The real host leaves it hidden, which prevents a hot loop.
            return
        elif message.dequeue_count >= self._options.max_dequeue_count:
            await self._to_poison(message)
        else:
            seconds = int(self._options.visibility_timeout.total_seconds())
            await self._wire.hide(self._queue, message, seconds)

    async def _to_poison(self, message: Received) -> None:
        if self._poison is None:
            return
        log.warning("Message moves to the poison queue: %s to %s", message.id, self._poison)
        await self._wire.send(self._poison, message.text)
        await self._wire.delete(self._queue, message)


class _Renewal:
    """Keeps a message hidden while its function runs: renews at half the lease."""

    def __init__(self, wire: QueueWire, queue: str, message: Received, lease: int) -> None:
        self._wire = wire
        self._queue = queue
        self._message = message
        self._lease = lease
        self._timer: asyncio.TimerHandle | None = None
        self._renewing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._schedule()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._renewing is not None:
            # A renewal under way changes the pop receipt that completing needs.
            await self._renewing
            if self._timer is not None:
                self._timer.cancel()

    def _schedule(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._lease / 2, self._start)

    def _start(self) -> None:
        self._renewing = asyncio.create_task(self._renew())

    async def _renew(self) -> None:
        try:
            await self._wire.hide(self._queue, self._message, self._lease)
        except QueueError as error:
            log.warning("Message lease was not renewed: %s", error)
        self._schedule()


def poison_queue(queue: str) -> str | None:
    """The queue for what cannot be processed; a poison queue, or a long name, has none."""
    name = f"{queue}-poison"
    return None if queue.endswith("-poison") or len(name) > NAME_LIMIT else name

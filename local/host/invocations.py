"""Every run of a function goes through here: it is counted, logged, and its outputs written."""

import asyncio
import logging
from time import perf_counter

from azure_functions_runtime.bindings.datumdef import Datum

from local.host import journal
from local.host.errors import FunctionDroppedError
from local.host.manifest import Function
from local.host.outputs import Outputs
from local.host.queue_wire import QueueError
from local.host.worker import Outcome, invoke

log = logging.getLogger("local.host.invocations")


class Invocations:
    """`running` is the number under way now."""

    def __init__(self, outputs: Outputs) -> None:
        self._outputs = outputs
        self._idle = asyncio.Event()
        self._idle.set()
        self.running = 0

    async def run(
        self, function: Function, value: Datum, metadata: dict[str, Datum] | None = None
    ) -> Outcome:
        self.running += 1
        self._idle.clear()
        started = perf_counter()
        outcome = Outcome(ok=False, returned=None, outputs=())
        try:
            outcome = await self._run(function, value, metadata or {})
        finally:
            self.running -= 1
            if not self.running:
                self._idle.set()
            journal.record(function.name, perf_counter() - started, ok=outcome.ok)
        return outcome

    async def drained(self) -> None:
        """Waits until nothing runs."""
        await self._idle.wait()

    async def _run(self, function: Function, value: Datum, metadata: dict[str, Datum]) -> Outcome:
        outcome = await invoke(function.id, function.trigger["name"], value, metadata)
        if outcome.ok and function.outputs:
            try:
                await self._outputs.write(function, outcome)
            except (QueueError, FunctionDroppedError) as error:
                log.error("Output binding failed: %s: %s", function.name, error)  # noqa: TRY400
                return Outcome(ok=False, returned=None, outputs=(), error=str(error))
        return outcome

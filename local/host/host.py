"""The running host: one app's functions behind HTTP, queues and timers.

Not played: functionTimeout, retry policies, other triggers and bindings, and the admin API beyond
its status and a timer's run by hand.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from azure_functions_runtime.bindings.datumdef import Datum

from local.host.clock import SharedClock
from local.host.errors import FunctionDroppedError
from local.host.front import Front, Parts
from local.host.host_json import HostJson, resolve
from local.host.invocations import Invocations
from local.host.manifest import Function
from local.host.outputs import Outputs
from local.host.people import Directory
from local.host.queue_poller import LEASE, QueuePoller
from local.host.queue_wire import Wires
from local.host.routes import Routes
from local.host.schedule import Schedule
from local.host.timer_state import StatusFile
from local.host.timers import Timer, TimerOptions, Timers

log = logging.getLogger("local.host")

type Report = Callable[[str], None]
type Triggers = Literal["all", "http", "background"]


@dataclass(frozen=True)
class Options:
    """Where the app and its state are; `lease` is a queue message's first hiding, in seconds.

    `triggers` says which functions run here: on Flex Consumption all HTTP functions share
    instances, and queues and timers have others, so two hosts play an app more faithfully.
    """

    app: Path
    data: Path
    lease: int = LEASE
    triggers: Triggers = "all"

    def serves(self, function: Function) -> bool:
        """Whether the function runs in this host."""
        is_http = function.kind == "httpTrigger"
        return self.triggers == "all" or is_http == (self.triggers == "http")


class Host:
    """start() listens, stop() drains; `front` is the ASGI application."""

    def __init__(
        self,
        functions: tuple[Function, ...],
        host_json: HostJson,
        options: Options,
        wires: Wires,
        report: Report,
    ) -> None:
        """Raises HostError for a route that cannot be used; lesser faults are reported."""
        self._host_json = host_json
        self._options = options
        self._wires = wires
        self._clock = SharedClock(options.data / "clock.json")
        self._states = StatusFile(options.data / "timers.json")
        self._invocations = Invocations(Outputs(wires, host_json.queues))
        self._pollers: list[QueuePoller] = []
        self._listeners: list[asyncio.Task[None]] = []
        timers: list[Timer] = []
        functions = tuple(function for function in functions if options.serves(function))
        for function in functions:
            try:
                if function.kind == "queueTrigger":
                    self._pollers.append(self._poller(function))
                elif function.kind == "timerTrigger":
                    timers.append(self._timer(function))
            except FunctionDroppedError as error:
                report(f"The '{function.name}' function is in error: {error}")
        self._timers = Timers(timers, self._clock)
        self.front = Front(
            Parts(
                functions,
                Routes(functions, host_json.route_prefix),
                self._invocations,
                self._timers,
                self._clock,
                Directory(options.app),
                lambda: bool(self._listeners),
            )
        )

    def start(self) -> None:
        listening = [self._timers.listen(), *(poller.listen() for poller in self._pollers)]
        self._listeners = [asyncio.create_task(each) for each in listening]
        for listener in self._listeners:
            listener.add_done_callback(_tell_of_a_fault)

    def quiesce(self) -> None:
        """Takes no new work from queues and timers."""
        self._timers.stop()
        for poller in self._pollers:
            poller.stop()

    async def stop(self, within: float) -> bool:
        """Takes no new work, waits for what runs; False when `within` seconds were not enough."""
        self.quiesce()
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                await asyncio.gather(*self._listeners)
                await self._invocations.drained()
                return True
        log.warning("Stopping with %d invocations still running", self._invocations.running)
        return False

    def _poller(self, function: Function) -> QueuePoller:
        binding = function.trigger

        async def run(value: Datum, metadata: dict[str, Datum]) -> bool:
            return (await self._invocations.run(function, value, metadata)).ok

        return QueuePoller(
            resolve(binding["queueName"]),
            self._wires.get(resolve(binding.get("connection") or "")),
            self._host_json.queues,
            run,
            lease=self._options.lease,
        )

    def _timer(self, function: Function) -> Timer:
        binding = function.trigger

        async def run(value: Datum) -> object:
            return await self._invocations.run(function, value)

        options = TimerOptions(
            use_monitor=_flag(binding.get("useMonitor"), default=True),
            run_on_startup=_flag(binding.get("runOnStartup"), default=False),
        )
        schedule = Schedule(resolve(binding["schedule"]))
        return Timer(function.name, schedule, options, run, self._clock, self._states)


def _tell_of_a_fault(listener: asyncio.Task[None]) -> None:
    """A listener that raises leaves its triggers dead: someone must know."""
    if not listener.cancelled() and (error := listener.exception()) is not None:
        log.critical("A listener has died, restart the host", exc_info=error)


def _flag(value: object, *, default: bool) -> bool:
    return default if value is None else str(value).lower() == "true"

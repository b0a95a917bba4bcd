"""Timer triggers: each alone, one catch-up however much was missed, no retry of a failed run.

Follows the timer extension's TimerListener and ScheduleMonitor.
https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from azure_functions_runtime.bindings.datumdef import Datum

from local.host.clock import SharedClock
from local.host.schedule import Schedule
from local.host.timer_state import Status, StatusFile

log = logging.getLogger("local.host.timers")
LOOK_EVERY = 0.25  # seconds between two looks at the clock file
# Later than this counts as past due; a run on the dot starts within milliseconds.
LATE = timedelta(seconds=1)

type Run = Callable[[Datum], Awaitable[object]]


@dataclass(frozen=True)
class TimerOptions:
    """The trigger's settings."""

    use_monitor: bool = True
    run_on_startup: bool = False


class Timer:
    """One timer function; never runs beside itself."""

    def __init__(
        self,
        name: str,
        schedule: Schedule,
        options: TimerOptions,
        run: Run,
        clock: SharedClock,
        states: StatusFile,
    ) -> None:
        self._name = name
        self._schedule = schedule
        self._run = run
        self._clock = clock
        self._states = states
        self._options = options
        self._alone = asyncio.Lock()
        now = clock.now()
        self._monitored = options.use_monitor and schedule.is_persisted(now)
        self._status = Status(None, schedule.next_after(now), now)

    @property
    def name(self) -> str:
        return self._name

    @property
    def next(self) -> datetime:
        return self._status.next

    @property
    def is_running(self) -> bool:
        return self._alone.locked()

    def is_due(self) -> bool:
        return self._clock.now() >= self._status.next

    async def start(self) -> None:
        """Takes up the remembered state; runs once when something was missed or it says so."""
        if self._monitored:
            self._resume(self._states.load(self._name))
        if self._options.run_on_startup and not self.is_due():
            async with self._alone:
                await self._occur()
        else:
            await self.run_if_due()

    def realign(self) -> None:
        """After the clock moved: what is past stays due; set back, the next one comes nearer."""
        following = self._schedule.next_after(self._clock.now())
        if following < self._status.next:
            self._status = Status(self._status.last, following, self._status.updated)

    async def run_if_due(self) -> None:
        """Waits for a run under way, then runs if an occurrence has passed since."""
        async with self._alone:
            if self.is_due():
                await self._occur()

    async def run_now(self) -> None:
        """An occurrence beside the schedule, which goes on as it was."""
        async with self._alone:
            await self._run(self._request(past_due=False))

    def _resume(self, known: Status | None) -> None:
        if known is None:
            self._states.save(self._name, self._status)
            return
        # The schedule may have changed since; the state's own times say what it would be now.
        following = self._schedule.next_after(known.last or known.updated)
        self._status = Status(known.last, following, known.updated)

    async def _occur(self) -> None:
        started = self._clock.now()
        given = self._request(past_due=started - self._status.next >= LATE)
        self._status = Status(started, self._schedule.next_after(started), started)
        await self._run(given)
        if self._monitored:
            # After the run, so that a crash during it makes the next start catch up.
            self._states.save(self._name, self._status)

    def _request(self, *, past_due: bool) -> Datum:
        status = {
            "Last": self._status.last.isoformat() if self._status.last else "0001-01-01T00:00:00",
            "LastUpdated": self._status.updated.isoformat(),
            "Next": self._status.next.isoformat(),
        }
        request = {
            "Schedule": {"AdjustForDST": True},
            "ScheduleStatus": status if self._monitored else None,
            "IsPastDue": past_due,
        }
        return Datum(json.dumps(request), "json")


class Timers:
    """All timers of the app, woken by time and by a clock that was moved."""

    def __init__(self, timers: Sequence[Timer], clock: SharedClock) -> None:
        self._timers = timers
        self._clock = clock
        self._stopping = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def listen(self) -> None:
        for timer in self._timers:
            self._spawn(timer.start())
        while not self._stopping.is_set():
            self._look()
            for timer in self._timers:
                if timer.is_due() and not timer.is_running:
                    self._spawn(timer.run_if_due())
            await self._pause()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def stop(self) -> None:
        """Nothing new; listen() ends when the running ones are done."""
        self._stopping.set()

    async def settle(self, within: float) -> bool:
        """Reads the clock again and runs what fell due, each once.

        True when all have ended `within` seconds; what has not runs on.
        """
        self._look(even_if_same=True)
        tasks = [self._spawn(timer.run_if_due()) for timer in self._timers]
        if not tasks:
            return True
        _, running = await asyncio.wait(tasks, timeout=within)
        return not running

    async def run(self, name: str) -> bool:
        """Runs the timer of that name now; whether there is one."""
        for timer in self._timers:
            if timer.name == name:
                await timer.run_now()
                return True
        return False

    def upcoming(self) -> dict[str, datetime]:
        return {timer.name: timer.next for timer in self._timers}

    def _look(self, *, even_if_same: bool = False) -> None:
        if self._clock.reload(even_if_same=even_if_same):
            log.info("Clock moved: it is %s", self._clock.now().isoformat(timespec="seconds"))
            for timer in self._timers:
                timer.realign()

    def _spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _pause(self) -> None:
        now = self._clock.now()
        waits = [(timer.next - now).total_seconds() for timer in self._timers]
        ahead = min((each for each in waits if each > 0), default=LOOK_EVERY)
        try:
            async with asyncio.timeout(min(LOOK_EVERY, ahead)):
                await self._stopping.wait()
        except TimeoutError:
            return

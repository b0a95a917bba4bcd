"""Plays the month: what is due is done, then the shared clock moves on, until it is now."""

from __future__ import annotations

import datetime as dt
import heapq
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count

import httpx

from local.demo.doors import number_of, send
from local.demo.steps import Board, Thread, act
from local.demo.story import later, read_story
from local.demo.world import NotYetError, World
from shared.config import load_desks
from shared.context import ROOT
from shared.domain.desk import Desk

THREADS = 8
TOGETHER = dt.timedelta(minutes=60)  # requests that lie closer meet at one reading of the clock
AT_ONCE_WITHIN = dt.timedelta(minutes=10)  # a person's next step follows at once
AGAIN_AFTER = dt.timedelta(hours=2)
_A_MONTH = dt.timedelta(days=30)
STRIDE = dt.timedelta(hours=12)
PATIENT = 12  # times that a step waits for another, such as for the third-line slot


def fill(app_url: str, tenant_url: str, storage: str) -> None:
    """Fills both desks with a month of work, which takes a minute or two; says how far it is.

    `storage`: the connection string, by which it sees that nothing is under way. The shared clock
    must stand more than a month back. A desk that holds tickets already is left as it is. What the
    desks refuse is told at the end and keeps nothing else from happening.
    """
    desks = load_desks(ROOT / "desks")
    world = World(app_url, tenant_url, storage)
    try:
        if any(world.tickets(d.id, str(d.people[0].email), limit="1") for d in desks.values()):
            print("  The desks are filled already; RESET=1 DEMO=1 begins anew.", flush=True)
            return
        if dt.datetime.now(dt.UTC) - world.now() < _A_MONTH:
            print("  A month begins in an empty folder: make run RESET=1 DEMO=1.", flush=True)
            return
        print("Filling both desks with a month of work", flush=True)
        _Player(world, desks).play()
    finally:
        world.close()


class _Player:
    def __init__(self, world: World, desks: Mapping[str, Desk]) -> None:
        self._world = world
        self._desks = desks
        self._until = dt.datetime.now(dt.UTC)
        self._order = count()
        self._waiting: list[tuple[dt.datetime, int, Thread]] = []
        self._trouble: list[str] = []
        self._requests = 0
        self._day: dt.date | None = None

    def play(self) -> None:
        for desk in self._desks.values():
            board = Board()
            for scene in read_story(desk, self._until):
                self._plan(scene.at, Thread(desk, scene, board))
        pool = ThreadPoolExecutor(THREADS)
        try:
            while self._waiting:
                self._play_moment(pool)
        finally:  # Ctrl-C does not wait for what is under way: its servers are gone in a moment
            pool.shutdown(wait=False, cancel_futures=True)
        self._advance(dt.datetime.now(dt.UTC))
        self._tell(f"{self._requests} requests are in.", end="\n")
        for line in self._trouble:
            print(f"  refused: {line}", file=sys.stderr, flush=True)

    def _plan(self, at: dt.datetime | None, thread: Thread) -> None:
        if at is not None and at < self._until:
            heapq.heappush(self._waiting, (at, next(self._order), thread))

    def _play_moment(self, pool: ThreadPoolExecutor) -> None:
        first = self._waiting[0][0]
        due: list[Thread] = []
        last = first
        while self._waiting and self._waiting[0][0] < first + TOGETHER:
            if due and self._waiting[0][2].scene.is_urgent:
                break  # answered by the minute
            last, _, thread = heapq.heappop(self._waiting)
            due.append(thread)
        self._advance(last)
        now = self._world.now()
        self._tell_day(now)
        self._requests += sum(thread.done == 0 and thread.scene.becomes_a_ticket for thread in due)
        alone = [thread for thread in due if thread.wants_to_be_alone]
        together = [thread for thread in due if not thread.wants_to_be_alone]
        times = pool.map(partial(self._go_on, now=now), together)
        for thread, at in zip(together, times, strict=True):
            self._plan(at, thread)
        for thread in alone:
            self._plan(self._go_on(thread, now=now), thread)

    def _advance(self, until: dt.datetime) -> None:
        """In strides, so that nights and weekends escalate what is late about when it is due."""
        now = self._world.now()
        while until - now > STRIDE:
            now += STRIDE
            self._world.advance_to(now)
        self._world.advance_to(until)

    def _go_on(self, thread: Thread, now: dt.datetime) -> dt.datetime | None:
        """The scene's next step and those that follow at once; then when to go on, if at all."""
        try:
            while True:
                self._one(thread, now)
                step = thread.next_step
                if step is None:
                    return None
                is_answer = thread.done == 1  # nobody answers in the second of asking
                if is_answer or step.after > AT_ONCE_WITHIN or thread.wants_to_be_alone:
                    return later(thread.desk, now, step.after)
        except NotYetError as error:
            return self._wait(thread, now, str(error))
        except (RuntimeError, TimeoutError, httpx.HTTPError) as error:
            self._trouble.append(f"{thread.scene.facts.get('title')}: {error}")
            return None

    def _one(self, thread: Thread, now: dt.datetime) -> None:
        if thread.next_step is None:
            send(self._world, thread.desk, thread.scene, now)
            if thread.scene.becomes_a_ticket:
                thread.number = number_of(self._world, thread.desk, thread.scene)
        else:
            act(self._world, thread, thread.next_step, now)
        thread.done += 1

    def _wait(self, thread: Thread, now: dt.datetime, why: str) -> dt.datetime | None:
        thread.refused += 1
        if thread.refused <= PATIENT:
            return later(thread.desk, now, AGAIN_AFTER)
        self._trouble.append(f"{thread.number}: {thread.next_step}: {why}")
        return None

    def _tell_day(self, at: dt.datetime) -> None:
        if at.date() != self._day:
            self._day = at.date()
            self._tell(f"playing {self._day:%a %d %B}, {self._requests} requests so far")

    def _tell(self, words: str, end: str = "") -> None:
        """One line that is written over on a terminal, lines elsewhere."""
        terminal = sys.stdout.isatty()
        print(f"\r  {words:<60}" if terminal else f"  {words}", end=end if terminal else "\n")
        sys.stdout.flush()

"""Plays the month: what is due is done, then the shared clock moves on, until it is now."""

from __future__ import annotations

import datetime as dt
import heapq
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import count

from local.demo.doors import send
from local.demo.steps import ALONE, Board, Thread, act
from local.demo.story import later, read_story
from local.demo.world import NotYetError, World
from shared.config import load_desks
from shared.context import ROOT
from shared.domain.desk import Desk

AT_ONCE = 4
TOGETHER = dt.timedelta(minutes=12)  # what lies closer happens at one reading of the clock
AGAIN_AFTER = dt.timedelta(hours=2)
_LEAST = dt.timedelta(seconds=1)


def fill(app_url: str, tenant_url: str) -> None:
    """Fills both desks with a month of work, which takes a minute or so; says how far it is.

    The shared clock must stand `BACK` from now. A desk that holds tickets already is left as it
    is. What the desks refuse is told at the end and keeps nothing else from happening.
    """
    desks = load_desks(ROOT / "desks")
    world = World(app_url, tenant_url)
    try:
        if any(world.tickets(d.id, str(d.people[0].email), limit="1") for d in desks.values()):
            print("  The desks are filled already; RESET=1 DEMO=1 begins anew.", flush=True)
            return
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
        with ThreadPoolExecutor(AT_ONCE) as pool:
            while self._waiting:
                self._play_moment(pool)
        self._world.advance_to(dt.datetime.now(dt.UTC))
        self._tell_end()

    def _plan(self, at: dt.datetime, thread: Thread) -> None:
        if at < self._until:
            heapq.heappush(self._waiting, (at, next(self._order), thread))

    def _play_moment(self, pool: ThreadPoolExecutor) -> None:
        first = self._waiting[0][0]
        due: list[tuple[dt.datetime, Thread]] = []
        while self._waiting and self._waiting[0][0] < first + TOGETHER:
            at, _, thread = heapq.heappop(self._waiting)
            due.append((at, thread))
        self._world.advance_to(max(at for at, _ in due))
        self._tell_day(first)
        now = self._world.now()
        together = [(at, thread) for at, thread in due if not _alone(thread)]
        list(pool.map(lambda each: self._go_on(each[1], now), together))
        for _, thread in due:
            if _alone(thread):
                self._go_on(thread, now)

    def _go_on(self, thread: Thread, now: dt.datetime) -> None:
        """The scene's next step, and those that follow at once; then its next time is set."""
        try:
            while True:
                self._one(thread, now)
                following = thread.scene.steps[thread.done - 1 : thread.done]
                if not following:
                    return
                if following[0].after >= TOGETHER or following[0].what in ALONE:
                    after = max(following[0].after, _LEAST)
                    self._plan(later(thread.desk, now, after), thread)
                    return
        except NotYetError as error:
            self._wait(thread, now, str(error))
        except (RuntimeError, TimeoutError) as error:
            self._trouble.append(f"{thread.scene.facts.get('title')}: {error}")

    def _one(self, thread: Thread, now: dt.datetime) -> None:
        if thread.done == 0:
            send(self._world, thread.desk, thread.scene, now)
            self._requests += "title" in thread.scene.facts
        else:
            act(self._world, thread, thread.scene.steps[thread.done - 1], now)
        thread.done += 1

    def _wait(self, thread: Thread, now: dt.datetime, why: str) -> None:
        thread.refused += 1
        if thread.refused > 12:
            step = thread.scene.steps[thread.done - 1]
            self._trouble.append(f"{thread.number}: {step.who} {step.what}: {why}")
            return
        self._plan(later(thread.desk, now, AGAIN_AFTER), thread)

    def _tell_day(self, at: dt.datetime) -> None:
        if at.date() != self._day:
            self._day = at.date()
            line = f"  playing {self._day:%a %d %B}, {self._requests} requests so far"
            print(
                f"\r{line:<60}" if sys.stdout.isatty() else line,
                end="" if sys.stdout.isatty() else "\n",
                flush=True,
            )

    def _tell_end(self) -> None:
        print(
            ("\r" if sys.stdout.isatty() else "")
            + f"  {self._requests} requests are in.".ljust(60),
            flush=True,
        )
        for line in self._trouble:
            print(f"  refused: {line}", file=sys.stderr, flush=True)


def _alone(thread: Thread) -> bool:
    return (
        0 < thread.done <= len(thread.scene.steps)
        and thread.scene.steps[thread.done - 1].what in ALONE
    )

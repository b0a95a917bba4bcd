"""A whole app in memory: the desks that ship, memory twins for storage and vendors, a set clock."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from shared.adapters.memory import MemoryBell, MemoryBlobs, MemoryRows
from shared.adapters.memory_vendors import (
    MemoryBacklog,
    MemoryBuilds,
    MemoryChat,
    MemoryMailer,
    MemoryMailReader,
)
from shared.config import load_desks
from shared.context import ROOT, App
from shared.domain.people import Actor, ActorKind
from shared.ports import Backlog, Mailer
from shared.render.links import Links
from shared.render.texts import DeskTexts
from shared.service.deliver import deliver
from shared.service.deps import Deps
from shared.service.mail_room import MailRoom
from shared.service.numbers import Numbers
from shared.settings import Settings

START = dt.datetime(2026, 11, 23, 15, 0, tzinfo=dt.UTC)  # a Monday, 10:00 in Toronto
DESKS = load_desks(ROOT / "desks")


@dataclass
class SetClock:
    """A clock that moves when it is told to."""

    at: dt.datetime = START

    def now(self) -> dt.datetime:
        return self.at

    def advance(self, **span: float) -> None:
        self.at += dt.timedelta(**span)


@dataclass
class MemoryVendors:
    """Twins of all vendors."""

    mail: MemoryMailer = field(default_factory=MemoryMailer)
    chat: MemoryChat = field(default_factory=MemoryChat)
    tool: MemoryBacklog = field(default_factory=MemoryBacklog)
    builds: MemoryBuilds = field(default_factory=MemoryBuilds)
    reader: MemoryMailReader = field(default_factory=MemoryMailReader)

    def mailer(self, way: str) -> Mailer:
        return self.mail

    def backlog(self, system: str) -> Backlog:
        return self.tool


@dataclass
class MemoryApp:
    """The app with handles on its twins. `calls` names every storage round trip."""

    app: App
    clock: SetClock
    vendors: MemoryVendors
    bell: MemoryBell
    rows: MemoryRows
    calls: list[str]
    mail_bell: MemoryBell

    @property
    def deps(self) -> Deps:
        return self.app.deps

    def actor(self, email: str) -> Actor:
        """A member of whichever desk lists the address."""
        for desk in self.deps.desks.values():
            member = desk.member_by_email.get(email)
            if member:
                return Actor(
                    kind=ActorKind.STAFF, email=email, name=member.name, roles=member.roles
                )
        raise KeyError(email)

    async def deliver_all(self, most: int = 10_000) -> int:
        """Delivers what the bell rang for, as the queue's worker would; how many rows."""
        import json

        done = 0
        await asyncio.sleep(0)  # a bell that nobody waited for has rung then
        while self.bell.messages and done < most:
            message = json.loads(self.bell.messages.pop(0).message)
            await deliver(self.deps, message["desk"], message["row"], message["claim"], again=False)
            done += 1
        return done


def memory_app(on_call: Callable[[str], None] | None = None) -> MemoryApp:
    """A fresh app; `on_call` hears of each storage call, and what it raises fails that call."""
    calls: list[str] = []

    def observe(name: str) -> None:
        calls.append(name)
        if on_call:
            on_call(name)

    rows, bell = MemoryRows(on_call=observe), MemoryBell(on_call=observe)
    clock, vendors = SetClock(), MemoryVendors()
    links = Links("http://docket.test", "a-key-for-tests-that-is-long-enough-0123")
    deps = Deps(
        desks=dict(DESKS),
        rows=rows,
        archive=MemoryRows(on_call=observe),
        bell=bell,
        blobs=MemoryBlobs(on_call=observe),
        clock=clock,
        outside=vendors,
        texts=DeskTexts(ROOT / "desks", ROOT / "web" / "mail", links, clock),
        numbers=Numbers(rows),
    )
    settings = Settings.read(
        {
            "DOCKET_PUBLIC_URL": "http://docket.test",
            "DOCKET_LINK_KEY": links.key,
            "DOCKET_STORAGE_CONNECTION": "memory",
            "DOCKET_HOOK_USER": "docket",
            "DOCKET_HOOK_PASSWORD": "local",
            "DOCKET_DEVOPS_IDENTITY": "Docket",
            "DOCKET_GRAPH_STATE": "state",
            "DOCKET_JIRA_SECRET": "local",
        }
    )
    mail_bell = MemoryBell(on_call=observe)
    room = MailRoom(deps, links, mail_bell, links.public_url, settings.graph_state)
    app = App(settings, deps, links, room)
    return MemoryApp(app, clock, vendors, bell, rows, calls, mail_bell)


DESK_FOLDER: Path = ROOT / "desks"

"""What the work on the desks' mailboxes needs, beyond what every service has."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from shared.ports import Bell
from shared.render.links import Links
from shared.service.deps import Deps


@dataclass
class Turns:
    """One look at a mailbox at a time in this process; who asks meanwhile shares the next one.

    Looks of several processes do no harm, they only cost.
    """

    _asked: dict[str, int] = field(default_factory=dict)
    _served: dict[str, int] = field(default_factory=dict)
    _locks: dict[str, asyncio.Lock] = field(default_factory=dict)

    async def take(self, name: str, look: Callable[[], Awaitable[int]]) -> int:
        """What `look` gives; 0 when one that began after this call has done it already."""
        ticket = self._asked[name] = self._asked.get(name, 0) + 1
        async with self._locks.setdefault(name, asyncio.Lock()):
            if self._served.get(name, 0) >= ticket:
                return 0
            so_far = self._asked[name]
            found = await look()
            self._served[name] = so_far
            return found


@dataclass(frozen=True)
class MailRoom:
    """Ports and values for mail in. `state`: the secret that subscriptions carry ('' = none)."""

    deps: Deps
    links: Links
    bell: Bell
    public_url: str
    state: str
    turns: Turns = field(default_factory=Turns)

    @property
    def own_addresses(self) -> frozenset[str]:
        """The addresses of all desks: what comes from one of them is our own mail."""
        return frozenset(desk.mail.address for desk in self.deps.desks.values())

    @property
    def prefixes(self) -> frozenset[str]:
        """With which ticket numbers of any desk begin."""
        return frozenset(desk.prefix for desk in self.deps.desks.values())

    @property
    def hook_url(self) -> str:
        """Where notifications of new mail come in."""
        return f"{self.public_url}/api/hooks/graph"

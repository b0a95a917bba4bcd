"""One tenant: its documents, clock, journal, ordered faults and outgoing webhooks."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from local.tenant.clock import Clock
from local.tenant.faults import Faults
from local.tenant.journal import Journal
from local.tenant.seed import Person, Seed, make_person, read_seed
from local.tenant.store import Store

_RETRY_DELAYS = (0.3, 1.0, 3.0)  # seconds; the vendors wait longer and try for hours
_HOOK_TIMEOUT = 10.0
_HOST_CLOCK_TIMEOUT = 60.0


@dataclass(frozen=True)
class TenantConfig:
    """Where the tenant stands, where its webhooks go, and the secrets both sides know."""

    base_url: str
    host_url: str
    data: Path | None
    hook_user: str = "docket"
    hook_password: str = "local"
    jira_secret: str = "local"
    clock_url: str = ""  # the host that runs the timers, when it is another one
    function_key: str = "local"
    desks: Path = Path("desks")


class Tenant:
    """What all vendor modules share; one per process."""

    def __init__(self, config: TenantConfig) -> None:
        self.config = config
        data = config.data
        self.store = Store(data / "tenant.sqlite" if data else None)
        self.journal = Journal(data)
        self.faults = Faults()
        self.seed: Seed = read_seed(config.desks)
        self._clock = Clock(data / "clock.json" if data else None)
        self._under_way: set[asyncio.Task[None]] = set()
        self._due: list[Callable[[datetime], Awaitable[None]]] = []
        self._seeders: list[Callable[[], None]] = []
        self._listeners: dict[str, list[Callable[..., None]]] = {}
        self._client: httpx.AsyncClient | None = None

    def now(self) -> datetime:
        """The shared clock, aware UTC."""
        return self._clock.now()

    def person(self, email: str) -> Person:
        """The person of that address; one is made up when the desks name nobody."""
        known = self.seed.people.get(email.lower())
        return known or make_person(
            {"email": email, "name": self.seed.mailboxes.get(email.lower())}
        )

    # -- seed and reset

    def seeded_by(self, seeder: Callable[[], None]) -> None:
        """Calls `seeder` now and after every reset, to put what exists from the start."""
        self._seeders.append(seeder)
        seeder()

    def reset(self) -> None:
        """Empties the tenant down to its seed."""
        self.store.reset()
        self.journal.clear()
        self.faults.clear()
        for seeder in self._seeders:
            seeder()

    # -- events inside the tenant

    def listen(self, event: str, listener: Callable[..., None]) -> None:
        """Calls `listener` for each `emit` of that event, at once and in the same task."""
        self._listeners.setdefault(event, []).append(listener)

    def emit(self, event: str, *facts: Any) -> None:
        for listener in self._listeners.get(event, ()):
            listener(*facts)

    # -- clock

    def when_clock_moves(self, action: Callable[[datetime], Awaitable[None]]) -> None:
        """Calls `action(now)` after the clock was moved, for what fell due by then."""
        self._due.append(action)

    async def advance(self, duration: str) -> datetime:
        """Moves the clock; the host's timers fire first, then what is due in the tenant."""
        now = self._clock.advance(duration)
        with suppress(httpx.HTTPError):  # without a host, the tenant's own clock moves all the same
            await self._http().post(
                f"{self.config.clock_url or self.config.host_url}/.docket/clock",
                json={"now": now.isoformat().replace("+00:00", "Z")},
                timeout=_HOST_CLOCK_TIMEOUT,
            )
        for action in self._due:
            await action(now)
        return now

    # -- webhooks

    def deliver(
        self, method: str, url: str, *, json: Any, headers: dict[str, str], kind: str
    ) -> None:
        """Sends a vendor's webhook in the background, with a few retries.

        `kind` names the journal's kind of inbound call; "" leaves it out of the journal.
        """
        self.run(self._send(method, url, json=json, headers=headers, kind=kind))

    def run(self, work: Any) -> None:
        """Runs a coroutine in the background; `settled` waits for it."""
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _send(
        self, method: str, url: str, *, json: Any, headers: dict[str, str], kind: str
    ) -> None:
        for delay in (*_RETRY_DELAYS, None):
            answer = await self.call_host(method, url, json=json, headers=headers, kind=kind)
            if delay is None or (answer is not None and answer.status_code < 300):
                return
            await asyncio.sleep(delay)

    async def call_host(
        self,
        method: str,
        url: str,
        *,
        json: Any,
        headers: dict[str, str],
        kind: str,
        params: dict[str, str] | None = None,
    ) -> httpx.Response | None:
        """One webhook call now, journalled; None when nobody answered."""
        try:
            answer = await self._http().request(
                method, url, params=params, json=json, headers=headers
            )
        except httpx.HTTPError:
            return None
        if kind:
            self._journal_inbound(answer, json, kind)
        return answer

    def _journal_inbound(self, answer: httpx.Response, body: Any, kind: str) -> None:
        request = answer.request
        self.journal.append(
            {
                "at": self.now().isoformat(),
                "service": "inbound",
                "kind": kind,
                "method": request.method,
                "url": str(request.url),
                "request_headers": {
                    name: value
                    for name, value in request.headers.items()
                    if name not in ("authorization", "x-functions-key")
                },
                "request_body": body,
                "status": answer.status_code,
                "response_body": answer.text or None,
                "response_headers": dict(answer.headers),
            }
        )

    def _http(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=_HOOK_TIMEOUT, trust_env=False)
        return self._client

    async def settled(self) -> None:
        """Returns when no webhook is under way any more."""
        while self._under_way:
            await asyncio.gather(*self._under_way, return_exceptions=True)
            # gather() of finished tasks does not yield, and their callbacks must have a turn.
            await asyncio.sleep(0)

    async def close(self) -> None:
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()
        self.journal.close()
        self.store.close()

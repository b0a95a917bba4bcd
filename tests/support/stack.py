"""The whole system for tests: storage emulator, simulated tenant, function app; free ports."""

from __future__ import annotations

import datetime as dt
import socket
import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from local.environment import app_settings
from shared.config import load_desks
from shared.domain.sla import calendar_of
from tests.support.azurite import Azurite
from tests.support.host import PROJECT, HostProcess
from tests.support.tenant import TenantProcess

KEY = {"x-functions-key": "local"}
WITHIN = 30.0  # seconds that a wait may take; far more than it needs on a busy machine
_SOME = dt.timedelta(minutes=30)
type Json = dict[str, Any]


def free_port() -> int:
    """A port of the loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until[T](
    look: Callable[[], T], what: str, within: float = WITHIN, every: float = 0.05
) -> T:
    """What `look` gives as soon as it is true; AssertionError naming `what` after `within` s."""
    deadline = time.monotonic() + within
    while not (found := look()):
        assert time.monotonic() < deadline, f"within {within:.0f} s not seen: {what}"
        time.sleep(every)
    return found


class Stack:
    """`with Stack(folder) as stack:`; afterwards everything is stopped.

    `host` and `tenant` may be restarted by a test that owns its stack; a shared one stays up.
    With `serving` False the app is left to the test: `new_host` makes it.
    """

    def __init__(self, data: Path, *, serving: bool = True) -> None:
        self.data = data
        self._serving = serving
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.storage = Azurite()
        self._clients: dict[str, httpx.Client] = {}

    def start(self) -> Self:
        """Starts storage, tenant and app; when one does not come up, the others are stopped."""
        with ExitStack() as started:
            self.storage.start()
            started.callback(self.storage.stop)
            self.tenant = TenantProcess(host_url=self.url, data=self.data)
            started.callback(self.tenant.stop)
            self.host = self.new_host(self.storage.connection_string, self.tenant.url)
            if self._serving:
                self.host.start()
            started.pop_all()
        return self

    def new_host(
        self, app_storage: str, vendors: str, triggers: str = "all", desks: Path | None = None
    ) -> HostProcess:
        """The function app, not started; `app_storage`: the connection string of its own calls.

        A host for `background` triggers takes a port of its own. `desks`: other ones than ours.
        """
        settings = app_settings(
            public_url=self.url,
            tenant_url=vendors,
            storage=self.storage.connection_string,
            data=self.data,
        )
        settings["DOCKET_STORAGE_CONNECTION"] = app_storage
        if desks is not None:
            settings["DOCKET_DESKS"] = str(desks)
        port = "0" if triggers == "background" else str(self.port)
        arguments = ("--port", port, "--triggers", triggers)
        return HostProcess(PROJECT, env=settings, data=self.data, arguments=arguments)

    def stop(self) -> None:
        for client in self._clients.values():
            client.close()
        self.host.stop()
        self.host.close()
        self.tenant.stop()
        self.storage.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    # -- at the doors

    def client(self, persona: str = "") -> httpx.Client:
        """An HTTP client at the app's door, signed in as that person ('' = nobody)."""
        if persona not in self._clients:
            headers = {"X-Docket-Persona": persona} if persona else {}
            self._clients[persona] = httpx.Client(
                base_url=self.url, headers=headers, timeout=WITHIN, trust_env=False
            )
        return self._clients[persona]

    def send_request(self, desk: str, body: Json, key: str = "") -> httpx.Response:
        """A request through the API; `key` is its Idempotency-Key."""
        headers = KEY | ({"Idempotency-Key": key} if key else {})
        return self.client().post(f"/api/desks/{desk}/requests", json=body, headers=headers)

    def opened(self, desk: str, body: Json) -> Json:
        """The public facts of a request that was taken."""
        answer = self.send_request(desk, body)
        assert answer.status_code == 201, answer.text
        found: Json = answer.json()
        return found

    def ticket(self, number: str, persona: str) -> Json:
        """The whole ticket as that member sees it."""
        answer = self.client(persona).get(f"/api/tickets/{number}")
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    def give(self, number: str, persona: str, command: str, **fields: Any) -> httpx.Response:
        """A member's command, whatever the answer."""
        body = {"command": command, **fields}
        return self.client(persona).post(f"/api/tickets/{number}/commands", json=body)

    def order(self, number: str, persona: str, command: str, **fields: Any) -> Json:
        """A member's command that must be accepted; the ticket after it."""
        answer = self.give(number, persona, command, **fields)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    # -- at the vendors

    def mails(self, to: str, number: str = "") -> list[Json]:
        """The mails that left to that address, about that ticket (in their subject)."""
        return [m for m in self.tenant.sent(to) if f"[{number}]" in m["subject"] or not number]

    def mail(self, to: str, number: str, words: str) -> Json:
        """Waits for the mail whose subject or text has these words."""

        def look() -> Json | None:
            fitting = (m for m in self.mails(to, number) if words in m["subject"] + m["text"])
            return next(fitting, None)

        try:
            return wait_until(look, f"a mail to {to} about {number} with {words!r}") or {}
        except AssertionError as error:
            error.add_note(f"there are: {[m['subject'] for m in self.mails(to, number)]}")
            raise

    def items(self, number: str) -> list[Json]:
        """The ticket's work items in Azure DevOps, by its tag."""
        found: list[Json] = self.tenant.control("GET", "/work-items")
        return [i for i in found if number in _tags(i)]

    def threads(self, number: str) -> list[Json]:
        """The threads in any channel that were started about the ticket."""
        every = (m for place in self.tenant.teams() for m in place["messages"])
        return [m for m in every if (m["subject"] or "").startswith(f"{number}:")]

    # -- time

    def advance_working_time(self, working: dt.timedelta, desk: str = "mytc") -> None:
        """Moves the clock by that much of the desk's working time, to when the desk is at work."""
        calendar = calendar_of(load_desks(PROJECT / "desks")[desk], "business")
        now = dt.datetime.fromisoformat(self.tenant.now())
        goal = calendar.add(now, working)
        if not calendar.is_open(goal + _SOME):
            goal = calendar.next_opening(goal + _SOME) + _SOME
        self.tenant.advance(f"PT{int((goal - now).total_seconds()) + 1}S")


def _tags(item: Json) -> list[str]:
    return [tag.strip() for tag in str(item["fields"].get("System.Tags", "")).split(";")]


def client_address() -> str:
    """A client that no other test knows."""
    return f"casey.{uuid.uuid4().hex[:10]}@client.example"


def production_issue(client: str, **more: Any) -> Json:
    """A request body for the mytc desk."""
    return {
        "title": "Sign-in fails with error 500",
        "description": "Since this morning nobody can sign in.",
        "type": "production_issue",
        "environment": "production",
        "severity": "high",
        "requester": {"name": "Casey Lee", "email": client},
        "fields": {"service": "web_portal", "since": "2026-11-20"},
        **more,
    }

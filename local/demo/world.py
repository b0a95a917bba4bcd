"""What the player talks to: the app as its visitors, and the tenant as people outside."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import TableClient
from azure.storage.queue import QueueClient

from shared.config import load_desks
from shared.context import MAIL_QUEUE, TABLE

PROJECT = Path(__file__).resolve().parents[2]
KEY = {"x-functions-key": "local"}
PATIENCE = 30.0  # seconds for something that is on its way
type Json = dict[str, Any]


class NotYetError(RuntimeError):
    """The step cannot be done at this moment, but may be later."""


class World:
    """Both servers. Close it afterwards."""

    def __init__(self, app_url: str, tenant_url: str, storage: str) -> None:
        self._mail = QueueClient.from_connection_string(storage, MAIL_QUEUE, retry_total=0)
        self._rows = TableClient.from_connection_string(storage, TABLE, retry_total=0)
        self._desks = tuple(load_desks(PROJECT / "desks"))
        self._app = httpx.Client(base_url=app_url, timeout=60, trust_env=False)
        self._tenant = httpx.Client(base_url=tenant_url, timeout=120, trust_env=False)

    def close(self) -> None:
        self._app.close()
        self._tenant.close()
        self._mail.close()
        self._rows.close()

    # -- the app

    def post(self, path: str, body: Json, headers: dict[str, str]) -> httpx.Response:
        return self._app.post(path, json=body, headers=headers)

    def ticket(self, number: str, persona: str) -> Json:
        """The whole ticket as that member sees it."""
        return self._asked(f"/api/tickets/{number}", persona)

    def tickets(self, desk: str, persona: str, **query: str) -> list[Json]:
        """The first page of all tickets that fit."""
        found = self._asked(f"/api/desks/{desk}/tickets", persona, view="all", **query)
        listed: list[Json] = found["tickets"]
        return listed

    def undelivered(self, desk: str, persona: str) -> list[Json]:
        rows: list[Json] = self._asked(f"/api/desks/{desk}/undelivered", persona)["undelivered"]
        return rows

    def _asked(self, path: str, persona: str, **query: str) -> Json:
        headers = {"X-Docket-Persona": persona}
        answer = self._app.get(path, params=query, headers=headers)
        answer.raise_for_status()
        found: Json = answer.json()
        return found

    def command(self, number: str, persona: str, name: str, fields: Json) -> None:
        """A member's command. Raises NotYetError when flow or another's change forbid it now."""
        body = {"command": name, **fields}
        path, headers = f"/api/tickets/{number}/commands", {"X-Docket-Persona": persona}
        answer = self.post(path, body, headers)
        if answer.status_code in (409, 412):
            raise NotYetError(answer.json().get("detail", answer.text))
        if answer.is_error:
            raise RuntimeError(f"{number}: {persona} {name}: {answer.status_code} {answer.text}")

    # -- the tenant

    def control(self, method: str, path: str, body: Json | None = None) -> Any:
        answer = self._tenant.request(method, f"/control{path}", json=body)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def mail(self, mailbox: str, raw: bytes) -> None:
        answer = self._tenant.post("/control/mail", params={"mailbox": mailbox}, content=raw)
        answer.raise_for_status()

    def form(self, desk: str, responder: str, answers: dict[str, str]) -> None:
        """Fills in the desk's Microsoft Form, signed in."""
        page = self._tenant.post(f"/forms/{desk}", params={"as": responder}, data=answers)
        if page.is_error:
            raise RuntimeError(f"the form of {desk} refused {answers.get('title')}")

    def form_responses(self, desk: str) -> list[Json]:
        answer = self._tenant.get(f"/forms/{desk}/responses")
        answer.raise_for_status()
        found: list[Json] = answer.json()
        return found

    def sent(self, to: str, number: str) -> list[Json]:
        """The mails to that address about that ticket, oldest first."""
        answer = self._tenant.get("/control/sent", params={"to": to})
        answer.raise_for_status()
        return [mail for mail in answer.json() if f"[{number}]" in mail["subject"]]

    def settled(self) -> None:
        """Returns when everything that was owed has been delivered, and its echoes taken in.

        The clock must not leap before: a delivery under way would lose its claim on the outbox
        row in the middle, and another one would begin beside it.
        """
        deadline, still = time.monotonic() + PATIENCE, 0
        while still < 2 and time.monotonic() < deadline:
            self.control("POST", "/settle")
            is_idle = not _waiting(self._mail) and not any(map(self._delivers, self._desks))
            still = still + 1 if is_idle else 0
            if not is_idle:
                time.sleep(0.05)

    def _delivers(self, desk: str) -> bool:
        """Whether a delivery is under way or about to begin: it holds a claim on its outbox row.

        The queue would not tell: it also holds the delayed bells of what is to be tried again.
        """
        wanted = f"PartitionKey eq '{desk}' and RowKey ge 'outbox|' and RowKey lt 'outbox}}'"
        try:
            rows = list(self._rows.query_entities(wanted))
        except ResourceNotFoundError:
            return False
        return any(json.loads(str(row["body0"]))["claim"] for row in rows if "body1" not in row)

    # -- time

    def now(self) -> dt.datetime:
        return dt.datetime.fromisoformat(self.control("GET", "/clock")["now"])

    def advance_to(self, moment: dt.datetime) -> None:
        """Moves the shared clock when nothing is under way; it never goes back."""
        self.settled()
        step = (moment - self.now()).total_seconds()
        if step > 0:
            self.control("POST", "/clock", {"advance": f"PT{step:.3f}S"})


def _waiting(queue: QueueClient) -> int:
    """Messages that are there or under way; a queue comes into being with its first one."""
    try:
        return int(queue.get_queue_properties().approximate_message_count or 0)
    except ResourceNotFoundError:
        return 0


def awaited[T](look: Callable[[], T | None], what: str) -> T:
    """What `look` gives as soon as it gives something. Raises TimeoutError naming `what`."""
    deadline = time.monotonic() + PATIENCE
    while not (found := look()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"within {PATIENCE:.0f} s not seen: {what}")
        time.sleep(0.1)
    return found

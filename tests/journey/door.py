"""The door desk as its people and clients use it: mails, its board, its issues in Jira."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from email.message import EmailMessage

from shared.config import load_desks
from tests.support.host import PROJECT
from tests.support.stack import Json, Stack, client_address, wait_until

DOOR = "support@doorfunds.example"
NORA, TOM = "nora.lindqvist@doorfunds.example", "tom.becker@doorfunds.example"
AMELIE, GRACE = "amelie.durand@doorfunds.example", "grace.odell@doorfunds.example"
VIKTOR = "viktor.hansen@doorfunds.example"  # the scrum master


class DoorDesk:
    """Short ways to what happens at the door desk, all over its real doors."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack

    # -- mail

    def writes(
        self, text: str, subject: str = "Wrong share class", cc: str = ""
    ) -> tuple[str, str]:
        """A new client writes to the desk: the number of the ticket, the client's address."""
        client = client_address()
        self.post(client, text, subject=subject, cc=cc)
        confirmed = wait_until(lambda: self.stack.tenant.sent(client), f"an answer to {client}")
        return str(confirmed[0]["headers"]["X-Docket-Ticket"]), client

    def post(
        self, sender: str, text: str, *, subject: str, answers: str = "", cc: str = ""
    ) -> None:
        """A mail to the desk; `answers`: the Message-ID of what it answers."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = f"Casey Lee <{sender}>", DOOR, subject
        mail["Message-ID"] = f"<{client_address()}>"
        if cc:
            mail["Cc"] = cc
        if answers:
            mail["In-Reply-To"] = mail["References"] = answers
        mail.set_content(text)
        self.stack.tenant.mail(DOOR, mail.as_bytes())
        self.stack.tenant.advance("PT1M")  # the timer looks, notified or not

    def opened(self, type_id: str, **more: object) -> tuple[str, str]:
        """A request over the API: its number and its client."""
        client = client_address()
        body = {
            "title": "Fund list is empty", "description": "Since this morning.", "type": type_id,
            "environment": "production", "severity": "high",
            "requester": {"name": "Casey Lee", "email": client}, **more,
        }  # fmt: skip
        return str(self.stack.opened("door", body)["number"]), client

    # -- the ticket

    def ticket(self, number: str, by: str = NORA) -> Json:
        return self.stack.ticket(number, by)

    def state(self, number: str) -> str:
        return str(self.ticket(number)["state"])

    def history(self, number: str, kind: str) -> list[Json]:
        return [h for h in self.ticket(number)["history"] if h["kind"] == kind]

    def notes(self, number: str) -> list[str]:
        return [str(h["text"]) for h in self.history(number, "noted")]

    def do(self, number: str, by: str, command: str, **fields: object) -> Json:
        """A command that must be accepted."""
        return self.stack.order(number, by, command, **fields)

    def refused(self, number: str, by: str, command: str, **fields: object) -> tuple[int, str]:
        """A command that must not be: its status and reason."""
        answer = self.stack.give(number, by, command, **fields)
        assert answer.status_code != 200, answer.text
        return answer.status_code, str(answer.json())

    # -- the board

    def developer(self) -> str:
        """Whose sprint it is now."""
        desk = load_desks(PROJECT / "desks")["door"]
        third_line, today = (
            desk.third_line,
            desk.today(dt.datetime.fromisoformat(self.stack.tenant.now())),
        )
        assert third_line is not None
        return third_line.rota.developer_of(third_line.rota.sprint_of(today))

    def in_state(self, state: str) -> list[str]:
        answer = self.stack.client(NORA).get(
            "/api/desks/door/tickets", params={"state": state, "limit": 200}
        )
        return [t["number"] for t in answer.json()["tickets"]]

    def clear_board(self) -> None:
        """Takes whatever other tests left in the order and the slot back to triage."""
        for state in ("in_development", "ready_for_sprint"):
            for number in self.in_state(state):
                self.do(number, GRACE, "move", to="third_line_triage")

    def triaged(self, **more: object) -> tuple[str, str]:
        number, client = self.opened("bug", **more)
        self.do(number, TOM, "move", to="in_analysis")
        self.do(number, TOM, "move", to="third_line_triage")
        return number, client

    def accepted(self) -> tuple[str, str]:
        """A bug in Ready for sprint whose issue both tools know."""
        number, client = self.triaged()
        self.do(number, GRACE, "accept_for_sprint")
        self.issue(number)
        return number, client

    def pulled(self) -> tuple[str, str]:
        """A bug in the slot, its issue in progress."""
        number, client = self.accepted()
        self.do(number, self.developer(), "pull_next")
        self.issue(number, lambda issue: issue["fields"]["status"] == "In progress")
        return number, client

    # -- Jira

    def issues(self, number: str) -> list[Json]:
        """The ticket's issues, in Jira's rank."""
        found: list[Json] = self.stack.tenant.control("GET", "/work-items?system=jira")
        return [i for i in found if number in i["fields"]["labels"]]

    def issue(self, number: str, wanted: Callable[[Json], bool] = lambda issue: True) -> Json:
        """Waits for the ticket's one issue as wanted, known on the ticket."""

        def look() -> Json | None:
            known = [item["id"] for item in self.ticket(number)["work_items"]]
            fitting = (i for i in self.issues(number) if i["id"] in known and wanted(i))
            return next(fitting, None)

        return wait_until(look, f"the issue of {number}") or {}

    def in_jira(self, number: str, by: str, **fields: object) -> None:
        """Somebody edits the issue; the webhook has been answered when this returns."""
        key = self.issue(number)["id"]
        body = {"fields": fields, "by": by}
        self.stack.tenant.control("PATCH", f"/work-items/{key}", json=body)

    def says_in_jira(self, number: str, by: str, text: str) -> None:
        key = self.issue(number)["id"]
        body = {"text": text, "by": by}
        self.stack.tenant.control("POST", f"/work-items/{key}/comments", json=body)

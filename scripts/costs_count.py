"""`scripts/docket costs-count`: counts storage calls and executions on a running system.

It starts the emulator, the tenant and two hosts (HTTP apart from queues and timers, as on Flex
Consumption), waits an idle hour, lets tickets live through what the list below says, goes on for a
quarter of an hour and then for a night, and writes scripts/costs_counted.json, from which
scripts/costs.py reckons. Some minutes' work.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import sys
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from functions.doors import DOORS, Timer
from scripts.costs_meter import Calls, Meter, running
from tests.support.stack import Stack, client_address, production_issue, wait_until

COUNTED = Path(__file__).parent / "costs_counted.json"
TICKETS, IDLE_MINUTES = 10, 60
FOLLOWED = 15  # minutes in which the tickets' threads are looked at
HOLLY, SAM = "holly@mytc.example", "sam.okafor@mytc.example"
MARIA, PRIYA = "maria.lopez@mytc.example", "priya.nair@mytc.example"
MAILBOX = "support@mytc.example"
# What becomes of one ticket: who does what, in this order; '' is the client, who answers by mail.
LIFE: tuple[tuple[str, dict[str, Any]], ...] = (
    (HOLLY, {"command": "move", "to": "in_planning"}),
    (HOLLY, {"command": "ask_team"}),
    (PRIYA, {"command": "seen"}),
    (SAM, {"command": "opine", "opinion": "proceed"}),
    (SAM, {"command": "note", "text": "The index of the users' table is broken."}),
    (MARIA, {"command": "decide", "decision": "proceed", "reason": "ours", "urgency": "urgent"}),
    (HOLLY, {"command": "reply", "text": "We look into it. Does it concern everybody?"}),
    ("", {"text": "Yes, all of us."}),
    (HOLLY, {"command": "assign", "assignee": SAM}),
    (SAM, {"command": "note", "text": "The index is being built anew."}),
    (HOLLY, {"command": "reply", "text": "It is mended in an hour."}),
    ("", {"text": "Thank you, we wait."}),
    (HOLLY, {"command": "set_severity", "severity": "low", "reason": "there is a way around"}),
    (HOLLY, {"command": "reply", "text": "Please try again."}),
    ("", {"text": "It works again."}),
)
STAFF_PAGES = ("/desk/mytc", "/desk/mytc/tickets/{number}", "/api/tickets/{number}")
LOOKS = 40  # of open ticket pages that ask for news
PAGES_EACH = 5  # visits to each of the pages above, and to the client's own
_LINK = re.compile(r"http://[^/\s]+(/r/[\w.-]+)")

TIMERS = [d for doors in DOORS.values() for d in doors if isinstance(d, Timer)]
EACH_MINUTE = tuple(t.name for t in TIMERS if t.schedule.split()[1:3] == ["*", "*"])
EACH_NIGHT = tuple(t.name for t in TIMERS if "*" not in t.schedule.split()[2])
PATIENCE = 120.0  # seconds: a message that failed comes again after 30
LEAST = 0.05  # a smaller share is a coincidence of the count


# -- what happens


def live(stack: Stack, meter: Meter) -> None:
    """One ticket from its request to its last answer."""
    client = client_address()
    file = {"name": "log.txt", "content_type": "text/plain", "content_base64": "ZmFpbGVk" * 2000}
    number = stack.opened("mytc", production_issue(client, attachments=[file]))["number"]
    for persona, order in LIFE:
        settle(stack, meter)
        if persona:
            fields = {name: value for name, value in order.items() if name != "command"}
            stack.order(number, persona, order["command"], **fields)
        else:
            answer(stack, meter, number, client, order["text"])
    settle(stack, meter)
    look_around(stack, number, client)


def answer(stack: Stack, meter: Meter, number: str, client: str, text: str) -> None:
    """The client answers the last mail; the mailbox was looked at since."""
    heard = meter.runs()["look_at_mailbox"]
    last = stack.mails(client, number)[-1]
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = client, MAILBOX, f"Re: {last['subject']}"
    mail["In-Reply-To"] = mail["References"] = last["message_id"]
    mail["Message-ID"] = f"<{number}.{len(text)}.{client}>"
    mail["Date"] = dt.datetime.fromisoformat(stack.tenant.now())
    mail.set_content(text)
    stack.tenant.mail(MAILBOX, mail.as_bytes())
    wait_until(lambda: meter.runs()["look_at_mailbox"] > heard, "the answer was read")


def look_around(stack: Stack, number: str, client: str) -> None:
    """People visit the ticket's pages, and leave one open for a while."""
    staff, visitor = stack.client(HOLLY), stack.client()
    mail = stack.mails(client, number)[0]
    [link, *_] = _LINK.findall(mail["text"] + mail["html"])
    for _ in range(PAGES_EACH):
        for page in STAFF_PAGES:
            staff.get(page.format(number=number)).raise_for_status()
        visitor.get(link).raise_for_status()
    for _ in range(LOOKS):
        staff.get(f"/desk/mytc/tickets/{number}/live", params={"version": "1"}).raise_for_status()


def settle(stack: Stack, meter: Meter) -> None:
    """Until every message was handled and no webhook, which may ring again, is under way."""
    for _ in range(2):
        wait_until(meter.is_quiet, "every message handled", PATIENCE)
        stack.tenant.settle()
    wait_until(meter.is_quiet, "every message handled", PATIENCE)


# -- the whole count


def count(tickets: int = TICKETS, minutes: int = IDLE_MINUTES) -> dict[str, Any]:
    """Averages of one ticket, one look at its thread, one idle minute and one night."""
    with running() as (stack, meter):
        _advance(stack, meter, "PT2H", EACH_MINUTE)  # subscriptions are made
        idle(stack, meter, 5)
        meter.look()
        idle(stack, meter, minutes)
        minute = Share.of(*meter.look(), minutes)
        live(stack, meter)  # the first one fills what is kept in memory
        meter.look()
        found = _tickets(stack, meter, tickets, minute)
        _advance(stack, meter, "PT24H", (*EACH_MINUTE, *EACH_NIGHT))
        settle(stack, meter)
        night = Share.of(*meter.look(), 1, without=minute, times=1)
        slow = meter.slow()
    return {
        "on": dt.datetime.now(dt.UTC).date().isoformat(),
        "tickets": tickets,
        "idle_minutes": minutes,
        "longer_than_a_second": round(slow, 4),
        **found,
        "minute": vars(minute),
        "night": vars(night),
    }


def _tickets(stack: Stack, meter: Meter, tickets: int, minute: Share) -> dict[str, Any]:
    """What became of so many, and what the looks at their threads and at the one before took."""
    before = len(stack.tenant.sent())
    for _ in range(tickets):
        live(stack, meter)
    lived, runs = meter.look()
    mails = (len(stack.tenant.sent()) - before) / tickets
    idle(stack, meter, FOLLOWED)
    looks = FOLLOWED * (tickets + 1)
    listening = Share.of(*meter.look(), looks, without=minute, times=FOLLOWED)
    _advance(stack, meter, "PT3H", EACH_MINUTE)  # the clock has something to say
    settle(stack, meter)
    later, late_runs = meter.look()
    calls, all_runs = lived + later, runs + late_runs
    ticket = Share.of(calls, all_runs, tickets, without=minute, times=all_runs[EACH_MINUTE[0]])
    return {
        "life": {
            "commands": sum(bool(persona) for persona, _ in LIFE),
            "mails_in": sum(not persona for persona, _ in LIFE),
            "mails_out": round(mails, 1),
            "pages": PAGES_EACH * (len(STAFF_PAGES) + 1) + LOOKS,
        },
        "ticket": vars(ticket),
        "look": {"calls": listening.calls, "executions": {}},
    }


@dataclass(frozen=True)
class Share:
    """What falls to one ticket, minute or night: storage calls by kind, executions by function."""

    calls: dict[str, float]
    executions: dict[str, float]

    @classmethod
    def of(
        cls, calls: Calls, runs: Calls, among: int, without: Share | None = None, times: int = 0
    ) -> Share:
        """`without`: what went on beside it, so many times."""
        beside = without or cls({}, {})
        return cls(
            _shared(calls, beside.calls, times, among),
            _shared(runs, beside.executions, times, among),
        )


def _shared(found: Calls, beside: dict[str, float], times: int, among: int) -> dict[str, float]:
    left = {name: (n - beside.get(name, 0) * times) / among for name, n in sorted(found.items())}
    return {name: round(n, 2) for name, n in left.items() if n >= LEAST}


def idle(stack: Stack, meter: Meter, minutes: int) -> None:
    """So many minutes in which nobody does anything."""
    for _ in range(minutes):
        _advance(stack, meter, "PT1M", EACH_MINUTE)
    settle(stack, meter)


def _advance(stack: Stack, meter: Meter, span: str, timers: tuple[str, ...]) -> None:
    """Moves the clock; the timers that fell due have run."""
    before = meter.runs()
    stack.tenant.advance(span)
    wait_until(
        lambda: all(meter.runs()[name] > before[name] for name in timers), f"timers after {span}"
    )


def main() -> int:
    """Counts, writes the file, and prints it."""
    found = json.dumps(count(), indent=2)
    COUNTED.write_text(found + "\n", encoding="utf-8")
    print(found)
    print("now: scripts/docket costs --write", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""`scripts/docket costs`: what a month costs, from counted work and stated prices.

scripts/costs_counted.json holds what a ticket, an idle minute and so on took on a running system
(`scripts/docket costs-count` counts again); a month's figures are multiples of these.
`--write` puts the tables into docs/costs.md.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "costs.md"
COUNTED: dict[str, Any] = json.loads((ROOT / "scripts" / "costs_counted.json").read_text())
SIZES = (100, 1_000, 10_000)
DAYS = 30.4
MONTH = DAYS * 24 * 3600  # seconds

# Assumed, for nothing here counts it.
MEGABYTES = 1.5  # of files and mail that a ticket keeps
IDLE_POLL = 2.0  # seconds between two looks at an empty queue, while an instance is there
QUEUES = 2
OPEN_DAYS = 2  # of a ticket; its thread in Teams is looked at the more rarely the longer it lasts
LOOKS = 60 + 23 * 12 + (OPEN_DAYS - 1) * 48 + (7 - OPEN_DAYS) * 4
LOG_KILOBYTES = 1.2  # of one execution with its traces and dependencies
ALERTS_5_MINUTES, ALERTS_15_MINUTES = 2, 11  # rules in infra/modules/alerts.bicep

# US dollars, region East US, as known on 2026-11-22; look at https://azure.microsoft.com/pricing
# before relying on them. Flex Consumption: on demand, and always ready.
GB_SECOND, FREE_GB_SECONDS = 0.000026, 100_000
MILLION_EXECUTIONS, FREE_EXECUTIONS = 0.40, 250_000
READY_GB_SECOND, READY_EXECUTION_GB_SECOND = 0.000004, 0.000016
TABLE_10K, QUEUE_10K, BLOB_WRITE_10K, BLOB_READ_10K = 0.00036, 0.0004, 0.065, 0.005
GIGABYTE_STORED = 0.045
LOG_GIGABYTE, FREE_LOG_GIGABYTES = 2.30, 5.0
ALERT_5_MINUTES, ALERT_15_MINUTES = 1.50, 0.50
ACS_MAIL = 0.00025
FLOW_RUN = 2 * 0.000125 + 6 * 0.000025
PRIVATE_ENDPOINT, PRIVATE_ZONE = 7.30, 0.50

# Kinds of calls as scripts/costs_count.py names them, and what 10,000 of each cost.
PRICES = {
    "transaction": TABLE_10K, "read": TABLE_10K, "other table": TABLE_10K,
    "ring": QUEUE_10K, "poll": QUEUE_10K, "message": QUEUE_10K, "other queue": QUEUE_10K,
    "new queue": QUEUE_10K, "blob write": BLOB_WRITE_10K, "blob read": BLOB_READ_10K,
}  # fmt: skip
HTTP = ("api_", "desk_", "client_", "my_", "portal_", "hook_", "static_", "zz_")


@dataclass(frozen=True)
class Kind:
    """An environment, as its file under infra/environments sets it."""

    name: str
    memory_gb: float
    ready: int
    private: bool = False


DEV, PROD = Kind("dev", 0.5, 0), Kind("prod", 2.0, 1)
PRIVATE = Kind("prod, private network", 2.0, 1, private=True)


def times(tickets: int) -> dict[str, float]:
    """How often a month has what was counted."""
    return {"ticket": tickets, "look": tickets * LOOKS, "minute": MONTH / 60, "night": DAYS}


def calls(tickets: int) -> dict[str, float]:
    """Storage calls of a month by kind; looks at empty queues go by time."""
    found: dict[str, float] = {}
    for what, often in times(tickets).items():
        for kind, count in COUNTED[what]["calls"].items():
            found[kind] = found.get(kind, 0) + count * often
    found["poll"] = found.get("poll", 0) + QUEUES * MONTH / IDLE_POLL
    return found


def executions(tickets: int) -> tuple[float, float]:
    """Executions of a month: HTTP, and queues with timers."""
    http = rest = 0.0
    for what, often in times(tickets).items():
        for name, count in COUNTED[what]["executions"].items():
            if name.startswith(HTTP):
                http += count * often
            else:
                rest += count * often
    return http, rest


def month(kind: Kind, tickets: int) -> dict[str, float]:
    """US dollars by what they are spent on."""
    http, rest = executions(tickets)
    # No execution counts less than a second, and hardly any takes longer.
    on_demand = rest if kind.ready else rest + http
    ready = kind.ready * kind.memory_gb * MONTH * READY_GB_SECOND
    ready += (http if kind.ready else 0) * kind.memory_gb * READY_EXECUTION_GB_SECOND
    spent = max(0.0, on_demand * kind.memory_gb - FREE_GB_SECONDS) * GB_SECOND
    count = max(0.0, http + rest - FREE_EXECUTIONS) / 1e6 * MILLION_EXECUTIONS
    gigabytes = (http + rest) * LOG_KILOBYTES / 1e6
    kept = tickets * 12 * MEGABYTES / 1000  # a year's tickets
    return {
        "always ready": ready,
        "executions": spent + count,
        "storage": sum(n / 1e4 * PRICES[name] for name, n in calls(tickets).items())
        + kept * GIGABYTE_STORED,
        "logs": max(0.0, gigabytes - FREE_LOG_GIGABYTES) * LOG_GIGABYTE,
        "alerts": ALERTS_5_MINUTES * ALERT_5_MINUTES + ALERTS_15_MINUTES * ALERT_15_MINUTES,
        "mail, forms": tickets * (COUNTED["life"]["mails_out"] * ACS_MAIL + FLOW_RUN),
        "network": 4 * (PRIVATE_ENDPOINT + PRIVATE_ZONE) if kind.private else 0.0,
    }


# -- the page


def table() -> str:
    """The months of three sizes of desk, as Markdown."""
    heads = list(month(PROD, 100))
    lines = [f"| environment | tickets a month | {' | '.join(heads)} | **sum** |"]
    lines.append("|---|--:|" + "--:|" * (len(heads) + 1))
    for kind in (DEV, PROD, PRIVATE):
        for tickets in SIZES:
            spent = month(kind, tickets)
            cells = " | ".join(f"{amount:.2f}" for amount in spent.values())
            total = sum(spent.values())
            lines.append(f"| {kind.name} | {tickets:,} | {cells} | **{total:.0f}** |")
    return "\n".join(lines)


def counted() -> str:
    """What was counted, and the months' multiples of it, as Markdown."""
    sizes = " | ".join(f"{size:,} tickets" for size in SIZES)
    lines = [f"| | a ticket | a look at its thread | an idle minute | a night | {sizes} |"]
    lines.append("|---|--:|--:|--:|--:|" + "--:|" * len(SIZES))
    for kind in PRICES:
        each = [COUNTED[what]["calls"].get(kind, 0) for what in times(0)]
        if any(each):
            lines.append(_row(NAMES.get(kind, kind), each, [calls(n)[kind] for n in SIZES]))
    for at, name in enumerate(("executions, HTTP", "executions, queues and timers")):
        each = [
            sum(
                n for f, n in COUNTED[what]["executions"].items() if f.startswith(HTTP) == (at == 0)
            )
            for what in times(0)
        ]
        lines.append(_row(name, each, [executions(n)[at] for n in SIZES]))
    return "\n".join(lines)


NAMES = {
    "transaction": "table transactions",
    "read": "table reads",
    "ring": "messages put",
    "poll": "messages received, looks at empty queues included",
    "message": "messages deleted",
    "other queue": "other queue calls",
    "blob write": "blob writes",
    "blob read": "blob reads",
}


def _row(name: str, each: list[float], months: list[float]) -> str:
    cells = [f"{n:,.1f}" for n in each] + [f"{n:,.0f}" for n in months]
    return f"| {name} | {' | '.join(cells)} |"


def sample() -> str:
    """How it was counted, as a sentence."""
    life = COUNTED["life"]
    return (
        f"Counted on {COUNTED['on']}: {COUNTED['tickets']} tickets, each with {life['commands']} "
        f"commands, {life['pages']} pages and live looks, {life['mails_in']} mails in and "
        f"{life['mails_out']:.0f} mails out; {COUNTED['idle_minutes']} idle minutes; one night. "
        f"{COUNTED['longer_than_a_second']:.1%} of the executions took longer than a second."
    )


def page(text: str) -> str:
    """The page with today's tables in place of those between its marks."""
    for mark, made in (("sample", sample()), ("counted", counted()), ("months", table())):
        before, _, rest = text.partition(f"<!-- {mark} -->\n")
        _, _, after = rest.partition(f"<!-- end of {mark} -->")
        text = f"{before}<!-- {mark} -->\n{made}\n<!-- end of {mark} -->{after}"
    return text


def main(arguments: list[str]) -> int:
    """Prints the tables, or writes them into the page."""
    if "--write" in arguments:
        PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"{sample()}\n\n{counted()}\n\n{table()}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

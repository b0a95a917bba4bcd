"""`scripts/docket costs`: what a month costs, from counted work and stated prices.

docs/costs.md holds this table; tests/infra/test_costs.py counts the work again.
"""

from __future__ import annotations

from dataclasses import dataclass

MONTH = 30.4 * 24 * 3600  # seconds

# Counted: storage round trips of one occurrence, in the app over memory twins with both desks
# (a transaction of many rows is one).
STORAGE_CALLS = {"intake": 3, "command": 3, "delivery": 3, "page": 1, "mail": 12, "minute": 20}

# Assumed for the life of one ticket; the desks' stories come to about this.
COMMANDS, PAGES, MAILS_IN, MAILS_OUT, MEGABYTES = 12, 60, 3, 6, 1.5
EACH_MINUTE, EACH_HOUR = 4.2, 2  # timer executions; 4.2: four each minute, one each fifth
ALERTS_5_MINUTES, ALERTS_15_MINUTES = 2, 11  # rules in infra/modules/alerts.bicep
LOG_KILOBYTES = 1.2  # of one execution with its traces and dependencies

# US dollars, region East US, as known on 2026-11-22; look at https://azure.microsoft.com/pricing
# before relying on them. Flex Consumption: on demand, and always ready.
GB_SECOND, FREE_GB_SECONDS = 0.000026, 100_000
MILLION_EXECUTIONS, FREE_EXECUTIONS = 0.40, 250_000
READY_GB_SECOND, READY_EXECUTION_GB_SECOND = 0.000004, 0.000016
TABLE_10K, BLOB_WRITE_10K, QUEUE_10K = 0.00036, 0.065, 0.0004
GIGABYTE_STORED = 0.045
LOG_GIGABYTE, FREE_LOG_GIGABYTES = 2.30, 5.0
ALERT_5_MINUTES, ALERT_15_MINUTES = 1.50, 0.50
ACS_MAIL = 0.00025
FLOW_RUN = 2 * 0.000125 + 6 * 0.000025
PRIVATE_ENDPOINT, PRIVATE_ZONE = 7.30, 0.50


@dataclass(frozen=True)
class Kind:
    """An environment, as its file under infra/environments sets it."""

    name: str
    memory_gb: float
    ready: int
    private: bool = False


DEV, PROD = Kind("dev", 0.5, 0), Kind("prod", 2.0, 1)
PRIVATE = Kind("prod, private network", 2.0, 1, private=True)


def executions(tickets: int) -> tuple[float, float]:
    """Executions of a month: HTTP, and queues with timers."""
    http = tickets * (1 + COMMANDS + PAGES + MAILS_IN)
    queue = tickets * (1 + COMMANDS + MAILS_IN)
    timers = MONTH / 60 * EACH_MINUTE + MONTH / 3600 * EACH_HOUR
    return http, queue + timers


def storage_calls(tickets: int) -> float:
    """Storage transactions of a month."""
    one = STORAGE_CALLS
    ticket = one["intake"] + (1 + COMMANDS) * one["delivery"] + COMMANDS * one["command"]
    ticket += PAGES * one["page"] + MAILS_IN * one["mail"]
    return tickets * ticket + MONTH / 60 * one["minute"]


def month(kind: Kind, tickets: int) -> dict[str, float]:
    """US dollars by what they are spent on."""
    http, rest = executions(tickets)
    # No execution counts less than a second; page loads and commands stay below it.
    on_demand = rest if kind.ready else rest + http
    ready = kind.ready * kind.memory_gb * MONTH * READY_GB_SECOND
    ready += (http if kind.ready else 0) * kind.memory_gb * READY_EXECUTION_GB_SECOND
    time = max(0.0, on_demand * kind.memory_gb - FREE_GB_SECONDS) * GB_SECOND
    count = max(0.0, http + rest - FREE_EXECUTIONS) / 1e6 * MILLION_EXECUTIONS
    polls = 2 * MONTH / 2  # two queues, each two seconds while an instance is there
    gigabytes = (http + rest) * LOG_KILOBYTES / 1e6
    return {
        "always ready": ready,
        "executions": time + count,
        "storage": storage_calls(tickets) / 1e4 * TABLE_10K
        + tickets * (1 + MAILS_IN) / 1e4 * BLOB_WRITE_10K
        + polls / 1e4 * QUEUE_10K
        + tickets * 12 * MEGABYTES / 1000 * GIGABYTE_STORED,  # a year's tickets are kept
        "logs": max(0.0, gigabytes - FREE_LOG_GIGABYTES) * LOG_GIGABYTE,
        "alerts": ALERTS_5_MINUTES * ALERT_5_MINUTES + ALERTS_15_MINUTES * ALERT_15_MINUTES,
        "mail, forms": tickets * (MAILS_OUT * ACS_MAIL + FLOW_RUN),
        "network": 4 * (PRIVATE_ENDPOINT + PRIVATE_ZONE) if kind.private else 0.0,
    }


def table() -> str:
    """The months of three sizes of desk, as Markdown."""
    heads = list(month(PROD, 100))
    lines = [f"| environment | tickets a month | {' | '.join(heads)} | **sum** |"]
    lines.append("|---|--:|" + "--:|" * (len(heads) + 1))
    for kind in (DEV, PROD, PRIVATE):
        for tickets in (100, 1_000, 10_000):
            spent = month(kind, tickets)
            cells = " | ".join(f"{amount:.2f}" for amount in spent.values())
            total = sum(spent.values())
            lines.append(f"| {kind.name} | {tickets:,} | {cells} | **{total:.0f}** |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())

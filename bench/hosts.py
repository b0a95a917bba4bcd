"""The function app for a measurement, and what its processes use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.host import HostProcess
from tests.support.stack import Stack


@contextmanager
def hosts_of(stack: Stack, desks: Path | None = None) -> Iterator[list[HostProcess]]:
    """HTTP apart from queues and timers, as on Flex Consumption and in `make run`."""
    hosts = [
        stack.new_host(stack.storage.connection_string, stack.tenant.url, kind, desks)
        for kind in ("http", "background")
    ]
    try:
        yield [host.start() for host in hosts]
    finally:
        for host in hosts:
            host.stop()
            host.close()


def cpu_seconds(hosts: list[HostProcess]) -> float:
    """What the processes have used so far, user and system."""
    ticks = 0
    for host in hosts:
        fields = Path(f"/proc/{host.pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def memory(hosts: list[HostProcess]) -> str:
    """Megabytes of each, HTTP first."""
    found = []
    for host in hosts:
        lines = Path(f"/proc/{host.pid}/status").read_text().splitlines()
        kilobytes = next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
        found.append(f"{kilobytes / 1024:.0f}")
    return " and ".join(found)

"""What a ticket costs the hosts, from intake to its delivered mails, and how long that takes."""

from __future__ import annotations

import asyncio
import re
import shutil
import tempfile
import time
from pathlib import Path

import aiohttp

from bench.hosts import cpu_seconds, hosts_of, memory
from bench.submissions import DESK, Call, requests, times
from tests.support.host import PROJECT, HostProcess
from tests.support.stack import Stack, wait_until

WARM_UP, COUNT, ROUNDS = 30, 60, 3


async def report() -> None:
    """The desk with its confirmation alone, then as it ships; one line a figure."""
    with tempfile.TemporaryDirectory() as folder:
        plain = _confirming_only(Path(folder) / "desks")
        await _measure("a confirmation", 1, plain)
        await _measure("two mails and a work item", 2, None)


def _confirming_only(desks: Path) -> Path:
    """The desks, of which ours tells nobody but the client and mirrors nothing."""
    shutil.copytree(PROJECT / "desks", desks)
    path = desks / DESK / "desk.yaml"
    text = path.read_text(encoding="utf-8")
    for part in (r"  - \{id: new_request,.*\n", r"  mirror:.*\n(?:    .*\n)+"):
        text, found = re.subn(part, "", text)
        assert found == 1, part
    path.write_text(text, encoding="utf-8")
    return desks


async def _measure(what: str, mails: int, desks: Path | None) -> None:
    with (
        tempfile.TemporaryDirectory() as data,
        Stack(Path(data), serving=False) as stack,
        hosts_of(stack, desks) as hosts,
    ):
        async with aiohttp.ClientSession(stack.url) as client:
            request = requests(client)
            await _delivered(stack, request, WARM_UP, mails)
            costs = [await _round(stack, hosts, request, mails) for _ in range(ROUNDS)]
            told = ", ".join(f"{cost:.1f}" for cost in costs)
            print(f"host CPU per ticket with {what}: {told} ms (idle subtracted)")
            print(f"        memory: {memory(hosts)} MB resident")
            began = time.perf_counter()
            await _delivered(stack, request, 1, mails)
            took = time.perf_counter() - began
            print(f"        from submission to the last mail in its mailbox: {took:.2f} s")


async def _round(stack: Stack, hosts: list[HostProcess], request: Call, mails: int) -> float:
    """Milliseconds of both hosts' CPU per ticket, less what they use while nothing happens."""
    began, before = time.perf_counter(), cpu_seconds(hosts)
    await _delivered(stack, request, COUNT, mails)
    spent, waited = cpu_seconds(hosts) - before, time.perf_counter() - began
    before = cpu_seconds(hosts)
    await asyncio.sleep(5)
    idle = (cpu_seconds(hosts) - before) / 5
    return (spent - idle * waited) / COUNT * 1000


async def _delivered(stack: Stack, request: Call, count: int, mails: int) -> None:
    """Sends so many requests, and waits until each one's mails have left."""
    target = len(stack.tenant.sent()) + count * mails
    await times(request, count, 1)
    await asyncio.to_thread(
        wait_until, lambda: len(stack.tenant.sent()) >= target, "the mails", 120, 0.2
    )

"""The real process killed (SIGKILL) at a call of storage or of a vendor, and started again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import httpx
import pytest

from local.azurite import connection_string
from tests.support.host import HostProcess
from tests.support.proxy import CuttingProxy
from tests.support.stack import Json, Stack, client_address, production_issue, wait_until

HOLLY = "holly@mytc.example"


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Storage and tenant; the app is the tests' own."""
    with Stack(tmp_path_factory.mktemp("crash"), serving=False) as stack:
        yield stack


@dataclass(frozen=True)
class Ways:
    """The app's ways to storage and vendors, and the app itself."""

    tables: CuttingProxy
    queues: CuttingProxy
    vendors: CuttingProxy
    host: HostProcess


@pytest.fixture
async def ways(parts: Stack) -> AsyncIterator[Ways]:
    async with AsyncExitStack() as opened:
        ports = parts.storage.ports
        vendor_port = urlsplit(parts.tenant.url).port or 0
        tables, queues, vendors = [
            await opened.enter_async_context(CuttingProxy(port))
            for port in (ports.table, ports.queue, vendor_port)
        ]
        storage = connection_string(replace(ports, table=tables.port, queue=queues.port))
        host = parts.new_host(storage, f"http://127.0.0.1:{vendors.port}")
        await asyncio.to_thread(host.start)
        try:
            yield Ways(tables, queues, vendors, host)
        finally:
            await asyncio.to_thread(host.kill)
            host.close()


# Where the process dies: whose call, which path, and the how-manieth of those calls.
CALLS = [
    ("tables", "$batch", 1),  # the request's transaction is done, the bell not rung
    ("queues", "/messages", 1),  # rung, not acknowledged
    ("vendors", "/workitems/$", 1),  # the mirror exists, nobody knows its number
    ("vendors", "/send", 1),  # the first mail has left
    ("vendors", "/send", 2),  # both have left
    ("tables", "$batch", 2),  # all delivered and recorded
]


@pytest.mark.parametrize(("whose", "path", "nth"), CALLS)
async def test_a_killed_process_loses_nothing_and_tells_everybody_once(
    parts: Stack, ways: Ways, whose: str, path: str, nth: int
) -> None:
    client, key = client_address(), client_address()
    proxy: CuttingProxy = getattr(ways, whose)
    proxy.cut_after(nth, path=path, meanwhile=ways.host.kill)
    await asyncio.to_thread(_try_to_submit, parts, client, key)
    await asyncio.to_thread(wait_until, ways.host.has_ended, "the process is killed")
    await asyncio.to_thread(ways.host.start)
    await asyncio.to_thread(_all_is_told_once, parts, client, key)


def _try_to_submit(parts: Stack, client: str, key: str) -> None:
    """The client's program, which may lose its answer."""
    try:
        parts.send_request("mytc", production_issue(client), key)
    except httpx.TransportError:
        return


def _all_is_told_once(parts: Stack, client: str, key: str) -> None:
    again = parts.send_request("mytc", production_issue(client), key)
    assert again.status_code in (200, 201), again.text
    number = str(again.json()["number"])

    def told() -> bool:
        parts.tenant.advance("PT2M")  # claims run out, and the sweep looks again
        return bool(parts.mails(client, number) and parts.mails(HOLLY, number))

    wait_until(told, f"everybody hears of {number}")
    wait_until(lambda: _is_quiet(parts, number), f"nothing of {number} is left to deliver")
    assert len(parts.mails(client)) == 1
    assert len(parts.mails(HOLLY, number)) == 1
    assert len(parts.items(number)) == 1
    ticket: Json = parts.ticket(number, HOLLY)
    assert [h["kind"] for h in ticket["history"]] == ["opened", "item_linked"]


def _is_quiet(parts: Stack, number: str) -> bool:
    """The ticket knows its mirror, and a further sweep finds nothing to do."""
    parts.tenant.advance("PT2M")
    return bool(parts.ticket(number, HOLLY)["work_items"])

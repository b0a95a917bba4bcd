"""Many requests at the same moment."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx
import pytest

from tests.support.stack import KEY, Stack, client_address, production_issue, wait_until

BURST = 200
LOOKED_AT = 40  # confirmations: all of them take a busy machine minutes
PATIENT = httpx.Timeout(120)


@pytest.fixture
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack of its own: what the burst leaves to do would keep the shared one busy."""
    with Stack(tmp_path_factory.mktemp("volume")) as running:
        yield running


async def test_200_submissions_at_once_get_200_numbers_and_no_confirmation_comes_twice(
    fresh: Stack,
) -> None:
    clients = [client_address() for _ in range(BURST)]
    async with httpx.AsyncClient(base_url=fresh.url, timeout=PATIENT, trust_env=False) as http:
        answers = await asyncio.gather(*(_send(http, client) for client in clients))
    assert [answer.status_code for answer in answers] == [201] * BURST
    assert len({answer.json()["number"] for answer in answers}) == BURST

    def confirmed() -> list[str]:
        found = [m["to"][0] for m in fresh.tenant.sent() if m["to"][0] in wanted]
        return found if len(found) >= LOOKED_AT else []

    # Reading all mail is itself work for the tenant, so this looks seldom.
    wanted = set(clients)
    told = wait_until(confirmed, f"{LOOKED_AT} of the 200 confirmations", within=180, every=1)
    assert len(set(told)) == len(told)


async def _send(http: httpx.AsyncClient, client: str) -> httpx.Response:
    body = production_issue(client, type="question", severity="low")
    return await http.post("/api/desks/mytc/requests", json=body, headers=KEY)

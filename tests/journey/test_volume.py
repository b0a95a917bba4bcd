"""Many requests at the same moment."""

from __future__ import annotations

import asyncio

import httpx

from tests.support.stack import KEY, Stack, client_address, production_issue, wait_until

BURST = 200
PATIENT = httpx.Timeout(120)


async def test_200_submissions_at_once_get_200_numbers_and_a_confirmation_each(
    stack: Stack,
) -> None:
    clients = [client_address() for _ in range(BURST)]
    async with httpx.AsyncClient(base_url=stack.url, timeout=PATIENT, trust_env=False) as http:
        answers = await asyncio.gather(*(_send(http, client) for client in clients))
    assert [answer.status_code for answer in answers] == [201] * BURST
    assert len({answer.json()["number"] for answer in answers}) == BURST

    def confirmed() -> list[str]:
        wanted = set(clients)
        found = [m["to"][0] for m in stack.tenant.sent() if m["to"][0] in wanted]
        return found if len(found) >= BURST else []

    # Reading all mail is itself work for the tenant, so this looks seldom.
    told = wait_until(confirmed, "a confirmation to each of the 200", within=180, every=2)
    assert sorted(told) == sorted(clients)


async def _send(http: httpx.AsyncClient, client: str) -> httpx.Response:
    body = production_issue(client, type="question", severity="low")
    return await http.post("/api/desks/mytc/requests", json=body, headers=KEY)

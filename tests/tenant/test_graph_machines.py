"""Bounces and automatic replies, and whose mailbox a path means."""

from email import message_from_bytes

import httpx
import pytest

from local.tenant.core import Tenant
from tests.tenant.test_graph_mail import BASE, CLIENT, listing, message, one, receive


async def test_a_mail_to_an_address_that_bounces_comes_back_as_a_report(
    http: httpx.AsyncClient,
) -> None:
    await http.post("/control/bounces", json={"address": CLIENT, "kind": "hard"})
    await http.post(f"{BASE}/sendMail", json={"message": message()})
    inbox = (await http.get(f"{BASE}/mailFolders/inbox/messages")).json()["value"]
    raw = (await http.get(f"{one(inbox[0])}/$value")).content
    report = message_from_bytes(raw)
    assert report.get_content_type() == "multipart/report"
    assert report["Auto-Submitted"] == "auto-replied"
    assert b"Final-Recipient: rfc822;client@else.example" in raw
    assert await listing(http, CLIENT) == []


@pytest.mark.parametrize(("kind", "answers"), [("naive", 2), ("polite", 1)])
async def test_a_machine_answers_in_its_manner(
    http: httpx.AsyncClient, tenant: Tenant, kind: str, answers: int
) -> None:
    await http.post("/control/auto-responder", json={"mailbox": CLIENT, "kind": kind})
    for _ in range(2):
        await http.post(f"{BASE}/sendMail", json={"message": message()})
    await tenant.settled()
    inbox = (await http.get(f"{BASE}/mailFolders/inbox/messages")).json()["value"]
    assert len(inbox) == answers


async def test_a_polite_machine_does_not_answer_what_a_machine_wrote(
    http: httpx.AsyncClient, tenant: Tenant
) -> None:
    await http.post("/control/auto-responder", json={"mailbox": CLIENT, "kind": "polite"})
    quiet = [{"name": "X-Auto-Response-Suppress", "value": "All"}]
    body = {"message": message(internetMessageHeaders=quiet)}
    await http.post(f"{BASE}/sendMail", json=body)
    await tenant.settled()
    assert (await http.get(f"{BASE}/mailFolders/inbox/messages")).json()["value"] == []


async def test_an_object_id_or_me_means_a_mailbox_too(http: httpx.AsyncClient) -> None:
    person = (await http.get("/graph/v1.0/users/holly@desk.example")).json()
    await receive(http, "holly@desk.example")
    assert len(await listing(http, person["id"])) == 1
    found = await http.get(
        "/graph/v1.0/me/messages", headers={"Authorization": "Bearer delegated:holly@desk.example"}
    )
    assert len(found.json()["value"]) == 1


async def test_people_are_found_by_their_address(http: httpx.AsyncClient) -> None:
    query = {"$filter": "mail eq 'sam@desk.example' or mail eq 'nobody@desk.example'"}
    (found,) = (await http.get("/graph/v1.0/users", params=query)).json()["value"]
    assert found["displayName"] == "Sam Okafor"
    assert (await http.get("/graph/v1.0/users/nobody@desk.example")).status_code == 404

"""The journal against the vendors' machine-readable contracts, where the checker is at hand."""

import asyncio
import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import quote

import httpx

from local.tenant.core import Tenant
from tests.tenant.conftest import Host
from tests.tenant.test_acs import HEADERS, SEND, mail
from tests.tenant.test_graph_mail import BASE, DESK, create, message, one, receive
from tests.tenant.test_graph_notifications import CARD, CHANNEL, URL, card_message, order

CHECKER = Path(__file__).parents[3] / "shared" / "check_contract.py"
KEY = "String {66f5a359-4659-4830-9070-00047ec6ac6e} Name OutboxKey"


def load_checker() -> ModuleType | None:
    spec = importlib.util.spec_from_file_location("check_contract", CHECKER)
    if not CHECKER.exists() or spec is None or spec.loader is None:
        return None
    module = importlib.util.module_from_spec(spec)
    sys.modules["check_contract"] = module  # its dataclasses look themselves up there
    spec.loader.exec_module(module)
    return module


async def use_mail(http: httpx.AsyncClient) -> None:
    await receive(http, Content_Type="text/html", Cc="x@else.example")
    filter_ = f"singleValueExtendedProperties/Any(ep: ep/id eq '{KEY}' and ep/value eq '7')"
    expand = f"singleValueExtendedProperties($filter=id eq '{KEY}')"
    draft = await create(
        http,
        singleValueExtendedProperties=[{"id": KEY, "value": "7"}],
        internetMessageHeaders=[{"name": "x-docket", "value": "7"}],
    )
    await http.patch(one(draft), json={"importance": "high"})
    small = {
        "@odata.type": "#microsoft.graph.fileAttachment",
        "name": "a.txt",
        "contentType": "text/plain",
        "contentBytes": "aGk=",
    }
    await http.post(f"{one(draft)}/attachments", json=small)
    await upload(http, draft)
    await http.post(f"{one(draft)}/send")
    await http.get(f"{BASE}/messages", params={"$filter": filter_, "$expand": expand})
    await http.post(f"{BASE}/sendMail", json={"message": message(), "saveToSentItems": True})
    found = (await http.get(f"{BASE}/mailFolders/inbox/messages/delta")).json()
    await http.get(found["@odata.deltaLink"], headers={"Prefer": 'IdType="ImmutableId"'})
    (received,) = found["value"]
    await http.get(one(received), params={"$select": "subject,internetMessageHeaders,uniqueBody"})
    await http.get(f"{one(received)}/$value")
    await http.post(f"{one(received)}/createReply", json={"comment": "We look."})
    await http.post(f"{one(received)}/reply", json={"comment": "We look."})
    moved = (await http.post(f"{one(received)}/move", json={"destinationId": "archive"})).json()
    await http.get(f"{BASE}/mailFolders/inbox/messages/delta")
    await http.get(found["@odata.deltaLink"])
    await http.delete(one(moved))
    await http.get(one(moved))
    await http.get(f"{BASE}/messages", params={"$filter": "subject ~ 1"})


async def upload(http: httpx.AsyncClient, draft: dict[str, Any]) -> None:
    size = 3 * 1024 * 1024
    item = {"AttachmentItem": {"attachmentType": "file", "name": "b.bin", "size": size}}
    session = await http.post(f"{one(draft)}/attachments/createUploadSession", json=item)
    half = size // 2
    for first in (0, half):
        headers = {
            "Content-Range": f"bytes {first}-{first + half - 1}/{size}",
            "Content-Type": "application/octet-stream",
        }
        await http.put(session.json()["uploadUrl"], content=b"x" * half, headers=headers)
    files = (await http.get(f"{one(draft)}/attachments")).json()["value"]
    await http.get(f"{one(draft)}/attachments/{quote(files[0]['id'], safe='')}")
    await http.get(f"{one(draft)}/attachments/{quote(files[0]['id'], safe='')}/$value")


async def use_teams(http: httpx.AsyncClient) -> None:
    person = (await http.get("/graph/v1.0/users/holly@desk.example")).json()
    await http.get("/graph/v1.0/users", params={"$filter": "mail eq 'holly@desk.example'"})
    user = {"id": person["id"], "displayName": "Holly", "userIdentityType": "aadUser"}
    body = card_message(mentions=[{"id": 0, "mentionText": "H", "mentioned": {"user": user}}])
    body["body"]["content"] += '<at id="0">H</at>'
    posted = (await http.post(f"{CHANNEL}/messages", json=body)).json()
    thread = f"{CHANNEL}/messages/{posted['id']}"
    reply = await http.post(
        f"{thread}/replies", json={"body": {"contentType": "html", "content": "Hi"}}
    )
    await http.get(f"{CHANNEL}/messages", params={"$top": "1", "$expand": "replies"})
    await http.get(thread)
    await http.get(f"{thread}/replies")
    await http.get(f"{thread}/replies/{reply.json()['id']}")
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": CARD,
    }
    await http.post(
        "/workflows/alerts?sig=s", json={"type": "message", "attachments": [attachment]}
    )


async def use_subscriptions(http: httpx.AsyncClient, tenant: Tenant, host: Host) -> None:
    entry = (await http.post(URL, json=order(tenant, host))).json()
    teams = "/teams/team-1/channels/19:general@thread.tacv2/messages"
    await http.post(URL, json=order(tenant, host, resource=teams))
    await http.get(URL)
    await http.get(f"{URL}/{entry['id']}")
    body = {"expirationDateTime": order(tenant, host)["expirationDateTime"]}
    await http.patch(f"{URL}/{entry['id']}", json=body)
    await receive(http, Message_ID="<first@x.y>")
    for event in ("missed", "reauthorizationRequired", "subscriptionRemoved"):
        await http.post("/control/graph/lifecycle", json={"event": event})
    await http.delete(f"{URL}/{entry['id']}")
    await http.post(URL, json=order(tenant, host))


async def use_acs(http: httpx.AsyncClient) -> None:
    await http.post("/control/acs", json={"reports": "on"})
    answer = await http.post(SEND, json=mail(), headers=HEADERS)
    await http.get(answer.headers["Operation-Location"], headers=HEADERS)
    await http.post(SEND, json=mail(senderAddress="x"), headers=HEADERS)


async def test_nothing_that_was_said_or_answered_breaks_a_contract(
    http: httpx.AsyncClient, tenant: Tenant, host: Host
) -> None:
    module = load_checker()
    if module is None:
        return
    await use_subscriptions(http, tenant, host)
    await use_teams(http)
    await use_acs(http)
    await tenant.settled()
    journal = (await http.get("/control/journal")).text
    await http.post("/control/reset")
    await use_mail(http)
    journal += (await http.get("/control/journal")).text
    entries = [json.loads(line) for line in journal.splitlines()]
    checker = module.Checker()
    found = await asyncio.to_thread(lambda: [(e, checker.check(e)) for e in entries])
    broken = [
        f"{entry['service']} {entry['method']} {entry['url'][:90]} {entry['status']}: {violation}"
        for entry, violations in found
        for violation in violations
    ]
    assert broken == [
        # These were sent wrong on purpose.
        line
        for line in broken
        if "senderAddress" in line or "subject%20~%201" in line
    ]
    assert len(entries) > 40
    assert DESK in journal

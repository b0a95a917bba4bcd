"""ACS Email, by the vendor's SDK and by hand."""

import uuid
from typing import Any

import httpx
import pytest
from azure.communication.email.aio import EmailClient
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import HttpResponseError

from local.tenant.core import Tenant
from tests.tenant.conftest import Host

KEY = AzureKeyCredential("bG9jYWwtdGVuYW50LWtleQ==")
HEADERS = {
    "Authorization": "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=x",
    "x-ms-date": "Mon, 01 Jan 2026 00:00:00 GMT",
    "x-ms-content-sha256": "x",
}
SEND = "/acs/emails:send?api-version=2025-09-01"


def mail(**more: Any) -> dict[str, Any]:
    return {
        "senderAddress": "noreply@desk.example",
        "recipients": {"to": [{"address": "client@else.example", "displayName": "Clara"}]},
        "content": {
            "subject": "Received",
            "plainText": "We have it.",
            "html": "<p>We have it.</p>",
        },
        "replyTo": [{"address": "support@desk.example"}],
        **more,
    }


def client(tenant: Tenant) -> EmailClient:
    return EmailClient(f"{tenant.config.base_url}/acs", KEY, retry_total=0)


async def test_the_sdk_sends_and_learns_that_it_succeeded(
    tenant: Tenant, http: httpx.AsyncClient
) -> None:
    async with client(tenant) as emails:
        poller = await emails.begin_send(mail())
        result = await poller.result()
    assert result["status"] == "Succeeded"
    (sent,) = (await http.get("/control/sent")).json()
    assert (sent["via"], sent["to"], sent["text"].strip()) == (
        "acs",
        ["client@else.example"],
        "We have it.",
    )
    assert "<p>We have it.</p>" in sent["html"]


async def test_a_repeated_operation_id_is_refused_and_sends_nothing(
    tenant: Tenant, http: httpx.AsyncClient
) -> None:
    operation = str(uuid.uuid4())
    async with client(tenant) as emails:
        await emails.begin_send(mail(), operation_id=operation, polling=False)
        with pytest.raises(HttpResponseError) as refused:
            await emails.begin_send(mail(), operation_id=operation, polling=False)
    assert refused.value.status_code == 409
    assert len((await http.get("/control/sent")).json()) == 1


async def test_a_message_id_is_kept_and_its_second_use_refused_when_asked(
    http: httpx.AsyncClient,
) -> None:
    headers = {
        "Message-ID": "<ticket-1@desk.example>",
        "References": "<a@b.example>",
        "x-ms-acsemail-validate-message-id": "true",
    }
    first = await http.post(SEND, json=mail(headers=headers), headers=HEADERS)
    second = await http.post(SEND, json=mail(headers=headers), headers=HEADERS)
    assert (first.status_code, second.status_code) == (202, 400)
    assert second.json()["error"]["code"] == "DuplicateMessageId"
    (sent,) = (await http.get("/control/sent")).json()
    assert sent["message_id"] == "<ticket-1@desk.example>"
    assert sent["headers"]["References"] == "<a@b.example>"
    assert "x-ms-acsemail-validate-message-id" not in sent["headers"]


async def test_a_used_message_id_is_silently_replaced_without_the_check(
    http: httpx.AsyncClient,
) -> None:
    body = mail(headers={"Message-ID": "<ticket-1@desk.example>"})
    for _ in range(2):
        assert (await http.post(SEND, json=body, headers=HEADERS)).status_code == 202
    ids = {sent["message_id"] for sent in (await http.get("/control/sent")).json()}
    assert len(ids) == 2


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (mail(senderAddress="nobody"), 400),
        (mail(recipients={"to": []}), 400),
        (mail(recipients={"to": [{"address": f"a{n}@x.example"} for n in range(51)]}), 400),
        (mail(content={"subject": "Empty"}), 400),
        (mail(unknown=1), 400),
        (
            mail(
                attachments=[
                    {
                        "name": "a.exe",
                        "contentType": "application/x-msdownload",
                        "contentInBase64": "",
                    }
                ]
            ),
            400,
        ),
        (mail(content={"subject": "Big", "plainText": "x" * 10_500_000}), 413),
    ],
)
async def test_what_the_service_does_not_take_is_refused(
    http: httpx.AsyncClient, body: dict[str, Any], status: int
) -> None:
    answer = await http.post(SEND, json=body, headers=HEADERS)
    assert answer.status_code == status
    assert answer.headers["x-ms-error-code"] == answer.json()["error"]["code"]
    assert (await http.get("/control/sent")).json() == []


async def test_a_call_without_signature_is_denied(http: httpx.AsyncClient) -> None:
    assert (await http.post(SEND, json=mail())).status_code == 401


async def test_reports_tell_of_delivered_and_bounced_recipients(
    http: httpx.AsyncClient, host: Host
) -> None:
    assert (await http.post("/control/acs", json={"reports": "on"})).json() == {"reports": "on"}
    await http.post("/control/bounces", json={"address": "gone@x.example", "kind": "hard"})
    people = {"to": [{"address": "client@else.example"}, {"address": "gone@x.example"}]}
    await http.post(SEND, json=mail(recipients=people), headers=HEADERS)
    await http.post("/control/settle")
    events = [call["body"][0] for call in host.to("/api/hooks/email-events")]
    reports = {
        event["data"]["recipient"]: event["data"]["status"]
        for event in events
        if event["eventType"].startswith("Microsoft.Communication")
    }
    assert reports == {"client@else.example": "Delivered", "gone@x.example": "Bounced"}

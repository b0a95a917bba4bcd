"""Subscriptions, their moods, and Teams channels."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from local.tenant.core import Tenant
from tests.tenant.conftest import Host
from tests.tenant.test_graph_mail import DESK, receive

URL = "/graph/v1.0/subscriptions"
CHANNEL = "/graph/v1.0/teams/team-1/channels/" + quote("19:general@thread.tacv2", safe="")
CARD = {"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "Hi"}]}


def order(tenant: Tenant, host: Host, **more: Any) -> dict[str, Any]:
    return {
        "changeType": "created",
        "notificationUrl": f"{host.url}/api/hooks/graph",
        "lifecycleNotificationUrl": f"{host.url}/api/hooks/lifecycle",
        "resource": f"/users/{DESK}/mailFolders('inbox')/messages",
        "expirationDateTime": (tenant.now() + timedelta(days=2)).isoformat(),
        "clientState": "secret",
        **more,
    }


async def test_a_second_subscription_for_the_same_thing_conflicts(
    http: httpx.AsyncClient, tenant: Tenant, host: Host
) -> None:
    assert (await http.post(URL, json=order(tenant, host))).status_code == 201
    assert (await http.post(URL, json=order(tenant, host))).status_code == 409


@pytest.mark.parametrize(
    "more",
    [
        {"expirationDateTime": "2100-01-01T00:00:00Z"},
        {"expirationDateTime": "2000-01-01T00:00:00Z"},
        {"clientState": "x" * 129},
        {"resource": "/users/x/events"},
        {"notificationUrl": "http://127.0.0.1:9/nobody"},
        {"changeType": "invented"},
    ],
)
async def test_an_order_that_cannot_work_is_refused(
    http: httpx.AsyncClient, tenant: Tenant, host: Host, more: dict[str, Any]
) -> None:
    answer = await http.post(URL, json=order(tenant, host, **more))
    assert answer.status_code == 400
    assert (await http.get(URL)).json()["value"] == []


async def test_a_subscription_ends_on_the_shared_clock_unless_it_is_renewed(
    http: httpx.AsyncClient, tenant: Tenant, host: Host
) -> None:
    entry = (await http.post(URL, json=order(tenant, host))).json()
    await http.post("/control/clock", json={"advance": "P1D"})
    later = (tenant.now() + timedelta(days=3)).isoformat()
    await http.patch(f"{URL}/{entry['id']}", json={"expirationDateTime": later})
    await http.post("/control/clock", json={"advance": "P2D"})
    assert (await http.get(f"{URL}/{entry['id']}")).status_code == 200
    await http.post("/control/clock", json={"advance": "P2D"})
    assert (await http.get(f"{URL}/{entry['id']}")).status_code == 404


@pytest.mark.parametrize(("mood", "times"), [("normal", 1), ("missing", 0), ("double", 2)])
async def test_notifications_come_in_the_ordered_mood(
    http: httpx.AsyncClient, tenant: Tenant, host: Host, mood: str, times: int
) -> None:
    await http.post(URL, json=order(tenant, host))
    await http.post("/control/graph", json={"notifications": mood})
    await receive(http)
    await tenant.settled()
    assert len(host.to("/api/hooks/graph")) == times


async def test_a_refused_notification_is_sent_again(
    http: httpx.AsyncClient, tenant: Tenant, host: Host
) -> None:
    await http.post(URL, json=order(tenant, host))
    host.refuse = [503]
    await receive(http)
    await tenant.settled()
    first, second = host.to("/api/hooks/graph")
    assert first["body"] == second["body"]


async def test_only_the_watched_folder_notifies(
    http: httpx.AsyncClient, tenant: Tenant, host: Host
) -> None:
    await http.post(URL, json=order(tenant, host))
    await http.post(
        f"/graph/v1.0/users/{DESK}/messages", json={"subject": "A draft is no inbox mail"}
    )
    await receive(http, "other@desk.example")
    await tenant.settled()
    assert host.to("/api/hooks/graph") == []


async def test_a_removed_subscription_is_told_of_and_gone(
    http: httpx.AsyncClient, tenant: Tenant, host: Host
) -> None:
    await http.post(URL, json=order(tenant, host))
    await http.post("/control/graph/lifecycle", json={"event": "subscriptionRemoved"})
    await tenant.settled()
    (call,) = host.to("/api/hooks/lifecycle")
    assert call["body"]["value"][0]["lifecycleEvent"] == "subscriptionRemoved"
    assert (await http.get(URL)).json()["value"] == []


async def test_a_colleagues_reply_in_teams_notifies_and_can_be_read(
    http: httpx.AsyncClient, tenant: Tenant, host: Host
) -> None:
    resource = "/teams/team-1/channels/19:general@thread.tacv2/messages"
    await http.post(URL, json=order(tenant, host, resource=resource))
    posted = (await http.post(f"{CHANNEL}/messages", json={"body": {"content": "Hello"}})).json()
    answer = await http.post(
        "/control/teams/reply",
        json={
            "team": "Example desk",
            "channel": "General",
            "message": posted["id"],
            "from": "sam@desk.example",
            "text": "Not <ours>",
        },
    )
    await tenant.settled()
    told = host.to("/api/hooks/graph")[-1]["body"]["value"][0]
    assert told["resource"].endswith(f"replies('{answer.json()['id']}')")
    replies = (await http.get(f"{CHANNEL}/messages/{posted['id']}/replies")).json()["value"]
    assert replies[0]["from"]["user"]["displayName"] == "Sam Okafor"
    assert "Not &lt;ours&gt;" in replies[0]["body"]["content"]


def card_message(**more: Any) -> dict[str, Any]:
    card = {
        "id": "a1",
        "contentType": "application/vnd.microsoft.card.adaptive",
        "content": json.dumps(CARD),
    }
    body = {"contentType": "html", "content": '<attachment id="a1"></attachment>'}
    return {"body": body, "attachments": [card], **more}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"body": {"contentType": "html", "content": ""}},
        {"body": {"contentType": "html", "content": '<at id="0">Sam</at>'}},
        card_message(body={"contentType": "html", "content": "no place for it"}),
        card_message(body={"contentType": "text", "content": '<attachment id="a1">'}),
        card_message(
            attachments=[
                {
                    "id": "a1",
                    "contentType": "application/vnd.microsoft.card.adaptive",
                    "content": CARD,
                }
            ]
        ),
        {"body": {"content": "x"}, "colour": "red"},
    ],
)
async def test_a_channel_message_that_teams_would_refuse_is_refused(
    http: httpx.AsyncClient, body: dict[str, Any]
) -> None:
    assert (await http.post(f"{CHANNEL}/messages", json=body)).status_code == 400
    assert (await http.get(f"{CHANNEL}/messages")).json()["value"] == []


async def test_a_large_message_and_an_app_only_caller_are_refused(
    http: httpx.AsyncClient,
) -> None:
    large = await http.post(f"{CHANNEL}/messages", json={"body": {"content": "x" * 26_000}})
    assert large.status_code == 413
    assert "MessageSizeExceeded" in large.json()["error"]["message"]
    token = await http.post(
        "/login/contoso/oauth2/v2.0/token",
        data={"grant_type": "client_credentials", "client_id": "docket"},
    )
    headers = {"Authorization": f"Bearer {token.json()['access_token']}"}
    refused = await http.post(f"{CHANNEL}/messages", json=card_message(), headers=headers)
    assert refused.status_code == 403


async def test_a_workflow_takes_a_card_with_its_signature_only(http: httpx.AsyncClient) -> None:
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": CARD,
    }
    body = {"type": "message", "attachments": [attachment]}
    assert (await http.post("/workflows/alerts", json=body)).status_code == 401
    assert (await http.post("/workflows/alerts?sig=s", json={"text": "x"})).status_code == 400
    assert (await http.post("/workflows/alerts?sig=s", json=body)).status_code == 202
    places = (await http.get("/control/teams")).json()
    (place,) = [entry for entry in places if entry["channel"] == "alerts"]
    assert [message["card"] for message in place["messages"]] == [CARD]
    assert "sig=s" not in (await http.get("/control/journal")).text


async def test_delayed_notifications_arrive_in_the_end(
    http: httpx.AsyncClient,
    tenant: Tenant,
    host: Host,
    eventually: Callable[[Callable[[], Any]], Any],
) -> None:
    await http.post(URL, json=order(tenant, host))
    await http.post("/control/graph", json={"notifications": "delayed", "delay": 0.1})
    await receive(http)
    assert host.to("/api/hooks/graph") == []
    await eventually(lambda: host.to("/api/hooks/graph"))

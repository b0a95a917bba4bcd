"""The doors that vendors call, and the one that shows the balance."""

import base64
import json
from typing import Any

import azure.functions as func
import pytest

from functions.email_events import hook_email_events
from functions.graph_hook import hook_graph
from functions.reconciliation_api import api_raw_mail, api_reconciliation
from shared.adapters.marks import uuid_of
from shared.context import use_app
from shared.ports import Put
from shared.service import layout as ly
from shared.service.mail_ledger import forget_old
from shared.service.mail_subscription import known
from tests.mail_service.desk_mail import DeskMail, ensure_all, raw_mail, texts

TOKEN = "Validation: Testing client application reachability for subscription Request-Id: 1-2"
NORA = "nora.lindqvist@doorfunds.example"


async def call(
    post: DeskMail,
    function: Any,
    body: Any = None,
    *,
    method: str = "POST",
    params: dict[str, str] | None = None,
    route: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
) -> func.HttpResponse:
    """The function, as the worker calls it."""
    use_app(post.app.app)
    req = func.HttpRequest(
        method=method,
        url="http://docket.test/api/x",
        params=params or {},
        route_params=route or {},
        headers=headers or {},
        body=json.dumps(body).encode() if body is not None else b"",
    )
    answer: func.HttpResponse = await function(req)
    return answer


def notification(subscription: str, **more: str) -> dict[str, Any]:
    return {"value": [{"subscriptionId": subscription, "clientState": "state", **more}]}


async def name(post: DeskMail) -> str:
    await ensure_all(post.room, renew=False)
    subscription = await known(post.room, post.desk)
    assert subscription is not None
    return subscription.id


def rung(post: DeskMail) -> list[dict[str, Any]]:
    return [json.loads(r.message) for r in post.app.mail_bell.messages]


async def test_the_handshake_gives_the_token_back_as_plain_text(post: DeskMail) -> None:
    answer = await call(post, hook_graph, params={"validationToken": TOKEN})
    assert (answer.status_code, answer.mimetype) == (200, "text/plain")
    assert answer.get_body().decode() == TOKEN


async def test_the_handshake_gives_no_markup_back(post: DeskMail) -> None:
    answer = await call(post, hook_graph, params={"validationToken": "<script>x</script>"})
    assert b"<" not in answer.get_body()
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_notification_only_rings_for_its_desk(post: DeskMail) -> None:
    answer = await call(post, hook_graph, notification(await name(post)))
    assert (answer.status_code, answer.get_body()) == (202, b"")
    assert rung(post) == [{"desk": "door", "renew": False}]
    assert post.app.vendors.reader.mailboxes == {}


async def test_an_unknown_subscription_of_ours_rings_for_every_desk(post: DeskMail) -> None:
    assert (await call(post, hook_graph, notification("another"))).status_code == 202
    assert {r["desk"] for r in rung(post)} == set(post.app.deps.desks)


@pytest.mark.parametrize(
    ("event", "renew"),
    [("missed", False), ("subscriptionRemoved", True), ("reauthorizationRequired", True)],
)
async def test_a_lifecycle_event_looks_and_renews_where_that_helps(
    post: DeskMail, event: str, renew: bool
) -> None:
    await call(post, hook_graph, notification(await name(post), lifecycleEvent=event))
    assert rung(post) == [{"desk": "door", "renew": renew}]


@pytest.mark.parametrize("state", ["", "wrong", "stat\u00e9"])
async def test_a_notification_without_our_secret_is_refused(post: DeskMail, state: str) -> None:
    body = {"value": [{"subscriptionId": await name(post), "clientState": state}]}
    assert (await call(post, hook_graph, body)).status_code == 403
    assert rung(post) == []


@pytest.mark.parametrize("body", [{}, {"value": 1}, {"value": ["x"]}, []])
async def test_a_notification_of_another_shape_is_refused(post: DeskMail, body: Any) -> None:
    assert (await call(post, hook_graph, body)).status_code == 422


def principal(email: str) -> dict[str, str]:
    claims = [
        {"typ": "preferred_username", "val": email},
        {"typ": "roles", "val": "Docket.Staff"},
    ]
    text = base64.b64encode(json.dumps({"claims": claims}).encode()).decode()
    return {"x-ms-client-principal": text}


@pytest.fixture
def signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBSITE_AUTH_ENABLED", "true")


@pytest.mark.usefixtures("signed_in")
async def test_the_balance_of_a_day_is_shown_to_members(post: DeskMail) -> None:
    await post.opened()
    post.app.clock.advance(minutes=1)
    await post.take(raw_mail(message_id="<auto@client.example>", Auto_Submitted="auto-replied"))
    answer = await call(
        post,
        api_reconciliation,
        method="GET",
        params={"date": "2026-11-23"},
        route={"desk": "door"},
        headers=principal(NORA),
    )
    told = json.loads(answer.get_body())
    entries = told.pop("entries")
    assert told == {
        "date": "2026-11-23", "mails": 2, "tickets": 1, "follow_ups": 0, "rejected": 1,
        "quarantined": 0, "pending": 0, "balanced": True,
    }  # fmt: skip
    assert [(e["outcome"], e["number"]) for e in entries] == [
        ("ticket", "DOOR-1"),
        ("rejected", None),
    ]


@pytest.mark.usefixtures("signed_in")
@pytest.mark.parametrize(
    ("person", "date", "status"),
    [(NORA, "23.11.2026", 422), ("holly@mytc.example", "2026-11-23", 403)],
)
async def test_the_balance_is_refused(post: DeskMail, person: str, date: str, status: int) -> None:
    answer = await call(
        post,
        api_reconciliation,
        method="GET",
        params={"date": date},
        route={"desk": "door"},
        headers=principal(person),
    )
    assert answer.status_code == status


@pytest.mark.usefixtures("signed_in")
async def test_the_whole_mail_is_one_click_away_and_harmless(post: DeskMail) -> None:
    raw = raw_mail("<script>alert(1)</script>\n")
    await post.opened(raw)
    route = {"number": "DOOR-1", "seq": "1"}
    answer = await call(post, api_raw_mail, method="GET", route=route, headers=principal(NORA))
    assert answer.get_body() == raw
    assert answer.mimetype == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")


def report(operation: str, status: str = "Bounced", **more: str) -> dict[str, Any]:
    return {
        "id": "event-1",
        "eventType": "Microsoft.Communication.EmailDeliveryReportReceived",
        "data": {
            "sender": "donotreply@verified.example",
            "recipient": "jane.roe@client.example",
            "messageId": operation,
            "status": status,
            "deliveryStatusDetails": {"statusMessage": "DestinationMailboxFull"},
        },
        **more,
    }


@pytest.fixture
async def acs_post() -> DeskMail:
    """A desk that sends through ACS, with one ticket whose confirmation has left."""
    post = DeskMail.with_policy(outgoing="acs")
    await post.opened()
    await post.app.deliver_all()
    return post


def operation_of(post: DeskMail) -> str:
    key = next(
        key
        for key, mail in post.app.vendors.mail.sent.items()
        if mail.to[0][0] == "jane.roe@client.example"
    )
    return uuid_of(key)


async def test_a_report_of_a_failure_is_noted_once(acs_post: DeskMail) -> None:
    body = [report(operation_of(acs_post))]
    for noted in (1, 1):
        answer = await call(acs_post, hook_email_events, body)
        assert json.loads(answer.get_body()) == {"noted": noted}
    [note] = texts(await acs_post.loaded("DOOR-1"), "noted")
    assert note == (
        "A mail to jane.roe@client.example was not delivered: Bounced (DestinationMailboxFull)."
    )


async def test_a_report_in_the_cloud_events_schema_is_understood(acs_post: DeskMail) -> None:
    event = report(operation_of(acs_post), "Failed")
    event["type"] = event.pop("eventType")
    answer = await call(acs_post, hook_email_events, event)
    assert json.loads(answer.get_body()) == {"noted": 1}


@pytest.mark.parametrize(("operation", "status"), [("", "Delivered"), ("0000-unknown", "Bounced")])
async def test_other_reports_change_nothing(
    acs_post: DeskMail, operation: str, status: str
) -> None:
    body = [report(operation or operation_of(acs_post), status)]
    answer = await call(acs_post, hook_email_events, body)
    assert json.loads(answer.get_body()) == {"noted": 0}
    assert texts(await acs_post.loaded("DOOR-1"), "noted") == []


async def test_event_grid_may_validate_the_address(post: DeskMail) -> None:
    event = {
        "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
        "data": {"validationCode": "512d38b6"},
    }
    answer = await call(post, hook_email_events, [event])
    assert json.loads(answer.get_body()) == {"validationResponse": "512d38b6"}
    origin = {"webhook-request-origin": "eventgrid.azure.net"}
    consent = await call(post, hook_email_events, method="OPTIONS", headers=origin)
    assert consent.headers["WebHook-Allowed-Origin"] == "eventgrid.azure.net"


async def test_rows_in_the_ledger_leave_after_their_time(post: DeskMail) -> None:
    entry = await post.take(raw_mail())
    await forget_old(post.app.deps, post.desk)
    assert len((await post.day()).entries) == 1
    old = entry.model_copy(update={"received_at": entry.received_at.replace(year=2025)})
    await post.app.rows.commit("door", [Put(old.key, ly.body(old))])
    await forget_old(post.app.deps, post.desk)
    assert await post.app.rows.get("door", old.key) is None

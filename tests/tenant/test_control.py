"""The control API: faults, clock, journal, reset; and the tenant as a process."""

import asyncio
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.tenant.core import Tenant
from tests.support.tenant import TenantProcess
from tests.tenant.conftest import Host
from tests.tenant.test_graph_mail import BASE, CLIENT, DESK, message, receive

SEND = f"{BASE}/sendMail"


async def send(http: httpx.AsyncClient) -> httpx.Response:
    return await http.post(SEND, json={"message": message()})


async def sent(http: httpx.AsyncClient) -> int:
    return len((await http.get("/control/sent")).json())


async def order(http: httpx.AsyncClient, **fault: Any) -> None:
    body = {"service": "graph", "method": "POST", "path": "/users/*/sendMail", **fault}
    answer = await http.post("/control/faults", json=body)
    assert answer.status_code == 201


async def test_a_fault_fails_the_next_calls_and_then_ends(http: httpx.AsyncClient) -> None:
    await order(http, times=2, status=429, retry_after=7)
    answers = [await send(http) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 202]
    assert answers[0].headers["Retry-After"] == "7"
    assert "code" in answers[0].json()["error"]
    assert await sent(http) == 1


async def test_a_dropped_call_loses_its_connection_before_any_work(
    http: httpx.AsyncClient,
) -> None:
    await order(http, drop=True)
    with pytest.raises(httpx.TransportError):
        await send(http)
    assert await sent(http) == 0


@pytest.mark.parametrize("how", [{"status": 504}, {"drop": True}, {}])
async def test_after_the_effect_only_the_answer_is_lost(
    http: httpx.AsyncClient, how: dict[str, Any]
) -> None:
    await order(http, after_effect=True, **how)
    if "status" in how:
        assert (await send(http)).status_code == 504
    else:
        with pytest.raises(httpx.TransportError):
            await send(http)
    assert await sent(http) == 1


async def test_a_delayed_call_still_gets_its_real_answer(http: httpx.AsyncClient) -> None:
    await order(http, delay=0.2)
    with pytest.raises(httpx.ReadTimeout):
        await http.post(SEND, json={"message": message()}, timeout=0.05)
    assert (await send(http)).status_code == 202


@pytest.mark.parametrize(
    ("fault", "hit"),
    [
        ({"path": "/users/*"}, True),
        ({"path": "/users/support@desk.example/sendMail"}, True),
        ({"path": "*sendMail"}, True),
        ({"method": "*"}, True),
        ({"method": "GET"}, False),
        ({"path": "/teams/*"}, False),
        ({"service": "acs"}, False),
    ],
)
async def test_a_fault_hits_only_what_it_names(
    http: httpx.AsyncClient, fault: dict[str, Any], hit: bool
) -> None:
    await order(http, status=503, **fault)
    answer = await http.post(SEND.replace("@", "%40") + "?ignored=1", json={"message": message()})
    assert (answer.status_code == 503) is hit


async def test_faults_are_shown_and_cleared(http: httpx.AsyncClient) -> None:
    await order(http, status=500, times=3)
    (shown,) = (await http.get("/control/faults")).json()
    assert (shown["times"], shown["status"]) == (3, 500)
    await http.delete("/control/faults")
    assert (await send(http)).status_code == 202


@pytest.mark.parametrize(
    ("call", "body", "field"),
    [
        ("faults", {"path": "*"}, "service"),
        ("faults", {"service": "graph", "times": 0}, "times"),
        ("faults", {"service": "grpah"}, "service"),
        ("faults", {"service": "graph", "colour": 1}, "colour"),
        ("clock", {"advance": "soon"}, "advance"),
        ("clock", {"advance": "-PT1H"}, "advance"),
        ("clock", {}, "advance"),
        ("graph", {"notifications": "loud"}, "notifications"),
        ("graph/lifecycle", {"event": "party"}, "event"),
        ("bounces", {"address": CLIENT, "kind": "soft"}, "kind"),
        ("auto-responder", {"kind": "naive"}, "mailbox"),
        ("mail", {}, "mailbox"),
    ],
)
async def test_a_bad_order_names_its_field(
    http: httpx.AsyncClient, call: str, body: dict[str, Any], field: str
) -> None:
    answer = await http.post(f"/control/{call}", json=body)
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith(field)


async def test_the_clock_moves_host_first_and_mail_carries_its_time(
    http: httpx.AsyncClient, tenant: Tenant, host: Host
) -> None:
    before = datetime.fromisoformat((await http.get("/control/clock")).json()["now"])
    answer = await http.post("/control/clock", json={"advance": "PT4H"})
    after = datetime.fromisoformat(answer.json()["now"])
    assert timedelta(hours=4) <= after - before < timedelta(hours=4, minutes=1)
    assert len(host.to("/.docket/clock")) == 1
    await receive(http)
    (found,) = (await http.get(f"{BASE}/messages")).json()["value"]
    assert datetime.fromisoformat(found["receivedDateTime"]) >= after - timedelta(seconds=1)


async def test_the_journal_keeps_true_answers_for_the_checker_and_faults_apart(
    http: httpx.AsyncClient,
) -> None:
    await order(http, status=504, after_effect=True)
    await http.post(SEND, json={"message": message()}, headers={"Authorization": "Bearer abc"})
    (line,) = [json.loads(x) for x in (await http.get("/control/journal")).text.splitlines()]
    assert (line["service"], line["method"], line["url"], line["status"]) == (
        "graph",
        "POST",
        f"/v1.0/users/{DESK}/sendMail",
        202,
    )
    assert line["request_body"]["message"]["subject"] == "Hello"
    assert "abc" not in json.dumps(line)
    everything = (await http.get("/control/journal", params={"faults": "1"})).text.splitlines()
    assert [json.loads(x).get("fault", False) for x in everything] == [False, True]


async def test_a_reset_keeps_only_the_seed(http: httpx.AsyncClient) -> None:
    await receive(http)
    await send(http)
    await order(http, status=500)
    await http.post("/control/reset")
    assert (await http.get("/control/sent")).json() == []
    assert (await http.get("/control/mailboxes")).json() == []
    assert (await http.get("/control/faults")).json() == []
    assert (await http.get("/control/journal")).text == ""
    names = [place["channel_name"] for place in (await http.get("/control/teams")).json()]
    assert names == ["General", "Alerts"]


async def test_concurrent_mails_all_arrive(http: httpx.AsyncClient) -> None:
    calls = (receive(http, Message_ID=f"<{number}@x.y>") for number in range(20))
    await asyncio.gather(*calls)
    (box,) = (await http.get("/control/mailboxes")).json()
    assert (box["messages"], box["unread"]) == (20, 20)


def test_a_process_continues_where_it_was_stopped(tmp_path: Path) -> None:
    desks = tmp_path / "none"
    with TenantProcess(data=tmp_path, desks=desks) as first:
        first.mail(DESK, b"From: a@b.example\r\nSubject: Kept\r\n\r\nText")
        then = first.advance("P2D")
    with TenantProcess(data=tmp_path, desks=desks) as second:
        (box,) = second.control("GET", "/mailboxes")
        assert box["messages"] == 1
        assert second.now() >= then
        second.mail(DESK, b"From: a@b.example\r\nSubject: Next\r\n\r\nText")
        found = httpx.get(f"{second.url}{BASE}/messages").json()["value"]
        assert [entry["subject"] for entry in found] == ["Next", "Kept"]

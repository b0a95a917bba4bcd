"""Logs follow a request from its form to its mail, and name nobody; measures are told."""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Iterator

import azure.functions as func
import pytest

from functions import api, mail_workers
from functions.turns import TurnsFailed
from shared import telemetry
from shared.context import use_app
from shared.domain import commands as cm
from shared.domain.errors import Rejected, Unavailable
from shared.render.links import Pass
from shared.service import observe
from shared.service.mailbox import look_at_all
from shared.service.sweep import sweep_due, sweep_outbox
from tests.infra.code import Binding, bindings
from tests.operations.journey import BODY, CASEY, HOLLY, archived, opened, order, worked
from tests.support.app import MemoryApp, memory_app

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


@pytest.fixture(autouse=True)
def logs(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    factory = logging.getLogRecordFactory()
    telemetry.set_up_logs()
    caplog.set_level(logging.DEBUG)
    yield caplog
    logging.setLogRecordFactory(factory)


@pytest.fixture
def app() -> MemoryApp:
    return memory_app()


def told(records: list[logging.LogRecord], measure: str) -> list[dict[str, object]]:
    return [vars(r) for r in records if vars(r).get("measure") == measure]


def everything(records: list[logging.LogRecord]) -> str:
    """All that any exporter could take from the records."""
    return "\n".join(f"{r.getMessage()} {r.exc_text} {vars(r)}" for r in records)


async def post_request(app: MemoryApp, headers: dict[str, str]) -> str:
    use_app(app.app)
    body = {
        "title": "Sign-in fails", "description": BODY, "type": "production_issue",
        "environment": "production", "requester": CASEY.model_dump(),
    }  # fmt: skip
    request = func.HttpRequest(
        method="POST", url="http://docket.test/api/desks/mytc/requests", headers=headers,
        params={}, route_params={"desk": "mytc"}, body=json.dumps(body).encode(),
    )  # fmt: skip
    answer = await api.api_request(request)
    assert answer.status_code == 201, answer.get_body()
    return str(json.loads(answer.get_body())["number"])


async def test_the_trace_of_a_request_is_the_trace_of_its_mails(
    app: MemoryApp, logs: pytest.LogCaptureFixture
) -> None:
    number = await post_request(app, {"traceparent": PARENT})
    await app.deliver_all()
    [confirmed] = told(logs.records, "docket.confirmation")
    assert (confirmed["ticket"], confirmed["docket_trace"]) == (number, TRACE)
    calls = told(logs.records, "docket.vendor.calls")
    assert {c["docket_trace"] for c in calls} == {TRACE}


@pytest.mark.parametrize(
    "header", ["", "garbage", f"00-{'0' * 32}-b7ad6b7169203331-01", f"01-{TRACE}-b7-01\r\nx"]
)
async def test_a_request_without_a_usable_trace_gets_one_of_its_own(
    app: MemoryApp, logs: pytest.LogCaptureFixture, header: str
) -> None:
    await post_request(app, {"traceparent": header})
    await app.deliver_all()
    traces = {c["docket_trace"] for c in told(logs.records, "docket.vendor.calls")}
    assert len(traces) == 1
    assert all(len(str(trace)) == 32 and trace != "0" * 32 for trace in traces)


async def test_effects_that_follow_from_effects_stay_in_the_trace(
    app: MemoryApp, logs: pytest.LogCaptureFixture
) -> None:
    """A created work item is told to the ticket, whose rows belong to the first request."""
    number = await post_request(app, {"traceparent": PARENT})
    app.vendors.mail.failing.append(Unavailable("away"))
    await app.deliver_all()
    app.clock.advance(minutes=3)
    logs.clear()
    assert await sweep_outbox(app.deps, "mytc") == 1
    await app.deliver_all()
    [again] = told(logs.records, "docket.vendor.calls")
    assert (again["ticket"], again["docket_trace"], again["result"]) == (number, TRACE, "done")


async def test_no_log_of_a_whole_journey_holds_an_address_a_name_or_a_body(
    app: MemoryApp, logs: pytest.LogCaptureFixture
) -> None:
    await archived(app)
    app.vendors.mail.failing.extend([Unavailable(f"to {CASEY.email}"), Rejected(CASEY.email)])
    app.vendors.chat.failing.append(ValueError(f"{CASEY.name}: {BODY}"))  # type: ignore[arg-type]
    await worked(app)
    await post_request(app, {})
    await _mailbox_troubles(app)
    app.clock.advance(days=3)
    await sweep_due(app.deps, "mytc")
    await sweep_outbox(app.deps, "mytc")
    await app.deliver_all()
    text = everything(logs.records)
    assert len(logs.records) > 20
    said = {record.getMessage() for record in logs.records}
    assert said >= {"no subscription to the mailbox", "mailbox could not be read"}
    assert any(vars(r).get("docket_failure") == "ValueError" for r in logs.records)
    words = ("@", CASEY.name, "Holly", "xyzzy", "was called", "we look into it")
    assert [word for word in words if word in text] == []


@pytest.mark.parametrize(
    "route", [b for b in bindings() if "{token}" in b.route], ids=lambda r: r.function
)
@pytest.mark.parametrize("is_down", [False, True])
async def test_no_log_of_a_clients_visit_holds_the_link(
    route: Binding, is_down: bool, logs: pytest.LogCaptureFixture
) -> None:
    down: list[str] = []

    def fail(call: str) -> None:
        if down:
            raise Unavailable(f"{call}: {down[0]}")

    app = memory_app(fail)
    links, now = app.app.links, app.clock.now()
    good = links.token(Pass(CASEY.email, await opened(app)), now)
    use_app(app.app)
    for token in (good, f"{good[:-3]}xyz", links.token(Pass(CASEY.email), now)):
        down[:] = [token] if is_down else []
        path = route.route.replace("{token}", token).replace("{attachment}", "a1")
        request = func.HttpRequest(
            method=route.values["methods"][0], url=f"http://docket.test/{path}",
            headers={"host": "docket.test"}, body=b"",
            route_params={"token": token, "attachment": "a1"},
        )  # fmt: skip
        await route.call(request)
        assert token not in everything(logs.records)
    assert logs.records or not is_down


async def _mailbox_troubles(app: MemoryApp) -> None:
    """Whatever is done with a mailbox fails once, with an address in the vendor's words."""
    reader, room = app.vendors.reader, app.app.mail_room
    mailbox = app.deps.desks["mytc"].mail.address
    failure = Rejected(f"Graph: no access to users/{mailbox}")
    reader.failing.append(failure)
    use_app(app.app)
    await mail_workers.renew_subscriptions()
    reader.failing.append(failure)
    await look_at_all(room)
    reader.failing.append(failure)
    with pytest.raises(TurnsFailed):
        await mail_workers.reconcile_mail()


async def test_a_mistake_of_ours_is_told_with_its_place_and_without_its_words(
    app: MemoryApp, logs: pytest.LogCaptureFixture
) -> None:
    await opened(app)
    app.vendors.mail.failing.append(KeyError(CASEY.email))  # type: ignore[arg-type]
    await app.deliver_all()
    [record] = [r for r in logs.records if r.getMessage() == "effect failed"]
    assert "KeyError" in str(record.exc_text)
    assert "deliver.py" in str(record.exc_text)


async def test_vendor_calls_are_counted_by_kind_and_result(
    app: MemoryApp, logs: pytest.LogCaptureFixture
) -> None:
    await opened(app)
    app.vendors.mail.failing.extend([Unavailable("away"), Rejected("no")])
    await app.deliver_all()
    calls = told(logs.records, "docket.vendor.calls")
    found = sorted((c["effect"], c["result"]) for c in calls)
    assert ("item", "done") in found
    assert {r for e, r in found if e == "mail"} >= {"again", "rejected"}


async def test_the_outboxs_age_and_dead_rows_are_measured(
    app: MemoryApp, logs: pytest.LogCaptureFixture
) -> None:
    await opened(app)
    app.vendors.mail.failing.append(Rejected("no"))
    await app.deliver_all()
    await opened(app)
    app.clock.advance(minutes=11)
    await observe.measure_outbox(app.deps, "mytc")
    [age], [dead] = (
        told(logs.records, "docket.outbox.age"),
        told(logs.records, "docket.outbox.dead"),
    )
    assert (age["value"], age["desk"]) == (660.0, "mytc")
    assert dead["value"] == 1


async def test_a_sweep_tells_how_long_it_took_and_how_late_it_was(
    app: MemoryApp, logs: pytest.LogCaptureFixture
) -> None:
    number = await opened(app)
    await app.deliver_all()
    row = next(iter(await app.rows.scan("mytc", "due|", "due}")))
    due = dt.datetime.strptime(row.key.split("|")[1], "%Y%m%dT%H%M%S%z")
    app.clock.at = due + dt.timedelta(minutes=2)
    with telemetry.sweeping("due", "mytc"):
        await sweep_due(app.deps, "mytc")
    [late], [took] = (
        told(logs.records, "docket.sweep.lateness"),
        told(logs.records, "docket.sweep.duration"),
    )
    assert late["value"] == 120.0
    assert (took["sweep"], took["desk"]) == ("due", "mytc")
    await order(app, number, HOLLY, cm.Move(command="move", to="in_planning"))


async def test_measures_become_metrics_where_telemetry_is_on(app: MemoryApp) -> None:
    from opentelemetry import metrics
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader

    reader = InMemoryMetricReader()
    metrics.set_meter_provider(MeterProvider([reader]))
    await opened(app)
    await app.deliver_all()
    await observe.measure_outbox(app.deps, "mytc")
    data = json.loads(reader.get_metrics_data().to_json())  # type: ignore[union-attr]
    found = {m["name"]: m for m in data["resource_metrics"][0]["scope_metrics"][0]["metrics"]}
    assert set(found) >= {"docket.confirmation", "docket.vendor.calls", "docket.outbox.age"}
    points = found["docket.vendor.calls"]["data"]["data_points"]
    assert not [p for p in points if "ticket" in p["attributes"]]


async def test_spans_of_a_delivery_join_the_trace_where_telemetry_is_on(app: MemoryApp) -> None:
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider

    tracer = TracerProvider().get_tracer("test")
    with telemetry.traced(PARENT):
        span = tracer.start_span("call")
    assert f"{span.get_span_context().trace_id:032x}" == TRACE
    assert not trace.get_current_span().get_span_context().is_valid

"""Every event has words and its moment, and every flow has a drawing."""

import datetime as dt
from typing import get_args

import pytest

from functions import console_diagram, console_history, reading
from shared.domain import events as ev
from shared.domain.desk import RequestType
from shared.domain.people import ActorKind
from shared.domain.rules.available import _TESTS
from shared.render.wording import moment
from tests.pages.console_stage import Stage
from tests.support.app import DESKS
from tests.support.page_client import parse

FLOWS = [kind for desk in DESKS.values() for kind in desk.request_types]


def test_every_kind_of_event_has_words() -> None:
    kinds = set(get_args(get_args(ev.Event)[0]))

    assert {*console_history._WORDS, ev.Moved} == kinds


@pytest.mark.parametrize(
    ("step", "clock", "hour", "said"),
    [
        ("resolution_soon", "resolution", 12, "Resolution due Mon 23 Nov 09:00 (80 % used)"),
        ("resolution_missed", "resolution", 15, "Resolution missed (due Mon 23 Nov 09:00)"),
        ("no_update", "", 15, "No update for a while"),
    ],
)
def test_an_escalation_is_told_in_words_and_with_its_due_time(
    step: str, clock: str, hour: int, said: str
) -> None:
    at = dt.datetime(2026, 11, 23, hour, tzinfo=dt.UTC)
    due = dt.datetime(2026, 11, 23, 14, tzinfo=dt.UTC) if clock else None
    event = ev.Escalated(step=step, fired=step, clock=clock, due_at=due)
    by = ev.By(kind=ActorKind.SYSTEM, email="docket")
    recorded = ev.Recorded(seq=2, at=at, by=by, event=event)

    assert console_history._told(DESKS["mytc"], recorded, "incident") == f"escalated: {said}"


def test_every_command_of_the_api_can_come_from_a_form() -> None:
    assert set(reading.COMMANDS) == set(_TESTS)


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: str(flow.id))
def test_a_drawing_shows_every_state_once_and_every_move(flow: RequestType) -> None:
    drawing = parse(str(console_diagram.draw(flow, "A flow", "x", flow.initial_state)))

    boxes = [g for g in drawing.all("g") if "flow-state" in g.attrs["class"]]
    paths = [p for p in drawing.all("path") if "flow-move" in p.attrs.get("class", "")]
    assert len(boxes) == len(flow.states)
    assert len(paths) == len(console_diagram.arrows(flow))
    assert sum("flow-current" in box.attrs["class"] for box in boxes) == 1


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: str(flow.id))
def test_boxes_of_a_drawing_do_not_cover_each_other(flow: RequestType) -> None:
    drawing = parse(str(console_diagram.draw(flow, "A flow", "x")))

    places = [(float(r.attrs["x"]), float(r.attrs["y"])) for r in drawing.all("rect")]
    for index, (x, y) in enumerate(places):
        for other_x, other_y in places[:index]:
            assert (
                abs(x - other_x) >= console_diagram.WIDE or abs(y - other_y) >= console_diagram.HIGH
            )


def test_layers_go_from_new_to_closed() -> None:
    (flow,) = [kind for kind in FLOWS if kind.id == "bug"]

    layers = [[state.id for state in row] for row in console_diagram.layers(flow)]

    assert layers[0] == ["new"]
    assert layers[-2:] == [["resolved"], ["closed"]]
    order = [state for row in layers for state in row]
    assert order.index("third_line_triage") < order.index("ready_for_sprint")
    assert order.index("ready_for_sprint") < order.index("in_development")


async def test_the_conversation_tells_the_moment_and_how_long_ago_it_was(stage: Stage) -> None:
    number = await stage.opened()
    asked = moment((await stage.ticket(number)).created_at, "America/Toronto")
    stage.app.clock.advance(hours=2)

    page = await stage.page(number)

    assert f"Jane Doe {asked} (2 h ago)" in page.doc.by_id("conversation").text

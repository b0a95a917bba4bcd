"""The desks that ship: in order, and what is written from them is fresh."""

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from shared.config import load_desks, yaml_loader
from shared.config_check import check_desks, main
from shared.desk_check.schema import schema_text
from shared.domain.flow import Category, Need
from shared.flow_docs import flow_docs

ROOT = Path(__file__).resolve().parents[2]
DESKS = ROOT / "desks"


def test_the_shipped_desks_have_no_mistake() -> None:
    assert [str(mistake) for mistake in check_desks(DESKS)] == []


def test_the_shipped_desks_load() -> None:
    assert set(load_desks(DESKS)) >= {"mytc", "door"}


def test_the_schema_is_fresh() -> None:
    assert (DESKS / "desk.schema.json").read_text("utf-8") == schema_text()


@pytest.mark.parametrize("desk", ["mytc", "door"])
def test_a_shipped_desk_fits_the_schema(desk: str) -> None:
    text = (DESKS / desk / "desk.yaml").read_text("utf-8")
    data = yaml.load(text, Loader=yaml_loader())  # noqa: S506  # a safe loader

    Draft202012Validator(json.loads(schema_text())).validate(data)


def test_the_page_of_the_flows_is_fresh() -> None:
    assert (ROOT / "docs" / "flows.md").read_text("utf-8") == flow_docs(load_desks(DESKS))


def test_a_desk_says_day_and_clock_times_as_they_are_written() -> None:
    calendar = load_desks(DESKS)["mytc"].calendars[0]

    assert calendar.hours["mon"] == [("08:00", "17:00")]


def test_every_way_to_resolved_on_the_door_desk_takes_the_written_steps() -> None:
    door = load_desks(DESKS)["door"]
    for kind in door.request_types:
        resolved = {s.id for s in kind.states if s.category is Category.RESOLVED}
        moves = [move for move in kind.moves if move.to in resolved]
        assert all(move.needs >= {Need.RESOLUTION_NOTE, Need.CHANGES_DONE} for move in moves)
        assert not any(auto.to in resolved for auto in kind.auto)


def test_an_email_request_cannot_be_resolved() -> None:
    states = load_desks(DESKS)["door"].types["email_request"].states

    assert Category.RESOLVED not in {state.category for state in states}


@pytest.mark.parametrize("desk", ["mytc", "door"])
def test_outside_production_the_severity_is_medium_at_most(desk: str) -> None:
    found = load_desks(DESKS)[desk]
    for environment in found.environments:
        capped = found.effective_severity("critical", environment.id)
        assert capped == ("critical" if environment.production else "medium")


def test_the_command_says_that_all_is_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(DESKS)]) == 0
    assert "all desks are in order" in capsys.readouterr().out


def test_the_command_fails_for_a_stale_schema(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "desk.schema.json").write_text("{}")

    assert main([str(tmp_path)]) == 1
    assert "--write-schema" in capsys.readouterr().out

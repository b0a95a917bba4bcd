"""The month of demonstration fits the desks that it is played on."""

from __future__ import annotations

import datetime as dt

import pytest

from functions.reading import COMMANDS
from local.demo.steps import SPECIAL
from local.demo.story import Scene, later, member_of, moment, read_story
from local.state import BACK
from tests.support.app import DESKS

NOW = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
OUTSIDE = frozenset({"client", "team", "developer"})


@pytest.fixture(params=sorted(DESKS))
def story(request: pytest.FixtureRequest) -> list[Scene]:
    return read_story(DESKS[request.param], NOW)


def test_a_month_has_about_fifty_requests_a_desk_and_uses_every_door() -> None:
    both = [scene for desk in DESKS.values() for scene in read_story(desk, NOW)]
    assert len([s for s in both if s.becomes_a_ticket]) > 100
    assert {s.door for s in both} >= {"api", "form", "mail", "quarantined_form", "unreadable_mail"}


@pytest.mark.parametrize("days", range(7))
def test_on_whatever_day_it_is_played_it_lies_between_the_set_back_clock_and_now(
    story: list[Scene], days: int
) -> None:
    now = NOW + dt.timedelta(days=days)
    played = read_story(DESKS[story[0].desk], now)
    assert len(played) == len(story)
    assert now - BACK < min(s.at for s in played) <= max(s.at for s in played) < now


def test_what_people_do_is_a_command_and_who_does_it_is_a_member(story: list[Scene]) -> None:
    for scene in story:
        for step in scene.steps:
            assert step.what in {*COMMANDS, *SPECIAL}, step
            assert step.who in OUTSIDE or member_of(DESKS[scene.desk], step.who), step


def test_requests_name_types_environments_and_severities_of_their_desk(story: list[Scene]) -> None:
    desk = DESKS[story[0].desk]
    for scene in story:
        assert scene.facts.get("type", desk.mail.new_ticket_type) in desk.types
        assert scene.facts.get("environment", "production") in desk.environment_by_id
        assert scene.facts.get("severity", "medium") in desk.severity_by_id


def test_everybody_lives_in_a_domain_that_is_kept_for_examples(story: list[Scene]) -> None:
    assert all(scene.client.email.endswith(".example") for scene in story if scene.client.email)


def test_a_working_day_before_monday_is_friday() -> None:
    monday = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.UTC)
    at = moment(DESKS["mytc"], {"day": 1, "at": "16:30"}, monday)
    assert at == dt.datetime(2026, 11, 20, 21, 30, tzinfo=dt.UTC)
    assert later(DESKS["mytc"], at, dt.timedelta(hours=1)).weekday() == 0

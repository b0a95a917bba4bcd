"""The command that answers due times line by line."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from local.sla_due import answers

CALENDAR = {
    "timezone": "Europe/Berlin",
    "hours": {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
    "holidays": ["2015-09-22"],
}
# A Monday in summer time: 16:00 in Berlin.
QUESTION = {"calendar": CALENDAR, "start": "2015-09-21T14:00:00Z", "target_minutes": 120}


def answer(question: object) -> dict[str, str | None]:
    (line,) = answers([json.dumps(question).encode()])
    found: dict[str, str | None] = json.loads(line)
    return found


def test_a_target_goes_on_after_the_night_and_the_holiday() -> None:
    assert answer(QUESTION) == {"due": "2015-09-23T08:00:00Z"}


def test_pauses_move_the_due_time() -> None:
    pauses = [["2015-09-21T14:30:00Z", "2015-09-21T14:45:00Z"]]
    assert answer({**QUESTION, "pauses": pauses}) == {"due": "2015-09-23T08:15:00Z"}


def test_a_pause_without_an_end_leaves_the_due_time_open() -> None:
    pauses = [["2015-09-21T14:30:00Z", None]]
    assert answer({**QUESTION, "pauses": pauses}) == {"due": None}


@pytest.mark.parametrize(
    ("minutes", "due"),
    [
        (0, "2015-09-21T14:00:00Z"),
        (60, "2015-09-21T15:00:00Z"),
        (0.5, "2015-09-21T14:00:30Z"),
        (0.025, "2015-09-21T14:00:01.500000Z"),
    ],
)
def test_fractions_of_a_second_are_printed_only_if_there_are_any(minutes: float, due: str) -> None:
    assert answer({**QUESTION, "target_minutes": minutes}) == {"due": due}


def test_a_calendar_may_name_a_country_and_half_days() -> None:
    calendar = {
        **CALENDAR,
        "country": "DE",
        "subdivision": "BY",
        "holidays": None,
        "half_days": {"2015-09-22": [["09:00", "10:00"]]},
    }
    assert answer({**QUESTION, "calendar": calendar}) == {"due": "2015-09-22T08:00:00Z"}


def test_a_calendar_that_is_always_open_needs_nothing_else() -> None:
    assert answer({**QUESTION, "calendar": {"always": True}}) == {"due": "2015-09-21T16:00:00Z"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"calendar": None}, "calendar: is missing"),
        ({"calendar": []}, "calendar: must be an object"),
        ({"calendar": {"timezone": "UTC"}}, "calendar.hours: is missing"),
        ({"calendar": {"hours": {}}}, "calendar.timezone: is missing"),
        ({"calendar": {**CALENDAR, "timezone": "Europe/berlin"}}, "'Europe/Berlin'"),
        ({"calendar": {**CALENDAR, "timezone": 1}}, "calendar.timezone: must be a string"),
        ({"calendar": {**CALENDAR, "always": "yes"}}, "calendar.always: must be true or false"),
        ({"calendar": {**CALENDAR, "holyday": []}}, "calendar.holyday: is not a field; did you"),
        ({"calendar": {**CALENDAR, "country": "XX"}}, "calendar.country: 'XX' is unknown"),
        ({"calendar": {**CALENDAR, "hours": {"mon": None}}}, "calendar.hours.mon: must be a list"),
        ({"start": None}, "start: is missing"),
        ({"start": "yesterday"}, "start: 'yesterday' is not a time"),
        ({"start": "2015-09-21T14:00:00"}, "start: '2015-09-21T14:00:00' needs a zone"),
        ({"start": "0001-01-01T00:00:00+05:00"}, "is not in the years 1900 to 2999"),
        ({"target_minutes": None}, "target_minutes: is missing"),
        ({"target_minutes": "120"}, "target_minutes: must be a number"),
        ({"target_minutes": True}, "target_minutes: must be a number"),
        ({"target_minutes": -1}, "target_minutes: must be from 0"),
        ({"target_minutes": float("nan")}, "target_minutes: must be from 0"),
        ({"target_minutes": 10**400}, "target_minutes: must be from 0"),
        ({"pauses": {}}, "pauses: must be a list"),
        ({"pauses": [["2015-09-21T14:00:00Z"]]}, "pauses[0]: must be [begin, end]"),
        ({"pauses": [[None, None]]}, "pauses[0]: None is not a time"),
        (
            {"pauses": [["2015-09-21T15:00:00Z", "2015-09-21T14:00:00Z"]]},
            "pauses[0]: ends before it begins",
        ),
    ],
)
def test_a_bad_question_is_answered_with_the_field(change: dict[str, object], field: str) -> None:
    assert field in str(answer({**QUESTION, **change})["error"])


@pytest.mark.parametrize("line", [b"{", b"\xff\xfe\xff", b"[" * 100_000, b"3"])
def test_a_line_that_is_no_json_object_is_answered_and_the_next_one_too(line: bytes) -> None:
    first, second = answers([line, b" \n", json.dumps(QUESTION).encode()])
    assert json.loads(first)["error"].startswith("line: ")
    assert json.loads(second) == {"due": "2015-09-23T08:00:00Z"}


def test_the_command_reads_standard_input_or_a_file(tmp_path: Path) -> None:
    lines = f"{json.dumps(QUESTION)}\n\noops\n"
    file = tmp_path / "questions.jsonl"
    file.write_text(lines, encoding="utf-8")
    command = [sys.executable, "-m", "local.sla_due"]
    for args, given in (([], lines), ([str(file)], "")):
        ran = subprocess.run(  # noqa: S603 - our own program
            [*command, *args], input=given, capture_output=True, text=True, check=True, timeout=60
        )
        due, error = ran.stdout.splitlines()
        assert due == '{"due": "2015-09-23T08:00:00Z"}'
        assert "error" in json.loads(error)

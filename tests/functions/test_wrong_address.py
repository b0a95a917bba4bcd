"""Visitors and addresses that are wrong: refused, told nothing, nothing changed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.functions.conftest import HOLLY, Doors
from tests.functions.test_bad_input import GOOD, REQUESTS, tells_nothing_internal

REFUSED: list[tuple[str, str, str, str, int]] = [
    ("GET", "/api/tickets/MYTC-1", "", "nobody", 401),
    ("GET", "/api/tickets/MYTC-1", "nora.lindqvist@doorfunds.example", "another desk", 403),
    ("GET", "/api/tickets/MYTC-1", "stranger@else.example", "a stranger", 403),
    ("GET", "/api/tickets/MYTC-9", HOLLY, "no such ticket", 404),
    ("GET", "/api/tickets/NOPE-1", HOLLY, "no such desk's ticket", 404),
    ("GET", "/api/tickets/%2e%2e", HOLLY, "dots", 404),
    ("GET", "/api/tickets/MYTC-1%5C2", HOLLY, "a number with a backslash", 404),
    ("GET", "/api/tickets/MYTC-1%23", HOLLY, "a number with a hash", 404),
    ("GET", "/api/tickets/MYTC-%C2%B2", HOLLY, "a number of another kind of digits", 404),
    ("GET", f"/api/tickets/MYTC-{'9' * 600}", HOLLY, "a number of 600 digits", 404),
    ("GET", "/api/tickets/MYTC-1%7Cstate", HOLLY, "a part of a key", 404),
    ("GET", "/desk/mytc/tickets/MYTC-1%5C2", HOLLY, "a page of a number with a backslash", 404),
    ("GET", "/desk/mytc/quarantine/raw?key=quarantine%7Ca%23b", HOLLY, "a key with a hash", 404),
    ("GET", f"/desk/mytc/quarantine/raw?key=quarantine%7C{'a' * 600}", HOLLY, "a long key", 404),
    ("GET", "/api/desks/moon", HOLLY, "no such desk", 404),
    ("POST", "/api/desks/moon/requests", "", "a request to no desk", 404),
    ("POST", "/api/desks/mytc/forms/moon/responses", "", "no such form", 404),
    ("POST", "/api/tickets/MYTC-1/commands", "", "a command by nobody", 401),
    ("GET", "/api/desks/mytc/tickets?view=secret", HOLLY, "an unknown view", 422),
    ("GET", "/api/desks/mytc/tickets?limit=0", HOLLY, "no rows", 422),
    ("GET", "/api/desks/mytc/tickets?limit=999", HOLLY, "too many rows", 422),
    ("GET", "/api/desks/mytc/tickets?limit=x", HOLLY, "a limit of letters", 422),
    ("GET", "/api/desks/mytc/tickets?limit=%C2%B2", HOLLY, "a limit that is a power", 422),
    ("GET", f"/api/desks/mytc/tickets?limit={'9' * 5000}", HOLLY, "a limit beyond counting", 422),
    ("GET", "/api/desks/mytc/tickets?cursor=x", HOLLY, "a broken cursor", 422),
    ("GET", "/api/desks/mytc/tickets?cursor=dGlja2V0fA==", HOLLY, "a cursor of ours", 422),
    ("GET", "/api/tickets/MYTC-1/attachments/none", HOLLY, "no such file", 404),
    ("POST", "/api/desks/mytc/undelivered/retry", HOLLY, "a retry of nothing", 422),
    ("POST", "/api/desks/mytc/undelivered/set-aside", HOLLY, "setting aside nothing", 422),
    ("POST", "/api/desks/mytc/undelivered/set-aside", "", "setting aside by nobody", 401),
]


@pytest.mark.parametrize(("method", "url", "by", "name", "status"), REFUSED, ids=str)
async def test_a_wrong_visitor_or_address_is_refused_and_told_nothing(
    doors: Doors, method: str, url: str, by: str, name: str, status: int
) -> None:
    await doors.call(REQUESTS, GOOD)
    before = doors.stored()
    answer = await doors.call(url, {}, by=by, method=method)
    assert answer.status == status, answer.body
    assert tells_nothing_internal(answer.body)
    assert "Nobody can sign in" not in answer.body
    assert doors.stored() == before


FORM = {"content_type": "application/x-www-form-urlencoded"}
NAMED: list[tuple[str, Any, int, dict[str, str]]] = [
    ("/api/desks/mytc/undelivered/retry", {"key": "dead|a#b"}, 404, {}),
    ("/desk/mytc/undelivered/retry", b"key=dead%7Ca%23b", 404, FORM),
    ("/api/desks/mytc/undelivered/set-aside", {"key": "dead|a#b", "reason": "x"}, 404, {}),
    ("/api/desks/mytc/undelivered/set-aside", {"key": "dead|a|1", "reason": 5}, 422, {}),
    ("/desk/mytc/undelivered/set-aside", b"key=dead%7Ca%23b&reason=x", 404, FORM),
    ("/desk/mytc/quarantine/release", b"key=quarantine%7Ca%23b", 404, FORM),
    ("/desk/mytc/quarantine/take-in", b"key=quarantine%7Ca%23b", 404, FORM),
    ("/desk/mytc/quarantine/take-in", b"key=quarantine%7C0", 404, FORM),
    ("/desk/mytc/tickets/MYTC-1/commands", "command=note&text=&version=²".encode(), 422, FORM),
    ("/api/tickets/MYTC-1/commands", {"command": "link", "to": "MYTC-1\\2"}, 422, {}),
    ("/api/tickets/MYTC-1/commands", {"command": "merge", "into": "MYTC-#"}, 422, {}),
    ("/api/tickets/MYTC-1/commands", {"command": "note", "text": "x"}, 422, {"if_match": '"²"'}),
]


@pytest.mark.parametrize(("url", "body", "status", "headers"), NAMED, ids=str)
async def test_a_body_that_names_what_cannot_be_stored_is_refused_and_changes_nothing(
    doors: Doors, url: str, body: Any, status: int, headers: dict[str, str]
) -> None:
    await doors.call(REQUESTS, GOOD)
    before = doors.stored()
    answer = await doors.call(url, body, by=HOLLY, **headers)
    assert answer.status == status, answer.body
    assert tells_nothing_internal(answer.body)
    assert doors.stored() == before


PAGES = ["/desk/mytc?done=", "/desk/mytc/tickets/MYTC-1/live?version="]


@pytest.mark.parametrize("number", ["%C2%B2", "9" * 5000])
@pytest.mark.parametrize("url", PAGES)
async def test_a_page_opens_whatever_number_its_address_tells(
    doors: Doors, url: str, number: str
) -> None:
    await doors.call(REQUESTS, GOOD)
    assert (await doors.call(url + number, by=HOLLY, method="GET")).status == 200

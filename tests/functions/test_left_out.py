"""An optional field that is sent with nothing in it is left out; what is wrong is told plainly."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.functions.conftest import HOLLY, Doors
from tests.functions.test_bad_input import GOOD, REQUESTS, but

OPTIONAL = ("language", "fields", "external_refs", "submitted_by", "attachments", "severity")
SAYS_NOTHING: list[dict[str, Any]] = [
    *({name: None} for name in OPTIONAL),
    *({name: ""} for name in OPTIONAL),
    {"fields": {"since": None, "service": ""}},
    {"requester": {"email": "casey@client.example", "name": None}},
    {"external_refs": [{"system": "ORION", "ref": "1", "url": None}]},
]


@pytest.mark.parametrize("nothing", SAYS_NOTHING, ids=str)
async def test_an_optional_field_that_says_nothing_counts_as_left_out(
    doors: Doors, nothing: dict[str, Any]
) -> None:
    answer = await doors.call(REQUESTS, but(**nothing))

    assert answer.status == 201, answer.body
    found = await doors.call("/api/tickets/MYTC-1", by=HOLLY, method="GET")
    ticket = json.loads(found.body)
    assert (ticket["language"], ticket["severity"], ticket["fields"]) == ("en", "medium", {})


async def test_a_command_s_optional_field_that_says_nothing_counts_as_left_out(
    doors: Doors,
) -> None:
    await doors.call(REQUESTS, GOOD)
    opinion = {"command": "opine", "opinion": "proceed", "comment": None}

    answer = await doors.call("/api/tickets/MYTC-1/commands", opinion, by=HOLLY)

    assert answer.status == 200, answer.body


async def test_a_ticket_is_assigned_to_nobody_with_null(doors: Doors) -> None:
    await doors.call(REQUESTS, GOOD)
    for assignee in (HOLLY, None):
        command = {"command": "assign", "assignee": assignee}
        answer = await doors.call("/api/tickets/MYTC-1/commands", command, by=HOLLY)
        assert answer.status == 200, answer.body

    found = await doors.call("/api/tickets/MYTC-1", by=HOLLY, method="GET")

    assert json.loads(found.body)["assignee"] is None


TOLD = [
    (but(title=None), "title", "send a text"),
    (but(title=""), "title", "write something here"),
    (but(title="x" * 251), "title", "shorten this to 250 characters"),
    (but(language="de"), "language", "use 'en' or 'fr'"),
    (but(fields="x"), "fields", "send an object of names and values"),
    (but(external_refs={}), "external_refs", "send a list"),
    (but(external_refs=["1"]), "external_refs.0",
     'send an object such as {"system": "ORION", "ref": "4711"}'),
    (but(submitted_by="casey@client.example"), "submitted_by",
     'send an object such as {"email": "name@example.org", "name": "Their name"}'),
    (but(requester={"name": "Casey"}), "requester.email", "this field is needed"),
    (but(requester={"email": "casey"}), "requester.email",
     "give an e-mail address such as name@example.org"),
    (but(requester={"email": "a@b.example", "x": 1}), "requester.x",
     "there is no such field here; leave it out"),
    (but(external_refs=[{"system": "ORION", "ref": str(n)} for n in range(11)]), "external_refs",
     "send 10 at most"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "name", "words"), TOLD, ids=lambda x: str(x)[:30])
async def test_a_wrong_field_is_named_with_its_mend_in_plain_words(
    doors: Doors, body: dict[str, Any], name: str, words: str
) -> None:
    answer = await doors.call(REQUESTS, body)

    assert json.loads(answer.body)["errors"] == [{"field": name, "message": words}]

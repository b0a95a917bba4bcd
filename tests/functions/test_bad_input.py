"""Bad input at every door: a clear answer that names the field, nothing stored, nothing told."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.functions.conftest import BASIC, HOLLY, Doors

REQUESTS = "/api/desks/mytc/requests"
FORM = "/api/desks/mytc/forms/request/responses"
TITLE, DESCRIPTION = "r409acbc3ccba9200f51d96182edc99a7", "r1fa8942ef134c5ed68acc422aadec552"
TYPE, SERVICE = "r6c4bbafa11558cb1f51020a189e45317", "rae785042215e92d27b538e2566ed5db7"
SINCE = "r69a8089d96837d46f6b30428b0237fef"
FILES = "rb44c261432b1be1dccf7d0245cf5bc38"
GOOD: dict[str, Any] = {
    "title": "Sign-in fails",
    "description": "Nobody can sign in",
    "type": "production_issue",
    "environment": "production",
    "requester": {"name": "Casey", "email": "casey@client.example"},
}
LARGE = base64.b64encode(bytes(10 * 1024 * 1024 + 1)).decode()


def upload(content: str = "aGk=", name: str = "a.txt") -> dict[str, str]:
    return {"name": name, "content_type": "text/plain", "content_base64": content}


@dataclass(frozen=True)
class Wrong:
    """A wrong body, and the field that the answer must name."""

    name: str
    body: Any
    fields: tuple[str, ...]
    headers: dict[str, str] = field(default_factory=dict)


def but(**changes: Any) -> dict[str, Any]:
    return {**GOOD, **changes}


def less(*names: str) -> dict[str, Any]:
    return {key: value for key, value in GOOD.items() if key not in names}


WRONG_REQUESTS = [
    Wrong("no JSON", b"{", ("body",)),
    Wrong("a list", [1, 2], ("body",)),
    Wrong("deep nesting", b"[" * 100_000, ("body",)),
    Wrong("bytes that are no UTF-8", b'{"title": "\xff\xfe"}', ("body",)),
    Wrong("nothing", {}, ("title", "description", "type", "environment", "requester")),
    Wrong("no title", less("title"), ("title",)),
    Wrong("an empty title", but(title="  "), ("title",)),
    Wrong("a title of control characters", but(title="\x00\x07"), ("title",)),
    Wrong("a title that nobody can see", but(title="\u200b\u2060 \u3164"), ("title",)),
    Wrong("a description that nobody can see", but(description="\u200b\n\ufeff"), ("description",)),
    Wrong("a long title", but(title="x" * 251), ("title",)),
    Wrong("a number as title", but(title=7), ("title",)),
    Wrong("a long description", but(description="x" * 100_001), ("description",)),
    Wrong("an unknown type", but(type="riddle"), ("type",)),
    Wrong("an unknown environment", but(environment="moon"), ("environment",)),
    Wrong("an unknown severity", but(severity="awful"), ("severity",)),
    Wrong("three wrong at once", but(type="x", environment="y", severity="z"),
          ("type", "environment", "severity")),
    Wrong("an address that is none", but(requester={"email": "casey"}), ("requester.email",)),
    Wrong("an address with a header", but(requester={"email": "a@b.example\nBcc: x@y.example"}),
          ("requester.email",)),
    Wrong("a requester without address", but(requester={"name": "Casey"}), ("requester.email",)),
    Wrong("an unknown member of the requester", but(requester={"email": "a@b.example", "x": 1}),
          ("requester.x",)),
    Wrong("another language", but(language="de"), ("language",)),
    Wrong("an unknown field", but(colour="red"), ("colour",)),
    Wrong("an internal field", but(source="mail"), ("source",)),
    Wrong("an unknown answer", but(fields={"shoe_size": "44"}), ("fields.shoe_size",)),
    Wrong("a day that is still to come", but(fields={"since": "2026-11-25"}), ("fields.since",)),
    Wrong("a date in the year 9999", but(fields={"since": "9999-12-31"}), ("fields.since",)),
    Wrong("eleven references", but(external_refs=[{"system": "ORION", "ref": str(n)}
          for n in range(11)]), ("external_refs",)),
    Wrong("an answer of the wrong kind", but(fields={"service": 7}), ("fields.service",)),
    Wrong("an answer that is no option", but(fields={"service": "riddle"}), ("fields.service",)),
    Wrong("a list for a single choice", but(fields={"service": ["api", "other"]}),
          ("fields.service",)),
    Wrong("an empty list", but(fields={"service": []}), ("fields.service",)),
    Wrong("a date that is none", but(fields={"since": "2026-13-45"}), ("fields.since",)),
    Wrong("files among the answers", but(fields={"attachments": "x"}), ("fields.attachments",)),
    Wrong("a long name", but(requester={"email": "a@b.example", "name": "x" * 201}),
          ("requester.name",)),
    Wrong("a reference that is a script", but(external_refs=[
        {"system": "orion", "ref": "1", "url": "javascript:alert(1)"}]), ("external_refs.0.url",)),
    Wrong("a reference without number", but(external_refs=[{"system": "orion"}]),
          ("external_refs.0.ref",)),
    Wrong("a file that is no base64", but(attachments=[upload("***")]),
          ("attachments.0.content_base64",)),
    Wrong("a file that is no object", but(attachments=["a"]), ("attachments.0",)),
    Wrong("files that are no list", but(attachments={"a": 1}), ("attachments",)),
    Wrong("eleven files", but(attachments=[upload() for _ in range(11)]), ("attachments",)),
    Wrong("a file of more than 10 MB", but(attachments=[upload(LARGE)]), ("attachments",)),
    Wrong("a long key", GOOD, ("Idempotency-Key",), {"idempotency-key": "k" * 251}),
]  # fmt: skip
WRONG_RESPONSES = [
    Wrong("no JSON", b"", ("body",)),
    Wrong("no id", {"response": {}}, ("responseId",)),
    Wrong("an empty id", {"responseId": "", "response": {}}, ("responseId",)),
    Wrong("a response of text", {"responseId": "1", "response": "x"}, ("response",)),
    Wrong("an unknown question", {"responseId": "1", "response": {"r" + "0" * 32: "x"}},
          ("r" + "0" * 32,)),
    Wrong("an unseen title", {"responseId": "1", "response": {TITLE: "\u200b"}}, ("title",)),
    Wrong("a day still to come", {"responseId": "1", "response": {
        TYPE: "A problem in production (the live service)", SINCE: "2026-11-25"}}, ("since",)),
    Wrong("a number as answer", {"responseId": "1", "response": {TITLE: 7}}, ("title",)),
    Wrong("no answers", {"responseId": "1", "response": {"responder": "anonymous"}},
          ("type", "service", "title", "description", "requester_email")),
    Wrong("an unknown option", {"responseId": "1", "response": {
        "responder": "a@b.example", TYPE: "Riddle", SERVICE: "API", TITLE: "x", DESCRIPTION: "y"}},
        ("type",)),
]  # fmt: skip


def named(body: str) -> set[str]:
    """The fields that the problem names."""
    return {error["field"] for error in json.loads(body)["errors"]}


def tells_nothing_internal(body: str) -> bool:
    words = ("Traceback", "pydantic", "shared/", "shared.", "/work", "azure.", "key|", "ticket|")
    return not [word for word in words if word in body]


@pytest.mark.parametrize("wrong", WRONG_REQUESTS, ids=lambda w: w.name)
async def test_a_wrong_request_names_its_field_and_stores_nothing(
    doors: Doors, wrong: Wrong
) -> None:
    answer = await doors.call(REQUESTS, wrong.body, **wrong.headers)
    assert answer.status == 422, answer.body
    assert json.loads(answer.body)["status"] == 422
    assert named(answer.body) >= set(wrong.fields)
    assert tells_nothing_internal(answer.body)
    assert doors.stored() == {}


@pytest.mark.parametrize("wrong", WRONG_RESPONSES, ids=lambda w: w.name)
async def test_a_wrong_form_response_names_its_field_and_is_kept_whole_for_staff(
    doors: Doors, wrong: Wrong
) -> None:
    answer = await doors.call(FORM, wrong.body)
    assert answer.status == 422, answer.body
    assert named(answer.body) >= set(wrong.fields)
    assert tells_nothing_internal(answer.body)
    kept = (await doors.call("/api/desks/mytc/quarantine", by=HOLLY, method="GET")).body
    [entry] = json.loads(kept)["quarantine"]
    sent = wrong.body if isinstance(wrong.body, bytes) else json.dumps(wrong.body).encode()
    assert entry["raw"] == sent.decode()
    assert not [key for key in doors.stored() if "ticket|" in key]


async def test_a_response_that_comes_again_with_other_answers_is_refused_and_kept(
    doors: Doors,
) -> None:
    good = {"responder": "a@b.example", TYPE: "A question", SERVICE: "API", TITLE: "x",
            DESCRIPTION: "y"}  # fmt: skip
    first = await doors.call(FORM, {"responseId": "1", "response": good})
    again = await doors.call(FORM, {"responseId": "1", "response": good})
    other = await doors.call(FORM, {"responseId": "1", "response": good | {TITLE: "z"}})
    assert (first.status, again.status, other.status) == (201, 200, 422)
    assert named(other.body) == {"responseId"}
    kept = (await doors.call("/api/desks/mytc/quarantine", by=HOLLY, method="GET")).body
    assert len(json.loads(kept)["quarantine"]) == 1


async def test_what_a_microsoft_form_says_of_its_files_is_no_answer(doors: Doors) -> None:
    response = {"responder": "a@b.example", TYPE: "A question", SERVICE: "API", TITLE: "x",
                DESCRIPTION: "y", FILES: '[{"name": "a.png"}]'}  # fmt: skip
    answer = await doors.call(FORM, {"responseId": "1", "response": response})
    assert answer.status == 201, answer.body


async def test_a_line_break_in_a_name_or_title_becomes_a_space(doors: Doors) -> None:
    body = but(title="Sign-in\nfails", requester={"email": "a@b.example", "name": "Cas\r\ney"})
    await doors.call(REQUESTS, body)
    found = await doors.call("/api/tickets/MYTC-1", by=HOLLY, method="GET")
    ticket = json.loads(found.body)
    assert (ticket["title"], ticket["requester"]["name"]) == ("Sign-in fails", "Cas ey")


COMMAND: list[tuple[str, dict[str, Any], int, str]] = [
    ("no command", {}, 422, "command"),
    ("an unknown command", {"command": "dance"}, 422, "command"),
    ("a clock's own command", {"command": "time_passed"}, 422, "command"),
    ("an empty reply", {"command": "reply", "text": " "}, 422, "text"),
    ("hidden mentions", {"command": "reply", "text": "x", "mentions": ["a@b.example"]}, 422,
     "mentions"),
    ("another field", {"command": "note", "text": "x", "public": True}, 422, "public"),
    ("an unknown state", {"command": "move", "to": "heaven"}, 422, "to"),
    ("a stranger as assignee", {"command": "assign", "assignee": "x@y.example"}, 422, "assignee"),
    ("an unknown severity", {"command": "set_severity", "severity": "x", "reason": "y"}, 422,
     "severity"),
    ("a severity without reason", {"command": "set_severity", "severity": "low"}, 422, "reason"),
    ("an unknown type", {"command": "set_type", "type": "x"}, 422, "type"),
    ("an unknown opinion", {"command": "opine", "opinion": "maybe"}, 422, "opinion"),
    ("proceed without urgency", {"command": "decide", "decision": "proceed", "reason": "x"}, 422,
     "urgency"),
    ("a work item without title", {"command": "decide", "decision": "proceed", "reason": "x",
                                   "urgency": "urgent", "work_items": [{"kind": "pbi",
                                   "title": " "}]}, 422, "work_items.0.title"),
    ("urgency that is not asked", {"command": "decide", "decision": "not_our_problem",
                                   "reason": "x", "urgency": "urgent"}, 422, "urgency"),
    ("a link to nothing", {"command": "link", "to": "MYTC-99"}, 422, "to"),
    ("a link to itself", {"command": "link", "to": "MYTC-1"}, 422, "to"),
    ("a merge into itself", {"command": "merge", "into": "MYTC-1"}, 422, "into"),
    ("a file on a move", {"command": "move", "to": "in_planning", "attachments": [upload()]}, 422,
     "attachments"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "body", "status", "fault"), COMMAND, ids=lambda x: str(x)[:30])
async def test_a_wrong_command_names_its_field_and_changes_nothing(
    doors: Doors, name: str, body: dict[str, Any], status: int, fault: str
) -> None:
    await doors.call(REQUESTS, GOOD)
    before = doors.stored()
    answer = await doors.call("/api/tickets/MYTC-1/commands", body, by=HOLLY)
    assert answer.status == status, answer.body
    assert fault in named(answer.body)
    assert tells_nothing_internal(answer.body)
    assert doors.stored() == before


async def test_a_stale_version_is_refused_and_changes_nothing(doors: Doors) -> None:
    await doors.call(REQUESTS, GOOD)
    await doors.call("/api/tickets/MYTC-1/commands", {"command": "note", "text": "x"}, by=HOLLY)
    before = doors.stored()
    move = {"command": "move", "to": "in_planning"}
    stale = await doors.call("/api/tickets/MYTC-1/commands", move, by=HOLLY, if_match='"1"')
    odd = await doors.call("/api/tickets/MYTC-1/commands", move, by=HOLLY, if_match='"new"')
    assert (stale.status, odd.status) == (412, 422)
    assert doors.stored() == before


async def test_a_move_that_the_flow_does_not_know_is_refused_and_says_what_it_allows(
    doors: Doors,
) -> None:
    await doors.call(REQUESTS, GOOD)
    before = doors.stored()
    move = {"command": "move", "to": "closed"}
    answer = await doors.call("/api/tickets/MYTC-1/commands", move, by=HOLLY)
    assert answer.status == 409
    assert json.loads(answer.body)["allowed"] == ["in_planning"]
    assert doors.stored() == before


HOOKS: list[tuple[str, Any, dict[str, str], int]] = [
    ("/api/hooks/azure-devops", {}, {}, 403),
    ("/api/hooks/azure-devops", {}, {"authorization": BASIC + "x"}, 403),
    ("/api/hooks/azure-devops", b"{", {"authorization": BASIC}, 422),
    ("/api/hooks/azure-devops", {"resource": 7}, {"authorization": BASIC}, 422),
    ("/api/hooks/azure-devops", {"eventType": "workitem.commented", "resource": {"id": 99}},
     {"authorization": BASIC}, 200),
    ("/api/hooks/jira", {}, {}, 403),
    ("/api/hooks/jira", {}, {"x-hub-signature": "sha256=00"}, 403),
]  # fmt: skip


@pytest.mark.parametrize(("url", "body", "headers", "status"), HOOKS, ids=lambda x: str(x)[:40])
async def test_a_hook_without_proof_or_sense_changes_nothing(
    doors: Doors, url: str, body: Any, headers: dict[str, str], status: int
) -> None:
    await doors.call(REQUESTS, GOOD)
    before = doors.stored()
    answer = await doors.call(url, body, **headers)
    assert answer.status == status, answer.body
    assert tells_nothing_internal(answer.body)
    assert doors.stored() == before


async def test_the_same_key_with_another_body_is_refused(doors: Doors) -> None:
    first = await doors.call(REQUESTS, GOOD, idempotency_key="one")
    same = await doors.call(REQUESTS, GOOD, idempotency_key="one")
    before = doors.stored()
    other = await doors.call(REQUESTS, but(title="Else"), idempotency_key="one")
    assert [first.status, same.status, other.status] == [201, 200, 422]
    assert json.loads(first.body)["number"] == json.loads(same.body)["number"]
    assert named(other.body) == {"Idempotency-Key"}
    assert doors.stored() == before


async def test_what_looks_like_markup_or_a_formula_is_kept_as_text(doors: Doors) -> None:
    hostile = '=HYPERLINK("http://x") <script>alert(1)</script> {{7*7}} \u202e'
    answer = await doors.call(REQUESTS, but(title=hostile, description=hostile))
    assert answer.status == 201
    await doors.app.deliver_all()
    for mail in doors.app.vendors.mail.sent.values():
        assert "<script>" not in mail.html
        assert "\u202e" not in mail.subject + mail.html
        assert "49" not in mail.subject

"""What a Microsoft Form's response becomes, beyond its answers."""

from __future__ import annotations

import json

import pytest

from tests.functions.conftest import Doors
from tests.functions.test_bad_input import (
    DESCRIPTION,
    FILES,
    FORM,
    GOOD,
    REQUESTS,
    SERVICE,
    TITLE,
    TYPE,
    upload,
)  # fmt: skip

RESPONSE = {"responder": "a@b.example", TYPE: "A question", SERVICE: "API", TITLE: "x",
            DESCRIPTION: "y"}  # fmt: skip


def _named(*names: str) -> str:
    return json.dumps([{"name": name, "link": "https://files.example"} for name in names])


@pytest.mark.parametrize(
    ("named", "sent", "told"),
    [
        (("a.png",), (), "did not arrive: a.png"),
        (("a.png", "b.png"), ("b.png",), "did not arrive: a.png"),
        (("a.png", "b.png"), ("b.png", "a.png"), ""),
    ],
)
async def test_files_that_the_flow_did_not_hand_over_are_told_on_the_ticket(
    doors: Doors, named: tuple[str, ...], sent: tuple[str, ...], told: str
) -> None:
    files = [upload(name=name) for name in sent]
    response = RESPONSE | {FILES: _named(*named)}
    answer = await doors.call(FORM, {"responseId": "1", "response": response, "files": files})
    assert answer.status == 201, answer.body
    [state] = [body for key, body in doors.stored().items() if key.endswith("|state")]
    fields = json.loads(state)["ticket"].get("fields", {})
    assert fields.get("attachments", "") == told
    assert len(json.loads(state)["ticket"].get("attachments", [])) == len(sent)


@pytest.mark.parametrize("label", ["A\u00a0question", " a  question ", "A question"])
async def test_an_option_is_known_whatever_spaces_were_copied_with_it(
    doors: Doors, label: str
) -> None:
    answer = await doors.call(FORM, {"responseId": "1", "response": RESPONSE | {TYPE: label}})
    assert answer.status == 201, answer.body


async def test_a_reference_is_the_same_however_it_is_written(doors: Doors) -> None:
    refs = [("ORION", "ORN-7"), ("orion", "orn-7")]
    told = [
        await doors.call(REQUESTS, GOOD | {"external_refs": [{"system": system, "ref": ref}]})
        for system, ref in refs
    ]
    assert [answer.status for answer in told] == [201, 200]
    assert len({json.loads(answer.body)["number"] for answer in told}) == 1

"""A change of a client's data: tried first, seen by four eyes, written down by itself."""

from __future__ import annotations

import pytest

from tests.journey.door import AMELIE, TOM, DoorDesk
from tests.support.stack import Json, Stack, wait_until

GOOD = "UPDATE funds SET share_class = 'B' WHERE id = 88 AND share_class = 'A'"
WIDE = "UPDATE funds SET share_class = 'B' WHERE id = 88"
BACK = "UPDATE funds SET share_class = 'A' WHERE id = 88 AND share_class = 'B'"
RUN: Json = {"change": "C1", "environment": "preprod", "rows": 1, "outcome": "as_expected"}


@pytest.fixture
def door(stack: Stack) -> DoorDesk:
    return DoorDesk(stack)


def written(script: str, reason: str = "") -> Json:
    return {
        "title": "Share class of fund 88", "target": "door_prod.funds", "dialect": "mysql",
        "script": script, "rollback": BACK, "expected_rows": 1, "lint_override_reason": reason,
    }  # fmt: skip


def hash_of(door: DoorDesk, number: str) -> str:
    return str(door.ticket(number)["changes"][0]["script_sha256"])


def test_a_data_change_from_the_clients_mail_to_production(door: DoorDesk) -> None:
    number, client = door.writes("The share class of fund 88 is wrong.")
    door.do(number, TOM, "set_type", type="service_request")
    door.do(number, TOM, "move", to="in_progress")
    refresh(door, number)
    check_the_script(door, number)
    good = agree(door, number)
    door.do(number, TOM, "edit_change", change="C1", **written(GOOD))
    applied = {"change": "C1", "script_sha256": good, "rows": 1}
    assert door.refused(number, TOM, "apply_change", **applied)[0] == 409
    assert door.refused(number, AMELIE, "set_type", type="information_request")[0] == 409
    good = agree(door, number)
    door.do(number, TOM, "apply_change", change="C1", script_sha256=good, rows=1, note="at 9:10")
    finish(door, number, client)


def refresh(door: DoorDesk, number: str) -> None:
    """Jenkins loads the latest production data; the ticket hears how that went."""
    ordered = {"job": "preprod-deploy", "result": "SUCCESS", "seconds": 90}
    door.stack.tenant.control("POST", "/jenkins", json=ordered)
    door.do(number, TOM, "refresh_preprod")
    started = wait_until(
        lambda: [n for n in door.notes(number) if "build" in n], "the start of the build"
    )
    assert "running" in started[0]
    for _ in range(2):
        door.stack.tenant.advance("PT2M")
    wait_until(lambda: any("SUCCESS" in n for n in door.notes(number)), "the end of the build")
    [build] = [b for b in door.history(number, "build_seen") if b["result"]]
    known = door.stack.tenant.control("GET", "/jenkins?job=preprod-deploy")
    assert build["build"] in [b["number"] for b in known]


def check_the_script(door: DoorDesk, number: str) -> None:
    """What is refused is no draft; a finding stops the run until its author answers for it."""
    status, why = door.refused(number, TOM, "draft_change", **written("TRUNCATE TABLE funds"))
    assert (status, "'field': 'script'" in why) == (422, True)
    change = door.do(number, TOM, "draft_change", **written(WIDE))["changes"][0]
    assert [(f["code"], f["overridden"]) for f in change["findings"]] == [("few_predicates", False)]
    assert door.refused(number, TOM, "verify_change", **RUN)[0] == 409
    door.do(number, TOM, "edit_change", change="C1", **written(WIDE, "The id is unique"))


def agree(door: DoorDesk, number: str) -> str:
    """A run on Preprod, and the approval of exactly that script by somebody else."""
    door.do(number, TOM, "verify_change", **RUN)
    good = hash_of(door, number)
    mine = {"change": "C1", "script_sha256": good}
    assert door.refused(number, TOM, "approve_change", **mine)[0] == 403
    wrong = {"change": "C1", "script_sha256": "0" * 64}
    assert door.refused(number, AMELIE, "approve_change", **wrong)[0] == 409
    if door.ticket(number)["changes"][0]["findings"]:
        assert (
            door.refused(number, AMELIE, "approve_change", **mine, accept_findings=False)[0] == 422
        )
    door.do(number, AMELIE, "approve_change", **mine)
    return good


def finish(door: DoorDesk, number: str, client: str) -> None:
    """Resolving takes the written steps; the second person stands in the notes by itself."""
    assert door.refused(number, TOM, "move", to="resolved")[0] == 409
    door.do(number, TOM, "note", text="Class set by C1.")
    door.do(number, TOM, "move", to="resolved")
    door.stack.mail(client, number, "resolved")
    notes = door.notes(number)
    for words in ("C1 drafted", "overridden: The id is unique", "C1 ran on preprod", "C1 edited",
                  f"C1 approved by {AMELIE}", "1 row, 1 expected (as expected)",
                  f"Second person: {AMELIE}", "at 9:10"):  # fmt: skip
        assert any(words in note for note in notes), words
    sheet = door.stack.client(AMELIE).get(f"/desk/door/tickets/{number}/changes/C1")
    assert sheet.status_code == 200
    assert hash_of(door, number) in sheet.text
    told = str(door.stack.mails(client))
    assert "share_class" not in told
    assert "Amelie" not in told


@pytest.mark.parametrize("result", ["FAILURE", "ABORTED"])
def test_a_refresh_that_fails_is_said_so(door: DoorDesk, result: str) -> None:
    number, _ = door.opened("service_request")
    ordered = {"job": "preprod-deploy", "result": result, "seconds": 1}
    door.stack.tenant.control("POST", "/jenkins", json=ordered)
    door.do(number, TOM, "refresh_preprod")
    wait_until(lambda: door.history(number, "build_seen"), "the start of the build")
    door.stack.tenant.advance("PT2M")
    wait_until(lambda: any(result in n for n in door.notes(number)), "the end of the build")

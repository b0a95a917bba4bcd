"""Jira and the door desk hear of each other, once, and prove who they are."""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from collections.abc import Iterator

import httpx
import pytest

from local.environment import JIRA_SECRET
from tests.journey.door import GRACE, NORA, TOM, VIKTOR, DoorDesk
from tests.support.stack import Json, Stack, wait_until


@pytest.fixture
def door(stack: Stack) -> Iterator[DoorDesk]:
    """The desk with an empty order and a free slot, before and afterwards."""
    desk = DoorDesk(stack)
    desk.clear_board()
    yield desk
    desk.clear_board()


def hook(
    door: DoorDesk, body: Json, *, secret: str = JIRA_SECRET, delivery: str = ""
) -> httpx.Response:
    """A webhook as Jira sends it."""
    raw = json.dumps(body).encode()
    signature = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    headers = {"X-Hub-Signature": f"sha256={signature}", "Content-Type": "application/json"}
    if delivery:
        headers["X-Atlassian-Webhook-Identifier"] = delivery
    return door.stack.client().post("/api/hooks/jira", content=raw, headers=headers)


def moved(door: DoorDesk, number: str, status: str) -> Json:
    """Jira's body of a changed status, by an account that shows no address."""
    items = [{"field": "status", "fieldId": "status", "toString": status}]
    return {
        "webhookEvent": "jira:issue_updated", "timestamp": 1, "changelog": {"items": items},
        "issue": {"key": door.issue(number)["id"]},
        "user": {"accountId": uuid.uuid4().hex, "displayName": "Viktor Hansen"},
    }  # fmt: skip


def test_a_webhook_with_a_wrong_signature_changes_nothing(door: DoorDesk) -> None:
    number, _ = door.pulled()
    body = moved(door, number, "Deployed to DEV")
    for secret in ("wrong", ""):
        assert hook(door, body, secret=secret).status_code == 403
    assert door.stack.client().post("/api/hooks/jira", json=body).status_code == 403
    assert door.state(number) == "in_development"


@pytest.mark.parametrize("delivery", ["named", ""])
def test_a_delivery_that_is_repeated_counts_once(door: DoorDesk, delivery: str) -> None:
    number, _ = door.pulled()
    name = uuid.uuid4().hex if delivery else ""
    body = moved(door, number, "Code review")
    answers = [hook(door, body, delivery=name) for _ in range(3)]
    assert [a.json()["changed"] for a in answers] == [True, False, False]
    assert len(door.history(number, "item_changed")) == 1


def test_two_deliveries_without_a_name_are_two(door: DoorDesk) -> None:
    number, _ = door.pulled()
    for status in ("Code review", "QA"):
        assert hook(door, moved(door, number, status)).json() == {"changed": True}


def test_our_own_changes_do_not_come_back(door: DoorDesk) -> None:
    number, _ = door.pulled()
    door.do(number, NORA, "reply", text="A fix is on its way.")
    door.issue(number, lambda issue: len(issue["comments"]) == 1)
    door.stack.tenant.settle()
    assert door.history(number, "item_changed") == []
    assert len(door.history(number, "replied")) == 1


def test_our_own_account_is_known_by_its_id_whatever_it_is_called(door: DoorDesk) -> None:
    number, _ = door.pulled()
    jira = f"{door.stack.tenant.url}/jira/rest/api/3/myself"
    me = httpx.get(jira, auth=("docket@example.org", "local"), trust_env=False).json()
    body = moved(door, number, "Deployed to DEV")
    body["user"] = {"accountId": me["accountId"], "displayName": "The robot"}
    assert hook(door, body).json() == {"changed": False}
    assert door.state(number) == "in_development"


def test_what_the_desk_tells_the_client_is_a_comment_and_a_work_note_is_not(
    door: DoorDesk,
) -> None:
    number, client = door.pulled()
    door.do(number, TOM, "note", text="The numbat table is locked")
    door.do(number, TOM, "reply", text="A fix is on its way.")
    issue = door.issue(number, lambda issue: bool(issue["comments"]))
    [comment] = issue["comments"]
    assert comment["text"].startswith("A fix is on its way.")
    assert comment["body"]["type"] == "doc"
    assert "numbat" not in str(issue)
    door.stack.mail(client, number, "A fix is on its way.")


def test_a_comment_in_jira_is_a_work_note(door: DoorDesk) -> None:
    number, client = door.pulled()
    door.says_in_jira(number, VIKTOR, "The bilby parser is wrong")
    [told] = door.history(number, "item_changed")
    assert (told["public"], told["by"]) == (False, VIKTOR)
    assert "bilby" in told["text"]
    assert "bilby" not in str(door.stack.mails(client))


def test_a_comment_that_mentions_the_client_is_told_to_the_client_and_stands_in_jira_once(
    door: DoorDesk,
) -> None:
    number, client = door.pulled()
    door.says_in_jira(number, VIKTOR, f"@{client} please try again now")
    door.stack.mail(client, number, "please try again now")
    [told] = door.history(number, "replied")
    assert (told["public"], told["by"]) == (True, VIKTOR)
    door.stack.tenant.settle()
    assert len(door.issue(number)["comments"]) == 1


def test_jira_away_for_a_while_loses_nothing_and_doubles_nothing(door: DoorDesk) -> None:
    door.stack.tenant.fault(
        "jira", method="POST", path="*/issue", times=1, status=504, after_effect=True
    )
    number, _ = door.triaged()
    door.do(number, GRACE, "accept_for_sprint")
    wait_until(lambda: door.issues(number), "the issue that nobody heard of")
    for _ in range(3):
        door.stack.tenant.advance("PT2M")
    door.issue(number)
    assert len(door.issues(number)) == 1


def test_a_fix_that_did_not_work_takes_the_issue_back(door: DoorDesk) -> None:
    number, _ = door.pulled()
    for status in ("Code review", "QA", "Deployed to DEV"):
        door.in_jira(number, VIKTOR, status=status)
    assert door.state(number) == "deployed_to_dev"
    door.do(number, GRACE, "move", to="third_line_triage")
    door.issue(number, lambda issue: issue["fields"]["status"] == "To Do")
    assert door.state(number) == "third_line_triage"

"""A bug through triage, sprint and deployment, and back to the client."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.journey.door import GRACE, NORA, TOM, VIKTOR, DoorDesk
from tests.support.stack import Stack, wait_until


@pytest.fixture
def door(stack: Stack) -> Iterator[DoorDesk]:
    """The desk with an empty order and a free slot, before and afterwards."""
    desk = DoorDesk(stack)
    desk.clear_board()
    yield desk
    desk.clear_board()


def test_a_bug_goes_to_third_line_through_the_sprint_and_back_to_the_client(
    door: DoorDesk,
) -> None:
    number, client = door.writes("The list is empty.", "Empty list")
    door.do(number, TOM, "set_type", type="bug")
    door.do(number, TOM, "move", to="in_analysis")
    door.do(number, TOM, "move", to="third_line_triage")
    assert number in door.stack.client(GRACE).get("/desk/door/board").text
    door.do(number, GRACE, "accept_for_sprint")
    issue = door.issue(number)
    assert (issue["fields"]["status"], issue["fields"]["sprint"]) == ("To Do", None)

    door.do(number, door.developer(), "pull_next")
    issue = door.issue(number, lambda i: i["fields"]["status"] == "In progress")
    assert issue["fields"]["sprint"].startswith("Sprint ")
    for status in ("Code review", "QA", "Deployed to DEV"):
        door.in_jira(number, door.developer(), status=status)
    assert door.state(number) == "deployed_to_dev"

    second, _ = door.pulled()  # the slot is free before the first one is done
    door.in_jira(number, VIKTOR, status="Done")
    assert door.state(number) == "fix_released"
    assert door.state(second) == "in_development"
    door.stack.mail(TOM, number, "back with support")

    door.do(number, TOM, "note", text="Checked in production: the kestrel index is there.")
    door.do(number, TOM, "reply", text="The list is filled again.")
    door.do(number, TOM, "move", to="resolved")
    door.stack.mail(client, number, "The list is filled again.")
    door.stack.mail(client, number, "regard your request as resolved")
    assert "kestrel" not in str(door.stack.mails(client))
    assert len(door.issues(number)) == 1


def test_the_issue_says_where_it_comes_from(door: DoorDesk) -> None:
    number, _ = door.accepted()
    issue = door.issue(number)
    [link] = issue["relations"]
    assert link["url"] == door.ticket(number)["url"]
    assert link["globalId"].startswith("docket=")
    assert issue["fields"]["description_adf"]["type"] == "doc"
    assert (issue["type"], issue["fields"]["project"]) == ("Bug", "DOOR")


def test_jira_follows_the_order_of_the_board(door: DoorDesk) -> None:
    one, two, three = (door.accepted()[0] for _ in range(3))
    door.do(three, GRACE, "rank", before=one)
    wait_until(lambda: ranked(door, one, two, three) == [three, one, two], "the first order")
    door.do(one, GRACE, "rank", after=two)
    wait_until(lambda: ranked(door, one, two, three) == [three, two, one], "the second order")


def ranked(door: DoorDesk, *numbers: str) -> list[str]:
    """The tickets in the order of their issues in Jira."""
    every = door.stack.tenant.control("GET", "/work-items?system=jira")
    return [n for issue in every for n in numbers if n in issue["fields"]["labels"]]


def test_only_the_developer_pulls_only_the_first_and_only_when_the_slot_is_free(
    door: DoorDesk,
) -> None:
    one, two = door.accepted()[0], door.accepted()[0]
    developer = door.developer()
    [other] = {"lena.fischer@doorfunds.example", "rui.costa@doorfunds.example"} - {developer}
    status, why = door.refused(one, other, "pull_next")
    name = developer.partition("@")[0].replace(".", " ").title()
    assert (status, name in why) == (409, True)
    assert door.refused(one, NORA, "pull_next")[0] == 403
    status, why = door.refused(two, developer, "pull_next")
    assert (status, one in why) == (409, True)
    assert "pull_next" in door.ticket(one, developer)["commands"]
    assert "pull_next" not in door.ticket(two, developer)["commands"]
    door.do(one, developer, "pull_next")
    status, why = door.refused(two, developer, "pull_next")
    assert (status, "in progress" in why) == (409, True)
    assert "mark_deployed" in door.ticket(one, developer)["commands"]


def test_twenty_pulls_at_once_have_one_winner(door: DoorDesk) -> None:
    numbers = [door.accepted()[0] for _ in range(2)]
    developer = door.developer()

    def pull(turn: int) -> int:
        return door.stack.give(numbers[turn % 2], developer, "pull_next").status_code

    with ThreadPoolExecutor(20) as pool:
        statuses = list(pool.map(pull, range(20)))
    assert sorted(set(statuses)) == [200, 409]
    assert statuses.count(200) == 1
    assert door.in_state("in_development") == [numbers[0]]


def test_the_slot_is_freed_by_hand_too_and_the_next_pull_works(door: DoorDesk) -> None:
    one, _ = door.pulled()
    two, _ = door.accepted()
    assert door.refused(one, TOM, "mark_deployed")[0] == 403
    assert door.do(one, door.developer(), "mark_deployed")["state"] == "deployed_to_dev"
    door.do(two, door.developer(), "pull_next")
    assert door.in_state("in_development") == [two]


def test_only_the_product_owner_accepts_and_ranks(door: DoorDesk) -> None:
    one, two = door.accepted()[0], door.accepted()[0]
    waiting, _ = door.triaged()
    for person in (TOM, NORA, door.developer()):
        assert door.refused(waiting, person, "accept_for_sprint")[0] == 403
        assert door.refused(two, person, "rank", before=one)[0] == 403


def test_no_plain_move_leads_onto_the_board(door: DoorDesk) -> None:
    number, _ = door.triaged()
    for state in ("ready_for_sprint", "in_development", "deployed_to_dev", "fix_released"):
        assert door.refused(number, GRACE, "move", to=state)[0] == 409


def test_a_ticket_that_is_taken_back_frees_the_slot_and_keeps_its_issue(door: DoorDesk) -> None:
    number, _ = door.pulled()
    assert door.refused(number, NORA, "set_type", type="service_request")[0] == 409
    door.do(number, GRACE, "move", to="third_line_triage")
    door.issue(number, lambda issue: issue["fields"]["status"] == "To Do")
    other, _ = door.pulled()
    assert door.in_state("in_development") == [other]
    door.do(number, GRACE, "accept_for_sprint")
    door.do(other, door.developer(), "mark_deployed")
    door.do(number, door.developer(), "pull_next")
    assert len(door.issues(number)) == 1

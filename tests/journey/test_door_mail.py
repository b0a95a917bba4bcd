"""A client's mail through classification to each type's end."""

from __future__ import annotations

import pytest

from tests.journey.door import AMELIE, GRACE, NORA, TOM, VIKTOR, DoorDesk
from tests.support.stack import Stack, client_address, wait_until

WORDS = (
    "which impacts all users",  # the definition of Critical
    "significantly impaired although still operational",
    "Medium in test environments",
    "Minor functional or cosmetic issues",
    "30 minutes",  # the response target of Critical
    "100 hours",  # the resolution target of Low
)


@pytest.fixture
def door(stack: Stack) -> DoorDesk:
    return DoorDesk(stack)


def test_a_mail_is_confirmed_with_the_severities_their_definitions_and_targets(
    door: DoorDesk,
) -> None:
    number, client = door.writes("The share class of fund 88 is wrong.")
    confirmation = door.stack.mail(client, number, "has the number")
    for words in WORDS:
        assert words in " ".join(confirmation["text"].split()), words
    ticket = door.ticket(number)
    assert (ticket["type"], ticket["source"], ticket["state"]) == ("email_request", "mail", "new")
    assert ticket["requester"]["email"] == client
    door.stack.mail(NORA, number, "")


def test_an_email_request_cannot_be_resolved_as_it_is(door: DoorDesk) -> None:
    number, _ = door.writes("Please look.")
    door.do(number, TOM, "note", text="The steps")
    status, why = door.refused(number, TOM, "move", to="resolved")
    assert status == 409
    assert "“Waiting for client” or “Closed”" in why
    assert "waiting_for_client" in why  # for programs
    assert "resolve" not in str(door.ticket(number)["commands"])


def test_classifying_keeps_history_and_clocks_and_says_what_became_of_the_state(
    door: DoorDesk,
) -> None:
    number, _ = door.writes("How can I export the list?")
    door.do(number, TOM, "reply", text="We look into it.")
    before = door.ticket(number)
    after = door.do(number, TOM, "set_type", type="information_request")
    assert after["history"][: len(before["history"])] == before["history"]
    [typed] = door.history(number, "type_set")
    assert (typed["state_from"], typed["state_to"]) == ("new", "new")
    assert typed["why"] == "both flows have this state"
    page = door.stack.client(TOM).get(f"/desk/door/tickets/{number}").text
    assert "changed the type from Email Request to Information Request" in page
    assert "(both flows have this state)" in page

    def first(ticket: dict[str, list[dict[str, str]]]) -> dict[str, str]:
        return next(c for c in ticket["clocks"] if c["clock"] == "first_response")

    assert first(after)["state"] == first(before)["state"] == "met"
    assert first(after)["elapsed"] == first(before)["elapsed"]


def test_an_information_request_ends_with_what_was_explained(door: DoorDesk) -> None:
    number, client = door.writes("How can I export the list?", "Export")
    door.do(number, TOM, "set_type", type="information_request")
    status, why = door.refused(number, TOM, "move", to="resolved")
    assert (status, "work note" in why) == (409, True)
    door.do(number, TOM, "reply", text="Use the button Export.")
    door.do(number, TOM, "note", text="Explained Export, quoll page 7.")
    door.do(number, TOM, "move", to="resolved")
    door.stack.mail(client, number, "Use the button Export.")
    door.stack.mail(client, number, "regard your request as resolved")
    assert "quoll" not in str(door.stack.mails(client))


def test_a_feature_request_goes_to_product_and_back_to_the_client(door: DoorDesk) -> None:
    number, client = door.writes("We would like dark colours.", "Dark mode")
    door.do(number, TOM, "set_type", type="feature_request")
    door.do(number, TOM, "move", to="with_product")
    door.do(number, GRACE, "decide", decision="bug_or_feature", reason="worth it")
    door.stack.mail(client, number, "planned")
    issue = door.issue(number)
    assert (issue["type"], issue["fields"]["sprint"]) == ("Story", None)
    door.in_jira(number, GRACE, status="Done")
    assert door.state(number) == "delivered"
    door.do(number, TOM, "note", text="Shown to the client.")
    door.do(number, TOM, "move", to="resolved")
    door.stack.mail(client, number, "resolved")


def test_product_may_take_a_feature_back_and_decide_again(door: DoorDesk) -> None:
    number, client = door.opened("feature_request")
    door.do(number, TOM, "move", to="with_product")
    door.do(number, GRACE, "decide", decision="bug_or_feature", reason="worth it")
    door.issue(number)
    twice = {"decision": "not_our_problem", "reason": "We will not build it"}
    assert door.refused(number, GRACE, "decide", **twice)[0] == 409
    door.do(number, GRACE, "move", to="with_product")
    door.do(number, GRACE, "decide", decision="bug_or_feature", reason="it is, after all")
    assert len(door.issues(number)) == 1
    door.do(number, GRACE, "move", to="with_product")
    door.do(number, GRACE, "decide", **twice)
    door.stack.mail(client, number, "We will not build it")
    assert door.state(number) == "closed"


def test_a_feature_that_is_not_ours_closes_and_the_client_reads_why(door: DoorDesk) -> None:
    number, client = door.writes("Please print my tax form.", "Tax")
    door.do(number, TOM, "set_type", type="feature_request")
    door.do(number, TOM, "move", to="with_product")
    reason = "Your tax office prints it"
    door.do(number, GRACE, "decide", decision="not_our_problem", reason=reason)
    door.stack.mail(client, number, reason)
    assert door.state(number) == "closed"


def test_a_question_to_the_client_waits_until_they_answer_by_mail(door: DoorDesk) -> None:
    number, client = door.writes("It fails.")
    door.do(number, TOM, "set_type", type="service_request")
    door.do(number, TOM, "reply", text="Which fund is it?")
    door.do(number, TOM, "move", to="waiting_for_client")
    asked = door.stack.mail(client, number, "Which fund")
    door.post(client, "Fund 88.", subject=f"Re: {asked['subject']}", answers=asked["message_id"])
    wait_until(lambda: door.state(number) == "in_progress", "the client's answer")
    assert [h["text"] for h in door.history(number, "replied")] == ["Which fund is it?", "Fund 88."]


def test_public_updates_go_to_requester_and_watchers_and_work_notes_to_nobody_outside(
    door: DoorDesk,
) -> None:
    watcher, bystander = client_address(), client_address()
    number, client = door.writes("It fails.", cc=bystander)
    door.do(number, TOM, "watch", email=watcher)
    door.do(number, TOM, "note", text=f"the wombat cache, see {watcher}")
    door.do(number, TOM, "reply", text="It works again.")
    for reader in (client, watcher):
        door.stack.mail(reader, number, "It works again.")
        assert "wombat" not in str(door.stack.mails(reader))
    assert door.stack.mails(bystander) == []


@pytest.mark.parametrize(
    ("environment", "claimed", "counts"),
    [("production", "critical", "critical"), ("uat", "critical", "medium"),
     ("test", "high", "medium"), ("preprod", "low", "low")],
)  # fmt: skip
def test_the_severity_is_held_down_in_test_environments_for_all_to_see(
    door: DoorDesk, environment: str, claimed: str, counts: str
) -> None:
    number, _ = door.opened("bug", environment=environment, severity=claimed)
    ticket = door.ticket(number)
    assert (ticket["claimed_severity"], ticket["severity"]) == (claimed, counts)
    desk = door.stack.client(TOM).get("/api/desks/door").json()
    caps = {e["id"]: e["severity_cap"] for e in desk["environments"]}
    assert caps[environment] == (None if environment == "production" else "medium")


def test_a_ticket_that_turns_out_to_be_about_a_test_environment_counts_less(
    door: DoorDesk,
) -> None:
    number, _ = door.opened("bug", severity="critical")
    assert door.do(number, TOM, "set_environment", environment="uat")["severity"] == "medium"
    assert (
        door.do(number, TOM, "set_environment", environment="production")["severity"] == "critical"
    )


@pytest.mark.parametrize(("reader", "sees"), [(TOM, True), (NORA, True), (GRACE, False)])
def test_runbooks_are_listed_for_those_whose_role_may_see_them(
    door: DoorDesk, reader: str, sees: bool
) -> None:
    number, _ = door.opened("service_request")
    for page in (f"/desk/door/tickets/{number}", "/desk/door/flows"):
        text = door.stack.client(reader).get(page).text
        assert ("SQL+for+regular+requests" in text) is sees, page


def test_a_mail_that_asks_for_nothing_is_closed_with_a_reason(door: DoorDesk) -> None:
    number, client = door.writes("Thank you!", "Thanks")
    assert door.refused(number, TOM, "move", to="closed")[0] == 409
    door.do(number, AMELIE, "note", text="Only a thank-you.")
    door.do(number, AMELIE, "move", to="closed")
    door.stack.mail(client, number, "closed")


def test_who_may_not_work_on_tickets_is_told_so(door: DoorDesk) -> None:
    number, _ = door.opened("service_request")
    for person in (GRACE, VIKTOR):
        assert door.refused(number, person, "move", to="in_progress")[0] == 403

"""The story of a production support request, from the client's form to the client's answer."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from tests.journey.conftest import HOLLY, MARIA, PRIYA, SAM, Submit, by_api
from tests.support.stack import Json, Stack, client_address, production_issue, wait_until

PROMISE = "we will triage this request and reach out as soon as we have an assessment"


def mirror_of(stack: Stack, number: str) -> Json:
    """The work item that stands for the ticket, once both know each other."""
    wait_until(lambda: stack.ticket(number, HOLLY)["work_items"], f"the mirror of {number}")
    return next(i for i in stack.items(number) if i["type"] == "Support Request")


def triaged(stack: Stack, **decision: object) -> tuple[str, str]:
    """A request that is planned, asked about and decided: its number and its client."""
    client = client_address()
    number = by_api(stack, client)
    mirror_of(stack, number)
    stack.order(number, HOLLY, "move", to="in_planning")
    stack.order(number, HOLLY, "ask_team")
    wait_until(lambda: stack.ticket(number, HOLLY)["triage"]["thread"], f"a thread for {number}")
    stack.order(number, MARIA, "decide", **decision)
    return number, client


def test_a_submission_is_confirmed_with_both_numbers_and_mirrored_with_links_both_ways(
    stack: Stack, submit: Submit
) -> None:
    client = client_address()
    number = submit(stack, client)
    mirror = mirror_of(stack, number)
    confirmation = stack.mail(client, number, "We have your request")
    assert f"#{mirror['id']}" in confirmation["text"]
    assert "An important function is badly impaired" in confirmation["text"]
    assert f"{stack.url}/r/" in confirmation["html"]
    links = [r["url"] for r in mirror["relations"] if r["rel"] == "Hyperlink"]
    ticket = stack.ticket(number, HOLLY)
    assert links == [ticket["url"]]
    assert [(i["id"], i["mirror"]) for i in ticket["work_items"]] == [(str(mirror["id"]), True)]
    assert ticket["severity"] == "high"
    assert ticket["source"] == ("form" if ticket["attachments"] else "api")


def test_the_lead_gets_one_mail_that_cannot_be_mistaken_and_opens_the_ticket(
    stack: Stack, submit: Submit
) -> None:
    number = submit(stack, client_address())
    mail = stack.mail(HOLLY, number, "[PRODUCTION]")
    assert "High" in mail["subject"]
    assert "Casey Lee" in mail["text"]
    assert stack.ticket(number, HOLLY)["url"] in mail["html"]
    assert len(stack.mails(HOLLY, number)) == 1


def test_the_whole_story_reaches_client_team_and_backlog(stack: Stack, submit: Submit) -> None:
    client = client_address()
    number = submit(stack, client)
    mirror = mirror_of(stack, number)
    stack.order(number, HOLLY, "move", to="in_planning")
    stack.order(number, HOLLY, "reply", text=f"Hello @{client}, {PROMISE}")
    stack.mail(client, number, PROMISE)
    stack.order(number, HOLLY, "ask_team")
    thread = wait_until(lambda: stack.threads(number), f"a thread for {number}")[0]
    for person in (SAM, PRIYA):
        stack.order(number, person, "seen")
        stack.order(number, person, "opine", opinion="proceed", comment="the login service broke")
    stack.order(
        number, MARIA, "decide", decision="proceed", reason="ours", urgency="urgent",
        work_items=[{"kind": "pbi", "title": f"Repair sign-in {number}"},
                    {"kind": "task", "title": f"Find the cause {number}"}],
    )  # fmt: skip
    wait_until(lambda: len(stack.items(number)) == 3, f"two items for {number}")
    wait_until(lambda: stack.threads(number)[0]["replies"], f"the decision on {number} in Teams")
    stack.tenant.control(
        "POST", f"/work-items/{mirror['id']}/comments", json={"text": "Fixed now.", "by": SAM}
    )
    stack.order(number, SAM, "note", text="Restarted the login service.")
    stack.order(number, SAM, "move", to="resolved")
    stack.mail(client, number, "resolved")
    ticket = stack.ticket(number, HOLLY)
    assert {s["email"] for s in ticket["seen_by"]} == {SAM, PRIYA}
    assert ticket["triage"]["thread"] == thread["id"]
    kinds = [h["kind"] for h in ticket["history"]]
    assert kinds.index("team_asked") < kinds.index("opined") < kinds.index("decided")


def test_a_public_reply_that_mentions_the_client_threads_at_the_client(stack: Stack) -> None:
    client = client_address()
    number = by_api(stack, client)
    first = stack.mail(client, number, "We have your request")
    stack.order(number, HOLLY, "move", to="in_planning")
    stack.order(number, HOLLY, "reply", text=f"@{client} {PROMISE}")
    answer = stack.mail(client, number, PROMISE)
    assert "In-Reply-To" not in first["headers"]
    assert answer["headers"]["References"].split()[1:] == [first["message_id"]]
    assert answer["headers"]["In-Reply-To"] == first["message_id"]
    assert answer["message_id"] != first["message_id"]
    assert "Auto-Submitted" not in answer["headers"]
    assert len(stack.mails(client, number)) == 2


def test_a_colleague_mentioned_in_a_work_note_is_mailed_and_the_client_is_not(
    stack: Stack,
) -> None:
    client = client_address()
    number = by_api(stack, client)
    stack.mail(client, number, "We have your request")
    stack.order(number, HOLLY, "note", text="@sam.okafor the cause is the marrow cache")
    stack.mail(SAM, number, "marrow cache")
    stack.order(number, HOLLY, "reply", text="We look into it.")
    stack.mail(client, number, "We look into it.")
    assert "marrow" not in str(stack.mails(client))


def test_asking_the_team_posts_one_thread_with_a_card_that_opens_the_ticket(stack: Stack) -> None:
    number = by_api(stack, client_address())
    mirror_of(stack, number)
    asked = stack.order(number, HOLLY, "ask_team", message=f"Urgent: please look at # {number}")
    [thread] = wait_until(lambda: stack.threads(number), f"a thread for {number}")
    assert f"Urgent: please look at # {number}" in thread["text"]
    card = str(thread["card"])
    for words in (number, "High", "Production", "Casey Lee", "Resolution due", asked["url"]):
        assert words in card
    known = wait_until(lambda: stack.ticket(number, HOLLY)["triage"]["thread"], "its id")
    assert known == thread["id"]


def test_those_who_have_not_read_it_get_one_reminder(stack: Stack) -> None:
    number = by_api(stack, client_address())
    stack.order(number, HOLLY, "ask_team")
    stack.order(number, HOLLY, "seen")
    stack.order(number, SAM, "seen")
    for _ in range(2):
        stack.advance_working_time(dt.timedelta(hours=5))
        wait_until(lambda: reminders(stack, PRIYA, number) or digests(stack, PRIYA, number),
                   "a reminder to who has not read it")  # fmt: skip
    assert reminders(stack, SAM, number) == []
    assert len(reminders(stack, PRIYA, number)) <= 1
    history = stack.ticket(number, HOLLY)["history"]
    assert [h["fired"] for h in history if h.get("step") == "unread"] == ["unread:"]


def reminders(stack: Stack, to: str, number: str) -> list[Json]:
    """Mails of the ticket's own that ask to read it."""
    return [m for m in stack.mails(to, number) if "you have not read it yet" in m["text"]]


def digests(stack: Stack, to: str, number: str) -> list[Json]:
    """Mails that name the ticket beside others, when much is due in the same hour."""
    named = re.compile(rf"\b{number}\b")
    others = (m for m in stack.mails(to) if f"[{number}]" not in m["subject"])
    return [m for m in others if named.search(m["text"])]


def test_not_our_problem_tells_the_client_why_and_closes(stack: Stack) -> None:
    reason = "Your bank's card reader is out of order"
    number, client = triaged(stack, decision="not_our_problem", reason=reason)
    stack.mail(client, number, reason)
    ticket = stack.ticket(number, HOLLY)
    assert ticket["state"] == "closed"
    assert ticket["triage"]["decision"] == "not_our_problem"
    assert len(stack.items(number)) == 1  # the mirror alone


def test_a_bug_becomes_a_backlog_item_that_the_ticket_follows(stack: Stack) -> None:
    number, client = triaged(stack, decision="bug_or_feature", reason="a regression of release 7")
    wait_until(lambda: len(stack.items(number)) == 2, f"a bug for {number}")
    bug = next(i for i in stack.items(number) if i["type"] == "Bug")
    stack.mail(client, number, "")
    wait_until(
        lambda: any(i["kind"] == "bug" for i in stack.ticket(number, HOLLY)["work_items"]),
        f"the bug on {number}",
    )
    assert stack.ticket(number, HOLLY)["state"] == "in_backlog"
    done = {"fields": {"System.State": "Done"}, "by": SAM}
    stack.tenant.control("PATCH", f"/work-items/{bug['id']}", json=done)
    wait_until(lambda: stack.ticket(number, HOLLY)["state"] == "resolved", "it follows its item")
    again = {"fields": {"System.State": "Committed"}, "by": SAM}
    stack.tenant.control("PATCH", f"/work-items/{bug['id']}", json=again)
    wait_until(lambda: stack.ticket(number, HOLLY)["state"] == "in_progress", "it follows it back")
    stack.mail(HOLLY, number, "Sam Okafor set the state to Committed")


def test_a_waiting_ticket_whose_item_is_deleted_is_left_to_the_lead(stack: Stack) -> None:
    number, _ = triaged(stack, decision="bug_or_feature", reason="a regression of release 7")
    wait_until(lambda: len(stack.items(number)) == 2, f"a bug for {number}")
    bug = next(i for i in stack.items(number) if i["type"] == "Bug")
    wait_until(lambda: len(stack.ticket(number, HOLLY)["work_items"]) == 2, f"it on {number}")
    stack.tenant.control("DELETE", f"/work-items/{bug['id']}", json={"by": SAM})
    mail = stack.mail(HOLLY, number, "All work items")
    assert f"bug {bug['id']} is gone" in mail["text"]
    assert stack.ticket(number, HOLLY)["state"] == "in_backlog"


@pytest.mark.parametrize("urgency", ["urgent", "handle_during_sprint"])
def test_a_decision_to_proceed_makes_items_and_only_urgent_ones_go_into_the_sprint(
    stack: Stack, urgency: str
) -> None:
    plans = [{"kind": "pbi", "title": "Repair sign-in"}, {"kind": "task", "title": "Find cause"}]
    number, _ = triaged(stack, decision="proceed", reason="ours", urgency=urgency, work_items=plans)
    wait_until(lambda: len(stack.items(number)) == 3, f"both items of {number}")
    by_type = {i["type"]: i for i in stack.items(number)}
    pbi, task = by_type["Product Backlog Item"], by_type["Task"]
    parents = [r["url"] for r in task["relations"] if r["rel"].endswith("Hierarchy-Reverse")]
    assert [url.rpartition("/")[2] for url in parents] == [str(pbi["id"])]
    in_sprint = ["Sprint" in i["fields"]["System.IterationPath"] for i in (pbi, task)]
    assert in_sprint == [urgency == "urgent"] * 2
    stack.mail(HOLLY, number, "proceed")
    [thread] = stack.threads(number)
    replies = wait_until(lambda: stack.threads(number)[0]["replies"], "the decision in Teams")
    assert "Maria Lopez decided on" in replies[0]["text"]
    assert "Proceed" in replies[0]["text"]
    card = str(replies[0]["card"])
    for words in ("pbi: Repair sign-in", stack.ticket(number, HOLLY)["url"]):
        assert words in card
    assert len(replies) == 1
    assert thread["id"] == stack.ticket(number, HOLLY)["triage"]["thread"]


def test_proceeding_is_said_in_devops_with_a_mention_of_the_lead(stack: Stack) -> None:
    number, _ = triaged(stack, decision="proceed", reason="ours", urgency="handle_during_sprint")

    def comments() -> list[str]:
        mirror = mirror_of(stack, number)
        return [c["text"] for c in mirror["comments"] if "will proceed" in c["text"]]

    [text] = wait_until(comments, f"the comment on the mirror of {number}")
    assert "data-vss-mention" in text


def test_a_comment_in_devops_comes_back_as_a_work_note(stack: Stack) -> None:
    client = client_address()
    number = by_api(stack, client)
    mirror = mirror_of(stack, number)
    remark = {"text": "The rowan index is broken", "by": SAM}
    stack.tenant.control("POST", f"/work-items/{mirror['id']}/comments", json=remark)

    def told() -> list[Json]:
        history: list[Json] = stack.ticket(number, HOLLY)["history"]
        return [h for h in history if "rowan index" in str(h.get("text"))]

    [note] = wait_until(told, "the comment on the ticket")
    assert note["public"] is False
    assert note["by"] == SAM
    assert "rowan" not in str(stack.mails(client))


def test_a_comment_in_devops_that_mentions_the_client_is_a_public_reply_and_does_not_echo(
    stack: Stack,
) -> None:
    client = client_address()
    number = by_api(stack, client)
    mirror = mirror_of(stack, number)
    remark = {"text": f"@{client} please try again now", "by": SAM}
    stack.tenant.control("POST", f"/work-items/{mirror['id']}/comments", json=remark)
    stack.mail(client, number, "please try again now")
    history = stack.ticket(number, HOLLY)["history"]
    assert [h["public"] for h in history if "try again" in str(h.get("text"))] == [True]
    stack.tenant.settle()
    assert [c["by"] for c in mirror_of(stack, number)["comments"]] != []
    assert len(mirror_of(stack, number)["comments"]) == 1


def test_the_mirror_follows_the_ticket_and_the_ticket_follows_the_mirror_without_an_echo(
    stack: Stack,
) -> None:
    number = by_api(stack, client_address())
    mirror = mirror_of(stack, number)
    stack.order(number, HOLLY, "move", to="in_planning")
    wait_until(
        lambda: mirror_of(stack, number)["fields"]["System.State"] == "In Planning", "our move"
    )
    moved = {"fields": {"System.State": "Resolved"}, "by": HOLLY}
    stack.tenant.control("PATCH", f"/work-items/{mirror['id']}", json=moved)
    wait_until(lambda: stack.ticket(number, HOLLY)["state"] == "resolved", "the tool's move")
    stack.tenant.settle()
    moves = [h for h in stack.ticket(number, HOLLY)["history"] if h["kind"] == "moved"]
    assert [m["to"] for m in moves] == ["in_planning", "resolved"]


def test_the_same_orion_reference_never_makes_a_second_ticket(stack: Stack) -> None:
    ref = client_address()
    body = production_issue(
        client_address(),
        external_refs=[{"system": "orion", "ref": ref, "url": "https://orion.example/7"}],
    )
    first = stack.send_request("mytc", body)
    second = stack.send_request("mytc", {**body, "title": "The same again"})
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["number"] == second.json()["number"]
    kept = stack.ticket(first.json()["number"], HOLLY)["external_refs"]
    assert kept == [{"system": "orion", "ref": ref, "url": "https://orion.example/7"}]

"""Mail in over the running system: the host, Graph's notifications and their moods."""

import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.mail_service.desk_mail import DOOR, raw_mail
from tests.support.stack import Stack, client_address, wait_until

NORA = "nora.lindqvist@doorfunds.example"


class Client:
    """Somebody who writes to the door desk."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.address = client_address()

    def writes(self, body: str = "The fund list is empty.\n", **fields: str) -> str:
        """Sends a mail to the desk; its Message-ID."""
        message_id = f"<{uuid.uuid4().hex}@client.example>"
        fields = {"subject": f"Help {message_id[1:9]}"} | fields
        raw = raw_mail(body, sender=f"Casey <{self.address}>", message_id=message_id, **fields)
        self.stack.tenant.mail(DOOR, raw)
        return message_id

    def entries(self) -> list[dict[str, Any]]:
        """What became of this client's mails today."""
        door = self.stack.client(NORA)
        date = self.stack.tenant.now()[:10]
        told = door.get("/api/desks/door/reconciliation", params={"date": date}).json()
        return [e for e in told["entries"] if e["from"] == self.address]

    def came_to(self, message_id: str) -> dict[str, Any]:
        """Waits for the mail's end; its entry."""

        def look() -> dict[str, Any] | None:
            return next((e for e in self.entries() if e["message_id"] == message_id), None)

        return wait_until(look, f"the end of {message_id}") or {}

    def ticket(self, message_id: str) -> str:
        """Waits for the ticket that the mail made; its number."""
        entry = self.came_to(message_id)
        assert entry["outcome"] == "ticket", entry
        return str(entry["number"])


@pytest.fixture
def client(stack: Stack) -> Client:
    """A client that no other test knows, while the mailbox is watched."""
    watched(stack)
    return Client(stack)


def graph(stack: Stack, method: str, path: str, **options: Any) -> httpx.Response:
    """A call to Graph as somebody else would make it."""
    headers = {"Authorization": "Bearer application"}
    url = f"{stack.tenant.url}/graph/v1.0{path}"
    answer = httpx.request(method, url, headers=headers, trust_env=False, timeout=30, **options)
    assert answer.is_success, answer.text
    return answer


def subscriptions(stack: Stack) -> list[str]:
    found = graph(stack, "GET", "/subscriptions").json()["value"]
    return [s["id"] for s in found if DOOR in s["resource"]]


def watched(stack: Stack) -> list[str]:
    """The subscriptions to the desk's mailbox; waits for one, which takes a minute at most."""
    if not subscriptions(stack):
        stack.tenant.advance("PT1M")
    return wait_until(lambda: subscriptions(stack), "a subscription to the mailbox")


@pytest.fixture
def mood(stack: Stack) -> Iterator[Any]:
    """Orders how notifications come; afterwards they are normal again."""

    def order(name: str) -> None:
        stack.tenant.control("POST", "/graph", json={"notifications": name, "delay": 0.5})

    yield order
    order("normal")


def test_a_mail_is_confirmed_in_its_thread_and_the_conversation_goes_on(
    stack: Stack, client: Client
) -> None:
    message_id = client.writes()
    number = client.ticket(message_id)
    confirmation = stack.mail(client.address, number, number)
    assert confirmation["headers"]["In-Reply-To"] == message_id
    assert message_id in confirmation["headers"]["References"]
    answer = client.writes("Still empty.\n", In_Reply_To=confirmation["message_id"])
    assert client.came_to(answer)["outcome"] == "follow_up"
    stack.order(number, NORA, "reply", text="We have found the reason.")
    update = stack.mail(client.address, number, "We have found the reason.")
    assert update["headers"]["In-Reply-To"] == answer
    thread = [message_id, confirmation["message_id"], answer]
    assert update["headers"]["References"].split()[1:] == thread


def test_the_answers_of_a_member_reach_the_client(stack: Stack, client: Client) -> None:
    number = client.ticket(client.writes())
    told = stack.mail(NORA, number, number)
    raw = raw_mail(
        "Please send a screenshot.\n",
        sender=f"Nora Lindqvist <{NORA}>",
        subject=f"Re: {told['subject']}",
        message_id=f"<{uuid.uuid4().hex}@doorfunds.example>",
        In_Reply_To=told["message_id"],
    )
    stack.tenant.mail(DOOR, raw)
    stack.mail(client.address, number, "Please send a screenshot.")


def test_mail_comes_in_when_notifications_are_missing(
    stack: Stack, client: Client, mood: Any
) -> None:
    mood("missing")
    message_id = client.writes()
    stack.tenant.advance("PT1M")
    client.ticket(message_id)


@pytest.mark.parametrize("name", ["double", "delayed"])
def test_mail_comes_in_once_when_notifications_are_double_or_late(
    stack: Stack, client: Client, mood: Any, name: str
) -> None:
    mood(name)
    first, second = client.writes(), client.writes()
    assert client.ticket(first) != client.ticket(second)
    stack.tenant.settle()
    assert len(client.entries()) == 2

    def both() -> list[str]:
        subjects = [mail["subject"] for mail in stack.mails(client.address)]
        return subjects if len(subjects) >= 2 else []

    told = wait_until(both, "both confirmations")
    assert len(told) == len(set(told))


def test_an_expired_delta_token_loses_and_doubles_nothing(stack: Stack, client: Client) -> None:
    before = client.ticket(client.writes())
    stack.tenant.control("POST", "/graph/expire-delta", json={"mailbox": DOOR})
    after = client.ticket(client.writes())
    assert before != after
    assert {e["outcome"] for e in client.entries()} == {"ticket"}
    assert len(client.entries()) == 2


def test_a_subscription_that_went_silently_is_created_again(stack: Stack, client: Client) -> None:
    gone = watched(stack)
    for name in gone:
        graph(stack, "DELETE", f"/subscriptions/{name}")
    stack.tenant.advance("PT1H")
    assert wait_until(lambda: subscriptions(stack), "another subscription") != gone
    client.ticket(client.writes())


def test_a_removed_subscription_is_created_again_at_once(stack: Stack, client: Client) -> None:
    gone = watched(stack)
    stack.tenant.control("POST", "/graph/lifecycle", json={"event": "subscriptionRemoved"})
    assert wait_until(lambda: subscriptions(stack), "another subscription") != gone
    client.ticket(client.writes())


def test_graph_troubles_only_delay_a_mail(stack: Stack, client: Client) -> None:
    stack.tenant.fault("graph", method="GET", path="*$value", times=2, status=503)
    message_id = client.writes()
    for _ in range(3):
        stack.tenant.advance("PT1M")
    client.ticket(message_id)


def test_a_naive_auto_responder_and_the_desk_stop(stack: Stack, client: Client) -> None:
    order = {"mailbox": client.address, "kind": "naive"}
    stack.tenant.control("POST", "/auto-responder", json=order)
    number = client.ticket(client.writes())
    wait_until(lambda: len(client.entries()) == 2, "the responder's answer")
    for _ in range(3):
        stack.tenant.advance("PT1M")
        stack.tenant.settle()
    assert sorted(e["outcome"] for e in client.entries()) == ["follow_up", "ticket"]
    assert len(stack.mails(client.address, number)) == 1


def test_a_bounce_is_a_work_note_and_nothing_else(stack: Stack, client: Client) -> None:
    order = {"address": client.address, "kind": "hard"}
    stack.tenant.control("POST", "/bounces", json=order)
    number = client.ticket(client.writes())

    def noted() -> list[str]:
        history = stack.ticket(number, NORA)["history"]
        return [h["text"] for h in history if h["kind"] == "noted"]

    [note] = wait_until(noted, "a work note about the bounce")
    assert client.address in note
    stack.tenant.advance("PT1M")
    assert len(stack.mails(client.address)) == 1


def test_a_crash_while_mails_come_in_loses_and_doubles_nothing(
    stack: Stack, client: Client
) -> None:
    sent = [client.writes() for _ in range(8)]
    wait_until(client.entries, "the first of the mails")
    stack.host.kill()
    stack.host.start()
    stack.tenant.advance("PT1M")
    numbers = {client.ticket(message_id) for message_id in sent}
    assert len(numbers) == len(sent)
    for _ in range(2):
        stack.tenant.advance("PT2M")  # what a dead process had claimed is free again
    confirmed = wait_until(
        lambda: found if len(found := stack.mails(client.address)) >= len(sent) else [],
        "a confirmation of each",
    )
    assert sorted(m["headers"]["X-Docket-Ticket"] for m in confirmed) == sorted(numbers)


def test_mail_comes_in_after_the_tenant_was_emptied(stack: Stack, client: Client) -> None:
    client.ticket(client.writes())
    stack.tenant.control("POST", "/reset")
    client.ticket(client.writes())

"""How a request ends, and how it comes back."""

from __future__ import annotations

import datetime as dt
from email.message import EmailMessage
from typing import cast

from tests.journey.conftest import HOLLY, by_api
from tests.support.stack import Json, Stack, client_address, wait_until


def resolved(stack: Stack) -> tuple[str, str]:
    """A request that was resolved, its client told."""
    client = client_address()
    number = by_api(stack, client)
    stack.order(number, HOLLY, "move", to="in_planning")
    stack.order(number, HOLLY, "move", to="resolved")
    stack.mail(client, number, "resolved")
    return number, client


def answer_by_mail(stack: Stack, number: str, client: str, text: str) -> None:
    """The client answers the latest mail about the ticket."""
    last = stack.mails(client, number)[-1]
    mail = EmailMessage()
    mail["From"], mail["To"] = client, "support@mytc.example"
    mail["Subject"] = "Re: " + last["subject"]
    mail["Message-ID"] = f"<{client_address()}>"
    mail["In-Reply-To"] = last["message_id"]
    mail["References"] = f"{last['headers']['References']} {last['message_id']}"
    mail.set_content(text)
    stack.tenant.mail("support@mytc.example", mail.as_bytes())


def test_an_answer_within_the_window_reopens_and_tells_the_lead(stack: Stack) -> None:
    number, client = resolved(stack)
    answer_by_mail(stack, number, client, "It happens again.")
    ticket = wait_until(
        lambda: (t := stack.ticket(number, HOLLY))["state"] == "in_planning" and t, "it reopens"
    )
    told = cast("Json", ticket)["history"]
    assert [h["by"] for h in told if h["kind"] == "replied"] == [client]
    stack.mail(HOLLY, number, "It happens again.")


def test_an_answer_after_the_window_makes_a_new_ticket_that_links_to_the_old_one(
    stack: Stack,
) -> None:
    number, client = resolved(stack)
    stack.tenant.advance("P15D")
    answer_by_mail(stack, number, client, "It happens again.")

    def second() -> list[str]:
        found = {m["headers"]["X-Docket-Ticket"] for m in stack.mails(client)}
        return sorted(found - {number})

    [other] = wait_until(second, f"a new ticket for {client}")
    assert stack.ticket(number, HOLLY)["state"] == "closed"
    links = [(each["to"], each["kind"]) for each in stack.ticket(other, HOLLY)["links"]]
    assert links == [(number, "follows")]


def test_auto_close_tells_nobody_twice(stack: Stack) -> None:
    number, client = resolved(stack)
    stack.tenant.advance("P8D")
    wait_until(lambda: stack.ticket(number, HOLLY)["state"] == "closed", "it closes by itself")
    stack.tenant.advance(f"PT{int(dt.timedelta(hours=1).total_seconds())}S")
    stack.mail(client, number, "closed")
    assert len(stack.mails(client, number)) == 3  # received, resolved, closed

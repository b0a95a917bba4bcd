"""How a request of the myTC desk comes in, and the people of the story."""

from collections.abc import Callable

import httpx
import pytest

from tests.support.stack import Stack, production_issue, wait_until

HOLLY, SAM, PRIYA = "holly@mytc.example", "sam.okafor@mytc.example", "priya.nair@mytc.example"
MARIA = "maria.lopez@mytc.example"  # the scrum master

type Submit = Callable[[Stack, str], str]


def by_api(stack: Stack, client: str) -> str:
    """The request comes in through the API; its number."""
    return str(stack.opened("mytc", production_issue(client))["number"])


def by_form(stack: Stack, client: str) -> str:
    """The client fills in the Microsoft Form in a browser, signed in; the ticket's number."""
    page = f"{stack.tenant.url}/forms/mytc?as={client}"
    answers = {
        "type": "A problem in production (the live service)",
        "environment": "Production",
        "service": "myTC Account web portal",
        "title": "Sign-in fails with error 500",
        "description": "Since this morning nobody can sign in.",
        "since": "2026-11-20",
        "impact": "High: an important function or some people are blocked",
        "requester_name": "Casey Lee",
    }
    picture = {"attachments": ("screen.png", b"\x89PNG\r\n\x1a\n" + bytes(64), "image/png")}
    answer = httpx.post(page, data=answers, files=picture, timeout=30, trust_env=False)
    assert answer.status_code == 200, answer.text
    sent = wait_until(lambda: stack.tenant.sent(client), f"the confirmation to {client}")
    return str(sent[0]["headers"]["X-Docket-Ticket"])


@pytest.fixture(params=[by_api, by_form])
def submit(request: pytest.FixtureRequest) -> Submit:
    """Both ways in which the story begins."""
    chosen: Submit = request.param
    return chosen

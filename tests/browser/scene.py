"""A system with something on every page, and the addresses of those pages."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

import httpx

from local.environment import LINK_KEY
from shared.render.links import Links, Pass
from tests.browser.cast import AMELIE, GRACE, HOLLY, MARIA, NORA, SAM, TOM
from tests.support.stack import KEY, Json, Stack, client_address, production_issue, wait_until

SCRIPT = "UPDATE fund SET status = 'open' WHERE id = 5 AND status = 'closed'"
LOOSE = "DELETE FROM fund WHERE id = 5"
PNG = "iVBORw0KGgoAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"


@dataclass(frozen=True)
class Scene:
    """What the pages show: a client's two requests, a ticket of each desk, a change."""

    client: str
    issue: str
    ended: str
    service: str
    bug: str
    change: str
    mine: str  # the client's page of `issue`
    over: str  # and of `ended`
    glance: str  # what whoever typed the client's address sees of `issue`
    listed: str  # the client's list


def set_scene(stack: Stack) -> Scene:
    """Fills the system through its API."""
    client = client_address()
    issue, ended = _issue(stack, client), _ended(stack, client)
    service, change = _service_request(stack)
    bug = _door(stack, "bug")
    stack.order(bug, NORA, "move", to="third_line_triage")
    for _ in range(2):
        ready = _door(stack, "bug")
        stack.order(ready, NORA, "move", to="third_line_triage")
        stack.order(ready, GRACE, "accept_for_sprint")
    _unmapped_response(stack)
    _undelivered(stack, issue)
    return Scene(
        client, issue, ended, service, bug, change,
        mine=_page_of(stack, client, issue), over=_page_of(stack, client, ended),
        listed=_list_of(stack, client), glance=_glance_of(client, issue),
    )  # fmt: skip


def _issue(stack: Stack, client: str) -> str:
    """A production issue on which everything has happened, still open."""
    picture = {"name": "screen.png", "content_type": "image/png", "content_base64": PNG}
    body = production_issue(client, attachments=[picture])
    number = str(stack.opened("mytc", body)["number"])
    wait_until(lambda: stack.ticket(number, HOLLY)["work_items"], f"the mirror of {number}")
    stack.order(number, SAM, "seen")
    stack.order(number, HOLLY, "move", to="in_planning")
    stack.order(number, HOLLY, "reply", text="We look into it:\n\n- now\n- https://example.org")
    stack.order(number, HOLLY, "note", text="@sam.okafor please look at the cache")
    stack.order(number, HOLLY, "watch", email=client_address())
    stack.order(number, HOLLY, "ask_team")
    stack.order(number, SAM, "opine", opinion="proceed", comment="it is ours")
    stack.order(number, HOLLY, "assign", assignee=SAM)
    return number


def _ended(stack: Stack, client: str) -> str:
    """A request outside production that was decided and closed."""
    body = production_issue(client, environment="uat", type="non_production_issue")
    number = str(stack.opened("mytc", body)["number"])
    stack.order(number, MARIA, "decide", decision="not_our_problem", reason="Your bank's reader.")
    return number


def _door(stack: Stack, kind: str) -> str:
    body = {
        "title": "The fund Aurora is closed",
        "description": "It is shown as closed, but it is open.",
        "type": kind,
        "environment": "production",
        "severity": "critical",
        "requester": {"name": "Casey Lee", "email": client_address()},
    }
    return str(stack.opened("door", body)["number"])


def _service_request(stack: Stack) -> tuple[str, str]:
    """With a change that waits for a second person, and a draft with findings."""
    number = _door(stack, "service_request")
    stack.order(number, NORA, "move", to="in_progress")
    fields = {"title": "Open Aurora", "target": "funds", "dialect": "tsql", "expected_rows": 1}
    change = {**fields, "rollback": "UPDATE fund SET status = 'closed' WHERE id = 5 AND v = 2"}
    stack.order(number, TOM, "draft_change", **change, script=LOOSE)
    ticket = stack.order(
        number, TOM, "draft_change", **change, script=LOOSE, lint_override_reason="one row only"
    )
    first = str(ticket["changes"][-1]["id"])
    stack.order(
        number, TOM, "verify_change", change=first, environment="preprod", rows=1,
        outcome="as_expected", note="Aurora was listed as open.",
    )  # fmt: skip
    ticket = stack.order(number, AMELIE, "draft_change", **change, script=SCRIPT)
    return number, first


def _unmapped_response(stack: Stack) -> None:
    """A Microsoft Forms response whose questions no desk knows: it goes to quarantine."""
    answers = {"responder": "casey@client.example", "submitDate": "2026-11-20T10:00:00Z"}
    body = {"responseId": uuid.uuid4().hex, "response": {**answers, f"r{'0' * 32}": "help"}}
    url = f"{stack.url}/api/desks/mytc/forms/request/responses"
    httpx.post(url, json=body, headers=KEY, timeout=30, trust_env=False)


def _undelivered(stack: Stack, number: str) -> None:
    """A question to the team that Teams does not take for now."""
    path = "/v1.0/teams/*/channels/*/messages*"
    stack.tenant.fault("graph", method="POST", path=path, times=1, status=503, retry_after=3600)
    stack.order(number, HOLLY, "ask_team", message="Does anybody know this?")

    def waits() -> list[Json]:
        told: Json = stack.client(HOLLY).get("/api/desks/mytc/undelivered").json()
        return [row for row in told["undelivered"] if row["number"] == number]

    wait_until(waits, "what could not be delivered")


def _page_of(stack: Stack, client: str, number: str) -> str:
    letter = stack.mail(client, number, "We have your request")
    return "/r/" + str(letter["html"]).partition("/r/")[2].partition('"')[0]


def _glance_of(client: str, number: str) -> str:
    now = dt.datetime.now(dt.UTC)
    return "/r/" + Links("", LINK_KEY).token(Pass(client, number, is_proven=False), now)


def _list_of(stack: Stack, client: str) -> str:
    httpx.post(f"{stack.url}/my", data={"email": client}, timeout=30, trust_env=False)
    letter = stack.mail(client, "", "Your requests at")
    return "/my/" + str(letter["html"]).partition("/my/")[2].partition('"')[0]

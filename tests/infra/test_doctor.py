"""The doctor tells what works, what does not, why, and how to mend it; he changes nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from shared.domain.errors import Unavailable
from shared.service.doctor import BrokenError, NotUsedError, Probe, examine
from tests.support.stack import Stack

HOLLY, SAM = "holly@mytc.example", "sam.okafor@mytc.example"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("doctor")) as running:
        yield running


def findings(stack: Stack, desk: str = "mytc") -> dict[str, str]:
    """The page's rows: name -> what is told, as text."""
    answer = stack.client(HOLLY).get(f"/desk/{desk}/doctor")
    assert answer.status_code == 200
    rows = re.findall(r'<th scope="row">(.*?)</th>(.*?)</tr>', answer.text, re.DOTALL)
    return {name: " ".join(re.sub(r"<[^>]+>", " ", text).split()) for name, text in rows}


def raising(error: Exception) -> Probe:
    async def look() -> str:
        raise error

    return Probe("it", look, "mend it so")


async def test_what_works_needs_no_mending() -> None:
    async def look() -> str:
        return "all well"

    [found] = await examine([Probe("it", look, "mend it so")])
    assert (found.state, found.said, found.mend) == ("well", "all well", "")


@pytest.mark.parametrize(
    "error", [Unavailable("it is away"), BrokenError("it is away"), RuntimeError("it is away")]
)
async def test_whatever_goes_wrong_is_told_with_its_mending(error: Exception) -> None:
    [found] = await examine([raising(error)])
    assert found.state == "wrong"
    assert "it is away" in found.said
    assert found.mend == "mend it so"


async def test_what_the_desk_does_not_use_is_no_failure() -> None:
    [found] = await examine([raising(NotUsedError("no Jira here"))])
    assert (found.state, found.mend) == ("unused", "")


def test_the_lead_sees_that_every_connection_of_the_desk_works(stack: Stack) -> None:
    found = findings(stack)
    for name in ("Storage tables", "Storage blobs", "Storage queues", "Azure DevOps"):
        assert "works" in found[name], found
    assert "works" in found["Mailbox support@mytc.example"]
    assert "works" in found["Teams channel myTC Account Teams Support"]
    assert "not used" in found["Jira"]


def test_a_vendor_that_refuses_is_told_with_its_reason_and_the_step_that_mends_it(
    stack: Stack,
) -> None:
    stack.tenant.fault("azure-devops", method="GET", path="*workitemtypes*", times=1, status=401)
    found = findings(stack)["Azure DevOps"]
    assert "fails" in found
    assert "401" in found
    assert "step DevOps" in found


def test_a_mailbox_out_of_reach_is_told_and_the_rest_is_looked_at_all_the_same(
    stack: Stack,
) -> None:
    stack.tenant.fault("graph", method="GET", path="*/messages", times=1, status=403)
    found = findings(stack)
    refused = [name for name, told in found.items() if "403" in told]
    assert len(refused) == 1
    assert "works" in found["Storage tables"]


def test_looking_sends_nothing(stack: Stack) -> None:
    before = len(stack.tenant.sent())
    findings(stack)
    assert len(stack.tenant.sent()) == before
    calls = stack.tenant.journal()  # the mailbox is polled meanwhile, and notifications come in
    ours = [c for c in calls if c["service"] not in ("graph", "inbound")]
    assert not [c for c in ours if c["method"] == "POST"]


def test_a_member_who_is_no_lead_is_refused(stack: Stack) -> None:
    assert stack.client(SAM).get("/desk/mytc/doctor").status_code == 403
    assert stack.client(SAM).get("/desk/mytc/forms").status_code == 403


# -- questions that no field knows

NEW = "r" + "1234567890abcdef" * 2


def response(stack: Stack, number: str, title_question: str) -> dict[str, object]:
    """A raw response whose title stands under the question given."""
    desk = stack.client(HOLLY).get("/api/desks/mytc").json()
    questions = {f["id"]: f.get("question_id") for f in desk["forms"][0]["fields"]}
    return {
        "responseId": number,
        "response": {
            "responder": "casey@client.example",
            "submitDate": "11/23/2026 3:00:00 PM",
            questions["type"]: "A question",
            questions["service"]: "myTC Account web portal",
            questions["description"]: "How do I change my address?",
            questions["requester_name"]: "Casey Lee",
            title_question: f"Change of address {number}",
        },
    }


def forward(stack: Stack, body: dict[str, object]) -> int:
    """What the flow's call is answered with."""
    return (
        stack.client()
        .post(
            "/api/desks/mytc/forms/request/responses",
            json=body,
            headers={"x-functions-key": "local"},
        )
        .status_code
    )


def test_a_question_is_mapped_by_choosing_and_the_waiting_response_becomes_a_ticket(
    stack: Stack,
) -> None:
    assert forward(stack, response(stack, "7001", NEW)) == 422
    page = stack.client(HOLLY).get("/desk/mytc/forms").text
    assert NEW in page
    assert "Change of address 7001" in page
    chosen = stack.client(HOLLY).post("/desk/mytc/forms/request", data={f"question:{NEW}": "title"})
    assert chosen.status_code == 303
    assert "taken=1" in chosen.headers["location"]
    listed = stack.client(HOLLY).get("/api/desks/mytc/tickets?q=7001").json()["tickets"]
    assert [ticket["title"] for ticket in listed] == ["Change of address 7001"]
    page = stack.client(HOLLY).get("/desk/mytc/forms").text
    assert "No response of this form waits" in page
    # What was taken in can be compared as well, as it came in.
    assert f"{listed[0]['number']}</a>" in page
    assert "Change of address 7001" in page
    # From now on the flow's call is understood at once.
    assert forward(stack, response(stack, "7002", NEW)) == 201


def test_a_question_may_be_ignored(stack: Stack) -> None:
    odd = "r" + "f" * 32
    desk = stack.client(HOLLY).get("/api/desks/mytc").json()
    title = next(f["question_id"] for f in desk["forms"][0]["fields"] if f["id"] == "title")
    body = response(stack, "7003", title)
    details = body["response"]
    assert isinstance(details, dict)
    details[odd] = "Seven"
    assert forward(stack, body) == 422
    stack.client(HOLLY).post("/desk/mytc/forms/request", data={f"question:{odd}": "-"})
    assert forward(stack, body) == 200


def test_one_field_cannot_take_two_questions_at_once(stack: Stack) -> None:
    choices = {f"question:r{'a' * 32}": "title", f"question:r{'b' * 32}": "title"}
    answer = stack.client(HOLLY).post("/desk/mytc/forms/request", data=choices)
    assert answer.status_code == 422
    assert "one question only" in answer.text

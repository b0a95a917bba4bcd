"""The simulated Microsoft Forms page and the flow behind it."""

import base64
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.tenant.backlog_support import Site, backlog_site

PAGE = "/forms/mytc"
HOOK = "/api/desks/mytc/forms/request/responses"
TYPE = "r8ad4c37faaac49a7a63d15409155691b"
ANSWERS: dict[str, Any] = {
    "name": "Cleo Client",
    "email": "cleo@client.example",
    "type": "Production issue",
    "when": "2026-11-20",
    "parts": ["Portal", "API"],
    "what": "Nobody can sign in",
}


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with backlog_site(tmp_path) as made:
        yield made


async def send(site: Site, files: Any = None, **changes: Any) -> httpx.Response:
    answers = {name: value for name, value in (ANSWERS | changes).items() if value is not None}
    answer = await site.http.post(PAGE, data=answers, files=files)
    await site.settled()
    return answer


async def test_the_page_asks_every_question_and_hides_those_of_other_branches(site: Site) -> None:
    page = (await site.http.get(PAGE)).text
    assert "Submit a request" in page
    assert "What you did and what you saw" in page
    for label in ("Your name", "Type of request", "Production issue", "Screenshots"):
        assert label in page
    branch = re.search(r'<div class="branch" data-depends-on="type"[^>]*>', page)
    assert branch is not None
    assert "hidden" in branch[0]


async def test_the_page_speaks_french_when_asked(site: Site) -> None:
    page = (await site.http.get(PAGE, params={"lang": "fr"})).text
    assert "Soumettre une demande" in page
    assert ">Nom" in page
    assert "Incident de production" in page


async def test_a_submission_thanks_and_reaches_the_desk_as_a_flow_would_send_it(
    site: Site,
) -> None:
    answer = await send(site)
    assert answer.status_code == 200
    assert "Thank you" in answer.text
    [body] = site.hooks.bodies(HOOK)
    details = body["response"]
    assert details["responder"] == "anonymous"
    assert re.fullmatch(r"\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d\d:\d\d (AM|PM)", details["submitDate"])
    assert details[TYPE] == "Production issue"
    assert '["Portal","API"]' in details.values()
    assert "2026-11-20" in details.values()
    assert list(details.values()).count("") == 1  # no file
    assert body["files"] == []
    [(request, _)] = site.hooks.got
    assert request.headers["x-functions-key"] == "local"
    assert site.contract_violations() == []


async def test_answers_of_a_branch_that_was_left_are_not_sent(site: Site) -> None:
    await send(site, type="Idea", when="2026-11-20")
    [body] = site.hooks.bodies(HOOK)
    assert "2026-11-20" not in body["response"].values()
    assert body["response"][TYPE] == "Idea"


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", None, "This question is required."),
        ("email", "nonsense", "Enter an email address."),
        ("parts", None, "This question is required."),
        ("type", "Something else", "Choose one of the options."),
        ("when", "yesterday", "Enter a date."),
        ("name", "x" * 81, "At most 80 characters, please."),
    ],
)
async def test_a_wrong_answer_is_shown_beside_its_question_and_nothing_is_sent(
    site: Site, field: str, value: Any, message: str
) -> None:
    answer = await send(site, **{field: value})
    assert answer.status_code == 422
    assert f'id="{field}-mistake">{message}' in answer.text
    assert "Nobody can sign in" in answer.text
    assert site.hooks.got == []


async def test_without_javascript_a_button_shows_the_questions_of_the_chosen_branch(
    site: Site,
) -> None:
    answer = await site.http.post(PAGE, data={"type": "Production issue", "_refresh": "1"})
    assert answer.status_code == 200
    branch = re.search(r'<div class="branch" data-depends-on="type"[^>]*>', answer.text)
    assert branch is not None
    assert "hidden" not in branch[0]
    assert site.hooks.got == []


async def test_an_uploaded_file_is_referenced_in_the_response_and_sent_along(site: Site) -> None:
    await send(site, files={"shots": ("shot.png", b"\x89PNG...", "image/png")})
    [body] = site.hooks.bodies(HOOK)
    [file] = body["files"]
    assert base64.b64decode(file["content_base64"]) == b"\x89PNG..."
    [reference] = json.loads(body["response"][file["question_id"]])
    assert (reference["name"], reference["size"], reference["status"]) == ("shot.png", 7, 1)
    assert site.contract_violations() == []


async def test_a_flow_repeats_its_call_until_it_is_taken(site: Site) -> None:
    site.hooks.answers = [503, 429]
    await send(site)
    bodies = site.hooks.bodies(HOOK)
    assert len(bodies) == 3
    assert len({body["responseId"] for body in bodies}) == 1
    [response] = (await site.http.get("/forms/mytc/responses")).json()
    assert response["runs"][0]["status"] == "Succeeded"
    assert response["runs"][0]["attempts"] == [503, 429, 202]


async def test_a_flow_does_not_repeat_a_call_that_was_refused(site: Site) -> None:
    site.hooks.answers = [422]
    await send(site)
    [response] = (await site.http.get("/forms/mytc/responses")).json()
    assert response["runs"][0]["status"] == "Failed"
    assert len(site.hooks.got) == 1


async def test_a_double_trigger_sends_the_same_response_id_twice(site: Site) -> None:
    await site.http.post("/control/forms", json={"trigger": "double"})
    await send(site)
    first, second = site.hooks.bodies(HOOK)
    assert first == second


async def test_a_trigger_that_is_down_sends_what_has_waited_once_it_is_back(site: Site) -> None:
    await site.http.post("/control/forms", json={"trigger": "down"})
    await send(site)
    assert site.hooks.got == []
    await site.http.post("/control/forms", json={"trigger": "normal"})
    assert len(site.hooks.bodies(HOOK)) == 1


async def test_an_unknown_trigger_mode_is_refused(site: Site) -> None:
    answer = await site.http.post("/control/forms", json={"trigger": "sometimes"})
    assert answer.status_code == 422


async def test_an_unknown_form_is_not_found(site: Site) -> None:
    assert (await site.http.get("/forms/nobody")).status_code == 404
    assert (await site.http.get("/forms/mytc/other")).status_code == 404

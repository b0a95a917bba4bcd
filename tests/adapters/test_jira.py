"""Issues in Jira."""

import datetime as dt
import hashlib
import hmac

import httpx
import pytest

from shared.adapters.adf import document_of
from shared.adapters.credentials import basic
from shared.adapters.jira import SEARCH_LAG, Jira, verify_signature
from shared.domain.errors import NotFound, NotYet, Rejected, Unavailable
from shared.ports import BacklogPlace
from tests.adapters.control import Control
from tests.adapters.samples import item

DOOR = BacklogPlace("", "DOOR", board_id=1)
LOSSES: list[dict[str, object]] = [
    {"status": 504, "after_effect": True},
    {"drop": True, "after_effect": True},
    {"status": 503},
    {"drop": True},
]


async def test_an_issue_says_where_it_comes_from(tenant: Control, jira: Jira, fresh: str) -> None:
    made = await jira.create(DOOR, item(fresh, kind="Bug"), fresh, again=False)
    (found,) = tenant.work_items(fresh, "jira")
    assert made.url == f"{tenant.url}/jira/browse/{made.id}"
    assert made.id in (found.get("key"), found["id"])
    assert found["fields"]["labels"] == ["docket", "production", f"docket-{fresh}"]
    assert found["fields"]["priority"] in ("High", {"name": "High"})
    (link,) = [c for c in tenant.calls("jira", fresh) if c["url"].endswith("/remotelink")]
    assert link["request_body"]["globalId"] == f"docket={fresh}"


@pytest.mark.parametrize("path", ["*/issue", "*/remotelink", "*/sprint/*/issue"])
@pytest.mark.parametrize("fault", LOSSES)
async def test_whatever_is_lost_on_the_way_one_complete_issue_exists(
    tenant: Control, jira: Jira, fresh: str, path: str, fault: dict[str, object]
) -> None:
    wanted = item(fresh, kind="Bug", into_sprint=True)
    tenant.fault("jira", method="POST", path=path, **fault)
    with pytest.raises(Unavailable):
        await jira.create(DOOR, wanted, fresh, again=False)
    made = await jira.create(DOOR, wanted, fresh, again=True)
    assert len(tenant.work_items(fresh, "jira")) == 1
    assert (await jira.get(DOOR, made.id)).iteration != ""
    calls = tenant.calls("jira", f"/issue/{made.id}/remotelink")
    assert calls[-1]["status"] in (200, 201)


async def test_an_issue_that_the_search_does_not_know_yet_is_found_all_the_same(
    fresh: str,
) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        if request.url.path.endswith("/search/jql"):
            is_newest = b"ORDER BY created DESC" in request.content
            issues = [{"id": "7", "key": "DOOR-7", "fields": {"labels": []}}] if is_newest else []
            return httpx.Response(200, json={"issues": issues})
        if request.url.path.endswith("/DOOR-9"):
            labels = ["docket", f"docket-{fresh}"]
            return httpx.Response(
                200, json={"id": "9", "key": "DOOR-9", "fields": {"labels": labels}}
            )
        if request.url.path.endswith("/remotelink"):
            return httpx.Response(200, json={"id": 1, "self": "x"})
        return httpx.Response(404, json={"errorMessages": ["none"]})

    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    jira = Jira("https://contoso.atlassian.net", basic("a", "b"), client=client)
    made = await jira.create(DOOR, item(fresh), fresh, again=True)
    await jira.aclose()
    assert made.id == "DOOR-9"
    assert "/rest/api/3/issue" not in asked


async def test_no_second_issue_is_made_while_the_search_may_not_show_the_first(
    tenant: Control, jira: Jira, fresh: str
) -> None:
    """Among so many new issues the first one cannot be found without the search."""
    tenant.order("backlog-options", {"search_lag_seconds": 120})
    try:
        for number in range(25):
            await jira.create(DOOR, item("busy", kind="Bug"), f"{fresh}-{number}", again=False)
        tenant.fault("jira", method="POST", path="*/issue", drop=True, after_effect=True)
        wanted = item(fresh, kind="Bug")
        with pytest.raises(Unavailable):
            await jira.create(DOOR, wanted, fresh, again=False)
        soon = dt.timedelta(seconds=40)
        with pytest.raises(NotYet) as caught:
            await jira.create(DOOR, wanted, fresh, again=True, since=soon)
        assert caught.value.retry_after == (SEARCH_LAG - soon).total_seconds()
        tenant.control("POST", "/clock", json={"advance": "PT5M"})
        made = await jira.create(DOOR, wanted, fresh, again=True, since=SEARCH_LAG)
    finally:
        tenant.order("backlog-options", {"search_lag_seconds": 0})
    titles = [i["id"] for i in tenant.work_items(f"wrong {fresh}", "jira")]
    assert titles == [made.id]


async def test_an_attempt_that_never_arrived_is_made_up_for_once_that_is_certain(
    tenant: Control, jira: Jira, fresh: str
) -> None:
    tenant.fault("jira", method="POST", path="*/issue", drop=True)
    with pytest.raises(Unavailable):
        await jira.create(DOOR, item(fresh), fresh, again=False)
    with pytest.raises(NotYet):
        await jira.create(DOOR, item(fresh, kind="Bug"), fresh, again=True, since=dt.timedelta(0))
    made = await jira.create(DOOR, item(fresh, kind="Bug"), fresh, again=True, since=SEARCH_LAG)
    assert [i["id"] for i in tenant.work_items(fresh, "jira")] == [made.id]


@pytest.mark.parametrize("fault", LOSSES)
async def test_whatever_is_lost_on_the_way_one_comment_stands(
    tenant: Control, jira: Jira, fresh: str, fault: dict[str, object]
) -> None:
    made = await jira.create(DOOR, item(fresh, kind="Bug"), fresh, again=False)
    tenant.fault("jira", method="POST", path="*/comment", **fault)
    ann = ("Ann", "5b10ac8d82e05b22cc7d4ef5")
    with pytest.raises(Unavailable):
        await jira.comment(DOOR, made.id, "Look", ann, f"{fresh}-c", again=False)
    await jira.comment(DOOR, made.id, "Look", ann, f"{fresh}-c", again=True)
    (found,) = tenant.work_items(fresh, "jira")
    assert len(found["comments"]) == 1


async def test_a_state_is_reached_by_the_transition_that_leads_there(
    jira: Jira, fresh: str
) -> None:
    made = await jira.create(DOOR, item(fresh, kind="Bug"), fresh, again=False)
    await jira.set_state(DOOR, made.id, "in progress")
    await jira.set_state(DOOR, made.id, "In Progress")
    assert (await jira.get(DOOR, made.id)).state.casefold() == "in progress"


async def test_a_state_without_a_transition_is_rejected_with_the_ways_there_are(
    jira: Jira, fresh: str
) -> None:
    made = await jira.create(DOOR, item(fresh, kind="Bug"), fresh, again=False)
    with pytest.raises(Rejected, match="there are: In progress"):
        await jira.set_state(DOOR, made.id, "Sleeping")


@pytest.mark.parametrize(("after", "error"), [("QA", Unavailable), ("To Do", Rejected)])
async def test_a_transition_that_is_not_offered_any_more_is_tried_again_when_somebody_moved_it(
    after: str, error: type[Exception]
) -> None:
    states = iter(["To Do", after])

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return httpx.Response(400, json={"errorMessages": ["not valid for this issue"]})
        if request.url.path.endswith("/transitions"):
            offered = [{"id": "1", "to": {"name": "In progress"}}]
            return httpx.Response(200, json={"transitions": offered})
        fields = {"status": {"name": next(states)}, "summary": "x"}
        return httpx.Response(200, json={"key": "DOOR-1", "fields": fields})

    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    jira = Jira("https://contoso.atlassian.net", basic("a", "b"), client=client)
    with pytest.raises(error):
        await jira.set_state(DOOR, "DOOR-1", "In progress")
    await jira.aclose()


async def test_a_board_without_a_sprint_takes_none(jira: Jira, fresh: str) -> None:
    kanban = BacklogPlace("", "QAOPS", board_id=2)
    made = await jira.create(kanban, item(fresh, kind="Task"), fresh, again=False)
    assert await jira.into_sprint(kanban, made.id) is False
    assert await jira.into_sprint(BacklogPlace("", "QAOPS"), made.id) is False


async def test_an_issue_can_be_put_before_another(tenant: Control, jira: Jira, fresh: str) -> None:
    first = await jira.create(DOOR, item(fresh, kind="Bug"), f"{fresh}-1", again=False)
    second = await jira.create(DOOR, item(fresh, kind="Bug"), f"{fresh}-2", again=False)
    await jira.rank(DOOR, second.id, first.id)
    (call,) = [c for c in tenant.calls("jira", second.id) if c["url"].endswith("/issue/rank")]
    assert call["request_body"] == {"issues": [second.id], "rankBeforeIssue": first.id}
    assert call["status"] == 204


async def test_an_issue_that_does_not_exist_is_not_found(jira: Jira) -> None:
    with pytest.raises(NotFound):
        await jira.get(DOOR, "DOOR-999999")


async def test_a_type_that_does_not_exist_is_rejected_with_the_field(
    jira: Jira, fresh: str
) -> None:
    with pytest.raises(Rejected, match="issuetype"):
        await jira.create(DOOR, item(fresh, kind="Wish"), fresh, again=False)


async def test_throttling_tells_how_long_to_wait(tenant: Control, jira: Jira, fresh: str) -> None:
    tenant.fault("jira", method="POST", path="*/issue", status=429, retry_after=30)
    with pytest.raises(Unavailable) as caught:
        await jira.create(DOOR, item(fresh, kind="Bug"), fresh, again=False)
    assert caught.value.retry_after == 30


def test_only_the_right_signature_of_the_whole_body_is_accepted() -> None:
    body = b'{"webhookEvent": "jira:issue_updated"}'
    right = "sha256=" + hmac.new(b"secret", body, hashlib.sha256).hexdigest()
    assert verify_signature(body, right, "secret")
    assert not verify_signature(body + b" ", right, "secret")
    assert not verify_signature(body, right, "other")
    assert not verify_signature(body, right.replace("sha256", "sha1"), "secret")
    assert not verify_signature(body, "", "secret")
    empty = "sha256=" + hmac.new(b"", body, hashlib.sha256).hexdigest()
    assert not verify_signature(body, empty, "")


def test_plain_text_becomes_paragraphs_breaks_and_links() -> None:
    found = document_of("Hello\nthere, see https://example.com/a.\n\nBye", ("Ann", "id-1"))
    first, second = found["content"]
    assert [node["type"] for node in first["content"]] == [
        "mention", "text", "text", "hardBreak", "text", "text", "text",
    ]  # fmt: skip
    assert first["content"][5]["marks"][0]["attrs"]["href"] == "https://example.com/a"
    assert first["content"][6]["text"] == "."
    assert second["content"] == [{"type": "text", "text": "Bye"}]


def test_an_empty_text_is_still_a_document() -> None:
    assert document_of(" \n ")["content"] == [{"type": "paragraph"}]

"""The simulated Azure DevOps keeps to the service's documented behaviour."""

import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.tenant.devops import wiql
from local.tenant.devops.errors import VssError
from local.tenant.devops.patch import join_tags, split_tags
from tests.tenant.backlog_support import Site, backlog_site

ORG = "/azure-devops/contoso"
WIT = f"{ORG}/myTC/_apis/wit"
V = {"api-version": "7.1"}
PREVIEW = {"api-version": "7.1-preview.4"}
PATCH = {"Content-Type": "application/json-patch+json"}
HOOK = "/api/hooks/azure-devops"

Steps = list[dict[str, Any]]


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with backlog_site(tmp_path) as made:
        yield made
        await made.settled()
        assert made.contract_violations() == []


def add(field: str, value: object) -> dict[str, Any]:
    return {"op": "add", "path": f"/fields/{field}", "value": value}


def relate(rel: str, url: str) -> dict[str, Any]:
    return {"op": "add", "path": "/relations/-", "value": {"rel": rel, "url": url}}


async def create(site: Site, kind: str = "Bug", steps: Steps | None = None) -> dict[str, Any]:
    steps = [add("System.Title", "Login fails"), *(steps or [])]
    url = f"{WIT}/workitems/${kind}"
    answer = await site.http.post(url, params=V, json=steps, headers=PATCH)
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def change(site: Site, item_id: int, *steps: dict[str, Any]) -> httpx.Response:
    url = f"{ORG}/_apis/wit/workitems/{item_id}"
    return await site.http.patch(url, params=V, json=list(steps), headers=PATCH)


async def query(site: Site, condition: str) -> list[int]:
    body = {"query": f"SELECT [System.Id] FROM WorkItems WHERE {condition}"}  # noqa: S608 - no SQL
    answer = await site.http.post(f"{WIT}/wiql", params=V, json=body)
    assert answer.status_code == 200, answer.text
    return [row["id"] for row in answer.json()["workItems"]]


async def test_a_created_item_has_the_first_state_of_its_type_and_names_the_service_principal(
    site: Site,
) -> None:
    made = await create(site, "Product%20Backlog%20Item")
    assert made["rev"] == 1
    assert made["fields"]["System.WorkItemType"] == "Product Backlog Item"
    assert made["fields"]["System.State"] == "New"
    assert made["fields"]["System.CreatedBy"]["displayName"] == "Docket"
    read = await site.http.get(f"{WIT}/workItems/{made['id']}", params=V)
    assert read.json()["fields"] == made["fields"]


@pytest.mark.parametrize(
    ("kind", "steps", "status", "type_key"),
    [
        ("Epicness", [add("System.Title", "x")], 404, "WorkItemTypeNotFoundException"),
        ("Bug", [add("System.Tags", "a")], 400, "RuleValidationException"),
        ("Bug", [add("System.Title", "x" * 256)], 400, "RuleValidationException"),
        (
            "Bug",
            [add("System.Title", "x"), add("System.State", "Nope")],
            400,
            "RuleValidationException",
        ),
        (
            "Bug",
            [add("System.Title", "x"), add("System.Nope", 1)],
            400,
            "WorkItemFieldInvalidException",
        ),
        (
            "Bug",
            [add("System.Title", "x"), add("System.IterationPath", "myTC\\Elsewhere")],
            400,
            "WorkItemTrackingInvalidTreeNameException",
        ),
    ],
)
async def test_a_create_call_that_breaks_a_rule_is_refused_as_the_service_words_it(
    site: Site, kind: str, steps: Steps, status: int, type_key: str
) -> None:
    url = f"{WIT}/workitems/${kind}"
    answer = await site.http.post(url, params=V, json=steps, headers=PATCH)
    assert (answer.status_code, answer.json()["typeKey"]) == (status, type_key)
    assert await query(site, "[System.Id] > 0") == []


async def test_plain_json_is_not_taken_for_a_patch(tmp_path: Path) -> None:
    async with backlog_site(tmp_path) as site:
        steps = [add("System.Title", "x")]
        answer = await site.http.post(f"{WIT}/workitems/$Bug", params=V, json=steps)
        assert answer.status_code == 415


async def test_a_stale_revision_test_fails_and_changes_nothing(site: Site) -> None:
    made = await create(site)
    lock = {"op": "test", "path": "/rev", "value": 1}
    first = await change(site, made["id"], lock, add("System.State", "Approved"))
    assert first.json()["rev"] == 2
    second = await change(site, made["id"], lock, add("System.State", "Done"))
    assert second.status_code == 412
    read = await site.http.get(f"{WIT}/workitems/{made['id']}", params=V)
    assert read.json()["fields"]["System.State"] == "Approved"


async def test_added_tags_join_the_others_and_replaced_tags_do_not(site: Site) -> None:
    made = await create(site, steps=[add("System.Tags", "desk; MYTC-1")])
    added = await change(site, made["id"], add("System.Tags", "Desk;urgent"))
    assert added.json()["fields"]["System.Tags"] == "desk; MYTC-1; urgent"
    step = {"op": "replace", "path": "/fields/System.Tags", "value": "only"}
    replaced = await change(site, made["id"], step)
    assert replaced.json()["fields"]["System.Tags"] == "only"


async def test_a_parent_link_shows_on_both_sides_and_goes_from_both(site: Site) -> None:
    parent, child = await create(site, "Feature"), await create(site, "Task")
    step = relate("System.LinkTypes.Hierarchy-Reverse", parent["url"])
    linked = (await change(site, child["id"], step)).json()
    assert linked["fields"]["System.Parent"] == parent["id"]
    read = await site.http.get(f"{WIT}/workitems/{parent['id']}", params=V | {"$expand": "all"})
    assert [r["rel"] for r in read.json()["relations"]] == ["System.LinkTypes.Hierarchy-Forward"]
    await change(site, child["id"], {"op": "remove", "path": "/relations/0"})
    read = await site.http.get(f"{WIT}/workitems/{parent['id']}", params=V | {"$expand": "all"})
    assert "relations" not in read.json()


async def test_a_second_parent_and_the_same_hyperlink_twice_are_refused(site: Site) -> None:
    first, second = await create(site, "Feature"), await create(site, "Feature")
    page = relate("Hyperlink", "https://desk.example/MYTC-1")
    child = await create(site, "Bug", [page])
    up = "System.LinkTypes.Hierarchy-Reverse"
    assert (await change(site, child["id"], relate(up, first["url"]))).status_code == 200
    extra = await change(site, child["id"], relate(up, second["url"]))
    assert extra.json()["typeKey"] == "WorkItemLinkAddExtraParentException"
    assert (await change(site, child["id"], page)).status_code == 400


async def test_a_deleted_item_is_found_by_no_call_and_linked_with_nothing(site: Site) -> None:
    related = "System.LinkTypes.Related"
    gone = await create(site, steps=[add("System.Tags", "DESK-8")])
    other = await create(site, steps=[relate(related, gone["url"])])
    await site.http.delete(f"/control/work-items/{gone['id']}")
    comments = f"{WIT}/workItems/{gone['id']}/comments"
    answers = [
        await site.http.get(f"{WIT}/workitems/{gone['id']}", params=V),
        await change(site, gone["id"], add("System.State", "Done")),
        await site.http.post(comments, params=PREVIEW, json={"text": "Hello"}),
        await change(site, other["id"], relate(related, gone["url"])),
    ]
    assert [a.status_code for a in answers] == [404] * 4
    assert all(f"TF401232: Work item {gone['id']} does not" in a.json()["message"] for a in answers)
    assert await query(site, "[System.Tags] CONTAINS 'DESK-8'") == []
    read = await site.http.get(f"{WIT}/workitems/{other['id']}", params=V | {"$expand": "all"})
    assert "relations" not in read.json()


async def test_a_batch_fails_for_an_unknown_id_unless_it_may_leave_it_out(site: Site) -> None:
    made = await create(site)
    ids = {"ids": f"{made['id']},999"}
    strict = await site.http.get(f"{WIT}/workitems", params=V | ids)
    assert strict.status_code == 404
    mild = await site.http.get(f"{WIT}/workitems", params=V | ids | {"errorPolicy": "omit"})
    assert [one["id"] for one in mild.json()["value"]] == [made["id"]]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("[System.TeamProject] = @project AND [System.Tags] CONTAINS 'DESK-1'", {"a"}),
        ("[System.Tags] CONTAINS 'DESK'", set()),
        ("[System.WorkItemType] IN ('Bug', 'Task')", {"a", "b"}),
        ("[System.WorkItemType] <> 'Bug'", {"b", "c"}),
        ("NOT ([System.State] = 'New' OR [System.State] = 'To Do')", set()),
        ("[System.IterationPath] UNDER 'myTC' AND [System.Title] CONTAINS 'login'", {"a"}),
        ("[System.CreatedDate] >= @today - 1 ORDER BY [System.Id] DESC", {"a", "b", "c"}),
        ("[System.AssignedTo] IS EMPTY AND [System.Id] > 0", {"b", "c"}),
        ("[System.AssignedTo] = 'holly@contoso.example'", {"a"}),
    ],
)
async def test_a_query_finds_what_its_conditions_say(
    site: Site, condition: str, expected: set[str]
) -> None:
    holly = add("System.AssignedTo", "holly@contoso.example")
    a = await create(site, "Bug", [add("System.Tags", "DESK-1; x"), holly])
    b = await create(site, "Task", [add("System.Title", "Second")])
    c = await create(site, "Feature", [add("System.Title", "Third"), add("System.Tags", "DESK-11")])
    names = {a["id"]: "a", b["id"]: "b", c["id"]: "c"}
    assert {names[found] for found in await query(site, condition)} == expected


async def test_a_query_outside_the_grammar_is_a_syntax_error(site: Site) -> None:
    answer = await site.http.post(f"{WIT}/wiql", params=V, json={"query": "SELECT everything"})
    assert answer.status_code == 400
    assert "TF51006" in answer.json()["message"]


async def test_a_slow_search_index_misses_a_new_item_until_the_clock_moves_on(site: Site) -> None:
    await site.http.post("/control/backlog-options", json={"search_lag_seconds": 30})
    await create(site, steps=[add("System.Tags", "DESK-7")])
    assert await query(site, "[System.Tags] CONTAINS 'DESK-7'") == []
    await site.tenant.advance("PT31S")
    assert len(await query(site, "[System.Tags] CONTAINS 'DESK-7'")) == 1


async def test_comments_need_the_preview_version_and_are_kept_with_their_author(
    site: Site,
) -> None:
    made = await create(site)
    url = f"{WIT}/workItems/{made['id']}/comments"
    posted = await site.http.post(url, params=PREVIEW, json={"text": "<b>Hello</b>"})
    assert posted.status_code == 200
    assert posted.json()["createdBy"]["displayName"] == "Docket"
    changed = await site.http.patch(
        f"{url}/{posted.json()['id']}", params=PREVIEW, json={"text": "Changed"}
    )
    assert changed.json()["version"] == 2
    listed = await site.http.get(url, params=PREVIEW)
    assert [c["text"] for c in listed.json()["comments"]] == ["Changed"]
    item = await site.http.get(f"{WIT}/workitems/{made['id']}", params=V)
    assert item.json()["fields"]["System.CommentCount"] == 1


async def test_the_preview_flag_is_demanded_for_comments(tmp_path: Path) -> None:
    async with backlog_site(tmp_path) as site:
        made = await create(site)
        url = f"{WIT}/workItems/{made['id']}/comments"
        answer = await site.http.post(url, params=V, json={"text": "x"})
        assert answer.json()["typeKey"] == "VssInvalidPreviewVersionException"


async def test_there_is_one_current_sprint_whose_path_an_item_accepts(site: Site) -> None:
    url = f"{ORG}/myTC/myTC%20Account%20Team/_apis/work/teamsettings/iterations"
    listed = await site.http.get(url, params=V | {"$timeframe": "current"})
    [sprint] = listed.json()["value"]
    now = site.tenant.now().isoformat()
    assert sprint["attributes"]["startDate"] <= now
    assert sprint["attributes"]["finishDate"][:10] >= now[:10]
    made = await create(site, steps=[add("System.IterationPath", sprint["path"])])
    assert made["fields"]["System.IterationPath"] == sprint["path"]
    assert await query(site, "[System.IterationPath] = @CurrentIteration") == [made["id"]]


async def test_between_two_sprints_the_current_list_is_empty(site: Site) -> None:
    await site.http.post("/control/backlog-options", json={"current_sprint": False})
    url = f"{ORG}/myTC/_apis/work/teamsettings/iterations"
    listed = await site.http.get(url, params=V | {"$timeframe": "current"})
    assert listed.json() == {"count": 0, "value": []}


async def test_identities_are_found_by_mail_with_the_id_that_mentions_need(site: Site) -> None:
    await create(site)
    params = V | {"searchFilter": "General", "filterValue": "holly@contoso.example"}
    found = (await site.http.get(f"{ORG}/_apis/identities", params=params)).json()["value"]
    assert [one["providerDisplayName"] for one in found] == ["Holly Reed"]
    assert found[0]["id"] == site.tenant.person("holly@contoso.example").devops_id
    nobody = params | {"filterValue": "client@elsewhere.example"}
    assert (await site.http.get(f"{ORG}/_apis/identities", params=nobody)).json()["count"] == 0


async def test_without_credentials_the_answer_is_the_sign_in_page_with_203(tmp_path: Path) -> None:
    async with backlog_site(tmp_path) as site:
        del site.http.headers["Authorization"]
        answer = await site.http.get(f"{WIT}/workitems/1", params=V)
        assert answer.status_code == 203
        assert answer.headers["content-type"].startswith("text/html")


async def test_a_state_change_by_a_person_reaches_the_hook_with_basic_credentials(
    site: Site,
) -> None:
    made = await create(site)
    await site.settled()
    site.hooks.got.clear()
    body = {"fields": {"System.State": "Committed"}, "by": "sam@contoso.example"}
    answer = await site.http.patch(f"/control/work-items/{made['id']}", json=body)
    assert answer.json()["fields"]["System.State"] == "Committed"
    [(request, _)] = site.hooks.got
    secret = base64.b64decode(request.headers["authorization"].split()[1]).decode()
    assert secret == "docket:local"
    [event] = site.hooks.bodies(HOOK)
    assert event["eventType"] == "workitem.updated"
    resource = event["resource"]
    assert resource["workItemId"] == resource["revision"]["id"] == made["id"]
    assert resource["fields"]["System.State"] == {"oldValue": "New", "newValue": "Committed"}
    assert resource["revision"]["fields"]["System.ChangedBy"] == "Sam Ortiz <sam@contoso.example>"


async def test_a_deleted_item_is_told_with_its_place_in_the_recycle_bin_and_who_deleted_it(
    site: Site,
) -> None:
    made = await create(site)
    await site.settled()
    site.hooks.got.clear()
    body = {"by": "sam@contoso.example"}
    await site.http.request("DELETE", f"/control/work-items/{made['id']}", json=body)
    [event] = site.hooks.bodies(HOOK)
    assert event["eventType"] == "workitem.deleted"
    assert event["message"]["text"].startswith(f"Bug #{made['id']} (")
    assert "deleted by Sam Ortiz." in event["message"]["text"]
    resource = event["resource"]
    assert resource["id"] == made["id"]
    assert resource["url"].endswith(f"/_apis/wit/recyclebin/{made['id']}")
    assert resource["fields"]["System.ChangedBy"] == "Sam Ortiz <sam@contoso.example>"


async def test_the_update_number_runs_ahead_of_the_revision_once_another_item_linked_here(
    site: Site,
) -> None:
    parent = await create(site, "Feature")
    await create(site, "Task", [relate("System.LinkTypes.Hierarchy-Reverse", parent["url"])])
    await site.settled()
    site.hooks.got.clear()
    await site.http.patch(
        f"/control/work-items/{parent['id']}", json={"fields": {"System.State": "Done"}}
    )
    [event] = site.hooks.bodies(HOOK)
    assert (event["resource"]["rev"], event["resource"]["id"]) == (2, 3)


async def test_a_comment_is_told_as_commented_with_its_text_and_as_updated(site: Site) -> None:
    made = await create(site)
    await site.settled()
    site.hooks.got.clear()
    body = {"text": "Will proceed", "by": "holly@contoso.example"}
    await site.http.post(f"/control/work-items/{made['id']}/comments", json=body)
    events = {event["eventType"]: event for event in site.hooks.bodies(HOOK)}
    assert set(events) == {"workitem.commented", "workitem.updated"}
    resource = events["workitem.commented"]["resource"]
    assert resource["id"] == made["id"]
    assert resource["fields"]["System.History"] == "Will proceed"
    assert resource["commentVersionRef"]["commentId"] > 0


async def test_the_desks_own_change_comes_back_with_its_service_principal_as_author(
    site: Site,
) -> None:
    made = await create(site)
    await change(site, made["id"], add("System.State", "Approved"))
    await site.settled()
    kinds = {event["eventType"]: event["resource"] for event in site.hooks.bodies(HOOK)}
    assert kinds["workitem.created"]["fields"]["System.CreatedBy"] == "Docket"
    assert kinds["workitem.updated"]["fields"]["System.State"]["newValue"] == "Approved"
    assert kinds["workitem.updated"]["revision"]["fields"]["System.ChangedBy"] == "Docket"


async def test_a_hook_that_fails_is_sent_again_with_the_same_notification(tmp_path: Path) -> None:
    async with backlog_site(tmp_path) as site:
        site.hooks.answers = [503]
        await create(site)
        await site.settled()
        first, second = site.hooks.bodies(HOOK)
        assert first["notificationId"] == second["notificationId"]


async def test_a_subscription_is_masked_fires_for_its_filter_and_ends_when_deleted(
    site: Site,
) -> None:
    hooks = f"{ORG}/_apis/hooks/subscriptions"
    wanted = {
        "publisherId": "tfs",
        "eventType": "workitem.created",
        "resourceVersion": "1.0",
        "consumerId": "webHooks",
        "consumerActionId": "httpRequest",
        "publisherInputs": {"projectId": "", "workItemType": "Bug"},
        "consumerInputs": {
            "url": f"{site.tenant.config.host_url}/elsewhere",
            "basicAuthUsername": "u",
            "basicAuthPassword": "secret",
            "httpHeaders": "X-Key:v",
        },
    }
    made = (await site.http.post(hooks, params=V, json=wanted)).json()
    assert made["consumerInputs"]["basicAuthPassword"] == "********"
    await create(site, "Task")
    await create(site, "Bug")
    await site.settled()
    [event] = site.hooks.bodies("/elsewhere")
    assert event["subscriptionId"] == made["id"]
    assert event["resource"]["fields"]["System.WorkItemType"] == "Bug"
    [sent] = [request for request, _ in site.hooks.got if request.url.path == "/elsewhere"]
    assert sent.headers["x-key"] == "v"
    assert (await site.http.delete(f"{hooks}/{made['id']}", params=V)).status_code == 204
    assert (await site.http.get(hooks, params=V)).json()["count"] == 0


async def test_control_lists_items_with_fields_relations_and_comments(site: Site) -> None:
    page = relate("Hyperlink", "https://desk.example/MYTC-1")
    made = await create(site, "Bug", [page, add("System.History", "From the desk")])
    [item] = (await site.http.get("/control/work-items")).json()
    assert (item["id"], item["type"]) == (made["id"], "Bug")
    assert item["fields"]["System.Title"] == "Login fails"
    assert [r["url"] for r in item["relations"]] == ["https://desk.example/MYTC-1"]
    assert [c["text"] for c in item["comments"]] == ["From the desk"]


async def test_an_uploaded_file_can_be_attached_and_read_again(site: Site) -> None:
    made = await create(site)
    sent = await site.http.post(
        f"{WIT}/attachments", params=V | {"fileName": "log.txt"}, content=b"\x00log"
    )
    assert sent.status_code == 201
    attached = await change(site, made["id"], relate("AttachedFile", sent.json()["url"]))
    assert attached.json()["relations"][0]["rel"] == "AttachedFile"
    assert (await site.http.get(sent.json()["url"])).content == b"\x00log"


WORDS = st.sampled_from(
    [
        "[System.Id]",
        "[System.Title]",
        "[System.Tags]",
        "=",
        "<>",
        ">",
        "IN",
        "(",
        ")",
        ",",
        "'a'",
        "3",
        "AND",
        "OR",
        "NOT",
        "CONTAINS",
        "UNDER",
        "@today",
        "@me",
        "@nope",
        "IS",
        "EMPTY",
        "ORDER",
        "BY",
        "DESC",
    ]
)


@given(st.lists(WORDS, max_size=8))
def test_any_condition_is_either_a_query_or_a_refusal(words: list[str]) -> None:
    text = f"SELECT [System.Id] FROM WorkItems WHERE {' '.join(words)}"  # noqa: S608 - no SQL
    fields = {"System.Id": 1, "System.Title": "a", "System.Tags": "x; y"}
    now = datetime(2026, 11, 22, tzinfo=UTC)
    try:
        query = wiql.parse(text, project="p", me="m", now=now, iteration="i")
    except VssError as error:
        assert error.status == 400  # noqa: PT017 - one of the two outcomes
    else:
        assert query.matches(fields) in (True, False)


TAGS = st.lists(st.text("abAB 1-", min_size=1, max_size=5), max_size=5).map("; ".join)


@given(TAGS, TAGS)
def test_merged_tags_are_a_set_that_holds_both_sides(before: str, added: str) -> None:
    merged = join_tags(before, added)
    folded = [tag.lower() for tag in split_tags(merged)]
    assert len(folded) == len(set(folded))
    assert set(folded) == {tag.lower() for tag in split_tags(before) + split_tags(added)}
    assert join_tags(merged, added) == merged

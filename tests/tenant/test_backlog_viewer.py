"""The viewer's backlog pages show what stands in the vendors' systems and let people act there."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.tenant.backlog_support import Site, backlog_site

PATCH = {"Content-Type": "application/json-patch+json"}
V = {"api-version": "7.1"}


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with backlog_site(tmp_path) as made:
        yield made


async def work_item(site: Site, **more: Any) -> int:
    fields = {"System.Title": "Login <fails>", "System.Tags": "desk; MYTC-1", **more}
    steps = [
        {"op": "add", "path": f"/fields/{name}", "value": value} for name, value in fields.items()
    ]
    url = "/azure-devops/contoso/myTC/_apis/wit/workitems/$Bug"
    answer = await site.http.post(url, params=V, json=steps, headers=PATCH)
    return int(answer.json()["id"])


async def issue(site: Site, project: str) -> str:
    fields = {
        "project": {"key": project},
        "issuetype": {"name": "Bug"},
        "summary": "Prices <missing>",
        "labels": ["desk-1"],
    }
    answer = await site.http.post("/jira/rest/api/3/issue", json={"fields": fields})
    return str(answer.json()["key"])


async def page(site: Site, url: str) -> str:
    answer = await site.http.get(url)
    assert answer.status_code == 200
    return answer.text


async def test_the_backlog_lists_items_with_state_and_tags_and_escapes_titles(site: Site) -> None:
    number = await work_item(site)
    text = await page(site, "/devops")
    assert f'href="/devops/item/{number}"' in text
    assert "Login &lt;fails&gt;" in text
    assert "MYTC-1" in text


async def test_the_sprint_board_shows_only_what_is_planned_for_the_sprint(site: Site) -> None:
    url = "/azure-devops/contoso/myTC/_apis/work/teamsettings/iterations"
    current = await site.http.get(url, params=V | {"$timeframe": "current"})
    path = current.json()["value"][0]["path"]
    planned = await work_item(site, **{"System.IterationPath": path})
    other = await work_item(site)
    text = await page(site, "/devops?view=sprint")
    assert f"/devops/item/{planned}" in text
    assert f"/devops/item/{other}" not in text


async def test_a_person_changes_the_state_and_comments_with_a_mention_on_the_item_page(
    site: Site,
) -> None:
    number = await work_item(site)
    who = {"by": "sam@contoso.example"}
    changed = await site.http.post(
        f"/devops/item/{number}/change", data={"System.State": "Approved", **who}
    )
    assert changed.status_code == 303
    comment = {"text": "Will proceed <now>", "mention": "holly@contoso.example", **who}
    await site.http.post(f"/devops/item/{number}/comments", data=comment)
    await site.settled()
    [item] = (await site.http.get("/control/work-items")).json()
    assert item["fields"]["System.State"] == "Approved"
    holly = site.tenant.person("holly@contoso.example").devops_id
    assert f'data-vss-mention="version:2.0,{holly}"' in item["comments"][0]["text"]
    events = [event["eventType"] for event in site.hooks.bodies("/api/hooks/azure-devops")]
    assert "workitem.commented" in events
    text = await page(site, f"/devops/item/{number}")
    assert "Will proceed &lt;now&gt;" in text
    assert "@Holly Reed" in text


async def test_scripts_in_an_items_html_do_not_reach_the_page(site: Site) -> None:
    evil = {"System.Description": "<b>Fine</b><script>alert(1)</script><img src=x onerror=y>"}
    text = await page(site, f"/devops/item/{await work_item(site, **evil)}")
    assert "<b>Fine</b>" in text
    assert "alert(1)" not in text
    assert "onerror" not in text


async def test_the_boards_show_an_issue_in_the_column_of_its_status(site: Site) -> None:
    key = await issue(site, "QAOPS")
    text = await page(site, "/jira-board?board=2")
    column = re.search(r"<h2>Triage.*?</section>", text, re.DOTALL)
    assert column is not None
    assert key in column[0]
    assert "Prices &lt;missing&gt;" in column[0]


async def test_a_person_moves_an_issue_along_its_workflow_and_plans_it(site: Site) -> None:
    key = await issue(site, "QAOPS")
    text = await page(site, f"/jira-board/issue/{key}")
    offered = re.findall(r'name="transition" value="(\d+)">([^<]+)<', text)
    assert [name for _, name in offered] == ["Ready for sprint", "Done"]
    url = f"/jira-board/issue/{key}/change"
    await site.http.post(url, data={"transition": offered[0][0], "by": "sam@contoso.example"})
    sprint = re.search(r"<option\s*>(Sprint \d+)<", text)
    assert sprint is not None
    await site.http.post(url, data={"sprint": sprint[1], "by": "sam@contoso.example"})
    [shown] = (await site.http.get("/control/work-items?system=jira")).json()
    assert (shown["fields"]["status"], shown["fields"]["sprint"]) == ("Ready for sprint", sprint[1])


async def test_a_refused_move_is_explained_on_the_issues_page(site: Site) -> None:
    key = await issue(site, "DOOR")
    url = f"/jira-board/issue/{key}/change"
    answer = await site.http.post(url, data={"transition": "99"}, follow_redirects=True)
    assert "is not valid for this issue" in answer.text


async def test_an_unknown_item_or_issue_is_not_found(site: Site) -> None:
    assert (await site.http.get("/devops/item/99")).status_code == 404
    assert (await site.http.get("/jira-board/issue/DOOR-99")).status_code == 404


async def test_builds_are_listed_and_the_next_result_can_be_ordered(site: Site) -> None:
    order = {"job": "preprod-deploy", "result": "FAILURE", "seconds": "0"}
    await site.http.post("/jenkins-jobs", data=order)
    await site.http.post("/jenkins/job/preprod-deploy/build")
    await site.tenant.advance("PT1S")
    assert 'data-state="FAILURE"' in await page(site, "/jenkins-jobs")


async def test_forms_are_linked_and_their_responses_can_be_sent_again(site: Site) -> None:
    await site.http.post(
        "/forms/mytc", data={"name": "Cleo", "email": "cleo@client.example", "type": "Idea"}
    )
    await site.settled()
    text = await page(site, "/forms-list")
    assert 'href="/forms/mytc/request"' in text
    assert "Succeeded" in text
    key = re.search(r'name="key" value="([^"]+)"', text)
    assert key is not None
    await site.http.post("/forms-list/resubmit", data={"key": key[1]})
    await site.settled()
    first, second = site.hooks.bodies("/api/desks/mytc/forms/request/responses")
    assert first == second

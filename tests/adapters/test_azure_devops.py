"""Work items in Azure DevOps."""

import datetime as dt
from dataclasses import replace

import httpx
import pytest

from shared.adapters.azure_devops import AzureDevOps
from shared.adapters.credentials import basic
from shared.domain.errors import NotFound, NotYet, Rejected, Unavailable
from shared.ports import BacklogPlace
from tests.adapters.control import Control
from tests.adapters.samples import item

PLACE = BacklogPlace("contoso", "myTC", team="myTC Account Team")
LOSSES: list[dict[str, object]] = [
    {"status": 504, "after_effect": True},
    {"drop": True, "after_effect": True},
    {"status": 503},
    {"drop": True},
]


async def test_an_item_says_where_it_comes_from(
    tenant: Control, devops: AzureDevOps, fresh: str
) -> None:
    made = await devops.create(PLACE, item(fresh), fresh, again=False)
    (found,) = tenant.work_items(fresh)
    assert str(found["id"]) == made.id
    assert made.url == f"{tenant.url}/azure-devops/contoso/myTC/_workitems/edit/{made.id}"
    fields = found["fields"]
    assert fields["System.Tags"] == f"docket; production; docket-{fresh}"
    assert "Since &lt;Monday&gt; &amp; today.<br>" in fields["System.Description"]
    assert fields["Microsoft.VSTS.Common.Priority"] == 2
    (link,) = found["relations"]
    assert (link["rel"], link["url"]) == ("Hyperlink", f"https://docket.contoso.com/t/{fresh}")


async def test_an_item_hangs_below_its_parent_and_beside_its_relatives(
    tenant: Control, devops: AzureDevOps, fresh: str
) -> None:
    feature = await devops.create(PLACE, item(fresh, kind="Feature"), f"{fresh}-1", again=False)
    bug = await devops.create(PLACE, item(fresh, kind="Bug"), f"{fresh}-2", again=False)
    wanted = item(fresh)
    object.__setattr__(wanted, "parent", feature.id)
    object.__setattr__(wanted, "related", (bug.id,))
    made = await devops.create(PLACE, wanted, f"{fresh}-3", again=False)
    (found,) = [i for i in tenant.work_items(fresh) if str(i["id"]) == made.id]
    links = {link["rel"]: link["url"].rsplit("/", 1)[1] for link in found["relations"]}
    assert links["System.LinkTypes.Hierarchy-Reverse"] == feature.id
    assert links["System.LinkTypes.Related"] == bug.id


async def test_a_bug_carries_its_text_where_its_form_shows_it(
    tenant: Control, devops: AzureDevOps, fresh: str
) -> None:
    await devops.create(PLACE, item(fresh, kind="Bug"), fresh, again=False)
    (found,) = tenant.work_items(fresh)
    assert "today." in found["fields"]["Microsoft.VSTS.TCM.ReproSteps"]


@pytest.mark.parametrize("fault", LOSSES)
async def test_whatever_is_lost_on_the_way_one_item_exists(
    tenant: Control, devops: AzureDevOps, fresh: str, fault: dict[str, object]
) -> None:
    tenant.fault("azure-devops", method="POST", path="*/workitems/*", **fault)
    with pytest.raises(Unavailable):
        await devops.create(PLACE, item(fresh), fresh, again=False)
    made = await devops.create(PLACE, item(fresh), fresh, again=True)
    assert [str(i["id"]) for i in tenant.work_items(fresh)] == [made.id]


async def test_a_key_that_begins_like_another_is_another(
    tenant: Control, devops: AzureDevOps, fresh: str
) -> None:
    longer = await devops.create(PLACE, item(fresh), f"{fresh}-10", again=False)
    shorter = await devops.create(PLACE, item(fresh), f"{fresh}-1", again=True)
    assert longer.id != shorter.id


def _relatives(tenant: Control, word: str) -> dict[str, list[str]]:
    """To which items each item with that word is related."""
    rel = "System.LinkTypes.Related"
    return {
        str(i["id"]): [r["url"].rpartition("/")[2] for r in i["relations"] if r["rel"] == rel]
        for i in tenant.work_items(word)
    }


@pytest.mark.parametrize("fault", LOSSES)
async def test_whatever_is_lost_on_the_way_two_items_are_related_once(
    tenant: Control, devops: AzureDevOps, fresh: str, fault: dict[str, object]
) -> None:
    one = await devops.create(PLACE, item(fresh), f"{fresh}-1", again=False)
    other = await devops.create(PLACE, item(fresh), f"{fresh}-2", again=False)
    tenant.fault("azure-devops", method="PATCH", path="*/workitems/*", **fault)
    with pytest.raises(Unavailable):
        await devops.relate(PLACE, one.id, [other.id])
    await devops.relate(PLACE, one.id, [other.id])
    await devops.relate(PLACE, other.id, [one.id])
    assert _relatives(tenant, fresh) == {one.id: [other.id], other.id: [one.id]}


async def test_a_deleted_item_is_not_found_whatever_is_done_with_it(
    tenant: Control, devops: AzureDevOps, fresh: str
) -> None:
    made = await devops.create(PLACE, item(fresh), fresh, again=False)
    tenant.control("DELETE", f"/work-items/{made.id}")
    for done in (
        devops.get(PLACE, made.id),
        devops.set_state(PLACE, made.id, "Approved"),
        devops.comment(PLACE, made.id, "Hello", None, f"{fresh}-c", again=False),
        devops.relate(PLACE, made.id, ["1"]),
    ):
        with pytest.raises(NotFound):
            await done


async def test_a_relation_to_a_deleted_item_is_rejected_and_nothing_is_made(
    tenant: Control, devops: AzureDevOps, fresh: str
) -> None:
    gone = await devops.create(PLACE, item(f"{fresh}-gone"), f"{fresh}-1", again=False)
    here = await devops.create(PLACE, item(fresh), f"{fresh}-2", again=False)
    tenant.control("DELETE", f"/work-items/{gone.id}")
    with pytest.raises(Rejected):
        await devops.create(
            PLACE, replace(item(fresh), related=(gone.id,)), f"{fresh}-3", again=False
        )
    with pytest.raises(Rejected):
        await devops.relate(PLACE, here.id, [gone.id])
    assert _relatives(tenant, fresh) == {here.id: []}


@pytest.mark.parametrize("fault", LOSSES)
async def test_whatever_is_lost_on_the_way_one_comment_stands(
    tenant: Control, devops: AzureDevOps, fresh: str, fault: dict[str, object]
) -> None:
    made = await devops.create(PLACE, item(fresh), fresh, again=False)
    tenant.fault("azure-devops", method="POST", path="*/comments", **fault)
    ann = ("Ann", "9c1b7a52-0d4f-4e0c-9a43-1f2e3d4c5b6a")
    with pytest.raises(Unavailable):
        await devops.comment(PLACE, made.id, "Look & see", ann, f"{fresh}-c", again=False)
    await devops.comment(PLACE, made.id, "Look & see", ann, f"{fresh}-c", again=True)
    (found,) = tenant.work_items(fresh)
    (comment,) = found["comments"]
    assert 'data-vss-mention="version:2.0,9c1b7a52' in comment["text"]
    assert "Look &amp; see" in comment["text"]


async def test_a_state_is_set_by_its_name_and_only_when_it_differs(
    tenant: Control, devops: AzureDevOps, fresh: str
) -> None:
    made = await devops.create(PLACE, item(fresh), fresh, again=False)
    await devops.set_state(PLACE, made.id, "Approved")
    await devops.set_state(PLACE, made.id, "approved")
    assert (await devops.get(PLACE, made.id)).state == "Approved"
    calls = tenant.calls("azure-devops", f"/workitems/{made.id}?")
    assert [c["method"] for c in calls].count("PATCH") == 1


async def test_a_state_that_does_not_exist_is_rejected(devops: AzureDevOps, fresh: str) -> None:
    made = await devops.create(PLACE, item(fresh), fresh, again=False)
    with pytest.raises(Rejected):
        await devops.set_state(PLACE, made.id, "Sleeping")


async def test_somebody_elses_change_in_between_is_not_overwritten(
    tenant: Control, devops: AzureDevOps, fresh: str
) -> None:
    made = await devops.create(PLACE, item(fresh), fresh, again=False)
    tenant.fault("azure-devops", method="PATCH", path="*/workitems/*", status=412)
    with pytest.raises(Unavailable, match="meanwhile"):
        await devops.set_state(PLACE, made.id, "Approved")


async def test_an_item_enters_the_teams_current_sprint(
    tenant: Control, devops: AzureDevOps, fresh: str
) -> None:
    at_once = await devops.create(PLACE, item(fresh, into_sprint=True), f"{fresh}-1", again=False)
    later = await devops.create(PLACE, item(fresh), f"{fresh}-2", again=False)
    assert await devops.into_sprint(PLACE, later.id) is True
    sprints = [(await devops.get(PLACE, one.id)).iteration for one in (at_once, later)]
    assert sprints[0] == sprints[1] != "myTC"


async def test_the_sprint_is_the_one_of_the_desks_day_whatever_day_it_is_at_the_service(
    tenant: Control, devops: AzureDevOps, fresh: str
) -> None:
    now = dt.datetime.fromisoformat(tenant.now()).date()
    monday = dt.date(2026, 1, 5)  # as the tenant counts its sprints of two weeks
    first = monday + dt.timedelta(days=(now - monday).days // 14 * 14)
    days = [first - dt.timedelta(days=1), first, first + dt.timedelta(days=13)]
    found = []
    for number, day in enumerate(days):
        place = replace(PLACE, today=day)
        made = await devops.create(
            place, item(fresh, into_sprint=True), f"{fresh}-{number}", again=False
        )
        found.append((await devops.get(place, made.id)).iteration)
    assert found[0] != found[1] == found[2]
    moved = await devops.create(PLACE, item(fresh), f"{fresh}-moved", again=False)
    assert await devops.into_sprint(replace(PLACE, today=days[0]), moved.id)
    assert (await devops.get(PLACE, moved.id)).iteration == found[0]


async def test_no_second_item_is_made_while_a_query_may_not_show_the_first(
    tenant: Control, devops: AzureDevOps, fresh: str
) -> None:
    tenant.order("backlog-options", {"search_lag_seconds": 30})
    tenant.fault("azure-devops", method="POST", path="*/workitems/*", drop=True, after_effect=True)
    try:
        with pytest.raises(Unavailable):
            await devops.create(PLACE, item(fresh), fresh, again=False)
        soon = dt.timedelta(seconds=20)
        with pytest.raises(NotYet) as caught:
            await devops.create(PLACE, item(fresh), fresh, again=True, since=soon)
        assert caught.value.retry_after == 40
        tenant.control("POST", "/clock", json={"advance": "PT1M"})
        later = dt.timedelta(minutes=1)
        made = await devops.create(PLACE, item(fresh), fresh, again=True, since=later)
    finally:
        tenant.order("backlog-options", {"search_lag_seconds": 0})
    assert [str(i["id"]) for i in tenant.work_items(fresh)] == [made.id]


async def test_an_item_that_does_not_exist_is_not_found(devops: AzureDevOps) -> None:
    with pytest.raises(NotFound):
        await devops.get(PLACE, "99999999")


async def test_a_type_that_does_not_exist_is_rejected(devops: AzureDevOps, fresh: str) -> None:
    with pytest.raises(Rejected):
        await devops.create(PLACE, item(fresh, kind="Wish"), fresh, again=False)


async def test_throttling_tells_how_long_to_wait(
    tenant: Control, devops: AzureDevOps, fresh: str
) -> None:
    tenant.fault("azure-devops", method="POST", path="*", status=429, retry_after=25)
    with pytest.raises(Unavailable) as caught:
        await devops.create(PLACE, item(fresh), fresh, again=False)
    assert caught.value.retry_after == 25


@pytest.mark.parametrize(
    "page",
    [
        httpx.Response(203, html="<html>Sign in</html>"),
        httpx.Response(302, headers={"location": "https://login.example"}),
        httpx.Response(200, html="<html>Sign in</html>"),
    ],
)
async def test_a_page_to_sign_in_names_the_membership_that_is_missing(
    page: httpx.Response, fresh: str
) -> None:
    client = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: page))
    devops = AzureDevOps("https://dev.azure.com", basic("", "x"), client=client)
    with pytest.raises(Unavailable, match="member of the organisation"):
        await devops.create(PLACE, item(fresh), fresh, again=False)
    await devops.aclose()

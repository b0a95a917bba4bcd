"""The console's list: views, counts, filters, pages, bulk actions, and who may look."""

import json

import pytest

from shared.service.counts import Counts, counts
from tests.pages.console_stage import HOLLY, HOSTILE, MARIA, NORA, SAM, Stage
from tests.support.page_client import Page


def numbers(page: Page) -> list[str]:
    return [e.attrs["value"] for e in page.doc.all("input", name="ticket")]


def tabs(page: Page) -> dict[str, str]:
    nav = next(n for n in page.doc.all("nav") if n.attrs.get("aria-label") == "Views")
    return {a.text.split()[0]: a.text.split()[-1] for a in nav.all("a")}


async def test_a_visitor_without_a_sign_in_is_sent_to_it_and_back(stage: Stage) -> None:
    page = await stage.as_("").get("/desk/mytc?view=mine")

    assert page.status == 302
    assert page.location == "/.auth/login/aad?post_login_redirect_uri=/desk/mytc%3Fview%3Dmine"


async def test_an_open_page_is_not_thrown_away_when_the_sign_in_is_over(stage: Stage) -> None:
    here = {"hx_request": "true", "hx_current_url": "https://docket.test/desk/mytc?view=mine"}

    page = await stage.as_("").get("/desk/mytc", **here)

    assert page.status == 401
    assert "hx-redirect" not in page.headers
    assert json.loads(page.headers["hx-trigger"]) == {
        "docket:signed-out": {
            "url": "/.auth/login/aad?post_login_redirect_uri=/desk/mytc%3Fview%3Dmine"
        }
    }


@pytest.mark.parametrize("named", ["https://docket.test//evil.example/desk/", "javascript:x", ""])
async def test_the_sign_in_leads_back_to_pages_of_the_console_only(
    stage: Stage, named: str
) -> None:
    page = await stage.as_("").post("/desk/mytc/bulk", {}, referer=named)

    assert page.location == "/.auth/login/aad?post_login_redirect_uri=/desk"


async def test_an_outsider_sees_nothing_of_the_desk(stage: Stage) -> None:
    number = await stage.opened(title="Secret matter")

    for email in ("stranger@elsewhere.example", NORA):
        for path in ("", "/board", "/flows", "/undelivered", "/quarantine", f"/tickets/{number}"):
            page = await stage.as_(email).get(f"/desk/mytc{path}")
            assert page.status == 403, path
            assert "Secret matter" not in page.body


async def test_the_first_page_names_only_ones_own_desks(stage: Stage) -> None:
    page = await stage.as_(HOLLY).get("/desk")

    assert page.doc.all("a", href="/desk/mytc")
    assert not page.doc.all("a", href="/desk/door")
    assert (await stage.as_("stranger@elsewhere.example").get("/desk")).status == 403


async def test_an_unknown_desk_gets_a_page_that_says_so(stage: Stage) -> None:
    page = await stage.as_(HOLLY).get("/desk/nowhere")

    assert page.status == 404
    assert "There is no desk" in page.text


async def test_the_list_is_most_urgent_first_and_shows_what_counts(stage: Stage) -> None:
    low = await stage.opened(severity="low", environment="test", type="question")
    urgent = await stage.opened(severity="critical")

    page = await stage.as_(HOLLY).get("/desk/mytc")

    assert numbers(page) == [urgent, low]
    row = page.doc.all("tr")[1].text
    assert "Production" in row
    assert "Critical" in row
    assert "30 min left" in row
    assert "nobody" in row


async def test_time_that_ran_out_is_told_in_words(stage: Stage) -> None:
    number = await stage.opened(severity="critical")
    stage.app.clock.advance(minutes=90)

    page = await stage.as_(HOLLY).get("/desk/mytc?view=overdue")

    assert numbers(page) == [number]
    assert "1 h late" in page.text


async def test_views_and_their_counts_agree(stage: Stage) -> None:
    mine, other, closed = [await stage.opened() for _ in range(3)]
    await stage.give(mine, HOLLY, "assign", assignee=HOLLY)
    await stage.give(closed, HOLLY, "decide", decision="not_our_problem", reason="Not ours.")

    page = await stage.as_(HOLLY).get("/desk/mytc")

    assert tabs(page) == {
        "Open": "2",
        "Mine": "1",
        "Unassigned": "1",
        "Overdue": "0",
        "Closed": "Closed",
        "All": "All",
    }
    shown = {
        view: numbers(await stage.as_(HOLLY).get(f"/desk/mytc?view={view}"))
        for view in ("mine", "unassigned", "closed")
    }
    assert shown == {"mine": [mine], "unassigned": [other], "closed": [closed]}


async def test_counting_looks_at_a_thousand_rows_at_most(stage: Stage) -> None:
    desk = stage.app.deps.desks["mytc"]
    await stage.opened()
    stage.app.calls.clear()

    held = await counts(stage.app.deps, desk, HOLLY)

    assert stage.app.calls == ["table.scan"]
    assert held == Counts(open=1, unassigned=1)
    assert Counts(open=1000, more=True).of("open") == "1000+"
    assert Counts().of("closed") == ""


async def test_filters_narrow_the_list_and_can_be_cleared(stage: Stage) -> None:
    wanted = await stage.opened(
        title="Export is slow", environment="uat", type="non_production_issue"
    )
    await stage.opened()

    page = await stage.as_(HOLLY).get("/desk/mytc?q=export&type=non_production_issue")

    assert numbers(page) == [wanted]
    assert page.doc.all("input", name="q")[0].attrs["value"] == "export"
    assert [a for a in page.doc.all("a") if a.text == "Clear"]
    nothing = await stage.as_(HOLLY).get("/desk/mytc?q=export&severity=critical")
    assert "No ticket fits these filters" in nothing.text


async def test_a_search_that_finds_nothing_here_leads_to_the_same_search_in_all(
    stage: Stage,
) -> None:
    closed = await stage.opened(description="The trucks wait at the border.")
    await stage.give(closed, HOLLY, "decide", decision="not_our_problem", reason="Not ours.")

    page = await stage.as_(HOLLY).get("/desk/mytc?q=trucks&severity=high")
    (link,) = [a for a in page.doc.all("a") if a.text == "Look for the same in All"]

    assert numbers(page) == []
    assert numbers(await stage.as_(HOLLY).get(link.attrs["href"])) == [closed]
    everywhere = await stage.as_(HOLLY).get("/desk/mytc?view=all&q=nothing-like-it")
    assert not [a for a in everywhere.doc.all("a") if a.text == "Look for the same in All"]


async def test_another_order_is_a_link_that_keeps_the_filters(stage: Stage) -> None:
    high = await stage.opened()
    stage.app.clock.advance(hours=12)
    critical = await stage.opened(severity="critical")

    by_due = await stage.as_(HOLLY).get("/desk/mytc?type=production_issue")
    orders = next(n for n in by_due.doc.all("nav") if n.attrs.get("aria-label") == "Order")
    link = next(a for a in orders.all("a") if a.text == "Severity")
    by_severity = await stage.as_(HOLLY).get(link.attrs["href"])

    assert numbers(by_due) == [high, critical]
    assert numbers(by_severity) == [critical, high]
    assert "type=production_issue" in link.attrs["href"]


async def test_pages_follow_each_other_without_gap_or_repeat(stage: Stage) -> None:
    made = {await stage.opened(title=f"Request {n}") for n in range(53)}
    found: list[str] = []
    url = "/desk/mytc"

    while url:
        page = await stage.as_(HOLLY).get(url)
        found += numbers(page)
        following = page.doc.all("a", rel="next")
        url = following[0].attrs["href"] if following else ""

    assert len(found) == 53
    assert set(found) == made


async def test_a_wrong_view_is_named(stage: Stage) -> None:
    page = await stage.as_(HOLLY).get("/desk/mytc?view=everything")

    assert page.status == 422
    assert "use one of open, mine" in page.text


async def test_hostile_words_stay_words(stage: Stage) -> None:
    await stage.opened(title=HOSTILE[:200])

    page = await stage.as_(HOLLY).get("/desk/mytc")

    assert HOSTILE[:200] in page.text


async def test_several_tickets_are_assigned_at_once(stage: Stage) -> None:
    one, two, three = [await stage.opened() for _ in range(3)]
    form = (await stage.as_(HOLLY).get("/desk/mytc")).doc.by_id("bulk")

    values = [("ticket", one), ("ticket", two), ("action", "assign"), ("assignee", SAM)]
    answer = await stage.as_(HOLLY).post(form.attrs["action"], values)

    page = await stage.as_(HOLLY).follow(answer)
    assert "2 tickets changed" in page.text
    assert [(await stage.ticket(n)).assignee for n in (one, two, three)] == [SAM, SAM, None]


async def test_a_bulk_action_comes_back_to_the_same_filters_and_order(stage: Stage) -> None:
    number = await stage.opened()
    page = await stage.as_(HOLLY).get("/desk/mytc?view=unassigned&severity=high&sort=newest")
    action = page.doc.by_id("bulk").attrs["action"]

    values = {"ticket": number, "action": "note", "text": "Looked at.", "view": "unassigned"}
    answer = await stage.as_(HOLLY).post(action, values)

    assert answer.location == "/desk/mytc?view=unassigned&severity=high&sort=newest&done=1"


async def test_a_bulk_action_tells_what_it_could_not_change(stage: Stage) -> None:
    number = await stage.opened()
    other = await stage.opened("door")

    values = [("ticket", number), ("ticket", other), ("action", "note"), ("text", "Looked at.")]
    page = await stage.as_(HOLLY).post("/desk/mytc/bulk", values)

    assert page.status == 409
    assert "1 changed, 1 not" in page.text
    assert other in page.text
    assert (await stage.ticket(number)).notes == 1
    assert (await stage.ticket(other)).notes == 0


async def test_a_bulk_action_needs_tickets_and_a_known_action(stage: Stage) -> None:
    number = await stage.opened()

    none = await stage.as_(HOLLY).post("/desk/mytc/bulk", {"action": "assign"})
    unknown = await stage.as_(HOLLY).post("/desk/mytc/bulk", {"ticket": number, "action": "burn"})
    wrong = await stage.as_(HOLLY).post(
        "/desk/mytc/bulk", {"ticket": number, "action": "assign", "assignee": "nobody"}
    )

    assert [page.status for page in (none, unknown, wrong)] == [422, 422, 422]


async def test_another_sites_form_is_refused(stage: Stage) -> None:
    number = await stage.opened()

    page = await stage.as_(HOLLY).post(
        f"/desk/mytc/tickets/{number}/commands",
        {"command": "note", "text": "x"},
        origin="https://evil.example",
        sec_fetch_site="cross-site",
    )

    assert page.status == 403
    assert (await stage.ticket(number)).notes == 0


async def test_every_part_of_the_desk_can_be_reached(stage: Stage) -> None:
    page = await stage.as_(MARIA).get("/desk/mytc")

    nav = next(n for n in page.doc.all("nav") if n.attrs.get("aria-label") == "Desk")
    for link in nav.all("a"):
        found = await stage.as_(MARIA).get(link.attrs["href"])
        assert found.status == 200, link.attrs["href"]
    assert "scrum master" in page.text
    assert page.doc.all("a", href="/.auth/logout?post_logout_redirect_uri=/")

"""Undelivered, quarantine, flows, static files."""

import json

import pytest

from shared.domain.effects import ChatOwed, Digest, DigestLine, MailOwed, Outbox
from shared.domain.errors import Unavailable
from shared.domain.people import Person
from shared.ports import Insert
from shared.service import layout as ly
from shared.service import quarantine
from shared.service.quarantine import Kept
from tests.pages.console_stage import GRACE, HOLLY, HOSTILE, NORA, Stage


async def test_nothing_undelivered_needs_no_banner(stage: Stage) -> None:
    banner = await stage.as_(HOLLY).get("/desk/mytc/undelivered/banner")
    page = await stage.as_(HOLLY).get("/desk/mytc/undelivered")

    assert banner.text == ""
    assert "Everything has been delivered" in page.text


async def test_what_is_undelivered_is_shown_with_its_reason_and_tried_again(stage: Stage) -> None:
    number = await stage.opened()
    stage.app.vendors.tool.failing.append(Unavailable("<b>the tool is away</b>"))
    await stage.app.deliver_all()

    page = await stage.as_(HOLLY).get("/desk/mytc/undelivered")
    banner = await stage.as_(HOLLY).get("/desk/mytc/undelivered/banner")

    assert number in page.text
    assert "Work item to create" in page.text
    assert "<b>the tool is away</b>" in page.text
    assert "1 is being tried again" in banner.text
    (form,) = [f for f in page.forms() if "retry" in f.attrs.get("action", "")]
    answer = await stage.as_(HOLLY).submit(form)
    assert "will be tried within a minute" in (await stage.as_(HOLLY).follow(answer)).text


async def test_an_outbox_row_that_cannot_be_read_is_logged_and_hides_no_other(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    number = await stage.opened()
    stage.app.vendors.tool.failing.append(Unavailable("the tool is away"))
    await stage.app.deliver_all()
    broken = ly.dead_key("MYTC-99", 1)
    await stage.app.rows.commit("mytc", [Insert(broken, '{"newer": 1}')])

    page = await stage.as_(HOLLY).get("/desk/mytc/undelivered")
    told = await stage.as_(HOLLY).get("/api/desks/mytc/undelivered")

    assert (page.status, told.status) == (200, 200)
    assert number in page.text
    assert [row["number"] for row in json.loads(told.body)["undelivered"]] == [number]
    assert {vars(r).get("row") for r in caplog.records if r.levelname == "ERROR"} == {broken}


async def test_a_refused_mail_says_what_to_do_about_a_wrong_address(stage: Stage) -> None:
    number = await stage.opened()
    to = Person(email="casey@client.exmaple", name="Casey Lee")
    mail = MailOwed(
        seq=1, notice="closed", to=to, audience="client", error="Graph: 400", status="dead"
    )
    now = stage.app.clock.now()
    box = Outbox(
        desk="mytc", number=number, seq=1, committed_at=now, due=now, claim="", effects=(mail,)
    )
    await stage.app.rows.commit("mytc", [Insert(ly.dead_key(number, 9), ly.body(box))])

    page = await stage.as_(HOLLY).get("/desk/mytc/undelivered")

    said = (
        "If the address casey@client.exmaple is wrong, add the right one to the ticket’s watchers"
    )
    assert said in page.text
    assert "Graph: 400" in page.text


async def test_a_digest_leads_to_each_of_its_tickets(stage: Stage) -> None:
    lines = tuple(
        DigestLine(number=f"MYTC-{n}", title="x", severity="high", environment="uat", step="soon")
        for n in (1, 2)
    )
    digest = Digest(lines=lines, more=("MYTC-3",))
    to = Person(email=HOLLY, name="Holly Carter")
    mail = MailOwed(
        seq=2, notice="escalations", to=to, audience="staff", digest=digest, error="away"
    )
    post = ChatOwed(seq=2, occasion="escalated", channel="support", digest=digest, error="away")
    now = stage.app.clock.now()
    box = Outbox(
        desk="mytc", number="MYTC-1", seq=2, committed_at=now, due=now, claim="",
        effects=(mail, post),
    )  # fmt: skip
    await stage.app.rows.commit("mytc", [Insert(ly.dead_key("MYTC-1", 2), ly.body(box))])

    page = await stage.as_(HOLLY).get("/desk/mytc/undelivered")

    assert f"Digest of 3 escalations to {HOLLY}" in page.text
    assert "Digest of 3 escalations to the channel myTC Account Teams Support" in page.text
    for number in ("MYTC-1", "MYTC-2", "MYTC-3"):
        assert len(page.doc.all("a", href=f"/desk/mytc/tickets/{number}")) == 2


async def test_a_row_that_is_gone_says_so(stage: Stage) -> None:
    page = await stage.as_(HOLLY).post(
        "/desk/mytc/undelivered/retry", {"key": "dead|MYTC-1|000001"}
    )

    assert page.status == 404
    assert "delivered meanwhile" in page.text


async def kept(stage: Stage, content: bytes) -> str:
    desk = stage.app.deps.desks["mytc"]
    what = Kept(source="mail", at=stage.app.clock.now(), reason=HOSTILE)
    return await quarantine.keep(stage.app.deps, desk, what, content)


async def test_quarantine_shows_the_whole_harmlessly(stage: Stage) -> None:
    await kept(stage, f"Subject: x\r\n\r\n{HOSTILE} </pre></li> the end".encode())

    page = await stage.as_(HOLLY).get("/desk/mytc/quarantine")

    (raw,) = page.doc.all("pre")
    assert HOSTILE in raw.text
    assert raw.text.endswith("</pre></li> the end")
    (link,) = [a for a in page.doc.all("a") if a.text == "Download it whole"]
    whole = await stage.as_(HOLLY).get(link.attrs["href"])
    assert whole.headers["content-disposition"].startswith("attachment")
    assert whole.body.endswith("the end")


async def test_something_very_long_is_shortened_on_the_page_only(stage: Stage) -> None:
    await kept(stage, b"a" * 300_000)

    page = await stage.as_(HOLLY).get("/desk/mytc/quarantine")

    assert len(page.doc.all("pre")[0].text) == 200_000
    assert "The beginning only" in page.text


async def test_what_was_dealt_with_leaves_the_quarantine(stage: Stage) -> None:
    await kept(stage, b"x")
    page = await stage.as_(HOLLY).get("/desk/mytc/quarantine")
    (form,) = [f for f in page.forms() if "release" in f.attrs.get("action", "")]

    answer = await stage.as_(HOLLY).submit(form)

    assert "Nothing is in quarantine" in (await stage.as_(HOLLY).follow(answer)).text
    again = await stage.as_(HOLLY).submit(form)
    assert again.status == 404


async def test_flows_are_drawn_with_a_table_that_says_the_same(stage: Stage) -> None:
    page = await stage.as_(NORA).get("/desk/door/flows")

    desk = stage.app.deps.desks["door"]
    assert len(page.doc.all("svg")) == len(desk.request_types)
    for kind in desk.request_types:
        section = page.doc.by_id(kind.id)
        for state in kind.states:
            assert state.name["en"] in section.text
        rows = section.all("tbody")[0].all("tr")
        assert len(rows) == len(kind.moves) + len(kind.auto)
    told = [[e.text for e in tr.all("td")] for tr in page.doc.by_id("bug").all("tr")]
    needs = "changes done, resolution note"
    assert ["In analysis, Fix released", "Resolved", "Resolve", "lead, staff", needs] in told
    assert ["Ready for sprint", "In development", "pulled", "by itself", "–"] in told


async def test_runbooks_of_a_flow_are_for_their_roles(stage: Stage) -> None:
    lead = await stage.as_(NORA).get("/desk/door/flows")
    owner = await stage.as_(GRACE).get("/desk/door/flows")

    assert "SQL for regular requests" in lead.doc.by_id("bug").text
    assert "SQL for regular requests" not in owner.doc.by_id("bug").text


async def test_static_files_are_kept_for_long_under_the_address_of_their_content(
    stage: Stage,
) -> None:
    page = await stage.as_(HOLLY).get("/desk/mytc")
    addresses = [e.attrs.get("href", e.attrs.get("src", "")) for e in page.doc]
    static = [a for a in addresses if a.startswith("/static/")]

    assert len(static) >= 5
    for address in static:
        file = await stage.as_("").get(address)
        assert file.status == 200, address
        assert "immutable" in file.headers["cache-control"]
        assert file.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "/static/%2e%2e/%2e%2e/function_app.py",
        "/static/..%2f..%2fhost.json",
        "/static//etc/passwd",
        "/static/vendor",
        "/static/nothing.css",
        "/static/docket.css%00.png",
    ],
)
async def test_no_file_outside_the_static_folder_is_served(stage: Stage, path: str) -> None:
    page = await stage.as_("").get(path)

    assert page.status == 404
    assert "There is no such file" in page.text


async def test_reading_the_list_costs_two_range_reads(stage: Stage) -> None:
    await stage.opened()
    stage.app.calls.clear()

    await stage.as_(HOLLY).get("/desk/mytc")

    assert stage.app.calls == ["table.scan", "table.scan"]

"""What clients read in mails and pages: hours, names, and who wrote for whom."""

from __future__ import annotations

import re

import pytest

from shared.domain.people import Person
from shared.domain.public import public_ticket
from tests.pages.client_site import ClientSite
from tests.sla.desk_work import CASEY, DOOR_LEAD, MYTC_LEAD, DeskWork, with_changes

CRM = Person(email="carl@doorfunds.example", name="Carl Crm")


async def confirmation(work: DeskWork, to: str = CASEY.email, **fields: object) -> str:
    await work.opened(**fields)
    [mail] = [m for m in work.app.vendors.mail.sent.values() if m.to[0][0] == to]
    return f"{mail.text}\n{mail.html}"


@pytest.mark.parametrize("desk", ["mytc", "door"])
async def test_the_targets_of_a_critical_request_count_day_and_night(desk: str) -> None:
    kind = {"type": "bug"} if desk == "door" else {}
    text = await confirmation(DeskWork(desk), severity="critical", **kind)
    own = [line for line in text.splitlines() if "we aim to answer" in line]
    assert len(own) == 2
    assert all(line.removesuffix("</p>").endswith(", day and night.") for line in own)


async def test_the_targets_of_other_requests_count_working_time() -> None:
    text = await confirmation(DeskWork(), severity="high")
    assert "within 9 hours of working time." in text
    assert "9 hours, day and night" not in text


async def test_the_targets_say_so_in_french_too() -> None:
    critical = await confirmation(DeskWork(), severity="critical", language="fr")
    high = await confirmation(DeskWork(), severity="high", language="fr")
    assert "en moins de 4 heures, jour et nuit." in critical
    assert "en moins de 9 heures (heures ouvrées)." in high


async def test_the_doors_table_of_severities_says_which_hours_count() -> None:
    text = await confirmation(DeskWork("door"), type="bug", severity="low")
    table = text[text.index("SEVERITIES") :]
    assert table.count("day and night") >= 1
    assert table.count("of working time") >= 3


async def test_the_page_words_targets_by_their_calendar() -> None:
    site = ClientSite()
    critical = (await site.open(severity="critical")).ticket.number
    high = (await site.open(severity="high")).ticket.number
    assert "4 hours, day and night" in (await site.client.get(site.path(critical))).text
    assert "9 hours of working time" in (await site.client.get(site.path(high))).text
    french = await site.client.get(f"{site.path(high)}?lang=fr")
    assert "9 heures (heures ouvrées)" in french.text


async def test_a_severity_given_another_calendar_by_an_override_is_worded_by_that() -> None:
    work = DeskWork()
    override = {"types": ("question",), "calendar": "round_the_clock"}
    changed = with_changes(work.desk, targets=(override,))
    number = await work.opened(type="question", severity="low")
    loaded = await work.loaded(number)
    assert not public_ticket(work.desk, loaded.ticket, loaded.history).round_the_clock
    assert public_ticket(changed, loaded.ticket, loaded.history).round_the_clock


async def test_the_requester_hears_who_wrote_for_them() -> None:
    work = DeskWork("door")
    theirs = await confirmation(work, type="bug", submitted_by=CRM)
    assert "Carl Crm has sent us this request for you. Your request has the number" in theirs
    [own] = [m for m in work.app.vendors.mail.sent.values() if m.to[0][0] == CRM.email]
    assert "Thank you for writing to us for Casey Lee. The request has the number" in own.text


async def test_the_page_says_who_wrote_for_its_requester() -> None:
    site = ClientSite()
    number = (await site.open("door", submitted_by=CRM)).ticket.number
    page = await site.client.get(site.path(number))
    assert "What was sent" in page.text
    assert "Sent for you by Carl Crm" in page.text


async def test_a_writer_without_a_name_is_no_address_to_the_client() -> None:
    nameless = Person(email="carl@doorfunds.example")
    work = DeskWork("door")
    theirs = await confirmation(work, type="bug", submitted_by=nameless)
    assert nameless.email not in theirs


async def test_a_public_reply_calls_people_by_their_names_in_mail_and_page() -> None:
    site = ClientSite()
    number = (await site.open()).ticket.number
    text = "@casey@client.example, @holly@mytc.example and @sam.okafor look into it."
    await site.staff(number, "reply", text=text)
    await site.app.deliver_all()
    said = "Casey Lee, Holly Carter and Sam Okafor look into it."
    assert said in (await site.client.get(site.path(number))).text
    sent = [m for m in site.app.vendors.mail.sent.values() if "look into it" in m.text]
    [mail] = [m for m in sent if m.to[0][0] == CASEY.email]
    assert said in mail.text
    assert said in mail.html


async def test_no_address_is_left_in_a_mention_even_of_somebody_unknown() -> None:
    site = ClientSite()
    number = (await site.open(name="")).ticket.number
    await site.staff(number, "reply", text="@casey@client.example, ask @old.hand@mytc.example.")
    page = (await site.client.get(site.path(number))).text
    assert "casey, ask old.hand." in page


async def test_a_mention_in_a_staff_mail_is_a_name() -> None:
    work = DeskWork()
    site = ClientSite(work.app)
    number = (await site.open()).ticket.number
    await site.staff(
        number, "note", text="@holly@mytc.example please", by="sam.okafor@mytc.example"
    )
    await site.app.deliver_all()
    [mail] = [m for m in site.app.vendors.mail.sent.values() if "mentioned you" in m.subject]
    assert mail.to[0][0] == MYTC_LEAD
    assert "@Holly Carter please" in mail.text


async def test_what_a_client_writes_is_left_as_it_is() -> None:
    site = ClientSite()
    number = (await site.open(description="Ask @holly@mytc.example.")).ticket.number
    assert "Ask @holly@mytc.example." in (await site.client.get(site.path(number))).text


async def test_steps_are_named_by_the_type_of_then() -> None:
    work = DeskWork()
    site = ClientSite(work.app)
    number = (await site.open(type="question")).ticket.number
    await site.staff(number, "move", to="resolved")
    await site.staff(number, "move", to="in_progress")
    await site.staff(number, "set_type", type="enhancement")
    page = (await site.client.get(site.path(number))).text
    assert "Answered" in page
    assert "Delivered" not in page


async def test_a_merged_request_is_listed_as_ended_and_leads_on() -> None:
    site = ClientSite()
    into, number = [(await site.open()).ticket.number for _ in range(2)]
    await site.staff(number, "merge", into=into)
    page = await site.client.get(site.path(number))
    assert "Merged" in page.text
    [link] = [a for a in page.doc.all("a") if a.text == f"Open request {into}"]
    assert into in (await site.client.get(link.attrs["href"])).text
    mine = await site.client.get(site.list_path())
    assert "Open (1)" in mine.text
    assert "Ended (1)" in mine.text


async def test_the_lead_of_the_door_desk_reads_who_submitted() -> None:
    work = DeskWork("door")
    await work.opened(type="bug", submitted_by=CRM)
    told = [m for m in work.app.vendors.mail.sent.values() if m.to[0][0] == DOOR_LEAD]
    assert any("Carl Crm" in m.html for m in told)


async def test_an_environment_that_nobody_was_asked_for_is_not_told() -> None:
    site = ClientSite()
    number = (await site.open(type="question")).ticket.number
    asked = (await site.open(type="access_request")).ticket.number
    await site.app.deliver_all()
    assert "Environment" not in (await site.client.get(site.path(number))).text
    assert "Environment Production" in (await site.client.get(site.path(asked))).text
    mails = [m for m in site.app.vendors.mail.sent.values() if m.to[0][0] == CASEY.email]
    assert ["Environment" in m.text for m in mails] == [False, True]


@pytest.mark.parametrize("desk", ["mytc", "door"])
async def test_a_question_that_is_required_does_not_say_that_it_may_stay_empty(desk: str) -> None:
    site = ClientSite()
    for language in site.app.deps.desks[desk].languages:
        page = await site.client.get(f"/request/{desk}?lang={language}")
        assert page.status == 200
        assert not re.search("may stay empty|peut rester vide", page.text)

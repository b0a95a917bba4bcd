"""A mail in the quarantine that a member takes in: once, and as if it had passed."""

from __future__ import annotations

import asyncio

import pytest

from shared.domain.errors import FlowForbids, Invalid, NotFound
from shared.service import quarantine
from shared.service.mail_kept import take_in_kept
from shared.service.quarantine import Kept
from tests.mail_service.desk_mail import CRM, TOM, DeskMail, raw_mail, texts
from tests.support.app import memory_app

NORA = "nora.lindqvist@doorfunds.example"
COLLEAGUE = "tom.becker@doorfunds.example"
ODD = "Jürgen <jürgen@client.example>"
INVITATION = raw_mail("BEGIN:VCALENDAR", Content_Type="text/calendar; method=REQUEST")


async def taken(post: DeskMail, answer_to: str = "") -> str:
    """The first mail in the quarantine is taken in; the ticket's number."""
    key = (await quarantine.entries(post.app.deps, post.desk))[0][0]
    return await take_in_kept(post.room, post.desk, key, post.app.actor(NORA), answer_to)


async def over_the_cap() -> DeskMail:
    """A client's second mail within an hour, where the desk takes one."""
    post = DeskMail.with_policy(sender_cap_per_hour=1)
    await post.opened()
    entry = await post.take(raw_mail(subject="Export", message_id="<m2@client.example>"))
    assert entry.outcome == "quarantined"
    return post


async def test_a_mail_beyond_the_senders_cap_becomes_a_ticket_that_the_client_hears_of() -> None:
    post = await over_the_cap()
    assert await taken(post) == "DOOR-2"
    loaded = await post.loaded("DOOR-2")
    assert (loaded.ticket.title, loaded.ticket.requester.email) == (
        "Export",
        "jane.roe@client.example",
    )
    assert "Nora Lindqvist took this mail in" in texts(loaded, "noted")[-1]
    await post.app.deliver_all()
    assert [m.subject for m in post.sent("jane.roe@client.example")][-1] == "[DOOR-2] Export"
    assert await post.kept() == []


async def test_the_day_counts_the_mail_as_the_ticket_that_it_became() -> None:
    post = await over_the_cap()
    post.app.clock.advance(hours=30)
    await taken(post)
    post.app.clock.advance(hours=-30)
    day = await post.day()
    assert (day.count("ticket"), day.count("quarantined"), len(day.entries)) == (2, 0, 2)


async def test_taking_in_again_gives_the_same_ticket() -> None:
    post = await over_the_cap()
    [(key, _)] = await quarantine.entries(post.app.deps, post.desk)
    nora = post.app.actor(NORA)
    numbers = [await take_in_kept(post.room, post.desk, key, nora) for _ in range(2)]
    assert numbers == ["DOOR-2", "DOOR-2"]
    assert await post.tickets() == ["DOOR-1", "DOOR-2"]


class Crash(Exception):
    """The process ends."""


async def test_a_crash_at_any_storage_call_leaves_one_ticket_and_an_empty_quarantine() -> None:
    calls, ended = 0, False
    while not ended:
        left = -1  # nobody counts yet

        def call(_: str) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                raise Crash

        post = DeskMail(memory_app(call))
        await post.take(INVITATION)
        left = calls = calls + 1
        try:
            await taken(post)
            ended, left = True, -1
        except Crash:
            if await post.kept():
                await taken(post)
        assert await post.tickets() == ["DOOR-1"]
        remarks = [t for t in texts(await post.loaded("DOOR-1"), "noted") if "took this" in t]
        assert len(remarks) == 1
        assert await post.kept() == []
        assert (await post.day()).count("ticket") == 1
    assert calls > 10


async def test_two_members_at_the_same_time_make_one_ticket(post: DeskMail) -> None:
    await post.take(INVITATION)
    [(key, _)] = await quarantine.entries(post.app.deps, post.desk)
    both = [take_in_kept(post.room, post.desk, key, post.app.actor(m)) for m in (NORA, COLLEAGUE)]
    assert await asyncio.gather(*both) == ["DOOR-1", "DOOR-1"]
    assert await post.tickets() == ["DOOR-1"]


async def test_an_answer_that_was_said_too_often_joins_its_ticket(post: DeskMail) -> None:
    await post.opened()
    for n in range(4):
        again = raw_mail(
            "Still.", In_Reply_To="<m1@client.example>", message_id=f"<a{n}@c.example>"
        )
        await post.take(again)
    assert await taken(post) == "DOOR-1"
    assert texts(await post.loaded("DOOR-1"), "replied") == ["Still."] * 4


async def test_a_sender_who_cannot_be_answered_is_told_of_in_plain_words(post: DeskMail) -> None:
    entry = await post.take(raw_mail(sender=ODD))
    assert entry.reason.startswith("the sender's address jürgen@client.example cannot be answered")
    assert "http" not in entry.reason
    assert await post.kept() == [entry.reason]


async def test_an_international_domain_is_answered_in_its_ascii_form(post: DeskMail) -> None:
    loaded = await post.opened(raw_mail(sender="Jane <jane@bücher.example>"))
    assert loaded.ticket.requester.email == "jane@xn--bcher-kva.example"


async def test_a_member_says_where_answers_to_a_sender_who_cannot_be_answered_go(
    post: DeskMail,
) -> None:
    await post.take(raw_mail(sender=ODD))
    for wrong in ("", "no address", NORA):
        with pytest.raises(Invalid) as error:
            await taken(post, wrong)
        assert error.value.errors[0].field == "answer_to"
    assert await taken(post, "juergen@client.example") == "DOOR-1"
    asker = (await post.loaded("DOOR-1")).ticket.requester
    assert (asker.email, asker.name) == ("juergen@client.example", "Jürgen")
    assert await post.confirmation("juergen@client.example")


async def test_a_colleague_who_hands_on_the_mail_of_such_a_sender_asks_themselves(
    post: DeskMail,
) -> None:
    body = "---------- Forwarded message ---------\nFrom: Jürgen <jürgen@client.example>\n"
    body += "Date: Mon, 3 Mar 2025\nSubject: Export\nTo: Carl <carl@doorfunds.example>\n\nHelp.\n"
    loaded = await post.opened(raw_mail(body, sender=CRM, subject="Fwd: Export"))
    assert loaded.ticket.requester.email == "carl@doorfunds.example"


async def test_who_pretends_to_be_a_member_is_not_taken_in(post: DeskMail) -> None:
    await post.opened()
    forged = {
        "Authentication_Results": "spf=fail; dmarc=fail",
        "In_Reply_To": "<m1@client.example>",
    }
    await post.take(raw_mail("Done.", sender=TOM, message_id="<f@else.example>", **forged))
    before = await quarantine.entries(post.app.deps, post.desk)
    post.app.clock.advance(hours=1)
    with pytest.raises(FlowForbids, match="not authentic"):
        await taken(post)
    assert await quarantine.entries(post.app.deps, post.desk) == before
    assert (await post.day()).count("quarantined") == 1


async def test_what_a_machine_wrote_is_not_taken_in(post: DeskMail) -> None:
    kept = Kept(source="mail", at=post.app.clock.now(), reason="a mistake of ours: KeyError")
    machine = raw_mail(Auto_Submitted="auto-replied")
    await quarantine.keep(post.app.deps, post.desk, kept, machine)
    with pytest.raises(FlowForbids, match="a machine wrote it"):
        await taken(post)
    assert await post.tickets() == []


async def test_what_cannot_be_read_is_not_taken_in(post: DeskMail) -> None:
    post.arrive(b"\r\nno header at all", "<odd@client.example>")
    await post.look()
    with pytest.raises(FlowForbids, match="has no header"):
        await taken(post)
    assert len(await post.kept()) == 1


async def test_what_was_dealt_with_is_not_there_to_be_taken_in(post: DeskMail) -> None:
    with pytest.raises(NotFound):
        await take_in_kept(post.room, post.desk, "quarantine|0", post.app.actor(NORA))

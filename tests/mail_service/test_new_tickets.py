"""A mail that answers nothing becomes a ticket."""

import asyncio
import base64
from dataclasses import replace

import pytest

from shared.adapters.memory import MemoryBlobs
from shared.domain import commands as cm
from shared.domain import events as ev
from shared.service.mail_room import Turns
from shared.service.mailbox import look
from tests.mail_service.desk_mail import CRM, DOOR, MYTC, DeskMail, raw_mail, texts, with_files

FORWARD = """Please see below.

---------- Forwarded message ---------
From: Clara Client <clara@big.example>
Date: Mon, Mar 3, 2025 at 9:00 AM
Subject: Blank page
To: Carl <carl@doorfunds.example>

the page is blank
"""


async def test_a_mail_becomes_a_ticket_of_the_desks_mail_type(post: DeskMail) -> None:
    ticket = (await post.opened(raw_mail(subject="RE: Fwd: AW: Fund list"))).ticket
    assert (ticket.type, ticket.source, ticket.environment) == (
        "email_request",
        "mail",
        "production",
    )
    assert (ticket.title, ticket.description) == ("Fund list", "The fund list is empty.")
    assert (ticket.requester.email, ticket.requester.name) == (
        "jane.roe@client.example",
        "Jane Roe",
    )
    assert ticket.mail_refs == ("<m1@client.example>",)


async def test_the_confirmation_answers_the_clients_mail(post: DeskMail) -> None:
    await post.opened()
    mail = await post.confirmation()
    assert "[DOOR-1]" in mail.subject
    assert mail.in_reply_to == "<m1@client.example>"
    assert "<m1@client.example>" in mail.references
    assert ("Auto-Submitted", "auto-generated") in mail.headers


async def test_the_raw_mail_is_kept_whole(post: DeskMail) -> None:
    raw = raw_mail()
    opened = (await post.opened(raw)).history[0].event
    assert isinstance(opened, ev.Opened)
    blobs = post.app.deps.blobs
    assert isinstance(blobs, MemoryBlobs)
    assert await blobs.get(opened.raw) == raw


async def test_a_forward_by_an_internal_person_is_credited_to_its_writer(post: DeskMail) -> None:
    mail = raw_mail(FORWARD, subject="Fwd: Blank page", sender=CRM)
    ticket = (await post.opened(mail)).ticket
    assert ticket.requester.email == "clara@big.example"
    assert ticket.submitted_by is not None
    assert ticket.submitted_by.email == "carl@doorfunds.example"
    assert "carl@doorfunds.example" in ticket.watchers
    assert "the page is blank" in ticket.description


@pytest.mark.parametrize(
    ("sender", "results"),
    [("Carl <carl@evil.example>", ""), (CRM, "mx; spf=fail; dmarc=fail")],
)
async def test_a_forged_forward_is_credited_to_its_sender(
    post: DeskMail, sender: str, results: str
) -> None:
    mail = raw_mail(FORWARD, subject="Fwd: x", sender=sender, Authentication_Results=results)
    ticket = (await post.opened(mail)).ticket
    assert ticket.requester.email != "clara@big.example"
    assert ticket.submitted_by is None


async def test_a_mail_that_comes_again_makes_no_second_ticket(post: DeskMail) -> None:
    await post.opened()
    post.arrive(raw_mail(X_Other="another copy"))
    await post.look()
    assert await post.tickets() == ["DOOR-1"]
    assert (await post.day()).is_balanced


async def test_a_copy_on_another_day_is_rejected_as_one(post: DeskMail) -> None:
    await post.opened()
    post.app.clock.advance(days=1)
    entry = await post.take(raw_mail(X_Other="another copy"))
    assert (entry.outcome, entry.number) == ("rejected", "DOOR-1")
    assert "copy" in entry.reason


async def test_one_mail_to_two_desks_makes_one_ticket_each(post: DeskMail) -> None:
    other = DeskMail(post.app, "mytc")
    raw = raw_mail(to=f"{DOOR}, {MYTC}")
    assert (await post.opened(raw)).ticket.number == "DOOR-1"
    assert (await other.opened(raw)).ticket.number == "MYTC-1"


async def test_pollers_at_once_make_one_ticket_per_mail() -> None:
    post = DeskMail()
    for index in range(12):
        sender = f"p{index}@client.example"
        post.arrive(raw_mail(message_id=f"<m{index}@client.example>", sender=sender))
    apart = [replace(post.room, turns=Turns()) for _ in range(2)]  # as in two processes
    await asyncio.gather(*(look(room, post.desk) for room in apart))
    assert len(await post.tickets()) == 12
    day = await post.day()
    assert (day.count("ticket"), day.is_balanced) == (12, True)


async def test_a_french_mail_gets_a_french_ticket_where_the_desk_speaks_it() -> None:
    body = "Bonjour, nous ne pouvons pas ouvrir la page des comptes, merci de nous aider.\n"
    post = DeskMail(name="mytc")
    assert (await post.opened(raw_mail(body, to=MYTC))).ticket.language == "fr"
    door = DeskMail()
    assert (await door.opened(raw_mail(body))).ticket.language == "en"


async def test_files_and_inline_images_are_attached(post: DeskMail) -> None:
    ticket = (await post.opened(with_files(("a.pdf", b"%PDF-1.4 x"), ("b.txt", b"words")))).ticket
    assert [(a.name, a.public) for a in ticket.attachments] == [("a.pdf", True), ("b.txt", True)]


async def test_files_beyond_the_limits_are_named_in_a_work_note(post: DeskMail) -> None:
    files = [(f"f{n}.bin", bytes([n]) * 1000) for n in range(13)]
    loaded = await post.opened(with_files(*files))
    assert len(loaded.ticket.attachments) == 10
    [note] = texts(loaded, "noted")
    assert "f12.bin" in note
    assert "f9.bin" not in note


async def test_a_very_long_text_is_cut_and_attached_whole(post: DeskMail) -> None:
    body = "words and more words\n" * 9000
    loaded = await post.opened(raw_mail(body))
    assert len(loaded.ticket.description) <= cm.TEXT_LIMIT
    assert "message.txt" in loaded.ticket.description[-200:]
    [file] = loaded.ticket.attachments
    assert (file.name, file.size > 180_000) == ("message.txt", True)


async def test_an_empty_mail_is_a_ticket_all_the_same(post: DeskMail) -> None:
    ticket = (await post.opened(raw_mail("", subject=""))).ticket
    assert (ticket.title, ticket.description) == ("Mail without a subject", "(the mail is empty)")


@pytest.mark.parametrize("subject", ["\u200b\u2060", "Re: \u200b", "\u3164"])
async def test_a_subject_that_nobody_can_see_is_as_good_as_none(
    post: DeskMail, subject: str
) -> None:
    encoded = f"=?utf-8?b?{base64.b64encode(subject.encode()).decode()}?="
    raw = raw_mail("\u200b\nThe list is empty.\n", subject=encoded)
    assert (await post.opened(raw)).ticket.title == "The list is empty."


async def test_people_in_copy_do_not_follow_before_they_answer(post: DeskMail) -> None:
    ticket = (await post.opened(raw_mail(Cc="bob@client.example"))).ticket
    assert ticket.watchers == ()


async def test_reading_state_does_not_matter_and_the_cursor_is_kept(post: DeskMail) -> None:
    await post.opened()
    await post.look()
    await post.look()
    assert await post.tickets() == ["DOOR-1"]


async def test_a_sender_who_is_not_authentic_is_told_to_staff(post: DeskMail) -> None:
    loaded = await post.opened(raw_mail(Authentication_Results="mx; spf=fail; dmarc=fail"))
    [note] = texts(loaded, "noted")
    assert "forged" in note


async def test_a_desk_that_takes_no_requests_by_mail_keeps_them_for_people() -> None:
    post = DeskMail.with_policy(new_ticket_type=None)
    entry = await post.take(raw_mail())
    assert (entry.outcome, await post.tickets()) == ("quarantined", [])
    assert await post.kept() == ["this desk takes no new requests by mail"]


async def test_an_address_that_nobody_can_answer_to_is_kept_for_people(post: DeskMail) -> None:
    entry = await post.take(raw_mail(sender="J\u00fcrgen <j\u00fcrgen@client.example>"))
    assert entry.outcome == "quarantined"


async def test_an_invitation_is_kept_for_people(post: DeskMail) -> None:
    calendar = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"
    kind = "text/calendar; method=REQUEST; charset=utf-8"
    entry = await post.take(raw_mail(calendar, Content_Type=kind))
    assert (entry.outcome, entry.reason) == ("quarantined", "an invitation to a meeting")

"""Mails group at whoever gets them: the first begins the thread, the later ones name it."""

from __future__ import annotations

import re

import pytest

from shared.domain import commands as cm
from shared.domain.errors import Rejected
from shared.domain.people import Person
from shared.ports import Mail
from shared.service import rebuild
from tests.mail_service.desk_mail import DeskMail, raw_mail
from tests.sla.desk_work import CASEY, CLIENT, MYTC_LEAD, MYTC_STAFF, DeskWork

ALEX = "alex@client.example"


async def mails_to(work: DeskWork, email: str, number: str) -> list[Mail]:
    await work.app.deliver_all()
    sent = work.app.vendors.mail.sent.values()
    return [m for m in sent if m.to[0][0] == email and number in m.subject]


def held(mail: Mail) -> tuple[str, ...]:
    """The mails that it refers to; before them stands the mark by which we know the thread."""
    assert ".t" in mail.references[0]
    return mail.references[1:]


def reply(text: str = "We look into it.", **more: str) -> cm.Reply:
    return cm.Reply(command="reply", text=text, **more)


@pytest.mark.parametrize("email", [CASEY.email, MYTC_LEAD])
async def test_the_first_mail_to_a_person_answers_no_other(email: str) -> None:
    work = DeskWork()
    number = await work.opened()
    [first] = await mails_to(work, email, number)
    assert held(first) == ()
    assert first.in_reply_to == ""


@pytest.mark.parametrize("email", [CASEY.email, MYTC_LEAD])
async def test_every_later_mail_refers_to_the_first_that_the_person_got(email: str) -> None:
    work = DeskWork()
    number = await work.opened()
    for n in range(2):
        await work.act(number, MYTC_STAFF, reply(f"@holly Answer {n}."))
    first, *later = await mails_to(work, email, number)
    assert len(later) == 2
    for mail in later:
        assert held(mail) == (first.message_id,)
        assert mail.in_reply_to == first.message_id


async def test_who_joins_later_has_a_thread_of_their_own() -> None:
    work = DeskWork()
    number = await work.opened()
    await work.act(number, MYTC_LEAD, cm.Watch(command="watch", email=ALEX))
    await work.act(number, MYTC_LEAD, reply())
    await work.act(number, MYTC_LEAD, reply("It is solved."))
    first, second = await mails_to(work, ALEX, number)
    assert held(first) == ()
    assert held(second) == (first.message_id,)


async def test_a_clients_own_message_stands_between_the_first_mail_and_the_next() -> None:
    work = DeskWork()
    number = await work.opened()
    await work.act(number, "", reply("It fails again.", message_id="<c1@client.example>"))
    await work.act(number, MYTC_LEAD, reply())
    first, second = await mails_to(work, CASEY.email, number)
    assert held(second) == (first.message_id, "<c1@client.example>")
    assert second.in_reply_to == "<c1@client.example>"


async def test_a_request_by_mail_is_the_root_of_its_own_thread() -> None:
    post = DeskMail()
    await post.opened(raw_mail(message_id="<m1@client.example>"))
    confirmation = await post.confirmation()
    assert held(confirmation) == ("<m1@client.example>",)
    assert confirmation.in_reply_to == "<m1@client.example>"


async def test_who_was_written_for_gets_a_thread_that_begins_with_the_confirmation() -> None:
    work = DeskWork()
    crm = Person(email="crm@partner.example", name="Carl")
    number = await work.opened(submitted_by=crm)
    await work.act(number, MYTC_LEAD, reply())
    for email in (CASEY.email, crm.email):
        first, second = await mails_to(work, email, number)
        assert held(second) == (first.message_id,)


async def test_a_first_mail_that_was_refused_is_still_the_one_that_later_ones_name() -> None:
    work = DeskWork()
    work.app.vendors.mail.failing.append(Rejected("no such mailbox"))
    number = await work.opened()
    await work.act(number, MYTC_LEAD, reply())
    [told] = await mails_to(work, CASEY.email, number)
    assert re.fullmatch(rf"<docket\.{number}\..+@mytc\.example>", told.in_reply_to)
    assert told.in_reply_to != told.message_id


async def test_threads_survive_a_rebuild_of_the_ticket() -> None:
    work = DeskWork()
    number = await work.opened()
    before = (await work.loaded(number)).row.threads
    assert before
    found = [d async for d in rebuild.rebuild_desk(work.app.deps, work.desk)]
    assert found == []
    assert (await work.loaded(number)).row.threads == before


async def test_the_memory_of_threads_holds_no_address() -> None:
    work = DeskWork()
    number = await work.opened()
    row = await work.app.rows.get("mytc", f"ticket|{number}|state")
    assert row is not None
    threads = (await work.loaded(number)).row.threads
    assert threads
    assert not any("@" in name for name in threads)
    assert CLIENT.email in row.body  # the ticket itself has it, until it is erased

"""An answer finds its ticket, and its writer's place on it."""

from typing import Any

import pytest

from shared.domain import commands as cm
from shared.service.archive import archive
from shared.service.conversation import staff_command
from tests.mail_service.desk_mail import TOM, DeskMail, raw_mail, texts

NORA = "nora.lindqvist@doorfunds.example"
BOB = "Bob <bob@client.example>"


def answer(body: str = "It is still empty.\n", **more: Any) -> bytes:
    fields = {"subject": "Re: Fund list", "message_id": "<m2@client.example>"} | more
    return raw_mail(body, **fields)


async def staff(post: DeskMail, command: cm.StaffCommand, number: str = "DOOR-1") -> None:
    await staff_command(post.app.deps, number, command, post.app.actor(NORA))


async def test_an_answer_to_our_mail_joins_by_its_message_id(post: DeskMail) -> None:
    await post.opened()
    ours = await post.confirmation()
    loaded = await post.followed(answer(In_Reply_To=ours.message_id))
    assert texts(loaded, "replied") == ["It is still empty."]
    assert loaded.ticket.mail_refs[-1] == "<m2@client.example>"


async def test_an_answer_to_the_clients_own_mail_joins_too(post: DeskMail) -> None:
    await post.opened()
    loaded = await post.followed(answer(References="<x@y.example> <m1@client.example>"))
    assert loaded.ticket.number == "DOOR-1"


async def test_a_message_id_that_only_looks_like_ours_joins_nothing(post: DeskMail) -> None:
    await post.opened()
    forged = "<docket.DOOR-1.p0.000000000000@doorfunds.example>"
    stranger = answer(sender="Eve <eve@evil.example>", In_Reply_To=forged)
    assert (await post.opened(stranger)).ticket.number == "DOOR-2"


async def test_a_members_answer_to_a_notice_for_members_is_a_work_note(post: DeskMail) -> None:
    await post.opened()
    await staff(post, cm.Note(command="note", text="@Tom the password lies in the vault"))
    await post.app.deliver_all()
    [told] = [m for m in post.sent("tom.becker@doorfunds.example") if "vault" in m.text]
    quoted = answer(
        "I see.\n\n> the password lies in the vault\n",
        sender=TOM,
        In_Reply_To=told.message_id,
        message_id="<t1@doorfunds.example>",
    )
    loaded = await post.followed(quoted)
    assert texts(loaded, "replied") == []
    assert "I see." in texts(loaded, "noted")[-1]
    await post.app.deliver_all()
    assert len(post.sent("jane.roe@client.example")) == 1  # the confirmation, and nothing since


async def test_a_handed_on_notice_that_a_stranger_answers_waits_for_staff(post: DeskMail) -> None:
    await post.opened()
    await staff(post, cm.Note(command="note", text="@Tom please look"))
    await post.app.deliver_all()
    told = post.sent("tom.becker@doorfunds.example")[-1]
    entry = await post.take(
        answer("> @Tom please look\nWell?\n", sender=BOB, In_Reply_To=told.message_id)
    )
    assert entry.outcome == "quarantined"
    assert texts(await post.loaded("DOOR-1"), "replied") == []


async def test_a_message_id_that_a_program_encoded_is_read(post: DeskMail) -> None:
    await post.opened()
    ours = (await post.confirmation()).message_id
    half = len(ours) // 2
    words = [part.replace("<", "=3C").replace(">", "=3E") for part in (ours[:half], ours[half:])]
    encoded = "\r\n ".join(f"=?utf-8?q?{word}?=" for word in words)
    stranger = answer(sender=BOB, In_Reply_To=encoded)
    assert (await post.followed(stranger)).ticket.number == "DOOR-1"


async def test_our_message_ids_fit_one_header_line(post: DeskMail) -> None:
    await post.opened()
    ours = await post.confirmation()
    assert len(f"In-Reply-To: {ours.message_id}") <= 78


async def test_a_known_participant_joins_by_number_alone(post: DeskMail) -> None:
    await post.opened()
    loaded = await post.followed(answer(subject="Question about [DOOR-1]"))
    assert loaded.ticket.number == "DOOR-1"


async def test_a_stranger_who_quotes_a_number_gets_a_ticket_linked_to_it(post: DeskMail) -> None:
    await post.opened()
    ticket = (await post.opened(answer(subject="[DOOR-1]", sender=BOB))).ticket
    assert ticket.number == "DOOR-2"
    assert [(link.to, link.kind) for link in ticket.links] == [("DOOR-1", "quoted")]
    assert texts(await post.loaded("DOOR-1"), "replied") == []


async def test_a_number_of_another_desk_is_linked_and_not_joined(post: DeskMail) -> None:
    other = DeskMail(post.app, "mytc")
    await other.opened(raw_mail(to="support@mytc.example"))
    ticket = (await post.opened(answer(subject="[MYTC-1]"))).ticket
    assert [(link.to, link.kind) for link in ticket.links] == [("MYTC-1", "quoted")]


async def test_somebody_in_copy_who_answers_joins_as_a_watcher(post: DeskMail) -> None:
    await post.opened(raw_mail(Cc="Bob <bob@client.example>, ann@client.example"))
    loaded = await post.followed(answer(sender=BOB, In_Reply_To="<m1@client.example>"))
    assert loaded.ticket.watchers == ("bob@client.example",)
    assert post.app.deps.desks["door"].mail.copied_may_join


async def test_somebody_who_was_not_on_the_thread_answers_but_does_not_join(
    post: DeskMail,
) -> None:
    await post.opened()
    loaded = await post.followed(answer(sender=BOB, In_Reply_To="<m1@client.example>"))
    assert loaded.ticket.watchers == ()


async def test_a_clients_answer_ends_the_wait_for_the_client(post: DeskMail) -> None:
    await post.opened()
    await staff(post, cm.Move(command="move", to="waiting_for_client"))
    loaded = await post.followed(answer(In_Reply_To="<m1@client.example>"))
    assert loaded.ticket.state == "new"


async def test_an_answer_to_a_merged_ticket_goes_to_the_one_it_went_on_as(post: DeskMail) -> None:
    await post.opened()
    await post.opened(raw_mail(message_id="<other@client.example>"))
    await staff(post, cm.Merge(command="merge", into="DOOR-2"))
    loaded = await post.followed(answer(In_Reply_To="<m1@client.example>"))
    assert loaded.ticket.number == "DOOR-2"


async def test_an_answer_long_after_the_end_becomes_a_new_linked_ticket(post: DeskMail) -> None:
    await post.opened()
    await staff(post, cm.Note(command="note", text="nothing to do"))
    await staff(post, cm.Move(command="move", to="closed"))
    post.app.clock.advance(days=30)
    entry = await post.take(answer(In_Reply_To="<m1@client.example>"))
    assert (entry.outcome, entry.number) == ("ticket", "DOOR-2")
    links = (await post.loaded("DOOR-2")).ticket.links
    assert [(link.to, link.kind) for link in links] == [("DOOR-1", "follows")]


async def test_a_members_answer_is_a_public_reply_of_theirs(post: DeskMail) -> None:
    await post.opened()
    ours = await post.confirmation()
    loaded = await post.followed(answer("We look.\n", sender=TOM, In_Reply_To=ours.message_id))
    said = loaded.history[-1]
    assert (said.by.email, said.by.kind) == ("tom.becker@doorfunds.example", "staff")
    await post.app.deliver_all()
    assert "We look." in post.sent("jane.roe@client.example")[-1].text


async def test_a_forged_members_answer_is_kept_for_people_to_look_at(post: DeskMail) -> None:
    await post.opened()
    ours = await post.confirmation()
    forged = answer(
        sender=TOM, In_Reply_To=ours.message_id, Authentication_Results="mx; dmarc=fail"
    )
    assert (await post.take(forged)).outcome == "quarantined"
    assert texts(await post.loaded("DOOR-1"), "replied") == []


async def test_a_members_answer_on_a_closed_ticket_is_a_work_note(post: DeskMail) -> None:
    await post.opened()
    await staff(post, cm.Note(command="note", text="nothing to do"))
    await staff(post, cm.Move(command="move", to="closed"))
    loaded = await post.followed(answer("By the way\n", sender=TOM, subject="[DOOR-1]"))
    assert texts(loaded, "noted")[-1] == "By the way"


async def test_nobody_joins_by_answering_where_the_desk_does_not_want_it() -> None:
    post = DeskMail.with_policy(copied_may_join=False)
    await post.opened(raw_mail(Cc="bob@client.example"))
    loaded = await post.followed(answer(sender=BOB, In_Reply_To="<m1@client.example>"))
    assert loaded.ticket.watchers == ()


async def test_an_answer_to_an_archived_ticket_becomes_a_new_linked_one(post: DeskMail) -> None:
    await post.opened()
    await staff(post, cm.Note(command="note", text="nothing to do"))
    await staff(post, cm.Move(command="move", to="closed"))
    post.app.clock.advance(days=60)
    assert await archive(post.app.deps, post.desk) == 1
    entry = await post.take(answer(In_Reply_To="<m1@client.example>"))
    assert (entry.outcome, entry.number) == ("ticket", "DOOR-2")


@pytest.mark.parametrize(
    ("subject", "title"),
    [
        ("Re: [DOOR-1] Other: the export fails", "Other: the export fails"),
        ("AW: [DOOR-1] Resolved: fund list", "Fund list"),
        ("Re: [DOOR-1]", "Fund list"),
        ("", "Fund list"),
    ],
)
async def test_a_late_answers_new_ticket_has_its_own_subject_unless_that_repeats_the_old_title(
    post: DeskMail, subject: str, title: str
) -> None:
    await post.opened()
    await staff(post, cm.Note(command="note", text="nothing to do"))
    await staff(post, cm.Move(command="move", to="closed"))
    post.app.clock.advance(days=60)
    assert await archive(post.app.deps, post.desk) == 1
    new = await post.opened(answer(subject=subject, In_Reply_To="<m1@client.example>"))
    assert (new.ticket.number, new.ticket.title) == ("DOOR-2", title)


async def test_a_clients_answer_that_a_colleague_hands_on_is_the_clients(post: DeskMail) -> None:
    await post.opened()
    body = (
        "---------- Forwarded message ---------\n"
        "From: Jane Roe <jane.roe@client.example>\nDate: Mon, 3 Mar 2025\n"
        "Subject: Re: Fund list\nTo: Tom <tom.becker@doorfunds.example>\n\nIt works now.\n"
    )
    mail = answer(body, sender=TOM, subject="Fwd: Re: Fund list", References="<m1@client.example>")
    said = (await post.followed(mail)).history[-1]
    assert (said.by.email, said.by.kind) == ("jane.roe@client.example", "client")
    await post.app.deliver_all()
    assert not [m for m in post.sent("jane.roe@client.example") if "It works now" in m.text]

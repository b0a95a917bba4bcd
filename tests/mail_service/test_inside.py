"""What members say to each other goes to no client, whatever thread or number it names."""

import pytest

from tests.mail_service.desk_mail import CRM, DOOR, JANE, TOM, DeskMail, raw_mail, texts

NORA = "Nora Lindqvist <nora.lindqvist@doorfunds.example>"
INSIDE = "They did not pay, so stall them.\n"


def forwarded(writer: str, *, sender: str = TOM, subject: str = "Fw: [DOOR-1] Fund list") -> bytes:
    body = f"""For the record.

From: {writer}
Sent: Monday, November 23, 2026 9:00 AM
To: Tom Becker <tom.becker@doorfunds.example>
Subject: [DOOR-1] Fund list

{INSIDE}"""
    return raw_mail(body, sender=sender, subject=subject, message_id="<fw@doorfunds.example>")


async def test_members_who_talk_below_a_clients_mail_are_heard_by_staff_alone(
    post: DeskMail,
) -> None:
    await post.opened(raw_mail(Cc=TOM))
    aside = raw_mail(INSIDE, sender=NORA, to=TOM, Cc=DOOR, message_id="<aside@doorfunds.example>",
                     subject="RE: Fund list", References="<m1@client.example>")  # fmt: skip
    loaded = await post.followed(aside)
    assert (texts(loaded, "replied"), texts(loaded, "noted")) == ([], [INSIDE.strip()])


async def test_a_member_who_answers_the_client_with_the_desk_in_copy_is_heard_by_the_client(
    post: DeskMail,
) -> None:
    await post.opened(raw_mail(Cc=TOM))
    answer = raw_mail("We look.\n", sender=TOM, to=JANE, Cc=DOOR, message_id="<a@in.example>",
                      subject="RE: Fund list", In_Reply_To="<m1@client.example>")  # fmt: skip
    assert texts(await post.followed(answer), "replied") == ["We look."]


@pytest.mark.parametrize(
    "writer",
    [NORA, "Azure DevOps <azuredevops@microsoft.example>", "Eve <eve@elsewhere.example>"],
)
async def test_what_a_member_forwards_onto_a_ticket_is_a_work_note(
    post: DeskMail, writer: str
) -> None:
    await post.opened()
    loaded = await post.followed(forwarded(writer))
    assert texts(loaded, "replied") == []
    assert "stall them" in texts(loaded, "noted")[-1]
    assert loaded.history[-1].by.email == "tom.becker@doorfunds.example"


async def test_what_a_member_forwards_from_the_client_is_the_clients_answer(
    post: DeskMail,
) -> None:
    await post.opened()
    loaded = await post.followed(forwarded(JANE))
    [said] = [r for r in loaded.history if r.event.kind == "replied"]
    assert said.by.email == "jane.roe@client.example"


async def test_a_member_who_forwards_a_notice_of_ours_keeps_it_inside(post: DeskMail) -> None:
    await post.opened()
    ours = await post.confirmation()
    raw = forwarded(NORA).replace(
        b"Message-ID:", f"In-Reply-To: {ours.message_id}\r\nMessage-ID:".encode(), 1
    )
    assert texts(await post.followed(raw), "replied") == []


async def test_a_colleague_who_hands_on_a_strangers_mail_answers_in_their_own_name(
    post: DeskMail,
) -> None:
    first = forwarded(JANE, sender=CRM, subject="Fw: Fund list")
    assert (await post.opened(first)).ticket.requester.email == "jane.roe@client.example"
    second = forwarded("Eve <eve@elsewhere.example>", sender=CRM)
    second = second.replace(b"<fw@", b"<fw2@")
    loaded = await post.followed(second)
    assert loaded.history[-1].by.email == "carl@doorfunds.example"


def commented(text: str, **fields: str) -> bytes:
    body = f"""{text}

From: Clara Client <clara@big.example>
Sent: Monday, November 23, 2026 9:00 AM
To: Tom Becker <tom.becker@doorfunds.example>
Subject: Blank page

the page is blank
"""
    return raw_mail(body, subject="FW: Blank page", **{"sender": TOM} | fields)


@pytest.mark.parametrize("sender", [TOM, CRM])
async def test_what_is_written_above_a_forwarded_request_is_for_staff_alone(
    post: DeskMail, sender: str
) -> None:
    loaded = await post.opened(commented("This client always complains.", sender=sender))
    assert "complains" not in loaded.ticket.description
    assert "the page is blank" in loaded.ticket.description
    assert "complains" in texts(loaded, "noted")[-1]
    await post.app.deliver_all()
    [confirmation] = post.sent("clara@big.example")
    assert "complains" not in confirmation.text + confirmation.html


async def test_what_is_written_above_a_forwarded_answer_is_for_staff_alone(
    post: DeskMail,
) -> None:
    await post.opened(commented("Please look."))
    again = commented("He is annoying.", message_id="<m2@in.example>").replace(
        b"FW: Blank page", b"FW: [DOOR-1] Blank page", 1
    )
    loaded = await post.followed(again)
    assert "annoying" not in "".join(texts(loaded, "replied"))
    assert loaded.history[-2].by.email == "clara@big.example"
    assert "annoying" in texts(loaded, "noted")[-1]


async def test_a_comment_stands_in_no_title(post: DeskMail) -> None:
    raw = commented("This client always complains.").replace(b"FW: Blank page", b"FW:", 1)
    assert (await post.opened(raw)).ticket.title == "Blank page"


async def test_a_forward_of_a_forward_is_credited_to_the_first_writer(post: DeskMail) -> None:
    body = """Can you take this?

From: Carl <carl@doorfunds.example>
Sent: Monday, November 23, 2026 9:05 AM
To: Tom Becker <tom.becker@doorfunds.example>
Subject: FW: Blank page

He pays little.

From: Clara Client <clara@big.example>
Sent: Monday, November 23, 2026 9:00 AM
To: Carl <carl@doorfunds.example>
Subject: Blank page

the page is blank
"""
    loaded = await post.opened(raw_mail(body, subject="FW: Blank page", sender=TOM))
    assert loaded.ticket.requester.email == "clara@big.example"
    assert "pays little" not in loaded.ticket.description
    assert "pays little" in texts(loaded, "noted")[-1]


async def test_what_a_colleague_asks_for_is_theirs_whatever_they_quote(post: DeskMail) -> None:
    body = """Please take this.

From: Carl <carl@doorfunds.example>
Sent: Monday, November 23, 2026 9:05 AM
To: Tom Becker <tom.becker@doorfunds.example>
Subject: New laptop

I need a new laptop.

From: Clara Client <clara@big.example>
Sent: Monday, November 23, 2026 9:00 AM
To: Carl <carl@doorfunds.example>
Subject: RE: Lunch

See you at noon.
"""
    ticket = (await post.opened(raw_mail(body, subject="FW: New laptop", sender=TOM))).ticket
    assert ticket.requester.email == "carl@doorfunds.example"


WEB = "Website <web@doorfunds.example>"


async def test_what_our_website_sends_is_the_request_of_whom_it_names_under_reply_to(
    post: DeskMail,
) -> None:
    raw = raw_mail(sender=WEB, Reply_To="Real Person <real@client.example>")
    loaded = await post.opened(raw)
    assert loaded.ticket.requester.email == "real@client.example"
    assert loaded.ticket.description == "The fund list is empty."


async def test_a_strangers_reply_to_credits_nobody(post: DeskMail) -> None:
    raw = raw_mail(Reply_To="Victim <victim@client.example>")
    assert (await post.opened(raw)).ticket.requester.email == "jane.roe@client.example"

"""What machines write makes neither tickets nor answers, and is counted."""

import pytest

from shared.service import quarantine
from shared.service.mail_ledger import Entry
from tests.mail_in.mails import CORPUS
from tests.mail_service.desk_mail import DOOR, TOM, DeskMail, raw_mail, texts

BOUNCE = """\
From: Mail Delivery System <MAILER-DAEMON@client.example>\r
To: support@doorfunds.example\r
Subject: Undelivered Mail Returned to Sender\r
Message-ID: <bounce@client.example>\r
Auto-Submitted: auto-replied\r
MIME-Version: 1.0\r
Content-Type: multipart/report; report-type=delivery-status; boundary=b\r
\r
--b\r
Content-Type: text/plain\r
\r
Not delivered.\r
--b\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns; mx.client.example\r
\r
Final-Recipient: rfc822; jane.roe@client.example\r
Action: failed\r
Status: 5.1.1\r
\r
--b\r
Content-Type: text/rfc822-headers\r
\r
Message-ID: {original}\r
Subject: x\r
\r
--b--\r
"""


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"Auto_Submitted": "auto-replied"}, "auto reply"),
        ({"Auto_Submitted": "auto-generated"}, "auto generated"),
        ({"List_Id": "<news.client.example>"}, "list mail"),
        ({"Return_Path": "<>"}, "auto reply"),
        ({"X_Docket_Ticket": "OTHER-7"}, "own mail"),
        ({"sender": DOOR}, "own mail"),
        ({"sender": "support@mytc.example"}, "own mail"),
    ],
)
async def test_a_machines_mail_is_rejected_with_the_reason(
    post: DeskMail, headers: dict[str, str], reason: str
) -> None:
    entry = await post.take(raw_mail(**headers))
    assert entry.outcome == "rejected"
    assert entry.reason.startswith(reason)
    assert await post.tickets() == []


async def test_our_own_mail_that_comes_back_is_known_by_its_signed_id(post: DeskMail) -> None:
    await post.opened()
    ours = await post.confirmation()
    entry = await post.take(raw_mail(message_id=ours.message_id, sender=TOM))
    assert (entry.outcome, entry.reason) == ("rejected", "own mail: our own Message-ID")


async def test_a_colleagues_mail_under_the_desks_domain_is_no_own_mail(post: DeskMail) -> None:
    await post.opened(raw_mail(sender=TOM, message_id="<abc@doorfunds.example>"))


async def test_a_bounce_of_our_mail_is_a_work_note_on_its_ticket(post: DeskMail) -> None:
    await post.opened()
    ours = await post.confirmation()
    entry = await post.take(BOUNCE.format(original=ours.message_id).encode())
    assert (entry.outcome, entry.number) == ("rejected", "DOOR-1")
    [note] = texts(await post.loaded("DOOR-1"), "noted")
    assert "jane.roe@client.example" in note
    sent = len(post.app.vendors.mail.sent)
    await post.app.deliver_all()
    assert len(post.app.vendors.mail.sent) == sent


async def test_a_bounce_of_mail_that_exchange_renamed_is_known_by_its_thread(
    post: DeskMail,
) -> None:
    await post.opened()
    ours = await post.confirmation()
    renamed = f"<other@outlook.example>\r\nReferences: {ours.references[0]}"
    assert (await post.take(BOUNCE.format(original=renamed).encode())).number == "DOOR-1"


async def test_a_bounce_of_somebody_elses_mail_touches_nothing(post: DeskMail) -> None:
    await post.opened()
    entry = await post.take(BOUNCE.format(original="<else@where.example>").encode())
    assert (entry.outcome, entry.number) == ("rejected", "")


async def test_what_cannot_be_parsed_is_kept_whole_with_its_reason(post: DeskMail) -> None:
    raw = b"\x00\x01 no header at all"
    post.arrive(raw, "<broken@client.example>")
    await post.look()
    [entry] = (await post.day()).entries
    assert (entry.outcome, entry.reason) == ("quarantined", "the mail has no header")
    [(key, kept)] = await quarantine.entries(post.app.deps, post.desk)
    assert kept.source == "mail"
    assert await quarantine.raw(post.app.deps, post.desk, key) == raw


async def test_mails_beyond_a_senders_cap_are_kept_and_not_answered(post: DeskMail) -> None:
    for index in range(25):
        post.arrive(raw_mail(message_id=f"<m{index}@client.example>"))
    await post.look()
    day = await post.day()
    assert (day.count("ticket"), day.count("quarantined"), day.is_balanced) == (20, 5, True)
    kept = await quarantine.entries(post.app.deps, post.desk)
    assert len(kept) == 5
    post.app.clock.advance(hours=1.5)
    assert (await post.take(raw_mail(message_id="<later@client.example>"))).outcome == "ticket"


async def test_the_same_answer_again_and_again_is_taken_for_a_robot(post: DeskMail) -> None:
    await post.opened()
    outcomes = [
        (
            await post.take(
                raw_mail(
                    "I am away.\n",
                    message_id=f"<a{index}@client.example>",
                    In_Reply_To="<m1@client.example>",
                )
            )
        ).outcome
        for index in range(5)
    ]
    assert outcomes == ["follow_up"] * 3 + ["quarantined"] * 2


async def test_two_desks_that_mail_each_other_stop(post: DeskMail) -> None:
    other = DeskMail(post.app, "mytc")
    raw = raw_mail(sender="support@mytc.example", message_id="<x@mytc.example>")
    await post.take(raw)
    for _ in range(5):
        await post.app.deliver_all()
        for mail in list(post.app.vendors.mail.sent.values()):
            for address, _ in mail.to:
                for desk in (post, other):
                    if desk.desk.mail.address == address:
                        desk.arrive(raw_mail(sender=mail.sender, message_id=mail.message_id))
        await post.look()
        await other.look()
    assert await post.tickets() == []
    assert await other.tickets() == []


async def test_every_mail_of_the_corpus_comes_to_an_end(post: DeskMail) -> None:
    files = sorted(CORPUS.glob("*.eml"))
    for number, path in enumerate(files):
        post.app.clock.advance(minutes=20)
        post.arrive(path.read_bytes(), f"<corpus-{number}@client.example>")
        await post.look()
    entries: list[Entry] = []
    for back in range(3):
        post.app.clock.advance(days=-1 if back else 0)
        entries += (await post.day()).entries
    assert len(entries) == len(files)
    assert {e.outcome for e in entries} <= {"ticket", "follow_up", "rejected", "quarantined"}
    assert not [e.reason for e in entries if "a mistake of ours" in e.reason]
    made = {e.number for e in entries if e.outcome == "ticket"}
    assert made == set(await post.tickets())

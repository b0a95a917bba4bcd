"""Leads hear by mail that something lies in quarantine: once an hour at most, and surely."""

from __future__ import annotations

import asyncio

from functions import mail_workers
from shared.adapters.memory_vendors import MemoryMailer
from shared.context import use_app
from shared.domain.errors import Rejected, Unavailable
from shared.ports import Mail
from shared.service import quarantine
from shared.service.quarantine_news import tell_leads
from tests.mail_service.desk_mail import DeskMail, raw_mail
from tests.support.app import memory_app

NORA = "nora.lindqvist@doorfunds.example"


async def put_aside(post: DeskMail, name: str = "m1") -> None:
    """Another invitation in the quarantine."""
    head = {"message_id": f"<{name}@client.example>", "subject": name}
    mail = raw_mail("BEGIN:VCALENDAR", Content_Type="text/calendar; method=REQUEST", **head)
    assert (await post.take(mail)).outcome == "quarantined"


async def told(post: DeskMail) -> list[Mail]:
    """What leads have had by now, after the timer had its turn."""
    await tell_leads(post.room, post.desk)
    return list(post.app.vendors.mail.sent.values())


async def test_the_lead_hears_at_once_how_many_wait_and_where(post: DeskMail) -> None:
    use_app(post.app.app)
    await put_aside(post)
    await put_aside(post, "m2")
    await mail_workers.poll_mailboxes()
    [mail] = post.sent(NORA)
    assert "2 requests or mails wait in quarantine" in mail.subject
    assert "http://docket.test/desk/door/quarantine" in mail.text
    assert "http://docket.test/desk/door/quarantine" in mail.html
    assert list(post.app.vendors.mail.sent.values()) == [mail]


async def test_what_comes_within_the_hour_is_told_by_one_mail_after_it(post: DeskMail) -> None:
    await put_aside(post)
    assert len(await told(post)) == 1
    await put_aside(post, "m2")
    await put_aside(post, "m3")
    post.app.clock.advance(minutes=59)
    assert len(await told(post)) == 1
    post.app.clock.advance(minutes=1)
    assert "3 requests or mails wait" in (await told(post))[-1].subject
    post.app.clock.advance(hours=2)
    assert len(await told(post)) == 2


async def test_what_was_dealt_with_before_the_mail_goes_is_not_told(post: DeskMail) -> None:
    await put_aside(post)
    [(key, _)] = await quarantine.entries(post.app.deps, post.desk)
    await quarantine.release(post.app.deps, post.desk, key)
    assert await told(post) == []


async def test_the_same_mail_put_aside_again_is_no_news(post: DeskMail) -> None:
    await put_aside(post)
    await told(post)
    [(key, kept)] = await quarantine.entries(post.app.deps, post.desk)
    content = await quarantine.raw(post.app.deps, post.desk, key)
    await quarantine.keep(post.app.deps, post.desk, kept, content)
    post.app.clock.advance(hours=2)
    assert len(await told(post)) == 1


async def test_a_mail_service_that_is_away_gets_the_mail_later(post: DeskMail) -> None:
    await put_aside(post)
    post.app.vendors.mail.failing.append(Unavailable("away"))
    assert await told(post) == []
    post.app.clock.advance(minutes=5)
    assert len(await told(post)) == 1
    post.app.clock.advance(minutes=5)
    assert len(await told(post)) == 1


async def test_whoever_began_to_send_has_five_minutes_to_end(post: DeskMail) -> None:
    await put_aside(post)
    post.app.vendors.mail.failing.append(Unavailable("away"))
    await told(post)
    post.app.clock.advance(minutes=4)
    assert await told(post) == []


async def test_a_mail_that_is_refused_is_not_tried_for_ever(post: DeskMail) -> None:
    await put_aside(post)
    post.app.vendors.mail.failing.append(Rejected("no such address"))
    assert await told(post) == []
    post.app.clock.advance(minutes=5)
    assert await told(post) == []


class Crash(Exception):
    """The process ends."""


async def test_a_crash_at_any_storage_call_loses_and_doubles_no_mail() -> None:
    calls, ended = 0, False
    while not ended:
        left = -1  # nobody counts yet

        def call(_: str) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                raise Crash

        post = DeskMail(memory_app(call))
        await put_aside(post)
        left = calls = calls + 1
        try:
            await told(post)
            ended, left = True, -1
        except Crash:
            post.app.clock.advance(minutes=5)
        assert len(await told(post)) == 1
        post.app.clock.advance(hours=2)
        assert len(await told(post)) == 1
    assert calls == 5  # what there is, what waits, the claim, the mark; and all of it


class Counting(MemoryMailer):
    """Says how often it was asked to send."""

    asked = 0

    async def send(self, mail: Mail, key: str, *, again: bool) -> str:
        self.asked += 1
        return await super().send(mail, key, again=again)


async def test_two_timers_at_the_same_time_send_one_mail(post: DeskMail) -> None:
    post.app.vendors.mail = mailer = Counting()
    await put_aside(post)
    await asyncio.gather(*(tell_leads(post.room, post.desk) for _ in range(2)))
    await told(post)
    assert mailer.asked == 1

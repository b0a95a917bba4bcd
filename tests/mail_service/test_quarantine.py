"""What was put aside, and dealt with by people, leaves nothing behind."""

from __future__ import annotations

import logging

import pytest

from shared.adapters.memory import MemoryBlobs
from shared.ports import Put
from shared.service import mail_ledger, quarantine
from tests.mail_service.desk_mail import DeskMail, raw_mail


async def put_aside(post: DeskMail) -> str:
    """An invitation in the quarantine; its key."""
    await post.take(raw_mail("BEGIN:VCALENDAR", Content_Type="text/calendar; method=REQUEST"))
    [(key, _)] = await quarantine.entries(post.app.deps, post.desk)
    return key


def blobs(post: DeskMail, folder: str) -> list[str]:
    assert isinstance(post.app.deps.blobs, MemoryBlobs)
    return [name for name in post.app.deps.blobs.stored if name.startswith(folder)]


async def test_what_was_dealt_with_goes_with_its_content(post: DeskMail) -> None:
    key = await put_aside(post)
    assert len(blobs(post, "quarantine/")) == 1
    await quarantine.release(post.app.deps, post.desk, key)
    assert blobs(post, "quarantine/") == []
    assert await quarantine.entries(post.app.deps, post.desk) == []


async def test_a_release_that_was_interrupted_can_be_seen_and_finished(post: DeskMail) -> None:
    key = await put_aside(post)
    [content] = blobs(post, "quarantine/")
    await post.app.deps.blobs.delete(content)
    assert await quarantine.raw(post.app.deps, post.desk, key) == b""
    await quarantine.release(post.app.deps, post.desk, key)
    assert await quarantine.entries(post.app.deps, post.desk) == []


async def test_a_mail_that_cannot_be_parsed_leaves_nothing_behind_in_the_end(
    post: DeskMail,
) -> None:
    post.arrive(b"\r\nno header at all", "<odd@client.example>")
    await post.look()
    [entry] = (await post.day()).entries
    assert [entry.raw] == blobs(post, "mail/")
    post.app.clock.advance(days=mail_ledger.KEPT.days + 1)
    await mail_ledger.forget_old(post.app.deps, post.desk)
    assert blobs(post, "mail/") == []


async def test_a_row_that_cannot_be_read_is_logged_and_hides_no_other(
    post: DeskMail, caplog: pytest.LogCaptureFixture
) -> None:
    key = await put_aside(post)
    await post.app.rows.commit(post.desk.id, [Put("quarantine|0", '{"newer": 1}')])
    assert [k for k, _ in await quarantine.entries(post.app.deps, post.desk)] == [key]
    [told] = [r for r in caplog.records if r.levelno >= logging.ERROR]
    assert vars(told)["row"] == "quarantine|0"

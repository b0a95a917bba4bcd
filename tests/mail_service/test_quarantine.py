"""What was put aside, and dealt with by people, leaves nothing behind."""

from __future__ import annotations

from shared.adapters.memory import MemoryBlobs
from shared.service import quarantine
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

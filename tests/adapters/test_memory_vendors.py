"""The in-memory twins keep the promises that the vendors' adapters keep."""

import datetime as dt
from dataclasses import replace

import pytest

from shared.adapters.memory_vendors import (
    MemoryBacklog,
    MemoryBuilds,
    MemoryChat,
    MemoryMailer,
    MemoryMailReader,
)
from shared.domain.errors import NotFound, Rejected, Unavailable
from shared.ports import Backlog, BacklogPlace, Builds, Chat, ChatPlace, Mailer, MailReader, Post
from tests.adapters.samples import item, mail

PLACE = BacklogPlace("contoso", "myTC")
NOW = dt.datetime(2026, 11, 22, 11, tzinfo=dt.UTC)


async def test_a_mail_is_sent_once_per_key_even_when_its_answer_is_lost() -> None:
    twin = MemoryMailer()
    mailer: Mailer = twin
    twin.losing.append(Unavailable("lost"))
    with pytest.raises(Unavailable):
        await mailer.send(mail("a"), "k", again=False)
    assert await mailer.send(mail("a"), "k", again=True) == "<a@docket.contoso.com>"
    assert list(twin.sent) == ["k"]


async def test_a_failing_call_does_nothing() -> None:
    twin = MemoryChat()
    chat: Chat = twin
    twin.failing.append(Unavailable("away", 5))
    with pytest.raises(Unavailable):
        await chat.post(ChatPlace("graph"), Post("x"), "k", again=False)
    assert twin.posted == {}
    assert await chat.post(ChatPlace("graph"), Post("x"), "k", again=True) == "message-1"


async def test_items_live_like_in_a_backlog() -> None:
    twin = MemoryBacklog()
    backlog: Backlog = twin
    made = await backlog.create(PLACE, item("a", into_sprint=True), "k", again=False)
    assert made == await backlog.create(PLACE, item("a"), "k", again=True)
    await backlog.set_state(PLACE, made.id, "Approved")
    await backlog.comment(PLACE, made.id, "hello", None, "c", again=False)
    await backlog.comment(PLACE, made.id, "hello", None, "c", again=True)
    state = await backlog.get(PLACE, made.id)
    assert (state.state, state.iteration, len(twin.comments)) == ("Approved", "Sprint 1", 1)
    twin.sprint = ""
    assert await backlog.into_sprint(PLACE, made.id) is False
    with pytest.raises(NotFound):
        await backlog.get(PLACE, "99")


async def test_a_deleted_item_is_refused_as_a_backlog_refuses_it() -> None:
    twin = MemoryBacklog()
    gone = await twin.create(PLACE, item("a"), "k1", again=False)
    here = await twin.create(PLACE, item("b"), "k2", again=False)
    del twin.items[gone.id]
    with pytest.raises(NotFound):
        await twin.comment(PLACE, gone.id, "hello", None, "c", again=False)
    with pytest.raises(NotFound):
        await twin.relate(PLACE, gone.id, [here.id])
    with pytest.raises(Rejected):
        await twin.relate(PLACE, here.id, [gone.id])
    with pytest.raises(Rejected):
        await twin.create(PLACE, replace(item("c"), related=(gone.id,)), "k3", again=False)
    assert list(twin.items) == [here.id]
    assert twin.relations == set()


async def test_a_build_runs_until_its_result_is_set() -> None:
    twin = MemoryBuilds()
    builds: Builds = twin
    handle = await builds.start("deploy", "k", again=False)
    assert handle == await builds.start("deploy", "k", again=True)
    assert (await builds.follow(handle)).result == ""
    twin.results[handle] = "SUCCESS"
    assert (await builds.follow(handle)).result == "SUCCESS"


async def test_a_mailbox_is_read_page_by_page() -> None:
    twin = MemoryMailReader(page=2)
    reader: MailReader = twin
    for number in range(3):
        twin.deliver("m", b"raw %d" % number, NOW, f"<{number}@x>")
    page, cursor, more = await reader.changes("m", "")
    assert (len(page), more) == (2, True)
    rest, cursor, more = await reader.changes("m", cursor)
    assert ([c.internet_message_id for c in rest], more) == (["<2@x>"], False)
    assert await reader.changes("m", cursor) == ([], "3", False)
    assert await reader.raw("m", rest[0].id) == b"raw 2"
    name = await reader.subscribe("m", "https://x", "s", NOW)
    assert await reader.renew(name, NOW) is True
    assert await reader.renew("other", NOW) is False

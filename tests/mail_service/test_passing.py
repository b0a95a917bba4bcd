"""How long the rows stay that are of use for a while only, and which keys stay for ever."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from shared.adapters.memory import MemoryRows
from shared.domain import commands as cm
from shared.domain.people import SYSTEM
from shared.ports import Put, Write
from shared.service import layout as ly
from shared.service.handle import AlreadyDone, Order, handle
from shared.service.passing import KEPT, forget
from tests.mail_service.desk_mail import DeskMail, raw_mail, texts

KINDS = list(KEPT)


async def night(post: DeskMail, days: int = 0) -> int:
    """Some days pass, then comes the night; how many rows went in it."""
    post.app.clock.advance(days=days)
    return await forget(post.app.deps, post.desk)


async def rows(post: DeskMail, kind: str) -> list[str]:
    found = await post.app.rows.scan("door", f"{kind}|", f"{kind}{ly.END}")
    return [row.key for row in found]


async def write(post: DeskMail, kind: str) -> str:
    """A row as some release wrote it, of whose time it says nothing."""
    key = f"{kind}|{ly.digest('somebody')}"
    body = json.dumps({"email": "bob@client.example"})
    await post.app.rows.commit("door", [Put(key, body)])
    return key


@pytest.mark.parametrize("kind", KINDS)
async def test_a_row_goes_when_its_time_since_the_first_night_is_over(
    post: DeskMail, kind: str
) -> None:
    key = await write(post, kind)
    assert await night(post) == 0
    assert await night(post, KEPT[kind].days) == 0
    assert await rows(post, kind) == [key]
    assert await night(post, 1) == 1
    assert await rows(post, kind) == []


@pytest.mark.parametrize("kind", KINDS)
async def test_a_row_that_is_used_again_stays_for_its_whole_time_again(
    post: DeskMail, kind: str
) -> None:
    key = await write(post, kind)
    await night(post)
    post.app.clock.advance(days=KEPT[kind].days)
    await write(post, kind)
    assert await night(post, 2) == 0
    assert await rows(post, kind) == [key]


class Hurried(MemoryRows):
    """Somebody else writes just before what is committed next."""

    other: Write | None = None

    async def commit(self, partition: str, writes: Sequence[Write]) -> list[str]:
        other, self.other = self.other, None
        if other is not None:
            await super().commit(partition, [other])
        return await super().commit(partition, writes)


async def test_a_row_that_is_used_in_that_moment_waits_for_another_night(post: DeskMail) -> None:
    post.app.rows = Hurried()
    post.app.app = replace(post.app.app, deps=replace(post.app.deps, rows=post.app.rows))
    key = await write(post, "thread")
    await night(post)
    post.app.rows.other = Put(key, "{}")
    assert await night(post, KEPT["thread"].days + 1) == 0
    assert await rows(post, "thread") == [key]


async def test_a_night_that_runs_out_of_time_goes_on_in_the_next(post: DeskMail) -> None:
    for kind in KINDS:
        await write(post, kind)
    await night(post)
    post.app.clock.advance(days=500)
    for _ in KINDS:
        assert await forget(post.app.deps, post.desk, seconds=-1) == 1
    assert [await rows(post, kind) for kind in KINDS] == [[] for _ in KINDS]


async def test_nobodys_address_outlives_the_last_mail_by_more_than_the_time(
    post: DeskMail,
) -> None:
    await post.opened(raw_mail(Cc="bob@client.example"))
    assert await rows(post, "sender")
    assert await rows(post, "thread")
    await night(post)
    await night(post, KEPT["thread"].days + 1)
    assert await rows(post, "sender") == []
    assert await rows(post, "thread") == []


async def test_whoever_was_in_copy_may_join_as_long_as_the_row_is_there(post: DeskMail) -> None:
    await post.opened(raw_mail(Cc="bob@client.example"))
    await night(post)
    await night(post, 40)
    mail = raw_mail(
        "Me too.\n", sender="bob@client.example", message_id="<b1@client.example>",
        In_Reply_To="<m1@client.example>",
    )  # fmt: skip
    assert "bob@client.example" in (await post.followed(mail)).ticket.participants


async def test_who_wrote_before_a_night_may_write_after_it(post: DeskMail) -> None:
    await post.opened()
    await night(post)
    again = raw_mail("And now?\n", message_id="<m2@client.example>", subject="Re: [DOOR-1]")
    assert len(texts(await post.followed(again), "replied")) == 1


async def test_years_later_a_mail_that_comes_again_makes_no_second_ticket(post: DeskMail) -> None:
    await post.opened()
    for _ in range(4):
        await night(post, 500)
    copy = await post.take(raw_mail())
    assert (copy.outcome, copy.number) == ("rejected", "DOOR-1")
    assert await post.tickets() == ["DOOR-1"]


async def test_a_hook_that_is_repeated_after_a_night_changes_nothing(post: DeskMail) -> None:
    number = (await post.opened()).ticket.number
    told = cm.DeliveryFailed(text="came back")
    order = Order(number, (told,), SYSTEM, keys=(("hook", "delivery-1"),))
    await handle(post.app.deps, order)
    await night(post)
    await night(post, KEPT["once"].days)
    with pytest.raises(AlreadyDone):
        await handle(post.app.deps, order)
    assert len(await rows(post, "once")) == 1
    await night(post, 1)
    assert await rows(post, "once") == []

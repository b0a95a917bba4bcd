"""The sweep: each step once, however often and by however many; many escalations as one digest."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
from collections import Counter
from contextlib import suppress
from itertools import batched

import pytest

from shared.domain import commands as cm
from shared.domain.errors import Unavailable
from shared.ports import Insert
from shared.service import digest
from shared.service import layout as ly
from shared.service.sweep import sweep_due
from tests.sla.desk_work import MYTC_LEAD, MYTC_STAFF, DeskWork, at
from tests.support.app import memory_app

PRODUCT_OWNER, SCRUM_MASTER = "owen.brooks@mytc.example", "maria.lopez@mytc.example"


async def many(work: DeskWork, count: int) -> list[str]:
    """Tickets with an assignee, all opened at the same time."""
    numbers = [await work.opened("2026-11-23 14:00") for _ in range(count)]
    for number in numbers:
        await work.act(number, MYTC_LEAD, cm.Assign(command="assign", assignee=MYTC_STAFF))
    await work.app.deliver_all()
    return numbers


async def test_four_sweeps_at_once_do_each_step_once() -> None:
    work = DeskWork()
    numbers = await many(work, 6)
    work.app.clock.at = at("2026-11-23 16:01")
    await asyncio.gather(*(sweep_due(work.app.deps, "mytc") for _ in range(4)))
    await work.app.deliver_all()
    for number in numbers:
        steps = Counter(step for step, _ in await work.fired(number))
        assert steps == {"response_soon": 1, "response_missed": 1}
    assert len(work.mails(MYTC_LEAD, "first response missed")) == 6


async def test_a_second_sweep_says_nothing_more() -> None:
    work = DeskWork()
    await many(work, 2)
    await work.tick("2026-11-23 16:01")
    sent = len(work.app.vendors.mail.sent)
    await work.tick()
    await work.tick("2026-11-23 16:02")
    assert len(work.app.vendors.mail.sent) == sent


async def test_as_many_escalations_as_the_desk_bears_are_told_one_by_one() -> None:
    work = DeskWork()
    await many(work, 10)
    await work.tick("2026-11-23 16:01")
    assert len(work.mails(MYTC_LEAD, "first response missed")) == 10


async def test_more_escalations_become_one_digest_a_receiver() -> None:
    work = DeskWork()
    numbers = await many(work, 11)
    await work.tick("2026-11-23 16:01")
    for who in (MYTC_LEAD, MYTC_STAFF, SCRUM_MASTER):
        assert len(work.mails(who, "first response missed")) == 0
        (mail,) = work.mails(who, "11 tickets need attention")
        assert all(number in mail.text and number in mail.html for number in numbers)
    posts = [p for p in work.app.vendors.chat.posted.values() if "11 tickets" in p.post.html]
    assert len(posts) == 1
    left = await work.app.deps.rows.scan("mytc", "digest|", "digest}")
    assert [row.key for row in left] == [ly.DIGEST]


async def test_a_digest_says_in_words_what_was_missed_and_when_it_was_due() -> None:
    work = DeskWork()
    await many(work, 11)
    await work.tick("2026-11-23 15:31")
    await work.tick("2026-11-23 16:01")
    soon, missed = work.mails(MYTC_LEAD, "11 tickets need attention")
    post = next(
        p.post for p in work.app.vendors.chat.posted.values() if "11 tickets" in p.post.html
    )
    assert soon.text.count("  First response due Mon 23 Nov 11:00 (75 % used)\n") == 11
    for text in (missed.text, missed.html, post.html):
        assert text.count("First response missed (due Mon 23 Nov 11:00)") == 11


async def test_tickets_that_are_due_at_once_stand_in_a_digest_in_the_order_of_their_numbers() -> (
    None
):
    work = DeskWork()
    numbers = await many(work, 11)
    await work.tick("2026-11-23 16:01")
    (mail,) = work.mails(MYTC_LEAD, "11 tickets need attention")
    places = [mail.text.index(f"{number} PRODUCTION") for number in numbers]
    assert places == sorted(places)


async def test_after_a_weeks_outage_with_many_tickets_each_person_gets_one_mail() -> None:
    work = DeskWork()
    numbers = await many(work, 60)
    before = Counter(mail.to[0][0] for mail in work.app.vendors.mail.sent.values())
    await work.tick("2026-11-30 15:00")
    after = Counter(mail.to[0][0] for mail in work.app.vendors.mail.sent.values())
    told = {MYTC_LEAD: 1, MYTC_STAFF: 1, SCRUM_MASTER: 1, PRODUCT_OWNER: 1}
    assert after - before == told
    (mail,) = work.mails(MYTC_LEAD, "60 tickets")
    assert all(number in mail.text for number in numbers)


@pytest.mark.parametrize("fails_at", range(12))
async def test_a_digest_that_is_interrupted_anywhere_is_told_once(fails_at: int) -> None:
    left = [-1]

    def on_call(name: str) -> None:
        if left[0] > 0:
            left[0] -= 1
            if left[0] == 0:
                raise Unavailable(f"{name} fails on purpose")

    work = DeskWork(app=memory_app(on_call))
    work.change_desk(digest_above=1)
    await many(work, 3)
    work.app.clock.at = at("2026-11-23 16:01")
    waiting = 3 * 2 + 1  # the sweep's own calls, before anything waits for the collector
    left[0] = waiting + fails_at
    with suppress(Unavailable):
        await sweep_due(work.app.deps, "mytc")
    left[0] = -1
    for minute in range(2, 9):
        await work.tick(f"2026-11-23 16:{minute:02}")
    mails = work.mails(MYTC_LEAD, "need")
    told = [n for mail in mails for n in set(_numbers(mail.text))]
    told += [m.subject.split("]")[0].lstrip("[") for m in work.mails(MYTC_LEAD, "response missed")]
    assert sorted(told) == ["MYTC-1", "MYTC-2", "MYTC-3"]


def _numbers(text: str) -> list[str]:
    words = (line.split()[0] for line in text.splitlines() if line.strip())
    return [word for word in words if word.startswith("MYTC-")]


async def test_two_collectors_at_once_tell_each_escalation_once() -> None:
    work = DeskWork()
    work.change_desk(digest_above=1)
    await many(work, 5)
    work.app.clock.at = at("2026-11-23 16:01")
    collecting = (digest.collect(work.app.deps, work.desk) for _ in range(3))
    await asyncio.gather(sweep_due(work.app.deps, "mytc"), *collecting)
    for minute in range(2, 6):
        await work.tick(f"2026-11-23 16:{minute:02}")
    told = [n for m in work.mails(MYTC_LEAD, "attention") for n in set(_numbers(m.text))]
    assert sorted(told) == [f"MYTC-{n}" for n in range(1, 6)]


async def test_a_broken_ticket_keeps_no_other_from_its_turn() -> None:
    work = DeskWork()
    numbers = await many(work, 3)
    rows = work.app.deps.rows
    await rows.commit(
        "mytc",
        [
            Insert("ticket|MYTC-99|state", "{}"),
            Insert(ly.due_key(at("2026-11-23 15:00"), "MYTC-99"), ly.numbered("MYTC-99")),
        ],
    )
    await work.tick("2026-11-23 16:01")
    for number in numbers:
        assert "response_missed" in dict(await work.fired(number))


async def test_a_due_row_of_a_ticket_that_is_gone_goes() -> None:
    work = DeskWork()
    key = ly.due_key(at("2026-11-23 15:00"), "MYTC-7")
    await work.app.deps.rows.commit("mytc", [Insert(key, ly.numbered("MYTC-7"))])
    await work.tick("2026-11-23 16:01")
    assert await work.app.deps.rows.get("mytc", key) is None


async def test_a_sweep_costs_what_is_due_and_not_what_is_open() -> None:
    """Ten thousand open tickets, a hundred of them due: the calls depend on the hundred only."""
    few, full = DeskWork(), DeskWork()
    for work in (few, full):
        await many(work, 100)
    await _fill(full, 9_900)
    counted = []
    for work in (few, full):
        work.app.clock.at = at("2026-11-23 15:31")
        work.app.calls.clear()
        assert await sweep_due(work.app.deps, "mytc") == 100
        counted.append(Counter(work.app.calls))
    assert counted[0] == counted[1]
    assert sum(counted[1].values()) <= 4 * 100


async def _fill(work: DeskWork, count: int) -> None:
    """Open tickets that are due in a far future, as rows: their contents are not looked at."""
    later = at("2027-11-23 14:00")
    state = ly.body((await work.loaded("MYTC-1")).row)
    for numbers in batched(range(1_000, 1_000 + count), 30, strict=False):
        names = {f"MYTC-{number}": later + dt.timedelta(seconds=number) for number in numbers}
        rows = [
            (key, body)
            for name, due in names.items()
            for key, body in (
                (ly.state_key(name), state),
                (ly.open_key(ly.stamp(later), name), ly.numbered(name)),
                (ly.due_key(due, name), ly.numbered(name)),
            )
        ]
        await work.app.deps.rows.commit("mytc", [Insert(key, body) for key, body in rows])


async def test_many_ticks_at_random_times_fire_what_a_steady_clock_fires() -> None:
    steady, wild = DeskWork(), DeskWork()
    for work in (steady, wild):
        await many(work, 1)
    await steady.run_until("2026-12-03 15:00")
    dice = random.Random(5)  # noqa: S311 - a test's dice
    now = at("2026-11-23 14:00")
    while now < at("2026-12-03 15:00"):
        now += dt.timedelta(minutes=dice.choice([1, 7, 90, 600]))
        await wild.tick(f"{now:%Y-%m-%d %H:%M}")
    fired = [[step for step, _ in await work.fired("MYTC-1")] for work in (steady, wild)]
    assert sorted(fired[0]) == sorted(fired[1])

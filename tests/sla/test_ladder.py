"""The escalation ladder: warned, missed, late, each rung once and at its time."""

from __future__ import annotations

import pytest

from shared.domain import commands as cm
from shared.domain import events as ev
from tests.sla.desk_work import DOOR_LEAD, DOOR_STAFF, MYTC_LEAD, MYTC_STAFF, DeskWork, at

# Toronto is five hours behind UTC in winter and opens 13:00-22:00 UTC; London opens 08:00-18:00.


async def test_each_rung_of_the_first_response_fires_once_at_its_time() -> None:
    work = DeskWork()
    number = await work.opened("2026-11-23 15:00")
    await work.act(number, MYTC_LEAD, cm.Assign(command="assign", assignee=MYTC_STAFF))
    await work.run_until("2026-11-23 19:30")
    assert await work.fired(number) == [
        ("response_soon", "2026-11-23 16:30"),
        ("response_missed", "2026-11-23 17:00"),
        ("response_late", "2026-11-23 19:00"),
        ("resolution_half", "2026-11-23 19:30"),
    ]


async def test_a_rung_reaches_assignee_lead_and_channel() -> None:
    work = DeskWork()
    number = await work.opened("2026-11-23 15:00")
    await work.act(number, MYTC_LEAD, cm.Assign(command="assign", assignee=MYTC_STAFF))
    await work.run_until("2026-11-23 17:01")
    assert len(work.mails(MYTC_STAFF, "missed")) == 1
    assert len(work.mails(MYTC_LEAD, "missed")) == 1
    assert len(work.mails("maria.lopez@mytc.example", "missed")) == 1
    posts = [p for p in work.app.vendors.chat.posted.values() if number in p.post.html]
    assert len(posts) == 1


async def test_a_rung_for_the_assignee_alone_reaches_the_lead_while_nobody_is_assigned() -> None:
    work = DeskWork()
    number = await work.opened("2026-11-23 15:00")
    await work.act(number, MYTC_LEAD, cm.Reply(command="reply", text="We look into it."))
    await work.run_until("2026-11-23 19:30")
    assert ("resolution_half", "2026-11-23 19:30") in await work.fired(number)
    assert len(work.mails(MYTC_LEAD, "resolution due")) == 1


async def test_the_other_desk_has_its_own_ladder_and_hours() -> None:
    work = DeskWork("door")
    number = await work.opened("2026-11-23 15:00", type="bug")
    await work.act(number, DOOR_LEAD, cm.Assign(command="assign", assignee=DOOR_STAFF))
    await work.run_until("2026-11-24 09:30")
    assert await work.fired(number) == [
        ("response_soon", "2026-11-23 16:30"),
        ("response_missed", "2026-11-23 17:00"),
        ("response_late", "2026-11-24 09:00"),  # one hour on Monday evening, one on Tuesday
    ]


async def test_a_weekend_counts_for_nothing() -> None:
    work = DeskWork()
    number = await work.opened("2026-11-27 21:00")  # Friday 16:00, an hour before closing
    assert await work.due(number, "first_response") == "2026-11-30 14:00"
    await work.run_until("2026-11-30 13:00")
    assert await work.fired(number) == []


async def test_a_holiday_counts_for_nothing() -> None:
    work = DeskWork()
    number = await work.opened("2026-12-24 21:00")  # an hour before Christmas and its weekend
    assert await work.due(number, "first_response") == "2026-12-29 14:00"  # Boxing Day moves: 28th


@pytest.mark.parametrize(
    ("opened", "due"),
    [
        ("2026-03-06 21:00", "2026-03-09 13:00"),  # clocks go forward: opens 12:00 UTC on Monday
        ("2026-10-30 20:00", "2026-11-02 14:00"),  # clocks go back: opens 13:00 UTC on Monday
    ],
)
async def test_a_night_in_which_the_clocks_change_moves_the_opening(opened: str, due: str) -> None:
    work = DeskWork()
    number = await work.opened(opened)
    assert await work.due(number, "first_response") == due


async def test_critical_counts_round_the_clock_through_the_night_the_clocks_change() -> None:
    work = DeskWork()
    number = await work.opened("2026-11-01 05:00", severity="critical")  # 01:00, twice that night
    assert await work.due(number, "resolution") == "2026-11-01 09:00"
    await work.run_until("2026-11-01 05:31")
    assert ("response_missed", "2026-11-01 05:30") in await work.fired(number)


async def test_a_rung_that_was_missed_at_night_is_told_at_opening() -> None:
    work = DeskWork()
    number = await work.opened("2026-11-23 19:00")  # due at 21:00, an hour before closing
    await work.tick("2026-11-24 02:00")  # the sweep was away until the night
    assert await work.fired(number) == []
    await work.run_until("2026-11-24 13:05")
    fired = dict(await work.fired(number))
    assert fired["response_missed"] == "2026-11-24 13:00"
    assert len(work.mails(MYTC_LEAD, "missed")) == 1


async def test_a_rung_at_closing_time_is_told_by_a_sweep_that_is_a_little_late() -> None:
    work = DeskWork()
    number = await work.opened("2026-11-23 20:00")  # due at 22:00, as the desk closes
    assert await work.due(number, "first_response") == "2026-11-23 22:00"
    await work.tick("2026-11-23 22:01")
    assert "response_missed" in dict(await work.fired(number))


async def test_after_a_weeks_outage_all_rungs_are_recorded_and_each_person_hears_once() -> None:
    work = DeskWork()
    number = await work.opened("2026-11-23 15:00")
    await work.app.deliver_all()
    await work.act(number, MYTC_LEAD, cm.Assign(command="assign", assignee=MYTC_STAFF))
    await work.app.deliver_all()
    before = {who: len(work.mails(who)) for who in (MYTC_LEAD, MYTC_STAFF)}
    await work.tick("2026-11-30 15:00")
    fired = [step for step, _ in await work.fired(number)]
    assert fired == [
        "response_soon", "response_missed", "response_late", "resolution_half",
        "resolution_soon", "resolution_missed", "resolution_late", "no_update",
    ]  # fmt: skip
    for who in (MYTC_LEAD, MYTC_STAFF):
        assert len(work.mails(who)) == before[who] + 1
        assert "Resolution missed" in work.mails(who)[-1].subject
    await work.tick("2026-11-30 15:01")
    assert len(await work.fired(number)) == len(fired)


async def test_the_clock_stops_speaking_when_the_promise_is_kept() -> None:
    work = DeskWork()
    number = await work.opened("2026-11-23 15:00")
    await work.act(number, MYTC_LEAD, cm.Reply(command="reply", text="We look into it."))
    await work.run_until("2026-11-23 17:05")
    steps = dict(await work.fired(number))
    assert "response_soon" not in steps
    assert "response_missed" not in steps
    assert (await work.clock(number, "first_response")).state == "met"


async def test_unread_unassigned_and_quiet_tickets_are_told_by_the_same_clock() -> None:
    work = DeskWork()
    number = await work.opened("2026-11-23 14:00", severity="low")
    await work.act(number, MYTC_LEAD, cm.AskTeam(command="ask_team"))
    await work.run_until("2026-11-24 14:00")
    fired = dict(await work.fired(number))
    assert fired["unassigned"] == "2026-11-23 16:00"
    assert fired["unread"] == "2026-11-23 18:00"
    assert work.mails(MYTC_STAFF, "not read yet")


async def test_a_ticket_on_which_nothing_happens_for_five_working_days_is_told_once() -> None:
    work = DeskWork()
    number = await work.opened("2026-11-23 14:00", severity="low")
    await work.act(number, MYTC_LEAD, cm.Assign(command="assign", assignee=MYTC_STAFF))
    await work.act(number, MYTC_LEAD, cm.Reply(command="reply", text="Soon."))
    await work.run_until("2026-12-10 14:00")
    assert [step for step, _ in await work.fired(number)].count("no_update") == 1
    assert ("no_update", "2026-11-30 14:00") in await work.fired(number)


async def test_a_resolved_ticket_closes_by_itself_once() -> None:
    work = DeskWork()
    number = await work.opened("2026-11-23 15:00", type="question")
    await work.act(number, MYTC_LEAD, cm.Move(command="move", to="resolved"))
    await work.run_until("2026-11-30 15:01")
    loaded = await work.loaded(number)
    assert loaded.ticket.state == "closed"
    assert loaded.history[-1].at >= at("2026-11-30 15:00")
    await work.run_until("2026-12-20 15:00")
    assert (await work.loaded(number)).ticket.version == loaded.ticket.version


async def test_of_rungs_that_are_told_together_a_missed_promise_speaks_for_all() -> None:
    work = DeskWork()
    number = await work.opened("2026-11-23 15:00")
    await work.tick("2026-11-23 19:31")  # after the response is late and half the resolution used
    told = [
        r.event
        for r in (await work.loaded(number)).history
        if isinstance(r.event, ev.Escalated) and r.event.clock and not r.event.told_as
    ]
    assert [event.step for event in told] == ["response_late"]

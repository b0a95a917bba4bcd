"""What moves a due time: pauses, changes of the ticket, reopening; and why, line by line."""

from __future__ import annotations

import datetime as dt

from shared.domain import commands as cm
from shared.domain import events as ev
from shared.domain.explaining import explain
from shared.domain.policy import Reminder, TargetOverride, Watch
from shared.domain.ticket import Opinion, Urgency
from shared.service.policy import apply_policy
from tests.sla.desk_work import DOOR_LEAD, MYTC_LEAD, MYTC_STAFF, DeskWork, at

H = dt.timedelta(hours=1)


def reply(text: str = "We look into it.") -> cm.Reply:
    return cm.Reply(command="reply", text=text)


def move(to: str) -> cm.Move:
    return cm.Move(command="move", to=to)


async def test_the_confirmation_is_no_first_response_and_a_persons_reply_is() -> None:
    work = DeskWork()
    number = await work.opened("2026-11-23 15:00")
    await work.app.deliver_all()
    assert work.mails("casey@client.example")
    assert (await work.clock(number, "first_response")).state == "running"
    await work.act(number, "", reply("Any news?"))
    assert (await work.clock(number, "first_response")).state == "running"
    work.app.clock.advance(hours=1)
    await work.act(number, MYTC_STAFF, reply())
    clock = await work.clock(number, "first_response")
    assert (clock.state, clock.elapsed) == ("met", H)


async def test_a_first_response_after_the_target_is_missed_for_good() -> None:
    work = DeskWork()
    number = await work.opened("2026-11-23 15:00")
    await work.run_until("2026-11-23 17:30")
    assert (await work.clock(number, "first_response")).state == "missed"
    await work.act(number, MYTC_STAFF, reply())
    assert (await work.clock(number, "first_response")).reason == "done after the target"


async def test_what_falls_due_at_closing_time_is_missed_that_evening() -> None:
    work = DeskWork()
    number = await work.opened("2026-11-23 20:00")
    work.app.clock.at = at("2026-11-24 01:00")
    clock = await work.clock(number, "first_response")
    assert (clock.state, clock.elapsed) == ("missed", 2 * H)


async def test_waiting_pauses_the_resolution_clock_and_no_other() -> None:
    work = DeskWork()
    number = await work.opened("2026-11-23 15:00", type="non_production_issue", severity="medium")
    due = await work.due(number, "first_response")
    await work.act(number, MYTC_LEAD, move("in_planning"))
    await work.act(number, MYTC_LEAD, move("waiting_for_client"))
    work.app.clock.advance(hours=2)
    assert await work.due(number, "first_response") == due
    assert (await work.clock(number, "resolution")).state == "paused"
    assert await work.due(number, "resolution") == ""
    await work.act(number, "", reply("Here it is."))
    clock = await work.clock(number, "resolution")
    assert (clock.state, clock.elapsed) == ("running", 0 * H)
    assert await work.due(number, "resolution") == "2026-11-26 17:00"  # 27 hours from 12:00


async def test_no_rung_of_a_paused_clock_fires() -> None:
    work = DeskWork()
    number = await work.opened("2026-11-23 15:00", type="non_production_issue")
    await work.act(number, MYTC_LEAD, reply())
    await work.act(number, MYTC_LEAD, move("in_planning"))
    await work.act(number, MYTC_LEAD, move("waiting_for_client"))
    await work.run_until("2026-12-04 15:00")
    assert [step for step, _ in await work.fired(number)] == []


async def test_another_severity_counts_from_the_start_with_all_pauses_kept() -> None:
    work = DeskWork()
    number = await work.opened("2026-11-23 14:00")
    await work.act(number, MYTC_LEAD, move("in_planning"))
    await work.act(number, MYTC_LEAD, move("waiting_for_client"))
    work.app.clock.advance(hours=3)
    await work.act(number, MYTC_LEAD, move("in_planning"))
    assert await work.due(number, "resolution") == "2026-11-24 17:00"  # 9 h and 3 h of waiting
    severe = cm.SetSeverity(command="set_severity", severity="medium", reason="a way around")
    await work.act(number, MYTC_LEAD, severe)
    assert await work.due(number, "resolution") == "2026-11-26 17:00"  # 27 h and the same 3 h
    severe = cm.SetSeverity(command="set_severity", severity="critical", reason="no way around")
    await work.act(number, MYTC_LEAD, severe)
    assert await work.due(number, "resolution") == "2026-11-23 21:00"  # 4 h round the clock, 3 h


async def test_another_environment_caps_the_severity_and_counts_from_the_start() -> None:
    work = DeskWork("door")
    number = await work.opened("2026-11-23 09:00", type="bug")
    assert await work.due(number, "first_response") == "2026-11-23 11:00"
    moved = cm.SetEnvironment(command="set_environment", environment="uat")
    ticket = await work.act(number, DOOR_LEAD, moved)
    assert ticket.severity == "medium"
    assert await work.due(number, "first_response") == "2026-11-23 14:00"


async def test_another_type_counts_from_the_start_by_its_own_target() -> None:
    work = DeskWork()
    number = await work.opened("2026-11-23 14:00", type="question", severity="medium")
    assert await work.due(number, "resolution") == "2026-11-26 14:00"  # 27 h, nine a day
    kind = cm.SetType(command="set_type", type="access_request")
    await work.act(number, MYTC_LEAD, kind)
    assert await work.due(number, "resolution") == "2026-11-25 14:00"  # 18 h


async def test_rungs_speak_again_when_the_target_has_moved_beyond_what_people_heard() -> None:
    work = DeskWork()
    number = await work.opened("2026-11-23 14:00")
    await work.run_until("2026-11-23 16:01")
    assert ("response_missed", "2026-11-23 16:00") in await work.fired(number)
    milder = cm.SetSeverity(command="set_severity", severity="medium", reason="a way around")
    await work.act(number, MYTC_LEAD, milder)
    assert await work.due(number, "first_response") == "2026-11-23 18:00"
    await work.run_until("2026-11-23 18:01")
    fired = await work.fired(number)
    assert ("response_missed", "2026-11-23 18:00") in fired
    assert [step for step, _ in fired].count("response_missed") == 2


async def test_rungs_stay_silent_when_the_target_has_come_nearer_than_what_people_heard() -> None:
    work = DeskWork()
    number = await work.opened("2026-11-23 14:00", severity="medium")
    await work.run_until("2026-11-23 18:01")
    worse = cm.SetSeverity(command="set_severity", severity="high", reason="worse")
    await work.act(number, MYTC_LEAD, worse)
    await work.run_until("2026-11-23 18:30")
    steps = [step for step, _ in await work.fired(number)]
    assert steps.count("response_missed") == 1
    assert steps.count("response_late") == 1


async def test_reopening_goes_on_with_what_was_used_and_closed_time_does_not_count() -> None:
    work = DeskWork()
    number = await work.opened("2026-11-23 14:00", type="question")
    await work.act(number, MYTC_STAFF, reply())
    work.app.clock.advance(hours=2)
    await work.act(number, MYTC_STAFF, move("resolved"))
    assert (await work.clock(number, "resolution")).state == "met"
    work.app.clock.at = at("2026-11-25 14:00")
    await work.act(number, "", reply("Not yet."))
    clock = await work.clock(number, "resolution")
    assert (clock.state, clock.elapsed) == ("running", 2 * H)
    assert await work.due(number, "resolution") == "2026-11-25 21:00"  # nine hours, seven left
    await work.run_until("2026-11-25 21:01")
    assert ("resolution_missed", "2026-11-25 21:00") in await work.fired(number)


async def test_an_unanswered_message_from_before_the_end_does_not_count_after_reopening() -> None:
    work = DeskWork()
    number = await work.opened("2026-11-23 14:00", type="question")
    await work.act(number, MYTC_STAFF, reply())
    await work.act(number, "", reply("And how about this?"))
    await work.act(number, MYTC_STAFF, move("in_progress"))
    await work.act(number, MYTC_STAFF, move("resolved"))
    work.app.clock.at = at("2026-11-26 14:00")
    await work.act(number, "", reply("It is not."))
    clock = await work.clock(number, "next_reply")
    assert (clock.started_at, clock.state) == (at("2026-11-26 14:00"), "running")


async def test_the_next_reply_counts_from_the_first_message_that_waits() -> None:
    work = DeskWork()
    number = await work.opened("2026-11-23 14:00")
    await work.act(number, MYTC_STAFF, reply())
    work.app.clock.advance(hours=1)
    await work.act(number, "", reply("First."))
    work.app.clock.advance(hours=1)
    await work.act(number, "", reply("Second."))
    assert await work.due(number, "next_reply") == "2026-11-23 19:00"
    await work.act(number, MYTC_STAFF, reply())
    ticket = (await work.loaded(number)).ticket
    assert ticket.facts.client_wrote_at is None


async def test_asking_the_team_again_gives_it_no_more_time() -> None:
    work = DeskWork()
    number = await work.opened("2026-11-23 14:00")
    await work.act(number, MYTC_LEAD, cm.AskTeam(command="ask_team"))
    due = await work.due(number, "triage")
    work.app.clock.advance(hours=2)
    await work.act(number, MYTC_LEAD, cm.AskTeam(command="ask_team"))
    assert await work.due(number, "triage") == due
    decision = cm.Decide(
        command="decide", decision=Opinion.PROCEED, reason="ours", urgency=Urgency.URGENT
    )
    await work.act(number, MYTC_LEAD, decision)
    assert (await work.clock(number, "triage")).state == "met"


async def test_a_ticket_that_ends_unanswered_counts_as_missed_only_when_it_was_late() -> None:
    work = DeskWork()
    early, late = await work.opened("2026-11-23 14:00"), await work.opened()
    for number, hours in ((early, 0), (late, 3)):
        work.app.clock.advance(hours=hours)
        await work.act(number, MYTC_LEAD, move("in_planning"))
        await work.act(number, MYTC_LEAD, move("resolved"))
    work.app.clock.at = at("2026-11-27 14:00")
    assert (await work.clock(early, "first_response")).state == "stopped"
    assert (await work.clock(late, "first_response")).state == "missed"
    await work.run_until("2026-11-28 14:00")
    assert all(step != "response_late" for step, _ in await work.fired(early))


async def test_a_merged_ticket_is_silent() -> None:
    work = DeskWork()
    into = await work.opened("2026-11-23 14:00")
    number = await work.opened()
    await work.act(number, MYTC_LEAD, cm.Merge(command="merge", into=into))
    await work.run_until("2026-11-26 14:00")
    assert await work.fired(number) == []


async def test_a_changed_policy_is_applied_to_every_open_ticket_once() -> None:
    work = DeskWork()
    numbers = [await work.opened("2026-11-23 14:00"), await work.opened(severity="low")]
    waiting = await work.opened(type="non_production_issue")
    await work.act(waiting, MYTC_LEAD, move("in_planning"))
    await work.act(waiting, MYTC_LEAD, move("waiting_for_client"))
    ended = await work.opened(type="question")
    await work.act(ended, MYTC_LEAD, move("resolved"))
    await apply_policy(work.app.deps, work.desk)
    old = work.desk.policy_version
    work.change_desk(targets=(TargetOverride(resolution_target=3 * H, response_target=1 * H),))
    for _ in range(4):
        await apply_policy(work.app.deps, work.desk)
    for number in (*numbers, waiting):
        loaded = await work.loaded(number)
        told = [r.event for r in loaded.history if isinstance(r.event, ev.PolicyApplied)]
        assert [(e.frm, e.policy) for e in told] == [(old, work.desk.policy_version)]
        assert told[0].cause
    assert await work.due(numbers[0], "resolution") == "2026-11-23 17:00"
    rows = await work.app.deps.rows.scan("mytc", "open|", "open}")
    assert sum("20261123T150000Z" in row.key for row in rows) >= 2
    assert (await work.loaded(ended)).ticket.policy == old


async def test_a_large_desk_takes_a_changed_policy_in_bounded_steps() -> None:
    work = DeskWork()
    for _ in range(5):
        await work.opened("2026-11-23 14:00")
    assert await apply_policy(work.app.deps, work.desk) == 0
    work.app.calls.clear()
    assert await apply_policy(work.app.deps, work.desk) == 0
    assert work.app.calls == ["table.get"]
    work.change_desk(targets=(TargetOverride(resolution_target=3 * H),))
    work.app.calls.clear()
    assert await apply_policy(work.app.deps, work.desk) == 5
    assert len(work.app.calls) == 1 + 1 + 5 * 2 + 1
    assert await apply_policy(work.app.deps, work.desk) == 0  # the walk that finds nothing to do
    work.app.calls.clear()
    assert await apply_policy(work.app.deps, work.desk) == 0
    assert work.app.calls == ["table.get"]


async def a_resolved_one(work: DeskWork) -> str:
    number = await work.opened("2026-11-23 14:00", type="question")
    await work.act(number, MYTC_LEAD, move("resolved"))
    await apply_policy(work.app.deps, work.desk)
    return number


def closing_after(work: DeskWork, days: int) -> tuple[Reminder, ...]:
    return tuple(
        r.model_copy(update={"after": days * 24 * H}) if r.watch is Watch.AUTO_CLOSE else r
        for r in work.desk.reminders
    )


async def test_a_shorter_time_until_closing_counts_for_what_is_resolved_already() -> None:
    work = DeskWork()
    number = await a_resolved_one(work)
    work.change_desk(reminders=closing_after(work, 2))
    assert await apply_policy(work.app.deps, work.desk) == 1
    await work.run_until("2026-11-25 13:00")
    assert (await work.loaded(number)).ticket.state == "resolved"
    await work.run_until("2026-11-25 15:00")
    assert (await work.loaded(number)).ticket.state == "closed"


async def test_a_longer_time_until_closing_counts_for_what_is_resolved_already() -> None:
    work = DeskWork()
    number = await a_resolved_one(work)
    work.change_desk(reminders=closing_after(work, 20))
    await apply_policy(work.app.deps, work.desk)
    await work.run_until("2026-12-01 14:00")
    assert (await work.loaded(number)).ticket.state == "resolved"


async def test_what_was_promised_on_a_resolved_ticket_stays_settled_under_other_rules() -> None:
    work = DeskWork()
    number = await a_resolved_one(work)
    before = (await work.loaded(number)).history
    facts = await work.app.deps.rows.scan("mytc", "fact|", "fact}")
    work.change_desk(
        reminders=closing_after(work, 2), targets=(TargetOverride(resolution_target=0 * H),)
    )
    for _ in range(3):
        await apply_policy(work.app.deps, work.desk)
    assert (await work.loaded(number)).history == before
    assert await work.app.deps.rows.scan("mytc", "fact|", "fact}") == facts


async def test_many_ended_tickets_are_timed_in_bounded_steps() -> None:
    work = DeskWork()
    for _ in range(3):
        await a_resolved_one(work)
    work.change_desk(reminders=closing_after(work, 2))
    work.app.calls.clear()
    assert await apply_policy(work.app.deps, work.desk) == 3
    assert len(work.app.calls) == 1 + 2 + 3 * 2 + 1
    work.app.calls.clear()
    assert await apply_policy(work.app.deps, work.desk) == 0
    assert work.app.calls == ["table.get"]


async def test_the_reasons_for_a_due_time_name_each_pause_and_each_change() -> None:
    work = DeskWork()
    number = await work.opened("2026-11-23 14:00")
    await work.act(number, MYTC_LEAD, move("in_planning"))
    await work.act(number, MYTC_LEAD, move("waiting_for_client"))
    work.app.clock.advance(hours=1)
    await work.act(number, "", reply("Here."))
    work.app.clock.advance(hours=1)
    milder = cm.SetSeverity(command="set_severity", severity="medium", reason="a way around")
    await work.act(number, MYTC_LEAD, milder)
    loaded = await work.loaded(number)
    clock = await work.clock(number, "resolution")
    lines = explain(work.desk, loaded.ticket, clock, loaded.history)
    assert [(f"{line.at:%H:%M}", line.text, line.used) for line in lines] == [
        ("14:00", "the request came in (High, Production): 9 h of business time", 0 * H),
        ("14:00", "the ticket waits (Waiting for client): the clock stops", 0 * H),
        ("15:00", "the wait is over: the clock goes on with what was used", 0 * H),
        (
            "16:00",
            (
                "severity High to Medium (a way around): counted again from the start, "
                "27 h of business time instead of 9 h of business time"
            ),
            1 * H,
        ),
        ("15:00", "due: 27 h are used up", 27 * H),
    ]

"""A merged ticket ends, says so once, and goes on elsewhere with everybody who takes part."""

from __future__ import annotations

import pytest

from shared.domain import commands as cm
from shared.domain import events as ev
from shared.domain.errors import FlowForbids, Forbidden, Invalid, Stale
from shared.domain.evolve import replay
from shared.domain.people import SYSTEM, Person
from shared.domain.ticket import Ticket
from shared.service import rebuild
from shared.service.conversation import client_reply, staff_command
from shared.service.handle import Order, handle
from shared.service.reports import report
from tests.sla.desk_work import CASEY, CLIENT, MYTC_LEAD, MYTC_STAFF, DeskWork

KIM = Person(email="kim@client.example", name="Kim")
DANA = "dana.kim@mytc.example"  # a developer, who may not merge


async def merge(work: DeskWork, number: str, into: str, by: str = MYTC_LEAD) -> Ticket:
    command = cm.Merge(command="merge", into=into)
    found = await staff_command(work.app.deps, number, command, work.app.actor(by))
    await work.app.deliver_all()
    return found.ticket


async def merged(work: DeskWork) -> tuple[str, str]:
    """A request of Casey's that goes on as one of Kim's."""
    into = await work.opened("2026-11-23 14:00", requester=KIM)
    number = await work.opened(title="The same again")
    await merge(work, number, into)
    return number, into


async def test_a_merged_ticket_ends_where_its_flow_leads() -> None:
    work = DeskWork()
    number, into = await merged(work)
    loaded = await work.loaded(number)
    assert (loaded.ticket.state, loaded.ticket.merged_into) == ("closed", into)
    [moved] = [r.event for r in loaded.history if isinstance(r.event, ev.Moved)]
    assert moved.cause == "merged"
    assert loaded.ticket == replay(loaded.history)


async def test_its_clocks_stop_without_being_met_or_missed() -> None:
    work = DeskWork()
    number, into = await merged(work)
    work.app.clock.advance(days=30)
    for name in ("first_response", "resolution"):
        clock = await work.clock(number, name)
        assert (clock.state, clock.reason) == ("stopped", f"it goes on as {into}")


async def test_a_late_ticket_that_is_merged_is_not_missed_any_more() -> None:
    work = DeskWork()
    into = await work.opened("2026-11-23 14:00")
    number = await work.opened()
    work.app.clock.advance(days=30)
    await merge(work, number, into)
    assert (await work.clock(number, "resolution")).state == "stopped"


async def test_the_requester_is_told_once_and_knows_where_it_goes_on() -> None:
    work = DeskWork()
    number, into = await merged(work)
    sent = [m for m in work.app.vendors.mail.sent.values() if m.to[0][0] == CASEY.email]
    [told] = [m for m in sent if into in m.text]
    assert number in told.subject
    assert f"goes on as {into}" in told.html
    assert not any("is now closed" in m.text for m in sent)


async def test_clients_join_the_ticket_that_it_goes_on_as() -> None:
    work = DeskWork()
    number, into = await merged(work)
    there = await work.loaded(into)
    assert CASEY.email in there.ticket.participants
    assert [(link.to, link.kind) for link in there.ticket.links] == [(number, "merged_from")]
    await work.act(into, MYTC_LEAD, cm.Reply(command="reply", text="Both are solved."))
    await work.app.deliver_all()
    told = {m.to[0][0] for m in work.app.vendors.mail.sent.values() if "Both are" in m.text}
    assert {CASEY.email, KIM.email} <= told


async def test_an_answer_to_it_is_said_where_it_goes_on() -> None:
    work = DeskWork()
    number, into = await merged(work)
    answer = cm.Reply(command="reply", text="One more thing.")
    there = await client_reply(work.app.deps, number, answer, CLIENT)
    assert there.ticket.number == into
    assert (await work.loaded(number)).ticket.state == "closed"


@pytest.mark.parametrize(
    "command",
    [
        cm.Move(command="move", to="in_planning"),
        cm.Reply(command="reply", text="Hello"),
        cm.SetType(command="set_type", type="question"),
        cm.Assign(command="assign", assignee=MYTC_STAFF),
    ],
)
async def test_nothing_leads_out_of_a_merge_again(command: cm.StaffCommand) -> None:
    work = DeskWork()
    number, into = await merged(work)
    with pytest.raises(FlowForbids, match=into):
        await work.act(number, MYTC_LEAD, command)


async def test_a_work_note_may_still_be_added() -> None:
    work = DeskWork()
    number, _ = await merged(work)
    ticket = await work.act(number, MYTC_LEAD, cm.Note(command="note", text="By phone, too."))
    assert ticket.notes == 2


async def test_a_refused_merge_changes_neither_ticket() -> None:
    work = DeskWork()
    into, number = await work.opened("2026-11-23 14:00", requester=KIM), await work.opened()
    before = [(await work.loaded(n)).ticket for n in (into, number)]
    with pytest.raises(Forbidden):
        await merge(work, number, into, by=DANA)
    with pytest.raises(Stale):
        await staff_command(
            work.app.deps, number, cm.Merge(command="merge", into=into),
            work.app.actor(MYTC_LEAD), version=before[1].version - 1,
        )  # fmt: skip
    assert [(await work.loaded(n)).ticket for n in (into, number)] == before


async def test_a_ticket_is_not_merged_into_one_that_was_merged_itself() -> None:
    work = DeskWork()
    old, into = await merged(work)
    number = await work.opened()
    with pytest.raises(Invalid, match=into):
        await merge(work, number, old)


async def test_a_ticket_is_not_merged_into_another_desks() -> None:
    work, door = DeskWork(), DeskWork("door")
    door.app = work.app
    number, other = await work.opened("2026-11-23 14:00"), await door.opened()
    with pytest.raises(Invalid, match="link it instead"):
        await merge(work, number, other)


async def test_a_merge_that_is_given_again_after_a_crash_says_nothing_twice() -> None:
    work = DeskWork()
    into, number = await work.opened("2026-11-23 14:00", requester=KIM), await work.opened()
    taken = cm.TakeOver(number=number, clients=(CASEY.email,))
    await work.act(into, "", taken)  # and then the process died
    await merge(work, number, into)
    there = await work.loaded(into)
    assert len(there.ticket.links) == 1
    assert sum(isinstance(r.event, ev.Noted) for r in there.history) == 1


async def test_reports_count_what_was_merged_once() -> None:
    work = DeskWork()
    _, into = await merged(work)
    await work.act(into, MYTC_LEAD, cm.Reply(command="reply", text="We look into it."))
    await work.act(into, MYTC_LEAD, cm.Move(command="move", to="in_planning"))
    await work.act(into, MYTC_LEAD, cm.Move(command="move", to="resolved"))
    found = await report(work.app.deps, work.desk, "")
    throughput, levels = found.table("throughput"), found.table("service_levels")
    assert throughput is not None
    assert levels is not None
    assert [row[1:4] for row in throughput.rows if row[0] == "2026-11"] == [(1, 1, 0)]
    assert sum(int(row[2]) + int(row[3]) for row in levels.rows) == 1
    assert sum(int(row[5]) + int(row[6]) for row in levels.rows) == 1


async def test_every_row_still_follows_from_the_history() -> None:
    work = DeskWork()
    await merged(work)
    assert [d async for d in rebuild.check_desk(work.app.deps, work.desk)] == []


async def test_two_tickets_merged_into_each_other_at_once_end_as_one_of_them() -> None:
    work = DeskWork()
    first, second = await work.opened(), await work.opened(title="The same again")
    for there, here in ((first, second), (second, first)):  # as far as both came
        taken = cm.TakeOver(number=here, clients=(CASEY.email,))
        await handle(work.app.deps, Order(there, (taken,), SYSTEM))

    with pytest.raises(FlowForbids, match=f"{second} is being merged into {first}"):
        await merge(work, first, second)
    await merge(work, second, first)

    said = cm.Reply(command="reply", text="And now?")
    answered = await client_reply(work.app.deps, second, said, CLIENT)
    assert answered.ticket.number == first

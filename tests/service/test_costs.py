"""What work costs in storage calls and rows: as much as it touches, never what the desk holds."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from shared.domain import commands as cm
from shared.domain import ticket as tk
from shared.domain.errors import Unavailable
from shared.domain.people import Actor, ActorKind
from shared.ports import Put
from shared.service import layout as ly
from shared.service import reads
from shared.service.conversation import client_reply, staff_command
from shared.service.handle import Order, handle
from shared.service.sweep import sweep_due, sweep_outbox
from tests.service.counted import CLIENT, Counted, counted, submit
from tests.support.app import START

SENDER = "sandy@client.example"
HOLLY = "holly@mytc.example"
ANSWERED_IN = ["table.commit", "queue.put"]


@pytest.mark.parametrize("desk", ["mytc", "door"])
async def test_a_calm_submission_costs_one_transaction_of_eight_rows_and_one_ring(
    desk: str,
) -> None:
    at = counted()
    await submit(at.deps, desk, keys=(("header", "warm-up"),))
    for number in range(3):
        at.forget()
        await submit(at.deps, desk, keys=(("header", str(number)),))
        assert at.calls == ANSWERED_IN
        assert at.rows.written[0] <= 8


KEYS = {
    "one key": (("header", "one"),),
    "a reference beside it": (("header", "one"), ("ref", "orion:1")),
}


@pytest.mark.parametrize("keys", KEYS.values(), ids=KEYS.keys())
@pytest.mark.parametrize("submitted_by", [None, {"email": SENDER, "name": "Sandy"}])
async def test_a_submission_commits_eight_rows_at_most_whoever_sends_it(
    keys: tuple[tuple[str, str], ...], submitted_by: dict[str, str] | None
) -> None:
    at = counted()
    await submit(at.deps, keys=keys, submitted_by=submitted_by)
    assert at.rows.written[0] <= 8


@pytest.mark.parametrize("keys", KEYS.values(), ids=KEYS.keys())
async def test_requester_and_sender_both_find_a_request_once_it_was_delivered(
    keys: tuple[tuple[str, str], ...],
) -> None:
    at = counted()
    sender = {"email": SENDER, "name": "Sandy"}
    opened = await submit(at.deps, keys=keys, submitted_by=sender)
    await at.app.deliver_all()
    for email in (CLIENT, SENDER):
        found = await reads.own_requests(at.deps, at.deps.desk("mytc"), email)
        assert [f.ticket.number for f in found] == [opened.loaded.ticket.number]


async def test_a_requester_finds_a_request_at_once_whoever_sent_it() -> None:
    at = counted()
    sender = {"email": SENDER, "name": "Sandy"}
    await submit(at.deps, keys=(("form", "one"),), submitted_by=sender)
    assert await reads.own_requests(at.deps, at.deps.desk("mytc"), CLIENT)


async def test_a_sender_finds_a_request_although_its_mails_cannot_be_sent() -> None:
    at = counted()
    at.app.vendors.mail.failing.extend(Unavailable("away") for _ in range(5))
    sender = {"email": SENDER, "name": "Sandy"}
    await submit(at.deps, keys=(("form", "one"),), submitted_by=sender)
    await at.app.deliver_all(1)
    assert await reads.own_requests(at.deps, at.deps.desk("mytc"), SENDER)


async def test_a_repeated_submission_writes_nothing() -> None:
    at = counted()
    first = await submit(at.deps, keys=(("header", "one"),))
    before = rows_of(at)
    second = await submit(at.deps, keys=(("header", "one"),))
    assert (second.loaded.ticket.number, second.is_new) == (first.loaded.ticket.number, False)
    assert rows_of(at) == before


COMMANDS: list[cm.StaffCommand] = [
    cm.Reply(command="reply", text="We look into it"),
    cm.Note(command="note", text="The index"),
    cm.Move(command="move", to="in_planning"),
    cm.Assign(command="assign", assignee=HOLLY),
    cm.SetSeverity(command="set_severity", severity="low", reason="calm"),
    cm.AskTeam(command="ask_team"),
    cm.Opine(command="opine", opinion=tk.Opinion.PROCEED),
    cm.Decide(command="decide", decision=tk.Opinion.NOT_OUR_PROBLEM, reason="not ours"),
    cm.Seen(command="seen"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c.command)
async def test_a_members_command_costs_three_calls_at_most(command: cm.StaffCommand) -> None:
    at = counted()
    number = (await submit(at.deps)).loaded.ticket.number
    at.forget()
    await staff_command(at.deps, number, command, at.app.actor(HOLLY))
    assert len(at.calls) <= 3
    assert at.calls.count("table.commit") == 1


async def test_a_ticket_page_is_one_range_read_of_that_ticket() -> None:
    at = counted()
    number = (await submit(at.deps)).loaded.ticket.number
    for _ in range(20):
        await submit(at.deps)
    at.forget()
    await reads.find(at.deps, number)
    assert at.calls == ["table.scan"]
    assert at.rows.read <= 3  # its state and its history


async def test_a_clients_answer_costs_three_calls() -> None:
    at = counted()
    opened = await submit(at.deps)
    number = opened.loaded.ticket.number
    client = Actor(kind=ActorKind.CLIENT, email=CLIENT)
    assign = cm.Assign(command="assign", assignee=HOLLY)  # somebody is to be told
    await staff_command(at.deps, number, assign, at.app.actor(HOLLY))
    at.forget()
    said = cm.Reply(command="reply", text="And again")
    await client_reply(at.deps, number, said, client)
    assert at.calls == ["table.scan", "table.commit", "queue.put"]


async def test_a_list_page_reads_what_it_shows_and_not_what_the_desk_holds() -> None:
    at = await crowded(300)
    at.forget()
    page = await reads.tickets(at.deps, at.deps.desk("mytc"), reads.Query(limit=20))
    assert len(page.tickets) == 20
    assert at.calls == ["table.scan"]
    assert at.rows.read <= 100


async def test_a_list_in_another_order_looks_at_a_thousand_rows_at_most_and_says_so() -> None:
    at = await crowded(1100)
    at.forget()
    page = await reads.tickets(at.deps, at.deps.desk("mytc"), reads.Query(limit=20, sort="newest"))
    assert (len(page.tickets), page.is_part) == (20, True)
    assert at.calls == ["table.scan"]
    assert at.rows.read <= 1000


async def crowded(tickets: int) -> Counted:
    """A desk with so many open tickets that none of the sweeps has to look at."""
    at = counted()
    first = (await submit(at.deps)).loaded
    await at.app.deliver_all()
    far = START + dt.timedelta(days=300)
    for n in range(1000, 1000 + tickets):
        number = f"MYTC-{n}"
        ticket = first.ticket.model_copy(update={"number": number})
        due = ly.due_key(far, number)
        row = ly.TicketRow(ticket=ticket, index=ly.open_key(ly.stamp(far), number), due=due)
        summary = {**json.loads((await _summary(at)).body), "number": number}
        await at.app.rows.commit(
            "mytc",
            [Put(ly.state_key(number), ly.body(row)), Put(due, ly.numbered(number)),
             Put(row.index, json.dumps(summary))],
        )  # fmt: skip
    return at


async def _summary(at: Counted) -> ly.Row:  # type: ignore[name-defined]
    [row, *_] = await at.app.rows.scan("mytc", "open|", f"open{ly.END}", limit=1)
    return row


def rows_of(at: Counted) -> int:
    """How many rows storage holds for the desk."""
    return len(at.app.rows._partitions["mytc"].rows)


DUE = 50


@pytest.mark.parametrize("idle", [0, 2000])
async def test_a_sweep_costs_what_is_due_however_many_tickets_are_open(idle: int) -> None:
    at = await crowded(idle)
    for _ in range(DUE):
        await submit(at.deps)
    at.app.clock.advance(hours=1)
    await sweep_due(at.deps, "mytc")
    at.app.clock.advance(days=1)
    at.forget()
    looked = await sweep_due(at.deps, "mytc")
    assert looked == DUE + 1
    assert len(at.calls) <= 4 * looked + 4
    assert at.rows.read <= 8 * looked + 10


async def test_a_second_sweep_at_the_same_time_does_nothing() -> None:
    at = await crowded(10)
    at.app.clock.advance(days=1)
    await sweep_due(at.deps, "mytc")
    kept = rows_of(at)
    at.forget()
    assert await sweep_due(at.deps, "mytc") == 0
    assert at.rows.written == []
    assert rows_of(at) == kept


async def test_an_idle_outbox_sweep_is_one_read() -> None:
    at = await crowded(50)
    at.forget()
    assert await sweep_outbox(at.deps, "mytc") == 0
    assert at.calls == ["table.scan"]


async def test_a_command_that_changes_nothing_writes_nothing() -> None:
    at = counted()
    number = (await submit(at.deps)).loaded.ticket.number
    at.forget()
    nothing = cm.Assign(command="assign", assignee=None)
    await handle(at.deps, Order(number, (nothing,), at.app.actor(HOLLY)))
    assert at.calls == ["table.scan"]

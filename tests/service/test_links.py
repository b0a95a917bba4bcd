"""Tickets that belong together lead to each other."""

from __future__ import annotations

import pytest

from shared.domain import commands as cm
from shared.service.conversation import client_reply, staff_command
from tests.sla.desk_work import CLIENT, MYTC_LEAD, DeskWork


async def _links(work: DeskWork, number: str) -> list[tuple[str, str]]:
    return [(link.to, link.kind) for link in (await work.loaded(number)).ticket.links]


async def _link(work: DeskWork, number: str, to: str, kind: str) -> None:
    command = cm.LinkTicket(command="link", to=to, kind=kind)
    await staff_command(work.app.deps, number, command, work.app.actor(MYTC_LEAD))


@pytest.mark.parametrize(
    ("kind", "back"),
    [
        ("related", "related"),
        ("duplicate", "duplicated_by"),
        ("caused_by", "causes"),
        ("blocks", "blocked_by"),
    ],
)
async def test_a_link_stands_on_both_tickets_once(kind: str, back: str) -> None:
    work = DeskWork()
    one, other = await work.opened(), await work.opened()
    for _ in range(2):
        await _link(work, one, other, kind)
    assert await _links(work, one) == [(other, kind)]
    assert await _links(work, other) == [(one, back)]


async def test_an_answer_that_became_a_new_request_is_known_on_the_old_one() -> None:
    work = DeskWork()
    old = await work.opened("2026-11-23 15:00")
    for state in ("in_planning", "resolved", "closed"):
        await work.act(old, MYTC_LEAD, cm.Move(command="move", to=state))
    work.app.clock.advance(days=40)
    said = cm.Reply(command="reply", text="It is back.")
    new = (await client_reply(work.app.deps, old, said, CLIENT)).ticket.number
    assert await _links(work, new) == [(old, "follows")]
    assert await _links(work, old) == [(new, "followed_by")]


async def test_a_link_to_a_desk_that_one_does_not_belong_to_leaves_its_ticket_alone() -> None:
    work = DeskWork()
    door = DeskWork("door", work.app)
    number, foreign = await work.opened(), await door.opened(type="bug")
    await _link(work, number, foreign, "related")
    assert await _links(work, number) == [(foreign, "related")]
    assert await _links(door, foreign) == []

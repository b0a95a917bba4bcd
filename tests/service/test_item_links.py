"""A ticket's mirror and items are linked in the tool, and what people delete there is let go."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import pytest

from shared.adapters.memory_vendors import MemoryBacklog
from shared.domain import events as ev
from shared.domain.errors import Rejected, Unavailable
from shared.domain.item_effects import GONE
from shared.ports import BacklogPlace, ItemRef, NewItem
from shared.service import layout as ly
from shared.service import reads
from shared.service.deliver import deliver
from shared.service.sweep import sweep_outbox
from tests.pages.console_stage import HOLLY, MARIA, Stage
from tests.support.app import memory_app

DESK = "mytc"
AWAY = Unavailable("the backlog tool is away")


class Dies(BaseException):
    """The process ends here."""


@dataclass
class Tool(MemoryBacklog):
    """A backlog tool that may be asked for several items at one moment.

    `together`: so many creations wait for each other; `late`: whose answer comes last ('mirror' or
    'item'), not before `heard`. `dies`: the process ends after so many creations, if not 0.
    `lacks`: what cannot be made for now, by a word of its title; `cut`: links that go wrong;
    `fixed`: no state can be set. `looked`: whose links were looked at.
    """

    together: asyncio.Barrier = field(default_factory=lambda: asyncio.Barrier(1))
    late: str = ""
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    dies: int = 0
    lacks: str = ""
    cut: int = 0
    fixed: bool = False
    looked: list[str] = field(default_factory=list)

    async def create(
        self, place: BacklogPlace, item: NewItem, key: str, *, again: bool,
        since: dt.timedelta | None = None,
    ) -> ItemRef:  # fmt: skip
        if self.lacks and self.lacks in item.title:
            raise AWAY
        made = await super().create(place, item, key, again=again, since=since)
        await self.together.wait()
        if self.late == ("mirror" if item.title.startswith("[") else "item"):
            await self.heard.wait()
        self.dies -= 1
        if self.dies == 0:
            raise Dies
        return made

    async def relate(self, place: BacklogPlace, item_id: str, others: Sequence[str]) -> None:
        self.looked.append(item_id)
        self.cut -= 1
        if self.cut >= 0:
            raise AWAY
        await super().relate(place, item_id, others)

    async def set_state(self, place: BacklogPlace, item_id: str, state: str) -> None:
        if self.fixed:
            raise Rejected("no such state")
        await super().set_state(place, item_id, state)


class Desk(Stage):
    """The desk whose requests have mirrors."""

    def __init__(self) -> None:
        super().__init__(memory_app())
        self.tool = self.app.vendors.tool = Tool()

    async def proceeds(self, number: str, kinds: Iterable[str] = ("pbi",)) -> None:
        items = [{"kind": kind, "title": f"Mend it ({kind})"} for kind in kinds]
        await self.give(number, MARIA, "decide", decision="proceed", reason="Ours.",
                        urgency="handle_during_sprint", work_items=items)  # fmt: skip

    async def settle(self) -> None:
        """All that waits is tried again, until it is well."""
        for _ in range(4):
            await self.app.deliver_all()
            self.app.clock.advance(minutes=10)
            await sweep_outbox(self.app.deps, DESK)
        await self.app.deliver_all()

    async def mirrored(self) -> tuple[str, str]:
        """A new ticket and its mirror."""
        number = await self.opened()
        await self.app.deliver_all()
        return number, await self.item(number)

    async def item(self, number: str, kind: str = "") -> str:
        """The ticket's mirror, or its first item of that kind."""
        items = (await self.ticket(number)).work_items
        return next(i.id for i in items if i.kind == kind or (i.mirror and not kind))

    async def lost(self, number: str) -> list[str]:
        """What the ticket's history says of items that are gone."""
        history = (await reads.find(self.app.deps, number)).history
        changes = [r.event for r in history if isinstance(r.event, ev.ItemChanged)]
        return [e.text for e in changes if e.state == GONE]

    async def given_up(self) -> int:
        return len(await self.app.rows.scan(DESK, "dead|", f"dead{ly.END}"))

    async def waiting(self) -> int:
        return len(await self.app.rows.scan(DESK, "outbox|", f"outbox{ly.END}"))


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def linked(desk: Desk, number: str) -> bool:
    """Whether the mirror and the product backlog item are linked, and no others exist."""
    pair = frozenset({await desk.item(number), await desk.item(number, "pbi")})
    return desk.tool.relations == {pair} and len(desk.tool.items) == 2


async def made_before_the_mirror(desk: Desk) -> str:
    """A ticket whose item is there unlinked, as nobody has heard, and whose mirror came then."""
    desk.tool.failing.append(AWAY)  # the mirror
    desk.tool.losing.append(AWAY)  # the item
    number = await desk.opened()
    await desk.proceeds(number)
    await desk.app.deliver_all()
    desk.tool.lacks = "Mend it"
    await desk.settle()
    desk.tool.lacks = ""
    assert [i.mirror for i in (await desk.ticket(number)).work_items] == [True]
    return number


@pytest.mark.parametrize("late", ["mirror", "item"])
async def test_a_mirror_and_an_item_made_at_the_same_moment_are_linked_whichever_is_heard_of_first(
    desk: Desk, late: str
) -> None:
    number = await desk.opened()
    await desk.proceeds(number)
    desk.tool.together, desk.tool.late = asyncio.Barrier(2), late
    bells = [json.loads(rung.message) for rung in desk.app.bell.messages]
    desk.app.bell.messages.clear()
    async with asyncio.TaskGroup() as group:
        under_way = [
            group.create_task(deliver(desk.app.deps, DESK, bell["row"], bell["claim"], again=False))
            for bell in bells
        ]
        await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
        desk.tool.heard.set()
    desk.tool.together = asyncio.Barrier(1)
    assert not desk.tool.relations
    await desk.settle()
    assert await linked(desk, number)


async def test_an_item_that_is_created_linked_with_the_mirror_owes_no_second_look(
    desk: Desk,
) -> None:
    number, _ = await desk.mirrored()
    await desk.proceeds(number)
    await desk.app.deliver_all()
    assert await linked(desk, number)
    assert desk.tool.looked == []


async def test_an_item_whose_answer_was_lost_before_the_mirror_came_is_linked_with_it(
    desk: Desk,
) -> None:
    number = await made_before_the_mirror(desk)
    await desk.settle()
    assert await linked(desk, number)


async def test_a_mirror_whose_answer_was_lost_before_the_item_came_is_linked_with_it(
    desk: Desk,
) -> None:
    desk.tool.losing.append(AWAY)
    number = await desk.opened()
    await desk.app.deliver_all()
    await desk.proceeds(number)
    await desk.settle()
    assert await linked(desk, number)


@pytest.mark.parametrize("dies", [1, 2])
async def test_a_process_that_ends_once_an_item_is_made_leaves_no_link_out(
    desk: Desk, dies: int
) -> None:
    desk.tool.dies = dies
    number = await desk.opened()
    await desk.proceeds(number)
    with pytest.raises(BaseExceptionGroup):
        await desk.app.deliver_all()
    await desk.settle()
    assert await linked(desk, number)


async def test_a_link_that_cannot_be_made_now_is_made_later(desk: Desk) -> None:
    number = await made_before_the_mirror(desk)
    desk.tool.cut = 2
    await desk.settle()
    assert await linked(desk, number)


async def test_a_mirror_whose_state_the_tool_refuses_is_linked_all_the_same(desk: Desk) -> None:
    desk.tool.losing.append(AWAY)
    number = await desk.opened()
    await desk.proceeds(number)
    desk.tool.fixed = True
    await desk.settle()
    assert await linked(desk, number)
    assert await desk.given_up() == 1


async def test_an_item_is_made_although_the_mirror_was_deleted(desk: Desk) -> None:
    number, mirror = await desk.mirrored()
    del desk.tool.items[mirror]
    await desk.proceeds(number)
    await desk.settle()
    assert desk.tool.asked[await desk.item(number, "pbi")].link
    assert desk.tool.relations == set()
    assert await desk.given_up() + await desk.waiting() == 0


async def test_a_task_is_made_although_the_item_above_it_was_deleted(desk: Desk) -> None:
    number, mirror = await desk.mirrored()
    desk.tool.lacks = "task"
    await desk.proceeds(number, ["pbi", "task"])
    await desk.app.deliver_all()
    del desk.tool.items[await desk.item(number, "pbi")]
    desk.tool.lacks = ""
    await desk.settle()
    task = desk.tool.asked[await desk.item(number, "task")]
    assert (task.parent, task.related) == ("", (mirror,))


async def test_that_the_mirror_was_deleted_is_noted_once_whatever_was_meant_for_it(
    desk: Desk,
) -> None:
    number, mirror = await desk.mirrored()
    del desk.tool.items[mirror]
    await desk.proceeds(number)  # an item, a comment and a state
    await desk.settle()
    await desk.give(number, HOLLY, "reply", text="We are at it.")
    await desk.give(number, HOLLY, "note", text="Restarted it.")
    await desk.give(number, HOLLY, "move", to="resolved")
    await desk.settle()
    [note] = await desk.lost(number)
    assert note.startswith(f"Support Request {mirror}, which stands for this ticket, is gone")
    assert await desk.given_up() + await desk.waiting() == 0


async def test_a_mirror_that_is_restored_follows_its_ticket_again(desk: Desk) -> None:
    number, mirror = await desk.mirrored()
    deleted = desk.tool.items.pop(mirror)
    await desk.give(number, HOLLY, "move", to="in_planning")
    await desk.settle()
    desk.tool.items[mirror] = deleted
    await desk.give(number, HOLLY, "note", text="Restarted it.")
    await desk.give(number, HOLLY, "move", to="resolved")
    await desk.settle()
    assert desk.tool.items[mirror].state == "Resolved"


async def test_what_the_tool_refuses_for_another_reason_is_given_up(desk: Desk) -> None:
    number, _ = await desk.mirrored()
    desk.tool.fixed = True
    await desk.give(number, HOLLY, "move", to="in_planning")
    await desk.app.deliver_all()
    assert await desk.given_up() == 1
    assert await desk.lost(number) == []

"""Work items end where their tickets are, whatever happened before they existed or meanwhile."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from shared.adapters.backlog_news import ItemNews
from shared.adapters.memory_vendors import MemoryBacklog
from shared.domain.errors import Unavailable
from shared.ports import BacklogPlace, ItemRef, NewItem
from shared.service import item_news, reads
from shared.service.sweep import sweep_outbox
from tests.pages.console_stage import GRACE, HOLLY, MARIA, NORA, RUI, TOM, Stage
from tests.support.app import memory_app


@dataclass
class SlowBacklog(MemoryBacklog):
    """A backlog tool that is slow once: `meanwhile` happens before the next state arrives.

    `days`: on which days, by the desks' calendars, items were created.
    """

    meanwhile: Callable[[], Awaitable[None]] | None = None
    days: set[dt.date | None] = field(default_factory=set)

    async def create(
        self, place: BacklogPlace, item: NewItem, key: str, *, again: bool,
        since: dt.timedelta | None = None,
    ) -> ItemRef:  # fmt: skip
        self.days.add(place.today)
        return await super().create(place, item, key, again=again)

    async def set_state(self, place: BacklogPlace, item_id: str, state: str) -> None:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            await meanwhile()
        await super().set_state(place, item_id, state)


class Desk(Stage):
    """Both desks, with a backlog tool that can be away."""

    def __init__(self) -> None:
        super().__init__(memory_app())
        self.tool = self.app.vendors.tool = SlowBacklog()

    def away(self, calls: int = 1) -> None:
        self.tool.failing.extend([Unavailable("the backlog tool is away")] * calls)

    async def settle(self, desk: str) -> None:
        """The tool is back, and everything that waited for it is tried again."""
        self.tool.failing.clear()
        for _ in range(4):
            await self.app.deliver_all()
            self.app.clock.advance(minutes=10)
            await sweep_outbox(self.app.deps, desk)
        await self.app.deliver_all()

    async def mirror(self, number: str) -> str:
        mirror = (await self.ticket(number)).mirror
        assert mirror
        return self.tool.items[mirror.id].state

    async def issue(self, number: str) -> tuple[str, str]:
        """State and sprint of the ticket's issue."""
        item = (await self.ticket(number)).backlog_item
        assert item
        found = self.tool.items[item.id]
        return found.state, found.iteration

    async def developed(self) -> str:
        number = await self.opened("door")
        await self.give(number, NORA, "move", to="third_line_triage")
        await self.give(number, GRACE, "accept_for_sprint")
        await self.give(number, RUI, "pull_next")
        await self.app.deliver_all()
        return number


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_a_mirror_made_after_the_ticket_moved_has_the_tickets_state(desk: Desk) -> None:
    desk.away()
    number = await desk.opened()
    await desk.app.deliver_all()
    await desk.give(number, HOLLY, "move", to="in_planning")
    await desk.app.deliver_all()
    await desk.settle("mytc")
    assert await desk.mirror(number) == "In Planning"


async def test_a_state_without_a_name_in_the_tool_leaves_the_mirror_where_it_belongs(
    desk: Desk,
) -> None:
    desk.away()
    number = await desk.opened()
    await desk.give(number, HOLLY, "move", to="in_planning")
    await desk.give(number, HOLLY, "move", to="waiting_for_client")
    await desk.app.deliver_all()
    await desk.settle("mytc")
    assert await desk.mirror(number) == "In Planning"


async def test_a_mirror_of_a_ticket_that_did_not_move_is_left_alone(desk: Desk) -> None:
    number = await desk.opened()
    desk.tool.first_state = "As it was created"
    await desk.app.deliver_all()
    assert await desk.mirror(number) == "As it was created"


async def test_states_that_are_delivered_in_the_wrong_order_end_in_the_last_one(
    desk: Desk,
) -> None:
    number = await desk.opened()
    await desk.app.deliver_all()
    await desk.give(number, HOLLY, "move", to="in_planning")
    await desk.give(number, HOLLY, "note", text="Restarted it.")
    await desk.give(number, HOLLY, "move", to="resolved")
    desk.app.bell.messages.reverse()
    await desk.app.deliver_all()
    assert await desk.mirror(number) == "Resolved"


async def test_a_move_that_is_made_while_an_older_one_is_under_way_wins(desk: Desk) -> None:
    number = await desk.opened()
    await desk.app.deliver_all()

    async def go_on() -> None:
        await desk.give(number, HOLLY, "move", to="resolved")
        await desk.app.deliver_all()

    desk.tool.meanwhile = go_on
    await desk.give(number, HOLLY, "note", text="Restarted it.")
    await desk.give(number, HOLLY, "move", to="in_planning")
    await desk.app.deliver_all()
    assert await desk.mirror(number) == "Resolved"


@pytest.mark.parametrize("seed", range(12))
async def test_any_mix_of_moves_failures_and_orders_ends_in_the_tickets_state(
    desk: Desk, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311  # the same mix each time
    number = await desk.opened()
    await desk.give(number, HOLLY, "note", text="Restarted it.")
    ways = {
        "new": "in_planning",
        "in_planning": "waiting_for_client",
        "waiting_for_client": "in_planning",
    }
    state = "new"
    for _ in range(chance.randint(1, 5)):
        if chance.random() < 0.5:
            desk.away(chance.randint(1, 2))
        state = ways[state]
        await desk.give(number, HOLLY, "move", to=state)
        if chance.random() < 0.5:
            chance.shuffle(desk.app.bell.messages)
            await desk.app.deliver_all()
    if chance.random() < 0.5 and state != "waiting_for_client":
        await desk.give(number, HOLLY, "move", to="resolved")
        state = "resolved"
    await desk.settle("mytc")
    expected = {"waiting_for_client": "In Planning", "in_planning": "In Planning"}
    assert await desk.mirror(number) == expected.get(state, "Resolved")
    assert len(desk.tool.items) == 1


async def test_that_a_ticket_proceeds_is_said_on_a_mirror_that_came_later(desk: Desk) -> None:
    desk.away(3)
    number = await desk.opened()
    await desk.app.deliver_all()
    await desk.give(number, MARIA, "decide", decision="proceed", reason="ours", urgency="urgent")
    await desk.settle("mytc")
    mirror = (await desk.ticket(number)).mirror
    said = [c.text for c in desk.tool.comments.values() if mirror and c.item_id == mirror.id]
    assert said == [desk.app.deps.desks["mytc"].proceed_text]


@pytest.mark.parametrize("released", [False, True])
async def test_a_bug_that_was_not_fixed_takes_its_issue_back(desk: Desk, released: bool) -> None:
    number = await desk.developed()
    item = (await desk.ticket(number)).backlog_item
    assert item
    await desk.give(number, RUI, "mark_deployed")
    await desk.tool.set_state(BacklogPlace("", "DOOR"), item.id, "Deployed to DEV")
    if released:
        await desk.give(number, TOM, "move", to="fix_released")
    await desk.app.deliver_all()
    assert (await desk.issue(number))[0] == "Deployed to DEV"
    await desk.give(number, GRACE, "move", to="third_line_triage")
    await desk.app.deliver_all()
    assert (await desk.issue(number))[0] == "To Do"


async def test_a_pull_before_the_issue_exists_is_caught_up_once_it_does(desk: Desk) -> None:
    desk.away()
    number = await desk.developed()
    assert (await desk.ticket(number)).work_items == ()
    await desk.settle("door")
    assert await desk.issue(number) == ("In progress", "Sprint 1")
    assert len(desk.tool.items) == 1


async def test_a_pull_that_was_taken_back_before_the_issue_exists_leaves_it_waiting(
    desk: Desk,
) -> None:
    desk.away()
    number = await desk.developed()
    await desk.give(number, GRACE, "move", to="third_line_triage")
    await desk.settle("door")
    assert (await desk.issue(number))[1] == ""


async def test_a_bug_that_is_accepted_twice_before_its_issue_exists_has_one_issue(
    desk: Desk,
) -> None:
    desk.away()
    number = await desk.developed()
    desk.app.clock.advance(minutes=1)
    await desk.give(number, GRACE, "move", to="third_line_triage")
    desk.app.clock.advance(minutes=1)
    await desk.give(number, GRACE, "accept_for_sprint")
    await desk.settle("door")
    ticket = await desk.ticket(number)
    assert (len(desk.tool.asked), len(ticket.work_items)) == (1, 1)
    assert ticket.state == "ready_for_sprint"


async def test_a_fix_that_is_deployed_leaves_its_issue_to_the_developers(desk: Desk) -> None:
    number = await desk.developed()
    await desk.give(number, RUI, "mark_deployed")
    await desk.app.deliver_all()
    assert (await desk.issue(number))[0] == "In progress"


async def test_an_urgent_item_enters_the_sprint_of_the_desks_day_not_of_utc(desk: Desk) -> None:
    desk.app.clock.at = dt.datetime(2026, 11, 23, 3, 30, tzinfo=dt.UTC)  # Sunday, 22:30 in Toronto
    number = await desk.opened()
    await desk.give(number, MARIA, "decide", decision="proceed", reason="ours", urgency="urgent")
    await desk.app.deliver_all()
    assert desk.tool.days == {dt.date(2026, 11, 22)}


async def test_a_mirror_that_comes_late_is_linked_with_the_items_that_were_decided_on(
    desk: Desk,
) -> None:
    desk.away()
    number = await desk.opened()
    await desk.app.deliver_all()  # the mirror is not made
    pbi = [{"kind": "pbi", "title": "Mend it"}]
    await desk.give(
        number, MARIA, "decide", decision="proceed", reason="ours", urgency="urgent", work_items=pbi
    )
    await desk.app.deliver_all()
    await desk.settle("mytc")
    [made] = [item for item in (await desk.ticket(number)).work_items if not item.mirror]
    mirror = next(item for item in desk.tool.asked.values() if item.title.startswith(f"[{number}]"))
    assert mirror.related == (made.id,)


async def _decided(desk: Desk) -> tuple[str, list[str]]:
    """A ticket that proceeds with two items."""
    number = await desk.opened()
    items = [{"kind": kind, "title": kind} for kind in ("pbi", "task")]
    await desk.give(number, HOLLY, "decide", decision="proceed", reason="Ours.",
                    urgency="handle_during_sprint", work_items=items)  # fmt: skip
    await desk.app.deliver_all()
    found = (await desk.ticket(number)).work_items
    return number, [item.id for item in found if not item.mirror]


async def _hears(desk: Desk, item: str, state: str) -> None:
    news = ItemNews("azure_devops", item, f"{item} {state}", state=state, by_name="Dana Kim")
    await item_news.receive(desk.app.deps, news, frozenset())


@pytest.mark.parametrize(
    ("states", "resolves"),
    [
        (("Removed", "Removed"), False),
        (("Done", "Removed"), True),
        (("Removed", "Done"), True),
        (("Done", "In Progress"), False),
    ],
)
async def test_a_ticket_is_resolved_by_items_that_are_done_not_by_dropped_ones(
    desk: Desk, states: tuple[str, str], resolves: bool
) -> None:
    number, items = await _decided(desk)
    for item, state in zip(items, states, strict=True):
        await _hears(desk, item, state)
    assert ((await desk.ticket(number)).state == "resolved") is resolves


async def test_a_name_alone_makes_nobody_a_member(desk: Desk) -> None:
    number = await desk.opened()
    await desk.app.deliver_all()
    mirror = (await desk.ticket(number)).mirror
    assert mirror
    news = ItemNews("azure_devops", mirror.id, "1", state="Resolved", by_name="Holly Carter")
    await item_news.receive(desk.app.deps, news, frozenset())
    assert (await desk.ticket(number)).state == "new"


@pytest.mark.parametrize(
    ("comment", "is_public"),
    [
        ("@casey@client.example please try again", True),
        ("casey@client.example: please try again", True),
        ("Hello casey@client.example, please try again", True),
        ("Bonjour casey@client.example, essayez encore", True),
        ("It is mended. @casey@client.example, please try again", True),
        ("The user casey@client.example typed a wrong password, do not tell", False),
        ("ERROR no session for casey@client.example", False),
        ("@stranger@client.example please try again", False),
        ("@holly@mytc.example please try again", False),
    ],
)
async def test_a_comment_speaks_to_the_client_whom_it_mentions_and_not_whom_it_names(
    desk: Desk, comment: str, is_public: bool
) -> None:
    number = await desk.opened()
    await desk.app.deliver_all()
    mirror = (await desk.ticket(number)).mirror
    assert mirror
    comment = comment.replace("casey@client.example", (await desk.ticket(number)).requester.email)
    news = ItemNews("azure_devops", mirror.id, "c1", text=comment, by_name="Dana Kim")
    await item_news.receive(desk.app.deps, news, frozenset())
    history = (await reads.find(desk.app.deps, number)).history
    [said] = [r for r in history if getattr(r.event, "text", "") == comment]
    assert (said.event.kind == "replied") is is_public

"""The third-line board: its one row is always true, and the backlog tool follows its order."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from shared.adapters.backlog_news import ItemNews
from shared.adapters.memory_vendors import MemoryBacklog
from shared.domain.errors import FlowForbids, Forbidden, Invalid, Unavailable
from shared.domain.flow import Column
from shared.domain.rules.available import available
from shared.domain.rules.case import Case
from shared.service import item_news, reads
from shared.service.sweep import sweep_outbox
from tests.pages.console_stage import GRACE, JANE, LENA, NORA, RUI, TOM, Stage
from tests.support.app import memory_app

VIKTOR = "viktor.hansen@doorfunds.example"


class Third(Stage):
    """The door desk with tickets on its third-line board."""

    def __init__(self) -> None:
        super().__init__(memory_app())
        self.tool = self.app.vendors.tool

    async def triaged(self, **fields: object) -> str:
        number = await self.opened("door", **fields)
        await self.give(number, NORA, "move", to="third_line_triage")
        return number

    async def ready(self, count: int) -> list[str]:
        """Accepted tickets whose issues exist."""
        numbers = [await self.triaged(title=f"Bug {n}") for n in range(count)]
        for number in numbers:
            await self.give(number, GRACE, "accept_for_sprint")
        await self.app.deliver_all()
        return numbers

    async def developed(self) -> str:
        """A ticket in the slot, its issue in progress."""
        [number] = await self.ready(1)
        await self.give(number, RUI, "pull_next")
        await self.app.deliver_all()
        return number

    async def item(self, number: str) -> str:
        [item] = (await self.ticket(number)).work_items
        return item.id

    async def order(self) -> tuple[str, ...]:
        return (await reads.board(self.app.deps, self.app.deps.desks["door"]))[0].ready

    async def slot(self) -> str:
        board, _ = await reads.board(self.app.deps, self.app.deps.desks["door"])
        return board.slot.number if board.slot else ""

    async def hears(self, number: str, by: str = "", **said: str) -> bool:
        """The backlog tool tells of a change to the ticket's item."""
        item = await self.item(number)
        member = self.app.deps.desks["door"].member_by_email.get(by)
        news = ItemNews(
            "jira", item, f"delivery {said}", **said,
            by_name=member.name if member else by, by_id=member.backlog_id or "" if member else "",
        )  # fmt: skip
        return await item_news.receive(self.app.deps, news, frozenset({"docket"}))


@pytest.fixture
def third() -> Third:
    return Third()


async def test_an_accepted_bug_has_an_issue_that_links_back_and_is_in_no_sprint(
    third: Third,
) -> None:
    [number] = await third.ready(1)
    asked = third.tool.asked[await third.item(number)]
    assert asked.type == "Bug"
    assert asked.link.endswith(f"/desk/door/tickets/{number}")
    assert third.tool.items[await third.item(number)].iteration == ""


async def test_pulling_moves_the_issue_into_the_sprint_and_in_progress(third: Third) -> None:
    number = await third.developed()
    item = third.tool.items[await third.item(number)]
    assert (item.state, item.iteration) == ("In progress", "Sprint 1")


async def test_pulling_before_the_issue_exists_still_makes_one_issue_in_the_sprint(
    third: Third,
) -> None:
    number = await third.triaged()
    await third.give(number, GRACE, "accept_for_sprint")
    await third.give(number, RUI, "pull_next")
    await third.app.deliver_all()
    assert len(third.tool.items) == 1
    item = third.tool.items[await third.item(number)]
    assert item.state == "In progress"


async def test_the_issues_stand_in_the_order_of_the_board(third: Third) -> None:
    one, two, three = await third.ready(3)
    await third.give(three, GRACE, "rank", before=one)
    await third.app.deliver_all()
    await third.give(one, GRACE, "rank", after=two)
    await third.app.deliver_all()
    assert await third.order() == (three, two, one)
    assert third.tool.ranks == [await third.item(n) for n in (three, two, one)]


async def test_a_rank_that_is_delivered_late_ends_in_the_order_of_the_board(third: Third) -> None:
    one, two, three = await third.ready(3)
    await third.give(three, GRACE, "rank", before=one)
    await third.give(three, GRACE, "rank", after=one)
    third.app.bell.messages.reverse()
    await third.app.deliver_all()
    assert third.tool.ranks == [await third.item(n) for n in (one, three, two)]


async def test_the_order_waits_for_an_issue_that_does_not_exist_yet(third: Third) -> None:
    one, two = await third.triaged(), await third.triaged()
    await third.give(one, GRACE, "accept_for_sprint")
    await third.app.deliver_all()
    third.tool.failing.append(Unavailable("Jira is away"))
    await third.give(two, GRACE, "accept_for_sprint")
    await third.app.deliver_all()
    waiting = await reads.undelivered(third.app.deps, third.app.deps.desks["door"])
    assert [(e.kind, e.status) for _, box in waiting for e in box.effects] == [("item", "due")]
    third.app.clock.advance(minutes=10)
    await sweep_outbox(third.app.deps, "door")
    await third.give(two, GRACE, "rank", before=one)
    await third.app.deliver_all()
    assert third.tool.ranks == [await third.item(n) for n in (two, one)]


async def test_a_bug_that_came_back_keeps_its_issue(third: Third) -> None:
    number = await third.developed()
    await third.give(number, GRACE, "move", to="third_line_triage")
    await third.give(number, GRACE, "accept_for_sprint")
    await third.give(number, RUI, "pull_next")
    await third.app.deliver_all()
    assert len(third.tool.items) == 1


@dataclass(frozen=True)
class Exit:
    """A way off the board: who, what, where it leads."""

    by: str
    command: str
    fields: dict[str, str]
    state: str


EXITS = [
    Exit(GRACE, "move", {"to": "third_line_triage"}, "third_line_triage"),
    Exit(RUI, "mark_deployed", {}, "deployed_to_dev"),
    Exit(NORA, "mark_deployed", {}, "deployed_to_dev"),
]


@pytest.mark.parametrize("way", EXITS, ids=lambda way: f"{way.command} by {way.by}")
async def test_whatever_takes_a_ticket_out_of_progress_frees_the_slot(
    third: Third, way: Exit
) -> None:
    number = await third.developed()
    assert await third.slot() == number
    ticket = await third.give(number, way.by, way.command, **way.fields)
    assert ticket.state == way.state
    assert await third.slot() == ""
    follower = await third.triaged()
    await third.give(follower, GRACE, "accept_for_sprint")
    await third.give(follower, RUI, "pull_next")
    assert await third.slot() == follower


async def test_a_ticket_that_is_taken_back_leaves_the_order(third: Third) -> None:
    one, two = await third.ready(2)
    await third.give(one, GRACE, "move", to="third_line_triage")
    assert await third.order() == (two,)


@pytest.mark.parametrize("column", [Column.TRIAGE, Column.READY, Column.IN_PROGRESS])
async def test_a_ticket_on_the_board_is_not_merged_away(third: Third, column: Column) -> None:
    other = await third.opened("door")
    number = await third.triaged()
    if column is not Column.TRIAGE:
        await third.give(number, GRACE, "accept_for_sprint")
    if column is Column.IN_PROGRESS:
        await third.give(number, RUI, "pull_next")
    with pytest.raises(FlowForbids, match="third-line board"):
        await third.give(number, NORA, "merge", into=other)


@pytest.mark.parametrize("pulled", [False, True])
async def test_a_ticket_in_the_order_or_the_slot_keeps_its_type(third: Third, pulled: bool) -> None:
    [number] = await third.ready(1)
    if pulled:
        await third.give(number, RUI, "pull_next")
    with pytest.raises(FlowForbids, match="third-line board"):
        await third.give(number, NORA, "set_type", type="service_request")


async def test_a_merged_ticket_is_not_accepted_for_a_sprint(third: Third) -> None:
    other, number = await third.opened("door"), await third.opened("door")
    await third.give(number, NORA, "merge", into=other)
    with pytest.raises(FlowForbids, match=other):
        await third.give(number, NORA, "move", to="third_line_triage")
    with pytest.raises(FlowForbids):
        await third.give(number, GRACE, "accept_for_sprint")


async def test_twenty_pulls_at_once_have_one_winner(third: Third) -> None:
    numbers = await third.ready(3)
    pulls = [third.give(numbers[n % 3], RUI, "pull_next") for n in range(20)]
    results = await asyncio.gather(*pulls, return_exceptions=True)
    assert len([r for r in results if not isinstance(r, BaseException)]) == 1
    assert all(isinstance(r, FlowForbids) for r in results if isinstance(r, BaseException))
    assert await third.slot() == numbers[0]


async def test_only_the_developer_of_the_sprint_pulls_and_only_the_first_when_free(
    third: Third,
) -> None:
    one, two = await third.ready(2)
    with pytest.raises(FlowForbids, match="Rui Costa"):
        await third.give(one, LENA, "pull_next")
    with pytest.raises(Forbidden):
        await third.give(one, NORA, "pull_next")
    with pytest.raises(FlowForbids, match=one):
        await third.give(two, RUI, "pull_next")
    await third.give(one, RUI, "pull_next")
    with pytest.raises(FlowForbids, match=f"{one} is in progress"):
        await third.give(two, RUI, "pull_next")


async def test_a_rank_between_two_takes_neighbours_only(third: Third) -> None:
    one, two, three, four = await third.ready(4)
    with pytest.raises(Invalid, match="no neighbours"):
        await third.give(four, GRACE, "rank", after=one, before=three)
    await third.give(four, GRACE, "rank", after=one, before=two)
    assert await third.order() == (one, four, two, three)


async def test_a_rank_names_a_neighbour_in_the_order(third: Third) -> None:
    one, two = await third.ready(2)
    with pytest.raises(Invalid):
        await third.give(one, GRACE, "rank")
    with pytest.raises(Invalid):
        await third.give(one, GRACE, "rank", before=two, after=two)
    with pytest.raises(Invalid):
        await third.give(one, GRACE, "rank", before=await third.triaged())
    with pytest.raises(Forbidden):
        await third.give(one, NORA, "rank", after=two)


async def test_a_ticket_says_which_commands_of_the_board_its_reader_has(third: Third) -> None:
    one, two = await third.ready(2)

    async def offered(number: str, email: str) -> set[str]:
        loaded = await reads.find(third.app.deps, number)
        desk, now = third.app.deps.desks["door"], third.app.clock.now()
        case = Case(desk, loaded.ticket, third.app.actor(email), now, loaded.board)
        return set(available(case)) & {"rank", "pull_next", "mark_deployed", "set_type", "merge"}

    assert await offered(one, RUI) == {"pull_next"}
    assert await offered(two, RUI) == set()
    assert await offered(two, GRACE) == {"rank"}
    await third.give(one, RUI, "pull_next")
    assert await offered(one, RUI) == {"mark_deployed"}


@pytest.mark.parametrize("by", [RUI, TOM, VIKTOR, "Somebody of the site"])
async def test_deployed_in_the_tool_frees_the_slot_whoever_moved_the_issue(
    third: Third, by: str
) -> None:
    number = await third.developed()
    assert await third.hears(number, by, state="Deployed to DEV")
    assert (await third.ticket(number)).state == "deployed_to_dev"
    assert await third.slot() == ""


async def test_done_in_the_tool_brings_the_ticket_back_to_support_who_hear_of_it(
    third: Third,
) -> None:
    number = await third.developed()
    await third.hears(number, RUI, state="Deployed to DEV")
    await third.hears(number, VIKTOR, state="Done")
    assert (await third.ticket(number)).state == "fix_released"
    await third.app.deliver_all()
    told = [m.to[0][0] for m in third.app.vendors.mail.sent.values() if "Fix released" in m.subject]
    assert sorted(told) == sorted([NORA, TOM, "amelie.durand@doorfunds.example"])


async def test_done_without_a_stop_on_development_frees_the_slot_too(third: Third) -> None:
    number = await third.developed()
    await third.hears(number, VIKTOR, state="Done")
    assert (await third.ticket(number)).state == "fix_released"
    assert await third.slot() == ""


async def test_an_issue_that_is_done_for_the_second_time_brings_the_ticket_back_again(
    third: Third,
) -> None:
    number = await third.developed()
    await third.hears(number, VIKTOR, state="Done")
    await third.give(number, GRACE, "move", to="third_line_triage")
    await third.give(number, GRACE, "accept_for_sprint")
    await third.give(number, RUI, "pull_next")
    item = await third.item(number)
    again = ItemNews("jira", item, "another", state="Done", by_name="Viktor Hansen")
    await item_news.receive(third.app.deps, again, frozenset())
    assert (await third.ticket(number)).state == "fix_released"


async def test_a_remark_in_the_tool_is_a_work_note_of_the_member_with_that_account(
    third: Third,
) -> None:
    number = await third.developed()
    await third.hears(number, VIKTOR, text="The parser is wrong")
    last = (await reads.find(third.app.deps, number)).history[-1]
    assert (last.event.kind, last.by.email) == ("item_changed", VIKTOR)
    assert not last.event.public


@pytest.mark.parametrize(
    ("words", "public"),
    [
        (f"Hello {JANE}, please try again.", True),
        (f"@{JANE.upper()} please try again", True),
        (f"It is not{JANE} who asked", False),
        (f"see {JANE}.au", False),
        ("@nora.lindqvist@doorfunds.example the client must not know yet", False),
        ("No name at all", False),
    ],
)
async def test_a_remark_is_public_only_when_it_names_a_client_of_the_ticket(
    third: Third, words: str, public: bool
) -> None:
    number = await third.developed()
    await third.give(number, NORA, "watch", email=NORA)
    await third.hears(number, RUI, text=words)
    history = (await reads.find(third.app.deps, number)).history
    assert ("replied" in {r.event.kind for r in history}) is public


async def test_what_the_desk_tells_the_client_is_told_in_the_tool_and_does_not_come_back(
    third: Third,
) -> None:
    number = await third.developed()
    await third.give(number, NORA, "note", text="not for Jira")
    await third.give(number, NORA, "reply", text="A fix is on its way.")
    await third.hears(number, RUI, text=f"@{JANE} it is fixed")
    await third.app.deliver_all()
    assert [c.text for c in third.tool.comments.values()] == ["A fix is on its way."]


@dataclass
class KnowsItself(MemoryBacklog):
    """A tool that names us by our account."""

    async def account(self) -> str:
        return "account-7"


async def test_what_our_own_account_did_is_no_news_whatever_its_name() -> None:
    third = Third()
    third.tool = third.app.vendors.tool = KnowsItself()
    number = await third.developed()
    item = await third.item(number)
    ours = ItemNews("jira", item, "1", state="Done", by_name="Robot", by_id="account-7")
    theirs = ItemNews("jira", item, "2", state="Done", by_name="Robot", by_id="account-8")
    assert not await item_news.receive(third.app.deps, ours, frozenset())
    assert await item_news.receive(third.app.deps, theirs, frozenset())
    assert not await item_news.receive(third.app.deps, theirs, frozenset())


async def test_a_feature_that_is_planned_goes_to_the_backlog_and_into_no_sprint(
    third: Third,
) -> None:
    number = await third.opened("door", type="feature_request")
    await third.give(number, GRACE, "decide", decision="bug_or_feature", reason="Worth it.")
    await third.app.deliver_all()
    item = await third.item(number)
    assert third.tool.asked[item].type == "Story"
    assert third.tool.items[item].iteration == ""

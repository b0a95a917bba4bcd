"""Staff hear when people in the backlog tool take back what a ticket counts on."""

from __future__ import annotations

import pytest

from shared.adapters.backlog_news import ItemNews, devops_news, jira_news
from shared.domain.item_effects import GONE
from shared.service import item_news, reads
from shared.service.handle import Order, handle
from shared.service.sweep import sweep_due
from tests.pages.console_stage import GRACE, HOLLY, NORA, RUI, SAM, Stage
from tests.support.app import memory_app

OPEN_AGAIN, NONE_LEFT = "Work item open again", "No work item left"


class Desk(Stage):
    """Both desks, and what people in their backlog tools do."""

    def __init__(self) -> None:
        super().__init__(memory_app())
        self.heard = 0

    async def waits(self, kinds: tuple[str, ...] = ("pbi",)) -> tuple[str, list[str]]:
        """A ticket of Sam's in the backlog, its clock paused, and its items."""
        number = await self.opened()
        await self.give(number, HOLLY, "assign", assignee=SAM)
        items = [{"kind": kind, "title": kind} for kind in kinds]
        await self.give(number, HOLLY, "decide", decision="proceed", reason="Ours.",
                        urgency="handle_during_sprint", work_items=items)  # fmt: skip
        await self.give(number, HOLLY, "move", to="in_backlog")
        await self.app.deliver_all()
        found = (await self.ticket(number)).work_items
        return number, [item.id for item in found if not item.mirror]

    async def hears(self, item: str, state: str, by: str = "Dana Kim") -> None:
        self.heard += 1
        news = ItemNews("azure_devops", item, str(self.heard), state=state, by_name=by)
        await item_news.receive(self.app.deps, news, frozenset({"docket"}))
        await self.app.deliver_all()

    async def released(self) -> str:
        """A bug of the other desk whose issue is done."""
        number = await self.opened("door")
        await self.give(number, NORA, "move", to="third_line_triage")
        await self.give(number, GRACE, "accept_for_sprint")
        await self.give(number, RUI, "pull_next")
        await self.app.deliver_all()
        await self.hears_in_jira(number, "Done")
        return number

    async def hears_in_jira(self, number: str, state: str) -> None:
        [item] = (await self.ticket(number)).work_items
        self.heard += 1
        news = ItemNews("jira", item.id, str(self.heard), state=state, by_name="Viktor Hansen")
        await item_news.receive(self.app.deps, news, frozenset())
        await self.app.deliver_all()

    async def is_resolved_by(self, item: str) -> None:
        await self.hears(item, "Done")
        await self.hears(item, "Closed")  # finished, too

    def mails(self, subject: str) -> list[str]:
        """Who got a mail of that subject."""
        sent = self.app.vendors.mail.sent.values()
        return sorted(mail.to[0][0] for mail in sent if subject in mail.subject)

    def text(self, subject: str) -> str:
        sent = self.app.vendors.mail.sent.values()
        return next(mail.text for mail in sent if subject in mail.subject)

    async def notes(self, number: str) -> list[str]:
        history = (await reads.find(self.app.deps, number)).history
        return [r.event.text for r in history if r.event.kind == "item_changed"]


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_a_ticket_whose_finished_item_is_open_again_is_worked_again_and_staff_are_told(
    desk: Desk,
) -> None:
    number, [item] = await desk.waits()
    await desk.is_resolved_by(item)
    assert (await desk.ticket(number)).state == "resolved"
    await desk.hears(item, "In Progress")
    assert (await desk.ticket(number)).state == "in_progress"
    assert desk.mails(OPEN_AGAIN) == [HOLLY, SAM]
    assert f"Dana Kim set the state to In Progress\n\n{number} counted on it as finished" in (
        desk.text(OPEN_AGAIN)
    )
    assert desk.mails("Open again") == []  # one mail of it is enough


async def test_a_ticket_does_not_close_by_itself_while_its_item_is_open_again(desk: Desk) -> None:
    number, [item] = await desk.waits()
    await desk.is_resolved_by(item)
    await desk.hears(item, "In Progress")
    desk.app.clock.advance(days=8)
    await sweep_due(desk.app.deps, "mytc")
    assert (await desk.ticket(number)).state == "in_progress"


async def test_an_item_that_is_finished_once_more_resolves_its_ticket_once_more(
    desk: Desk,
) -> None:
    number, [item] = await desk.waits()
    for state in ("Done", "In Progress", "Done"):
        await desk.hears(item, state)
    assert (await desk.ticket(number)).state == "resolved"


async def test_a_closed_ticket_stays_closed_and_staff_hear_that_its_item_is_open_again(
    desk: Desk,
) -> None:
    number, [item] = await desk.waits()
    await desk.is_resolved_by(item)
    await desk.give(number, HOLLY, "move", to="closed")
    await desk.hears(item, "New")
    assert (await desk.ticket(number)).state == "closed"
    assert desk.mails(OPEN_AGAIN) == [HOLLY, SAM]


async def test_work_that_was_never_finished_is_no_news_when_it_goes_on(desk: Desk) -> None:
    _, items = await desk.waits(("pbi", "task"))
    await desk.hears(items[0], "Done")
    for state in ("In Progress", "To Do"):
        await desk.hears(items[0], state)
    assert desk.mails(OPEN_AGAIN) == []


@pytest.mark.parametrize("state", ["Removed", GONE])
async def test_staff_hear_that_a_waiting_ticket_has_no_item_left(desk: Desk, state: str) -> None:
    number, items = await desk.waits(("pbi", "task"))
    await desk.hears(items[0], "Removed")
    assert desk.mails(NONE_LEFT) == []
    await desk.hears(items[1], state)
    assert desk.mails(NONE_LEFT) == [HOLLY, SAM]
    assert "It is In Backlog, and its resolution clock is paused." in desk.text(NONE_LEFT)
    assert (await desk.ticket(number)).state == "in_backlog"


async def test_an_item_that_is_tidied_away_after_the_end_disturbs_nobody(desk: Desk) -> None:
    _, [item] = await desk.waits()
    await desk.is_resolved_by(item)
    await desk.hears(item, "Removed")
    assert desk.mails(NONE_LEFT) == []


async def test_a_deleted_item_is_noted_once_whoever_changed_it_before(desk: Desk) -> None:
    number, [item] = await desk.waits()
    for _ in range(2):
        await desk.hears(item, GONE, by="Docket")
    [note] = await desk.notes(number)
    assert note.startswith(f"pbi {item} is gone")
    assert desk.mails(NONE_LEFT) == [HOLLY, SAM]


async def test_two_calls_that_meet_the_same_deleted_item_note_it_once(desk: Desk) -> None:
    number, [item] = await desk.waits()
    told = item_news.losses(await desk.ticket(number), {item})
    await handle(desk.app.deps, Order(number, (*told, *told), desk.app.actor(HOLLY)))
    assert len(await desk.notes(number)) == 1


async def test_a_deleted_item_beside_finished_ones_keeps_no_ticket_from_its_end(
    desk: Desk,
) -> None:
    number, items = await desk.waits(("pbi", "task"))
    await desk.hears(items[1], GONE)
    await desk.hears(items[0], "Done")
    assert (await desk.ticket(number)).state == "resolved"


async def test_a_delivered_feature_whose_issue_is_open_again_waits_for_it_once_more(
    desk: Desk,
) -> None:
    number = await desk.opened("door", type="feature_request")
    await desk.give(number, NORA, "move", to="with_product")
    await desk.give(number, NORA, "decide", decision="bug_or_feature", reason="Worth it.")
    await desk.app.deliver_all()
    for state in ("Done", "In progress"):
        await desk.hears_in_jira(number, state)
    assert (await desk.ticket(number)).state == "planned"
    assert desk.mails(OPEN_AGAIN) == [NORA]


async def test_a_released_fix_whose_issue_is_open_again_stays_with_support_and_is_told_of(
    desk: Desk,
) -> None:
    number = await desk.released()
    await desk.hears_in_jira(number, "In progress")
    assert (await desk.ticket(number)).state == "fix_released"
    assert desk.mails(OPEN_AGAIN) == [NORA, RUI]


async def test_work_that_the_desk_itself_took_up_again_is_no_news(desk: Desk) -> None:
    number = await desk.released()
    await desk.give(number, GRACE, "move", to="third_line_triage")
    await desk.app.deliver_all()
    await desk.hears_in_jira(number, "Code review")
    assert desk.mails(OPEN_AGAIN) == []


@pytest.mark.parametrize(("event", "state"), [("deleted", GONE), ("restored", "New")])
def test_deleting_and_restoring_an_item_in_azure_devops_are_news_of_its_state(
    event: str, state: str
) -> None:
    fields = {"System.State": "New", "System.ChangedBy": "Dana Kim <dana.kim@mytc.example>"}
    news = devops_news({"eventType": f"workitem.{event}", "resource": {"id": 5, "fields": fields}})
    assert news is not None
    assert (news.id, news.state, news.by_email) == ("5", state, "dana.kim@mytc.example")


def test_deleting_an_issue_in_jira_is_news_of_its_state() -> None:
    body = {"webhookEvent": "jira:issue_deleted", "issue": {"key": "DOOR-7"},
            "user": {"accountId": "5b10", "displayName": "Rui Costa"}}  # fmt: skip
    news = jira_news(body, "d1")
    assert news is not None
    assert (news.id, news.state, news.by_id) == ("DOOR-7", GONE, "5b10")

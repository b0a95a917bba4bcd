"""A Jira issue that moves to another project has another key, and its ticket knows it by that."""

from __future__ import annotations

from typing import Any

import pytest

from shared.adapters.backlog_news import jira_news
from shared.service import item_news, reads
from tests.pages.console_stage import NORA, Stage
from tests.support.app import memory_app

MOVE = [
    {"field": "project", "fromString": "Door", "toString": "Operations"},
    {"field": "Key", "fromString": "1", "toString": "OPS-3"},
]


def status(name: str) -> dict[str, str]:
    return {"field": "status", "toString": name}


class Desk(Stage):
    """The desk with Jira, and a planned feature whose issue moves."""

    async def moved(self, *more: dict[str, str]) -> str:
        number = await self.opened("door", type="feature_request")
        await self.give(number, NORA, "decide", decision="bug_or_feature", reason="Worth it.")
        await self.app.deliver_all()
        assert await self.hears("1", *MOVE, *more)
        return number

    async def hears(self, delivery: str, *items: dict[str, str]) -> bool:
        body: dict[str, Any] = {
            "webhookEvent": "jira:issue_updated", "issue": {"key": "OPS-3"},
            "changelog": {"items": list(items)}, "user": {"displayName": "Viktor Hansen"},
        }  # fmt: skip
        news = jira_news(body, delivery)
        return news is not None and await item_news.receive(self.app.deps, news, frozenset())


@pytest.fixture
def desk() -> Desk:
    return Desk(memory_app())


async def test_an_issue_that_moved_is_known_and_linked_by_its_new_key(desk: Desk) -> None:
    number = await desk.moved()
    [item] = (await desk.ticket(number)).work_items
    assert (item.id, item.url) == ("OPS-3", "https://backlog.invalid/DOOR/OPS-3")
    told = [r.event.text for r in (await reads.find(desk.app.deps, number)).history
            if r.event.kind == "item_changed"]  # fmt: skip
    assert told == ["feature 1: Viktor Hansen moved it, and it is OPS-3 now"]


async def test_news_under_the_new_key_reach_the_ticket(desk: Desk) -> None:
    number = await desk.moved()
    assert await desk.hears("2", status("Done"))
    assert (await desk.ticket(number)).state == "delivered"


async def test_a_state_that_changed_with_the_move_counts(desk: Desk) -> None:
    number = await desk.moved(status("Done"))
    assert (await desk.ticket(number)).state == "delivered"

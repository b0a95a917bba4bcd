"""What the team answers in a thread becomes work notes: once each, internal, at bounded cost."""

from __future__ import annotations

import asyncio
import json

import pytest

from shared.domain import events as ev
from shared.domain.errors import Rejected, Unavailable
from shared.ports import ChatReply
from shared.service import layout as ly
from shared.service import reads, thread_news
from shared.service.deliver import deliver
from shared.service.thread_news import listen
from tests.pages.console_stage import HOLLY, MARIA, SAM, Stage
from tests.support.app import DESKS, memory_app

SAM_ID = DESKS["mytc"].member_by_email[SAM].aad_id or ""


class Team(Stage):
    """The mytc desk, and its team in Teams."""

    def __init__(self) -> None:
        super().__init__(memory_app())
        self.chat = self.app.vendors.chat

    async def asked(self) -> tuple[str, str]:
        """A ticket that the team was asked about, and its thread."""
        number = await self.opened()
        await self.give(number, HOLLY, "ask_team")
        await self.app.deliver_all()
        return number, (await self.ticket(number)).triage.thread

    def says(self, thread: str, text: str, by: tuple[str, str] = (SAM_ID, "Sam Okafor")) -> None:
        said = self.chat.said.setdefault(thread, [])
        said.append(ChatReply(f"reply-{len(said)}", self.app.clock.now(), *by, text))

    async def listens(self, **later: float) -> int:
        self.app.clock.advance(**later)
        return await listen(self.app.deps, "mytc")

    async def notes(self, number: str) -> list[tuple[str, str]]:
        """Who the history says has written what in Teams."""
        history = (await reads.find(self.app.deps, number)).history
        noted = [(r.by.email, r.event) for r in history if isinstance(r.event, ev.Noted)]
        return [(by, event.text) for by, event in noted if event.via == "teams"]

    async def waiting(self) -> int:
        return len(await self.app.rows.scan("mytc", "listen|", f"listen{ly.END}"))


@pytest.fixture
def team() -> Team:
    return Team()


async def test_an_answer_is_a_work_note_with_its_author_and_time(team: Team) -> None:
    number, thread = await team.asked()
    team.says(thread, "The login service broke")
    assert await team.listens(minutes=1) == 1
    said = "Sam Okafor in Teams, Mon 23 Nov 2026, 10:00 EST:\n\nThe login service broke"
    assert await team.notes(number) == [(SAM, said)]
    event = (await reads.find(team.app.deps, number)).history[-1].event
    assert not event.public


async def test_somebody_who_is_no_member_is_named_and_acts_for_nobody(team: Team) -> None:
    number, thread = await team.asked()
    team.says(thread, "Hello", by=("guest-id", "Gail Guest"))
    await team.listens(minutes=1)
    [(by, text)] = await team.notes(number)
    assert by == "teams"
    assert text.startswith("Gail Guest in Teams")


async def test_each_answer_is_noted_once_however_often_and_by_how_many_it_is_read(
    team: Team,
) -> None:
    number, thread = await team.asked()
    team.says(thread, "one")
    await team.listens(minutes=1)
    team.says(thread, "two")
    team.app.clock.advance(minutes=2)
    await asyncio.gather(*(listen(team.app.deps, "mytc") for _ in range(4)))
    await team.listens(minutes=2)
    assert [text[-3:] for _, text in await team.notes(number)] == ["one", "two"]


async def test_what_is_said_in_the_thread_reaches_no_client_and_documents_no_resolution(
    team: Team,
) -> None:
    number, thread = await team.asked()
    await team.give(number, HOLLY, "move", to="in_planning")
    before = len(team.app.vendors.mail.sent)
    team.says(thread, "The marrow cache is broken")
    await team.listens(minutes=1)
    await team.app.deliver_all()
    assert not any("marrow" in str(m) for m in list(team.app.vendors.mail.sent.values())[before:])
    assert len(await team.notes(number)) == 1
    assert not (await team.ticket(number)).resolution_noted


async def test_a_lively_thread_is_looked_at_each_minute_and_a_quiet_one_seldom(
    team: Team,
) -> None:
    _, thread = await team.asked()
    looks: list[int] = []
    for hours in (0, 2, 30):
        team.app.clock.advance(hours=hours)
        await team.listens(minutes=31)
        before = len(team.app.calls)
        for _ in range(60):
            await team.listens(minutes=1)
        looks.append(sum(c == "table.commit" for c in team.app.calls[before:]))
    assert looks[0] > looks[1] > looks[2] > 0
    team.says(thread, "Anybody there?")
    await team.listens(minutes=31)
    team.says(thread, "Yes")
    assert await team.listens(minutes=1, seconds=1) == 1


async def test_a_thread_in_which_nothing_is_said_for_a_week_is_left(team: Team) -> None:
    await team.asked()
    assert await team.waiting() == 1
    await team.listens(days=8)
    assert await team.waiting() == 0


async def test_the_chat_tool_is_not_asked_about_ended_tickets_which_catch_up_when_reopened(
    team: Team,
) -> None:
    number, thread = await team.asked()
    await team.give(number, MARIA, "decide", decision="not_our_problem", reason="not ours")
    team.says(thread, "Are you sure?")
    team.chat.failing.append(Unavailable("would be asked"))
    assert await team.listens(minutes=2) == 0
    assert team.chat.failing
    team.chat.failing.clear()
    await team.give(number, HOLLY, "move", to="in_planning")
    assert await team.listens(hours=6, minutes=1) == 1


async def test_a_look_costs_what_is_due_however_many_tickets_there_are(team: Team) -> None:
    for _ in range(30):
        await team.opened()
    await team.asked()
    await team.listens(minutes=2)
    team.app.calls.clear()
    await team.listens(seconds=1)
    assert team.app.calls == ["table.scan"]
    team.app.calls.clear()
    await team.listens(minutes=2)
    assert team.app.calls == ["table.scan", "table.get", "table.commit"]


async def test_many_threads_are_looked_into_some_at_a_time(team: Team) -> None:
    threads = [(await team.asked())[1] for _ in range(thread_news.MOST + 2)]
    for thread in threads:
        team.says(thread, "Looking")
    assert await team.listens(minutes=2) == thread_news.MOST
    assert await team.listens(seconds=1) == 2


async def test_a_chat_tool_that_is_away_is_left_alone_for_a_while_and_nothing_is_missed(
    team: Team,
) -> None:
    (one, first), (two, second) = await team.asked(), await team.asked()
    team.says(first, "one")
    team.says(second, "two")
    team.chat.failing.append(Unavailable("away"))
    await team.listens(minutes=1)
    assert not team.chat.failing
    await team.listens(minutes=5)
    assert len(await team.notes(one)) == len(await team.notes(two)) == 1


async def test_a_thread_that_is_gone_is_forgotten(team: Team) -> None:
    await team.asked()
    team.chat.failing.append(Rejected("no such message"))
    await team.listens(minutes=1)
    assert await team.waiting() == 0


async def test_a_second_thread_of_the_ticket_is_read_too(team: Team) -> None:
    number, first = await team.asked()
    team.app.clock.advance(minutes=1)
    await team.give(number, HOLLY, "ask_team")
    await team.app.deliver_all()
    second = (await team.ticket(number)).triage.thread
    assert second != first
    team.says(first, "old")
    team.says(second, "new")
    assert await team.listens(minutes=2) == 2
    assert {text[-3:] for _, text in await team.notes(number)} == {"old", "new"}


async def test_a_decision_that_overtakes_the_question_still_stands_in_its_thread(
    team: Team,
) -> None:
    number = await team.opened()
    await team.app.deliver_all()
    await team.give(number, HOLLY, "ask_team")
    await team.give(number, HOLLY, "decide", decision="not_our_problem", reason="not ours")
    asked, decided = (json.loads(rung.message) for rung in team.app.bell.messages)
    await asyncio.gather(
        *(
            deliver(team.app.deps, each["desk"], each["row"], each["claim"], again=False)
            for each in (decided, asked)
        )
    )
    [question, decision] = team.chat.posted.values()
    assert (question.thread, decision.thread) == ("", question.id)

"""What was given up is set aside by hand: it leaves the list, and its ticket says who and why."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import pytest

from shared.domain import commands as cm
from shared.domain import effects as ef
from shared.domain.errors import FlowForbids, Forbidden, Invalid, NotFound, Stale
from shared.domain.people import Person
from shared.ports import Put, Write
from shared.service import layout as ly
from shared.service import reads, retry
from shared.service.conversation import staff_command
from shared.service.deps import Deps
from tests.operations.journey import archived
from tests.service.counted import CLIENT, submit
from tests.support.app import MemoryApp, memory_app

HOLLY, SAM = "holly@mytc.example", "sam.okafor@mytc.example"
WHY = "The address does not exist."
LETTER = ef.MailOwed(
    seq=1,
    notice="closed",
    to=Person(email=CLIENT),
    audience="client",
    status="dead",
    error="no such mailbox",
)
DIGEST = ef.MailOwed(
    seq=1,
    notice="escalations",
    to=Person(email=HOLLY),
    audience="staff",
    status="dead",
    error="no such mailbox",
    digest=ef.Digest(lines=(), more=("MYTC-1", "MYTC-7")),
)


async def given_up(app: MemoryApp, number: str, *effects: ef.Effect, attempt: int = 3) -> str:
    """The key of a row whose effects are not tried any more."""
    now, key = app.clock.now(), ly.dead_key(number, 1)
    box = ef.Outbox(
        desk="mytc", number=number, seq=1, committed_at=now, due=now, claim="",
        attempt=attempt, effects=effects or (LETTER,),
    )  # fmt: skip
    await app.rows.commit("mytc", [Put(key, ly.body(box))])
    return key


async def aside(
    app: MemoryApp, key: str, reason: str = WHY, by: str = HOLLY, **options: Any
) -> bool:
    deps = options.pop("deps", app.deps)
    desk = app.deps.desk("mytc")
    return await retry.set_aside(deps, desk, key, reason, app.actor(by), **options)


async def listed(app: MemoryApp) -> list[str]:
    return [key for key, _ in await reads.undelivered(app.deps, app.deps.desk("mytc"))]


async def last(app: MemoryApp) -> Any:
    return (await reads.find(app.deps, "MYTC-1")).history[-1]


@pytest.fixture
async def app() -> MemoryApp:
    """With one request whose mails went out."""
    made = memory_app()
    await submit(made.deps)
    await made.deliver_all()
    return made


async def test_what_was_set_aside_leaves_the_list_and_a_work_note_says_who_what_and_why(
    app: MemoryApp,
) -> None:
    key = await given_up(app, "MYTC-1")
    assert await aside(app, key)
    assert await listed(app) == []
    told = await last(app)
    assert (told.by.email, told.event.kind, told.event.public) == (HOLLY, "noted", False)
    what = f"Mail “closed” to {CLIENT}"
    assert told.event.text == f"Set aside, not to be delivered any more: {what}. Reason: {WHY}"


async def test_setting_aside_is_no_documented_step_of_a_resolution(app: MemoryApp) -> None:
    await aside(app, await given_up(app, "MYTC-1"))
    assert not (await reads.find(app.deps, "MYTC-1")).ticket.resolution_noted


async def test_the_note_of_a_digest_names_its_tickets(app: MemoryApp) -> None:
    await aside(app, await given_up(app, "MYTC-1", DIGEST))
    assert f"to {HOLLY} (MYTC-1, MYTC-7)." in (await last(app)).event.text


async def test_a_repeated_click_changes_nothing(app: MemoryApp) -> None:
    key = await given_up(app, "MYTC-1")
    await aside(app, key)
    before = await last(app)
    with pytest.raises(NotFound, match="set aside"):
        await aside(app, key)
    assert await last(app) == before


async def test_what_is_still_being_tried_is_not_set_aside(app: MemoryApp) -> None:
    now = app.clock.now()
    box = ef.Outbox(
        desk="mytc", number="MYTC-1", seq=1, committed_at=now, due=now, claim="",
        effects=(LETTER.model_copy(update={"status": "due"}),),
    )  # fmt: skip
    key, text = ly.outbox_row(box)
    await app.rows.commit("mytc", [Put(key, text)])
    with pytest.raises(FlowForbids, match="still being tried"):
        await aside(app, key)
    assert await listed(app) == [key]


@pytest.mark.parametrize("reason", ["", " \n\t", "\x00", "x" * 501])
async def test_a_reason_is_needed_and_short(app: MemoryApp, reason: str) -> None:
    key = await given_up(app, "MYTC-1")
    with pytest.raises(Invalid, match="reason"):
        await aside(app, key, reason)
    assert await listed(app) == [key]


async def test_only_a_lead_or_an_administrator_sets_aside(app: MemoryApp) -> None:
    key = await given_up(app, "MYTC-1")
    with pytest.raises(Forbidden, match="admin, lead"):
        await aside(app, key, by=SAM)
    assert await listed(app) == [key]


async def test_a_row_that_was_tried_again_since_it_was_seen_stays(app: MemoryApp) -> None:
    key = await given_up(app, "MYTC-1", attempt=4)
    with pytest.raises(Stale):
        await aside(app, key, attempt=3)
    assert await listed(app) == [key]
    assert await aside(app, key, attempt=4)


@dataclass
class Overtaken:
    """Rows on which somebody else does something just before the first commit."""

    rows: Any
    meanwhile: Callable[[], Awaitable[None]] | None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.rows, name)

    async def commit(self, partition: str, writes: Sequence[Write]) -> list[str]:
        if self.meanwhile:
            first, self.meanwhile = self.meanwhile, None
            await first()
        return cast("list[str]", await self.rows.commit(partition, writes))


def overtaken(app: MemoryApp, meanwhile: Callable[[], Awaitable[None]]) -> Deps:
    return replace(app.deps, rows=cast("Any", Overtaken(app.rows, meanwhile)))


async def test_what_is_tried_again_at_the_same_moment_is_neither_lost_nor_noted(
    app: MemoryApp,
) -> None:
    key = await given_up(app, "MYTC-1")
    before = await last(app)

    async def again() -> None:
        await retry.retry(app.deps, app.deps.desk("mytc"), key)

    with pytest.raises(Stale):
        await aside(app, key, deps=overtaken(app, again))
    [still] = await listed(app)
    assert still.startswith("outbox|")
    assert await last(app) == before


async def test_what_was_given_up_anew_at_the_same_moment_stays(app: MemoryApp) -> None:
    key = await given_up(app, "MYTC-1")
    before = await last(app)

    async def anew() -> None:
        await given_up(app, "MYTC-1", attempt=4)

    with pytest.raises(Stale):
        await aside(app, key, deps=overtaken(app, anew))
    assert await listed(app) == [key]
    assert await last(app) == before


async def test_a_ticket_that_changes_at_the_same_moment_does_not_stop_it(app: MemoryApp) -> None:
    key = await given_up(app, "MYTC-1")

    async def changes() -> None:
        note = cm.Note(command="note", text="meanwhile")
        await staff_command(app.deps, "MYTC-1", note, app.actor(SAM))

    assert await aside(app, key, deps=overtaken(app, changes))
    assert await listed(app) == []
    assert "Set aside" in (await last(app)).event.text


@pytest.mark.parametrize("is_archived", [True, False])
async def test_what_no_live_ticket_owes_leaves_the_list_without_a_note(
    *, is_archived: bool
) -> None:
    app = memory_app()
    number = await archived(app) if is_archived else "MYTC-99"
    assert not await aside(app, await given_up(app, number))
    assert await listed(app) == []

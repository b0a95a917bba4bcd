"""The archive's night, and tickets of a type that was taken out of the desk's file."""

from __future__ import annotations

from dataclasses import replace

import pytest

from functions import night
from shared.context import use_app
from shared.ports import Put
from shared.service import layout as ly
from shared.service import reads
from shared.service.archive import archive
from tests.operations.journey import closed, opened, without_type
from tests.support.app import MemoryApp, memory_app


@pytest.fixture
def app() -> MemoryApp:
    return memory_app()


def take_out(app: MemoryApp, type_id: str) -> None:
    """The desk's file is edited, and the app restarted."""
    desks = {**app.deps.desks, "mytc": without_type(app.deps.desks["mytc"], type_id)}
    app.app = replace(app.app, deps=replace(app.deps, desks=desks))


async def is_live(app: MemoryApp, number: str) -> bool:
    return await app.rows.get("mytc", ly.state_key(number)) is not None


async def test_a_ticket_that_cannot_be_read_keeps_no_other_from_the_archive(
    app: MemoryApp,
) -> None:
    numbers = [await closed(app) for _ in range(3)]
    await app.rows.commit("mytc", [Put(ly.state_key(numbers[1]), '{"newer": 1}')])
    app.clock.advance(days=60)
    assert await archive(app.deps, app.deps.desks["mytc"]) == 2
    assert [await is_live(app, number) for number in numbers] == [False, True, False]


async def test_a_closed_ticket_is_archived_though_its_type_is_gone(app: MemoryApp) -> None:
    number = await closed(app)
    take_out(app, "production_issue")
    app.clock.advance(days=60)
    assert await archive(app.deps, app.deps.desks["mytc"]) == 1
    assert (await reads.find(app.deps, number)).live is False


async def test_an_open_ticket_is_found_though_its_type_is_gone(app: MemoryApp) -> None:
    number = await opened(app)
    take_out(app, "production_issue")
    assert (await reads.find(app.deps, number)).ticket.number == number


async def test_a_night_without_time_moves_some_of_each_desk(app: MemoryApp) -> None:
    number = await closed(app)
    app.clock.advance(days=60)
    assert await archive(app.deps, app.deps.desks["mytc"], seconds=-1) == 1
    assert not await is_live(app, number)


async def test_what_is_of_no_more_use_goes_in_the_same_night(app: MemoryApp) -> None:
    use_app(app.app)
    key = ly.sender_key("bob@client.example")
    await app.rows.commit("door", [Put(key, '{"email":"bob@client.example"}')])
    await night.archive_closed()
    app.clock.advance(days=8)
    await night.archive_closed()
    assert await app.rows.get("door", key) is None

"""Everything goes out as JSON Lines; other tools' tickets come in once, quietly."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from shared.domain import events as ev
from shared.domain.desk import Desk
from shared.domain.errors import Conflict, Invalid, Unknown
from shared.domain.evolve import replay
from shared.service import reads, rebuild, transfer
from shared.service.archive import archive
from shared.service.import_file import Fault, Record, records
from shared.service.import_rows import read_mapping
from shared.service.sweep import sweep_due, sweep_outbox
from tests.operations.journey import archived, opened, worked
from tests.support.app import MemoryApp, memory_app

SAMPLES = Path(__file__).parent / "samples"
type Read = Callable[[], Iterator[Record | list[Fault]]]


@pytest.fixture
def app() -> MemoryApp:
    return memory_app()


@pytest.fixture
def desk(app: MemoryApp) -> Desk:
    return app.deps.desks["mytc"]


def reading(app: MemoryApp, desk: Desk, file: str, mapping: str) -> Read:
    found = read_mapping(SAMPLES / mapping)
    return partial(records, SAMPLES / file, found, desk, app.clock.now())


async def imported(app: MemoryApp, desk: Desk) -> transfer.Imported:
    read = reading(app, desk, "jira.csv", "jira.yaml")
    return await transfer.import_records(app.deps, desk, "jira", read)


async def test_a_jira_csv_comes_in_with_states_people_and_comments(
    app: MemoryApp, desk: Desk
) -> None:
    told = await imported(app, desk)
    assert (told.created, told.known, told.faults) == (
        ["MYTC-1", "MYTC-2", "MYTC-3", "MYTC-4"], 0, []
    )  # fmt: skip
    loaded = await reads.find(app.deps, "MYTC-1")
    ticket = loaded.ticket
    assert (ticket.title, ticket.description) == ("Portal, slow", "Two\nlines")
    assert (ticket.state, ticket.severity) == ("closed", "high")
    assert ticket.assignee == "sam.okafor@mytc.example"
    assert ticket.created_at == dt.datetime(2026, 1, 5, 14, 0, tzinfo=dt.UTC)
    assert ticket.facts.ended[-1].start == dt.datetime(2026, 1, 7, 21, 30, tzinfo=dt.UTC)
    assert [(r.system, r.ref) for r in ticket.external_refs] == [("jira", "OPS-1")]
    notes = [r.event.text for r in loaded.history if isinstance(r.event, ev.Noted)]
    assert notes[1] == "sam, 2026-01-07 21:00 UTC:\nFixed; deployed"
    other = (await reads.find(app.deps, "MYTC-2")).ticket
    assert (other.requester.name, other.requester.email) == ("Robin Park", "robin@client.example")
    assert other.assignee is None


async def test_an_imported_history_says_so_and_replays_to_the_ticket(
    app: MemoryApp, desk: Desk
) -> None:
    for number in (await imported(app, desk)).created:
        loaded = await reads.find(app.deps, number)
        assert {r.by.name for r in loaded.history} == {"Imported from jira"}
        assert loaded.ticket == replay(loaded.history)
        last = [r.event.text for r in loaded.history if isinstance(r.event, ev.Noted)][-1]
        assert last.startswith("Imported from jira, where it is OPS-")
    assert [d async for d in rebuild.check_desk(app.deps, desk)] == []


async def test_nobody_hears_of_an_import_not_even_when_the_clock_looks(
    app: MemoryApp, desk: Desk
) -> None:
    await imported(app, desk)
    assert (await reads.find(app.deps, "MYTC-4")).ticket.state == "closed"  # long since due
    for _ in range(2):
        await sweep_due(app.deps, desk.id)
        await sweep_outbox(app.deps, desk.id)
        await app.deliver_all()
    assert app.vendors.mail.sent == {}
    assert app.vendors.chat.posted == {}
    assert app.vendors.tool.items == {}


async def test_open_imports_are_worked_and_watched_like_any_ticket(
    app: MemoryApp, desk: Desk
) -> None:
    await imported(app, desk)
    page = await reads.tickets(app.deps, desk, reads.Query(view="open"))
    assert {s.number for s in page.tickets} == {"MYTC-2", "MYTC-3"}
    app.clock.advance(days=60)
    await sweep_due(app.deps, desk.id)
    await app.deliver_all()
    assert app.vendors.mail.sent


async def test_the_same_file_again_changes_nothing(app: MemoryApp, desk: Desk) -> None:
    await imported(app, desk)
    before = await app.rows.scan(desk.id, "\x20", "\x7e")
    again = await imported(app, desk)
    assert (again.created, again.known) == ([], 4)
    assert await app.rows.scan(desk.id, "\x20", "\x7e") == before


@pytest.mark.parametrize("failure", [Unknown("lost"), Conflict("counter", exists=False)])
async def test_a_lost_answer_or_a_conflict_makes_no_second_ticket(failure: Exception) -> None:
    left = 2

    def fail(call: str) -> None:
        nonlocal left
        left -= call == "table.commit"
        if left == 0 and call == "table.commit":
            raise failure

    app = memory_app(fail)
    desk = app.deps.desks["mytc"]
    told = await imported(app, desk)
    assert len(told.created) == 4
    page = await reads.tickets(app.deps, desk, reads.Query(view="all"))
    refs = [(await reads.find(app.deps, s.number)).ticket.external_refs for s in page.tickets]
    assert len(refs) == len(set(refs)) == 4


async def test_a_dry_run_names_line_and_field_of_everything_wrong_and_writes_nothing(
    app: MemoryApp, desk: Desk
) -> None:
    read = reading(app, desk, "wrong.csv", "jira.yaml")
    told = await transfer.check_records(app.deps, desk, "jira", read)
    found = {(f.line, f.field) for f in told.faults}
    assert found == {
        (5, "title (column 'Summary')"),
        (5, "requester (column 'Reporter')"),
        (5, "created (column 'Created')"),
        (6, "created (column 'Created')"),
        (6, "comments (column 'Comment')"),
        (6, "state (column 'Status')"),
        (7, "ref (column 'Issue key')"),
        (7, "ended (column 'Resolved')"),
        (8, "ref"),
    }
    assert await app.rows.scan(desk.id, "\x20", "\x7e") == []
    told = await transfer.import_records(app.deps, desk, "jira", read)
    assert told.created == []
    assert await app.rows.scan(desk.id, "\x20", "\x7e") == []


async def test_an_unknown_type_names_those_that_the_desk_has(app: MemoryApp, desk: Desk) -> None:
    found = read_mapping(SAMPLES / "jira.yaml").model_copy(update={"values": {}})
    faults = [
        f
        for record in records(SAMPLES / "jira.csv", found, desk, app.clock.now())
        if isinstance(record, list)
        for f in record
    ]
    assert any("'Bug' is not known here; use one of production_issue" in f.message for f in faults)


@pytest.mark.parametrize(
    ("file", "mapping", "system"),
    [("devops.csv", "devops.yaml", "azure_devops"), ("jira.json", "jira_json.yaml", "jira")],
)
async def test_azure_devops_and_jiras_json_come_in_too(
    app: MemoryApp, desk: Desk, file: str, mapping: str, system: str
) -> None:
    read = reading(app, desk, file, mapping)
    assert (await transfer.import_records(app.deps, desk, system, read)).created == ["MYTC-1"]
    ticket = (await reads.find(app.deps, "MYTC-1")).ticket
    assert (ticket.requester.name, ticket.state) == ("Casey Lee", "closed")
    assert ticket.description == "It says no.\nTwice."


async def test_a_column_that_is_not_there_is_named(
    app: MemoryApp, desk: Desk, tmp_path: Path
) -> None:
    (tmp_path / "other.csv").write_text("A,B\n1,2\n")
    mapping = read_mapping(SAMPLES / "jira.yaml")
    with pytest.raises(Invalid, match="no column Assignee, Created"):
        list(records(tmp_path / "other.csv", mapping, desk, app.clock.now()))


async def test_a_mapping_with_a_slip_names_it(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text("desk: mytc\nsystem: jira\ncolums: {}\ncolumns: {titel: A}\n")
    with pytest.raises(Invalid) as raised:
        read_mapping(tmp_path / "m.yaml")
    assert {e.field for e in raised.value.errors} >= {"colums", "columns.titel"}


async def test_a_ticket_with_very_many_comments_comes_in_whole(
    app: MemoryApp, desk: Desk, tmp_path: Path
) -> None:
    issue = json.loads((SAMPLES / "jira.json").read_text())
    comments = [
        {"author": {"displayName": "Sam"}, "created": "2026-01-05T10:00:00Z", "body": f"said {i}"}
        for i in range(500)
    ]
    issue["issues"][0]["fields"]["comment"]["comments"] = comments
    (tmp_path / "many.json").write_text(json.dumps(issue))
    mapping = read_mapping(SAMPLES / "jira_json.yaml")
    read = partial(records, tmp_path / "many.json", mapping, desk, app.clock.now())
    await transfer.import_records(app.deps, desk, "jira", read)
    history = (await reads.find(app.deps, "MYTC-1")).history
    text = " ".join(r.event.text for r in history if isinstance(r.event, ev.Noted))
    assert all(f"said {i}" in text for i in range(500))


async def test_imported_tickets_are_archived_and_found_like_others(
    app: MemoryApp, desk: Desk
) -> None:
    await imported(app, desk)
    assert await archive(app.deps, desk) == 2
    assert (await reads.find(app.deps, "MYTC-1")).ticket.title == "Portal, slow"
    assert [d async for d in rebuild.check_desk(app.deps, desk)] == []


async def test_the_export_holds_every_ticket_with_its_history_and_readers(
    app: MemoryApp, desk: Desk
) -> None:
    numbers = {await archived(app), await worked(app), await opened(app)}
    lines = [line async for line in transfer.export(app.deps, [desk])]
    told = {t["number"]: t for t in map(json.loads, lines)}
    assert set(told) == numbers
    for number, ticket in told.items():
        loaded = await reads.find(app.deps, number)
        history = [ev.Recorded.model_validate(r) for r in ticket["history"]]
        assert replay(history) == loaded.ticket
        assert [s["email"] for s in ticket["seen_by"]] == [s.email for s in loaded.seen]
    assert told["MYTC-1"]["archived"] is True

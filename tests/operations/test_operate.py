"""The operator's command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import pytest

from scripts import operate
from shared.domain.errors import Rejected
from shared.ports import Delete
from shared.service import layout as ly
from shared.service import reads
from shared.service.sweep import sweep_outbox
from tests.operations.journey import CASEY, opened, worked
from tests.support.app import MemoryApp, memory_app
from tests.support.azurite import Azurite

SAMPLES = Path(__file__).parent / "samples"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def app() -> MemoryApp:
    return memory_app()


async def run(app: MemoryApp, *argv: str) -> int:
    return await operate.run(app.app, operate.parser().parse_args(argv))


async def test_a_backup_is_written_listed_checked_and_restored(
    app: MemoryApp, capsys: pytest.CaptureFixture[str]
) -> None:
    number = await worked(app)
    assert await run(app, "backup") == 0
    assert await run(app, "backup", "--list") == 0
    name = capsys.readouterr().out.split()[-3]
    assert await run(app, "backup", "--verify", name) == 0
    fresh = memory_app()
    fresh.app = replace(fresh.app, deps=replace(fresh.deps, blobs=app.deps.blobs))
    fresh.clock.at = app.clock.at
    assert await run(fresh, "restore") == 0
    assert (await reads.find(fresh.deps, number)).row == (await reads.find(app.deps, number)).row


async def test_rebuild_check_fails_on_a_difference_and_rebuild_mends_it(
    app: MemoryApp, capsys: pytest.CaptureFixture[str]
) -> None:
    number = await opened(app)
    assert await run(app, "rebuild", "--check") == 0
    await app.rows.commit("mytc", [Delete(ly.state_key(number))])
    assert await run(app, "rebuild", "--check", "--ticket", number) == 1
    assert f"{number}: ticket|{number}|state: is missing" in capsys.readouterr().out
    assert await run(app, "rebuild", "--ticket", number) == 0
    assert await run(app, "rebuild", "--check", "--desk", "mytc") == 0


async def test_an_export_is_a_file_of_one_line_a_ticket_and_overwrites_none(
    app: MemoryApp, tmp_path: Path
) -> None:
    numbers = [await opened(app), await opened(app)]
    out = tmp_path / "all.jsonl"
    assert await run(app, "export", "--out", str(out)) == 0
    assert [json.loads(line)["number"] for line in out.read_text().splitlines()] == numbers
    with pytest.raises(FileExistsError):
        await run(app, "export", "--out", str(out))


async def test_an_import_is_tried_then_done(
    app: MemoryApp, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = (str(SAMPLES / "jira.csv"), "--mapping", str(SAMPLES / "jira.yaml"))
    assert await run(app, "import", *wanted, "--dry-run") == 0
    assert await run(app, "import", *wanted) == 0
    assert await run(app, "import", *wanted) == 0
    assert capsys.readouterr().out.splitlines() == [
        "4 would be imported, 0 are here already",
        "4 imported, 0 were here already",
        "0 imported, 4 were here already",
    ]


async def test_a_wrong_import_tells_file_line_and_field(
    app: MemoryApp, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = (str(SAMPLES / "wrong.csv"), "--mapping", str(SAMPLES / "jira.yaml"))
    assert await run(app, "import", *wanted) == 1
    out = capsys.readouterr().out
    assert "wrong.csv:7: ref (column 'Issue key'): is empty" in out
    assert "nothing was imported" in out


async def test_a_person_is_exported_and_erased_only_when_it_is_really_meant(
    app: MemoryApp, tmp_path: Path
) -> None:
    number = await worked(app)
    out = tmp_path / "casey.zip"
    assert await run(app, "person-export", CASEY.email, "--out", str(out)) == 0
    with ZipFile(out) as made:
        assert f"tickets/{number}.json" in made.namelist()
    assert await run(app, "person-erase", CASEY.email) == 1
    assert (await reads.find(app.deps, number)).ticket.requester == CASEY
    assert await run(app, "person-erase", CASEY.email, "--yes") == 0
    assert (await reads.find(app.deps, number)).ticket.requester.name == "Erased person"


async def test_what_was_given_up_is_tried_again(
    app: MemoryApp, capsys: pytest.CaptureFixture[str]
) -> None:
    await opened(app)
    app.vendors.mail.failing.append(Rejected("no"))
    await app.deliver_all()
    desk = app.deps.desks["mytc"]
    assert len(await reads.undelivered(app.deps, desk)) == 1
    before = len(app.vendors.mail.sent)
    app.clock.advance(minutes=1)
    assert await run(app, "replay-undelivered") == 0
    app.clock.advance(minutes=1)
    assert await sweep_outbox(app.deps, "mytc") == 1
    await app.deliver_all()
    assert len(app.vendors.mail.sent) == before + 1
    assert await reads.undelivered(app.deps, desk) == []
    assert "1 row will be tried again" in capsys.readouterr().out


def command(azurite: Azurite, *argv: str) -> subprocess.CompletedProcess[str]:
    settings = {
        "DOCKET_PUBLIC_URL": "http://docket.test",
        "DOCKET_LINK_KEY": "x" * 40,
        "DOCKET_STORAGE_CONNECTION": azurite.connection_string,
    }
    return subprocess.run(  # noqa: S603
        [sys.executable, "-m", "scripts.operate", *argv],
        env={**os.environ, **settings}, cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_commands_run_as_programs_with_the_apps_own_settings(azurite: Azurite) -> None:
    """Over a storage account that nothing was ever written to."""
    wanted = (str(SAMPLES / "jira.csv"), "--mapping", str(SAMPLES / "jira.yaml"))
    imported = command(azurite, "import", *wanted)
    assert (imported.returncode, imported.stdout) == (0, "4 imported, 0 were here already\n")
    assert command(azurite, "backup").returncode == 0
    again = command(azurite, "restore")
    assert again.returncode == 1
    assert "NotEmpty: there are rows in mytc" in again.stderr
    assert command(azurite, "rebuild", "--check").returncode == 0

"""What an operator does by hand: backup, restore, rebuild, export, import, a person's data.

    python -m scripts.operate COMMAND --help

It uses the app's own settings (DOCKET_...). Outside Azure, with endpoints in place of a connection
string, it signs in as whoever `az login` says; docs/runbook.md names the roles that this takes.
Exit code: 0 done, 1 something is wrong with the data or the input, 2 a wrong command line.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TextIO
from zipfile import ZipFile

from shared import telemetry
from shared.context import ARCHIVE, CONTAINER, TABLE, App, compose
from shared.domain.desk import Desk
from shared.domain.errors import DocketError, NotFound
from shared.domain.words import counted
from shared.service import backup, backup_shelf, person_export, privacy, rebuild, restore, transfer
from shared.service.deps import Deps
from shared.service.import_file import records
from shared.service.import_rows import read_mapping
from shared.service.numbers import Numbers
from shared.service.rebuild import Difference
from shared.service.retry import retry
from shared.service.walk import pages
from shared.settings import MissingSettingsError, Settings

MOST_TOLD = 200
type Act = Callable[[App, argparse.Namespace], Awaitable[int]]


def main(argv: list[str] | None = None) -> int:
    """Runs one command; its exit code."""
    args = parser().parse_args(argv)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    telemetry.set_up_logs()
    try:
        app = connected(Settings.read())
        return asyncio.run(run(app, args))
    except (MissingSettingsError, DocketError, ValueError, OSError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1


async def run(app: App, args: argparse.Namespace) -> int:
    """The command over that app; closes the app's connections."""
    act: Act = args.act
    try:
        return await act(app, args)
    finally:
        for part in (app.deps.rows, app.deps.archive, app.deps.blobs, app.deps.bell):
            close = getattr(part, "aclose", None)  # adapters have it, ports do not
            if close is not None:
                await close()


def connected(settings: Settings) -> App:
    """The app for these settings, with the signed-in operator where there is no other identity."""
    if settings.storage_connection or "IDENTITY_ENDPOINT" in os.environ:
        return compose(settings)
    from azure.identity.aio import AzureCliCredential  # noqa: PLC0415

    from shared.adapters.blobs import BlobStore  # noqa: PLC0415
    from shared.adapters.storage_account import StorageAccount  # noqa: PLC0415
    from shared.adapters.tables import TableRows  # noqa: PLC0415

    account = StorageAccount(
        settings.table_endpoint.rstrip("/"), settings.queue_endpoint.rstrip("/"),
        settings.blob_endpoint.rstrip("/"), AzureCliCredential(),
    )  # fmt: skip
    app = compose(settings)
    rows = TableRows(account, TABLE)
    deps = replace(
        app.deps, rows=rows, archive=TableRows(account, ARCHIVE),
        blobs=BlobStore(account, CONTAINER), numbers=Numbers(rows),
    )  # fmt: skip
    return replace(app, deps=deps)


# -- commands


async def back_up(app: App, args: argparse.Namespace) -> int:
    """Writes a backup, lists those that there are, or checks one."""
    if args.list:
        for entry in await backup_shelf.kept(app.deps):
            print(f"{entry.name}  {entry.rows} rows")
        return 0
    if args.verify:
        found = await restore.verify(app.deps, args.verify)
        print(f"{found.name} is whole: {found.rows} rows in {len(found.chunks)} chunks")
        return 0
    made = await backup.back_up(app.deps)
    print(f"{made.name}: {made.rows} rows in {len(made.chunks)} chunks")
    if args.forget_others:
        print(f"{await backup_shelf.forget_others(app.deps)} older backups removed")
    return 0


async def restore_backup(app: App, args: argparse.Namespace) -> int:
    """Restores into empty tables, then makes everything follow from the histories."""
    found = await backup_shelf.latest(app.deps)
    name = args.name or (found.name if found else "")
    if not name:
        raise NotFound("there is no backup in this account")
    rows = await restore.restore(app.deps, name, go_on=args.go_on)
    print(f"{name}: {rows} rows written; now rebuilding")
    return await _told(rebuild.rebuild_desk(app.deps, d) for d in app.deps.desks.values())


async def rebuild_rows(app: App, args: argparse.Namespace) -> int:
    """Compares rows with histories; mends them unless --check is given."""
    if args.ticket and not args.check:
        return _tell(await rebuild.rebuild_ticket(app.deps, args.ticket))
    if args.ticket:
        desk = app.deps.desk_of(args.ticket)
        kept = await rebuild.kept_now(app.deps, desk, args.ticket)
        return _tell(await rebuild.check(app.deps, desk, kept), is_fault=True)
    look = rebuild.check_desk if args.check else rebuild.rebuild_desk
    return await _told((look(app.deps, d) for d in _desks(app.deps, args)), is_fault=args.check)


async def _told(walks: Iterable[AsyncIterator[Difference]], *, is_fault: bool = False) -> int:
    code = 0
    for walk in walks:
        async for difference in walk:
            code = max(code, _tell([difference], is_fault=is_fault))
    return code


def _tell(found: list[Difference], *, is_fault: bool = False) -> int:
    """Prints them; 1 when they are faults: found by a check, or not to be mended."""
    for difference in found:
        print(f"{difference.number}: {difference.row or 'history'}: {difference.what}")
    return int(any(is_fault or not difference.row for difference in found))


async def export(app: App, args: argparse.Namespace) -> int:
    """Everything as JSON Lines."""
    count = 0
    with _out(args.out) as file:
        async for line in transfer.export(app.deps, _desks(app.deps, args)):
            file.write(line + "\n")
            count += 1
    print(f"{count} tickets", file=sys.stderr)
    return 0


async def import_tickets(app: App, args: argparse.Namespace) -> int:
    """Tickets of another tool; all of them or, when one is wrong, none."""
    mapping = read_mapping(args.mapping)
    desk = app.deps.desk(mapping.desk)
    read = partial(records, args.file, mapping, desk, app.deps.clock.now())
    act = transfer.check_records if args.dry_run else transfer.import_records
    told = await act(app.deps, desk, mapping.system, read)
    for fault in told.faults[:MOST_TOLD]:
        print(f"{args.file.name}:{fault.line}: {fault.field}: {fault.message}")
    if told.faults:
        print(f"{len(told.faults)} faults; nothing was imported")
        return 1
    if args.dry_run:
        print(f"{told.fitting} would be imported, {told.known} are here already")
    else:
        print(f"{len(told.created)} imported, {told.known} were here already")
    return 0


async def export_person(app: App, args: argparse.Namespace) -> int:
    """A person's data as a zip file."""
    with ZipFile(args.out, "x") as into:
        told = await person_export.export(app.deps, args.email, into)
    print(f"{len(told.tickets)} tickets and {told.files} files in {args.out}")
    for place in told.review:
        print(f"named elsewhere too, not in the file: {place}")
    return 0


async def erase_person(app: App, args: argparse.Namespace) -> int:
    """Erases a person; without --yes it only says so."""
    if not args.yes:
        print("this cannot be undone; say --yes to erase them from tickets, rows and files")
        return 1
    told = await privacy.erase(app.deps, args.email)
    print(f"{len(told.tickets)} tickets, {told.rows} other rows, {told.blobs} blobs")
    print(f"in their place stands {told.placeholder}")
    print(
        "older backups still hold them: `backup --forget-others` makes a new one and removes those"
    )
    return 0


async def replay_undelivered(app: App, args: argparse.Namespace) -> int:
    """Lets what was given up be tried again, by the next sweep."""
    count = 0
    for desk in _desks(app.deps, args):
        async for page in pages(app.deps.rows, desk.id, "dead|", "dead}"):
            for row in page:
                if args.ticket in ("", row.key.split("|")[1]):
                    await retry(app.deps, desk, row.key)
                    count += 1
    print(f"{counted(count, 'row')} will be tried again within a minute")
    return 0


def _desks(deps: Deps, args: argparse.Namespace) -> list[Desk]:
    return [deps.desk(args.desk)] if args.desk else list(deps.desks.values())


@contextmanager
def _out(path: Path | None) -> Iterator[TextIO]:
    """A new file, or the terminal. FileExistsError rather than writing over one."""
    if path is None:
        yield sys.stdout
        return
    with path.open("x", encoding="utf-8") as file:
        yield file


# -- the command line


def parser() -> argparse.ArgumentParser:
    """All commands with their options."""
    made = argparse.ArgumentParser(prog="python -m scripts.operate", description=__doc__)
    made.formatter_class = argparse.RawDescriptionHelpFormatter
    commands = made.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, act: Act) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=act.__doc__, description=act.__doc__)
        one.set_defaults(act=act)
        return one

    one = command("backup", back_up)
    one.add_argument("--list", action="store_true", help="say which there are")
    one.add_argument("--verify", metavar="NAME", help="read every chunk of that backup")
    one.add_argument("--forget-others", action="store_true", help="then remove all older ones")
    one = command("restore", restore_backup)
    one.add_argument("--name", default="", help="which (the newest, if not given)")
    one.add_argument("--go-on", action="store_true", help="after an interrupted restore")
    one = command("rebuild", rebuild_rows)
    one.add_argument("--check", action="store_true", help="compare only; 1 on a difference")
    _where(one)
    one = command("export", export)
    one.add_argument("--out", type=Path, help="a new file (the terminal, if not given)")
    _where(one, ticket=False)
    one = command("import", import_tickets)
    one.add_argument("file", type=Path)
    one.add_argument("--mapping", type=Path, required=True)
    one.add_argument("--dry-run", action="store_true", help="say what is wrong; write nothing")
    one = command("person-export", export_person)
    one.add_argument("email")
    one.add_argument("--out", type=Path, required=True, help="a new zip file")
    one = command("person-erase", erase_person)
    one.add_argument("email")
    one.add_argument("--yes", action="store_true", help="really")
    _where(command("replay-undelivered", replay_undelivered))
    return made


def _where(one: argparse.ArgumentParser, *, ticket: bool = True) -> None:
    one.add_argument("--desk", default="", help="this desk only")
    if ticket:
        one.add_argument("--ticket", default="", help="this ticket only")


if __name__ == "__main__":
    sys.exit(main())

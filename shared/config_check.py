"""`python -m shared.config_check`: explains every mistake in the desks' files."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from shared.desk_check import schema
from shared.desk_check.check import check_desks
from shared.desk_check.found import Mistake

__all__ = ["Mistake", "check_desks", "main"]


def main(arguments: list[str] | None = None) -> int:
    """Prints what is wrong, one mistake a line. 0 when nothing is, else 1."""
    parser = argparse.ArgumentParser(prog="python -m shared.config_check", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("desks"))
    parser.add_argument("--write-schema", action="store_true", help="write desk.schema.json anew")
    options = parser.parse_args(arguments)
    schema_file: Path = options.folder / schema.NAME
    if options.write_schema:
        schema_file.write_text(schema.schema_text(), encoding="utf-8")
    found = [*check_desks(options.folder), *_stale(schema_file)]
    for mistake in found:
        sys.stdout.write(f"{mistake}\n")
    sys.stdout.write(_summary(options.folder, len(found)) + "\n")
    return 1 if found else 0


def _stale(path: Path) -> list[Mistake]:
    known = path.read_text("utf-8") if path.is_file() else ""
    if known == schema.schema_text():
        return []
    mend = "run `python -m shared.config_check --write-schema`"
    return [Mistake(path, 1, "", f"does not fit the code any more: {mend}")]


def _summary(folder: Path, count: int) -> str:
    if not count:
        return f"{folder}: all desks are in order"
    return f"{folder}: {count} mistake{'s' if count > 1 else ''}"


if __name__ == "__main__":
    sys.exit(main())

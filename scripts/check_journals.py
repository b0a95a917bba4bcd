"""Holds the vendor calls that a test run has recorded against the vendors' contracts.

    python scripts/check_journals.py FOLDER [CHECKER]

FOLDER is what DOCKET_JOURNALS named during the run. Without a checker beside the project nothing
is held against anything, and that is said. Exit status: the checker's own; 2 without a journal.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

# What only the doctor asks: real operations, but not among those that the contracts collect.
SET_UP = re.compile(r"/_apis/wit/workitemtypes\?|/rest/agile/1\.0/board/\d+(\?|$)")
BESIDE = Path(__file__).resolve().parents[2] / "shared" / "check_contract.py"


def main(arguments: list[str]) -> int:
    """The exit status."""
    if not 1 <= len(arguments) <= 2:
        print(__doc__, file=sys.stderr)
        return 2
    checker = Path(arguments[1]) if len(arguments) == 2 else BESIDE
    if not checker.exists():
        print("check_journals: no contract checker here; the journals were not checked")
        return 0
    journals = sorted(Path(arguments[0]).glob("*.jsonl"))
    if not journals:
        print(f"check_journals: no journal in {arguments[0]}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        kept = [_covered(journal, Path(folder)) for journal in journals]
        command = [sys.executable, str(checker), *map(str, kept)]
        return subprocess.run(command, check=False).returncode  # noqa: S603  # our own command line


def _covered(journal: Path, folder: Path) -> Path:
    """A copy without the calls that the collected contracts do not describe."""
    copy = folder / journal.name
    lines = journal.read_text().splitlines(keepends=True)
    copy.write_text("".join(line for line in lines if not SET_UP.search(json.loads(line)["url"])))
    left_out = len(lines) - copy.read_text().count("\n")
    if left_out:
        print(f"check_journals: {left_out} set-up calls of {journal.name} have no contract here")
    return copy


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

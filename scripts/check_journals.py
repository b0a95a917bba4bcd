"""Holds the vendor calls that a test run has recorded against the vendors' contracts.

    python scripts/check_journals.py FOLDER [CHECKER]

FOLDER is what DOCKET_JOURNALS named during the run. Without a checker beside the project nothing
is held against anything, and that is said. Exit status: the checker's own; 2 without a journal.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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
    command = [sys.executable, str(checker), *map(str, journals)]
    return subprocess.run(command, check=False).returncode  # noqa: S603  # our own command line


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`python -m scripts.infra_check`: 0 when infra/ is sound; says what is wrong, file by file.

An unchanged infra/ that was clean is not looked at again; `--again` looks all the same.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from scripts.infra_check import bicep_cli, policies, syntax
from scripts.infra_check.places import INFRA, REQUIREMENTS, ROOT, VENV

_STAMP = VENV / "docket-clean"


def main(arguments: list[str]) -> int:
    """Runs the three checks; prints one line when all is well."""
    wanted = _fingerprint()
    if "--again" not in arguments and _STAMP.exists() and _STAMP.read_text() == wanted:
        print("infra: unchanged since it was last clean")
        return 0
    files = sorted(INFRA.rglob("*.bicep"))
    wrong = syntax.errors(files)
    told = ""
    if not wrong:
        found, told = policies.findings()
        wrong = [*found, *bicep_cli.errors(files)]
    if wrong:
        print("\n".join(wrong), file=sys.stderr)
        return 1
    print(f"infra: {len(files)} files parse, {told}; {bicep_cli.said()}")
    _STAMP.write_text(wanted)
    return 0


def _fingerprint() -> str:
    """What a clean run depends on: the files, the checker's version, and these checks."""
    seen = hashlib.sha256()
    own = Path(__file__).parent
    for path in (*sorted(INFRA.rglob("*")), REQUIREMENTS, *sorted(own.glob("*.py"))):
        if path.is_file():
            seen.update(f"{path.relative_to(ROOT)}\0".encode())
            seen.update(path.read_bytes())
    return seen.hexdigest() + bicep_cli.said()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

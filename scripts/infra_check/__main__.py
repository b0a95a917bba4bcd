"""`python -m scripts.infra_check`: 0 when infra/ is sound; says what is wrong, file by file.

An unchanged infra/ that was clean is not looked at again; `--again` looks all the same.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from scripts.infra_check import bicep_cli, policies, powershell, syntax
from scripts.infra_check.places import INFRA, REQUIREMENTS, ROOT, SCRIPTS, VENV

_STAMP = VENV / "docket-clean"


def main(arguments: list[str]) -> int:
    """Runs the checks; prints one line when all is well."""
    wanted = _fingerprint()
    if "--again" not in arguments and _STAMP.exists() and _STAMP.read_text() == wanted:
        print("infra: unchanged since it was last clean")
        return 0
    files = sorted(INFRA.rglob("*.bicep"))
    wrong = [*syntax.errors(files), *powershell.errors(SCRIPTS)]
    told = ""
    if not wrong:
        found, told = policies.findings()
        wrong = [*found, *bicep_cli.errors(files)]
    if wrong:
        print("\n".join(wrong), file=sys.stderr)
        return 1
    print(f"infra: {len(files)} files parse, {told}; {_tools()}")
    _STAMP.write_text(wanted)
    return 0


def _fingerprint() -> str:
    """What a clean run depends on: the files, the checker's version, and these checks."""
    seen = hashlib.sha256()
    own = Path(__file__).parent
    files = (*sorted(INFRA.rglob("*")), *SCRIPTS, REQUIREMENTS, *sorted(own.glob("*.py")))
    for path in files:
        if path.is_file():
            seen.update(f"{path.relative_to(ROOT)}\0".encode())
            seen.update(path.read_bytes())
    return seen.hexdigest() + _tools()


def _tools() -> str:
    return f"{bicep_cli.said()}; {powershell.said()}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""PowerShell's syntax: by its own parser where it is installed, else by tree-sitter's grammar."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from tree_sitter import Language, Node, Parser

_GRAMMAR = "tree_sitter_powershell"
_SECONDS = 120
_PARSE = """
$wrong = $null
[void][System.Management.Automation.Language.Parser]::ParseFile($args[0], [ref]$null, [ref]$wrong)
$wrong | ForEach-Object { "$($_.Extent.StartLineNumber): $($_.Message)" }
"""


def said() -> str:
    """What parses the scripts here."""
    if shutil.which("pwsh"):
        return "PowerShell parses the scripts"
    return "tree-sitter parses the scripts" if find_spec(_GRAMMAR) else "PowerShell is not checked"


def errors(files: list[Path]) -> list[str]:
    """A line for each place that does not parse; nothing where nothing is installed."""
    if command := shutil.which("pwsh"):
        return [line for path in files for line in _parsed(command, path)]
    if not find_spec(_GRAMMAR):
        return []
    parser = Parser(Language(import_module(_GRAMMAR).language()))
    return [
        f"{path.name}:{node.start_point[0] + 1}: this is not PowerShell"
        for path in files
        for node in _broken(parser.parse(path.read_bytes()).root_node)
    ]


def _parsed(command: str, path: Path) -> list[str]:
    done = subprocess.run(  # noqa: S603  # our own command line
        [command, "-NoProfile", "-NonInteractive", "-Command", f"& {{{_PARSE}}} '{path}'"],
        capture_output=True, text=True, timeout=_SECONDS, check=False,
    )  # fmt: skip
    if done.returncode:
        return [f"{path.name}: {done.stderr.strip()[-300:]}"]
    return [f"{path.name}:{line}" for line in done.stdout.splitlines() if line.strip()]


def _broken(node: Node) -> Iterator[Node]:
    if node.type == "ERROR" or node.is_missing:
        yield node
    elif node.has_error:
        for child in node.children:
            yield from _broken(child)

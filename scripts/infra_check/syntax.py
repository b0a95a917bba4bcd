"""Bicep's syntax, by tree-sitter's grammar: no CLI is needed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import tree_sitter_bicep
from tree_sitter import Language, Node, Parser

from scripts.infra_check.places import ROOT

_BICEP = Language(tree_sitter_bicep.language())


def tree(path: Path) -> Node:
    """The root of the file's syntax tree."""
    return Parser(_BICEP).parse(path.read_bytes()).root_node


def errors(files: list[Path]) -> list[str]:
    """A line for each place that does not parse."""
    return [
        f"{_shown(path)}:{node.start_point[0] + 1}: this is not Bicep"
        for path in files
        for node in _broken(tree(path))
    ]


def _shown(path: Path) -> Path:
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path


def _broken(node: Node) -> Iterator[Node]:
    if node.type == "ERROR" or node.is_missing:
        yield node
        return
    if node.has_error:
        for child in node.children:
            yield from _broken(child)

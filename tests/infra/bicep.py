"""Bicep files as values: enough of the language to compare infra/ with the code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tree_sitter import Node

from scripts.infra_check.places import INFRA
from scripts.infra_check.syntax import tree


class Expression(str):
    """Bicep text that is worked out at deployment."""

    __slots__ = ()


@dataclass(frozen=True)
class Declared:
    """A resource or a module: its name in the file, its type or path, and its body."""

    symbol: str
    kind: str
    body: dict[str, Any]
    existing: bool = False

    @property
    def type(self) -> str:
        """The resource type without its API version."""
        return self.kind.partition("@")[0]


@dataclass(frozen=True)
class BicepFile:
    """One file's declarations."""

    path: Path
    parameters: dict[str, bool]  # name -> has a default
    variables: dict[str, Any]
    resources: tuple[Declared, ...]
    modules: tuple[Declared, ...]
    outputs: frozenset[str]

    def of_type(self, kind: str) -> list[Declared]:
        """The resources of that type that this file makes."""
        return [r for r in self.resources if r.type == kind and not r.existing]


FILES = tuple(sorted(INFRA.rglob("*.bicep")))


def bicep(name: str) -> BicepFile:
    """A file below infra/."""
    return read(INFRA / name)


@cache
def read(path: Path) -> BicepFile:
    """A file as values."""
    root = tree(path)
    return BicepFile(
        path,
        {_identifier(n): _has_default(n) for n in _all(root, "parameter_declaration")},
        {_identifier(n): _value(_right(n)) for n in _all(root, "variable_declaration")},
        tuple(_declared(n) for n in _all(root, "resource_declaration")),
        tuple(_declared(n) for n in _all(root, "module_declaration")),
        frozenset(_identifier(n) for n in _all(root, "output_declaration")),
    )


def every_text(value: Any) -> Iterator[str]:
    """Every text in a value."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from every_text(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from every_text(inner)
    elif isinstance(value, str):
        yield value


def _all(root: Node, kind: str) -> Iterator[Node]:
    for child in root.children:
        if child.type == kind:
            yield child
        elif child.type in ("decorators", "declaration", "statement"):
            yield from _all(child, kind)


def _identifier(node: Node) -> str:
    return next(_text(c) for c in node.children if c.type == "identifier")


def _has_default(node: Node) -> bool:
    return any(c.type == "=" for c in node.children)


def _right(node: Node) -> Node:
    return [c for c in node.children if c.type != "comment"][-1]


def _declared(node: Node) -> Declared:
    kind = next(_value(c) for c in node.children if c.type == "string")
    body = _value(_right(node))
    existing = any(_text(c) == "existing" for c in node.children)
    return Declared(_identifier(node), str(kind), body if isinstance(body, dict) else {}, existing)


def _text(node: Node) -> str:
    return (node.text or b"").decode()


def _value(node: Node) -> Any:
    if node.type == "object":
        return dict(_property(c) for c in node.children if c.type == "object_property")
    if node.type == "array":
        return [_value(c) for c in node.children if c.type not in ("[", "]", ",", "comment")]
    if node.type in ("for_statement", "if_statement"):
        inner = [c for c in node.children if c.type in ("object", "string")]
        return _value(inner[-1])
    if node.type == "string":
        return "".join(_piece(c) for c in node.children[1:-1])
    if node.type in ("number", "boolean"):
        return (
            {"true": True, "false": False}.get(_text(node))
            if node.type == "boolean"
            else int(_text(node))
        )
    return Expression(_text(node))


def _property(node: Node) -> tuple[str, Any]:
    parts = [c for c in node.children if c.type not in (":", "comment")]
    key = _value(parts[0]) if parts[0].type == "string" else _text(parts[0])
    return str(key), _value(parts[-1])


def _piece(node: Node) -> str:
    return _text(node)[1:] if node.type == "escape_sequence" else _text(node)

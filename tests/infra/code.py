"""What the code asks of the platform, read from the doors' decorators."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
BINDINGS = ("route", "queue_trigger", "queue_output", "timer_trigger", "blob_trigger")


@dataclass(frozen=True)
class Binding:
    """A decorator of a function."""

    module: str
    function: str
    kind: str
    route: str
    values: dict[str, Any]

    @property
    def needs_key(self) -> bool:
        """Whether the host asks for a function key."""
        return "FUNCTION" in str(self.values.get("auth_level", ""))

    @property
    def call(self) -> Any:
        """The handler itself."""
        module = importlib.import_module(f"functions.{self.module}")
        return getattr(module, self.function).build().get_user_function()


def bindings() -> list[Binding]:
    """Every binding of every door."""
    return [
        binding for path in sorted((ROOT / "functions").glob("*.py")) for binding in _of_file(path)
    ]


def _of_file(path: Path) -> Iterator[Binding]:
    module = ast.parse(path.read_text(encoding="utf-8"))
    names = {
        target.id: ast.unparse(node.value)
        for node in module.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in module.body:
        if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef):
            for decorator in node.decorator_list:
                yield from _of_decorator(path.stem, node.name, decorator, names)


def _of_decorator(
    module: str, function: str, node: ast.expr, names: dict[str, str]
) -> Iterator[Binding]:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return
    if ast.unparse(node.func.value) != "blueprint" or node.func.attr not in BINDINGS:
        return
    values = {k.arg: _plain(k.value, names) for k in node.keywords if k.arg}
    route = str(_plain(node.args[0], names)) if node.args else str(values.get("route", ""))
    yield Binding(module, function, node.func.attr, route, values)


def _plain(node: ast.expr, names: dict[str, str]) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return names.get(ast.unparse(node), ast.unparse(node))


def log_texts() -> frozenset[str]:
    """Every constant text that the code logs."""
    found = set()
    for path in (*(ROOT / "shared").rglob("*.py"), *(ROOT / "functions").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and re.match(r"log\.\w+$", ast.unparse(node.func)):
                first = node.args[0] if node.args else None
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    found.add(first.value)
    return frozenset(found)


def log_fields() -> frozenset[str]:
    """Every name that the code puts into a log record's `extra`."""
    found = set()
    for path in (*(ROOT / "shared").rglob("*.py"), *(ROOT / "functions").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Dict):
                found |= {k.value for k in node.keys if isinstance(k, ast.Constant)}
    return frozenset(name for name in found if isinstance(name, str))

"""What the code asks of the platform, read from the table of doors."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import azure.functions as func

from functions.doors import register

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Binding:
    """What opens a function. `values`: the binding's fields by the platform's names."""

    function: str
    kind: str
    values: dict[str, Any]
    call: Callable[..., Any]

    @property
    def route(self) -> str:
        """The address; '' for what is opened otherwise."""
        return str(self.values.get("route", ""))

    @property
    def needs_key(self) -> bool:
        """Whether the host asks for a function key."""
        return self.values.get("authLevel") == "FUNCTION"


@cache
def bindings() -> list[Binding]:
    """What opens each function of the app."""
    app = func.FunctionApp()
    register(app)
    return [_binding(found) for found in app.get_functions()]


def _binding(found: Any) -> Binding:
    values = found.get_trigger().get_dict_repr()
    values = {k: getattr(v, "name", v) for k, v in values.items()}
    if "methods" in values:
        values["methods"] = [str(getattr(m, "name", m)) for m in values["methods"]]
    return Binding(
        found.get_function_name(), str(values["type"]), values, found.get_user_function()
    )


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

"""Plays a Logic App's definition: the flow of infra/ runs here as it is deployed.

Knows the action types and functions that our flow uses and refuses all others by name.
https://learn.microsoft.com/azure/logic-apps/workflow-definition-language-functions-reference
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

DEFINITION = Path(__file__).resolve().parent.parent / "infra" / "modules" / "forms-flow.json"

type Call = Callable[[str, dict[str, Any]], Awaitable[Any]]
"""What an action that calls somebody gets: the action's name and its inputs; gives the body."""


class FlowFailedError(RuntimeError):
    """The definition asks for something that cannot be done."""


def forms_flow() -> dict[str, Any]:
    """The definition that infra/modules/forms.bicep deploys."""
    found: dict[str, Any] = json.loads(DEFINITION.read_text(encoding="utf-8"))
    return found


@dataclass
class Run:
    """One run of a flow: what was given, and what the actions found so far."""

    definition: Mapping[str, Any]
    parameters: Mapping[str, Any]
    trigger: Mapping[str, Any]
    call: Call
    bodies: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)
    items: dict[str, Any] = field(default_factory=dict)

    async def play(self) -> None:
        """Runs all actions in their order."""
        undeclared = set(self.parameters) - set(self.definition["parameters"])
        if undeclared:
            raise FlowFailedError(f"the definition has no parameter {', '.join(undeclared)}")
        await self._actions(self.definition["actions"])

    async def _actions(self, actions: Mapping[str, Any]) -> None:
        done: set[str] = set()
        while len(done) < len(actions):
            ready = [n for n, a in actions.items() if n not in done and set(a["runAfter"]) <= done]
            if not ready:
                raise FlowFailedError("actions wait for each other, or for one that is not there")
            for name in ready:
                await self._action(name, actions[name])
                done.add(name)

    async def _action(self, name: str, action: Mapping[str, Any]) -> None:
        kind = action["type"]
        if kind == "Foreach":
            for item in self.value(action["foreach"]):
                self.items[name] = item
                await self._actions(action["actions"])
        elif kind == "InitializeVariable":
            for variable in action["inputs"]["variables"]:
                self.variables[variable["name"]] = list(variable["value"])
        elif kind == "AppendToArrayVariable":
            inputs = action["inputs"]
            self.variables[inputs["name"]].append(self.value(inputs["value"]))
        elif kind in ("ApiConnection", "Http"):
            self.bodies[name] = await self.call(name, self.value(action["inputs"]))
        else:
            raise FlowFailedError(f"action {name}: type {kind} is not known here")

    def value(self, given: Any) -> Any:
        """A value of the definition with its expressions worked out."""
        if isinstance(given, dict):
            return {name: self.value(inner) for name, inner in given.items()}
        if isinstance(given, list):
            return [self.value(inner) for inner in given]
        if not isinstance(given, str):
            return given
        if given.startswith("@") and not given.startswith(("@{", "@@")):
            return self._work_out(given[1:])
        return re.sub(r"@\{(.*?)\}", lambda m: str(self._work_out(m[1])), given)

    def _work_out(self, text: str) -> Any:
        # What we use of the language is Python's but for `?[` and the function named `if`.
        python = re.sub(r"\bif\(", "if_(", text.replace("?[", "["))
        return self._node(ast.parse(python, mode="eval").body)

    def _node(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Subscript):
            return _member(self._node(node.value), self._node(node.slice))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return self._function(node.func.id, [self._node(argument) for argument in node.args])
        raise FlowFailedError(f"an expression is not known here: {ast.unparse(node)}")

    def _function(self, name: str, arguments: list[Any]) -> Any:
        known: dict[str, Callable[..., Any]] = {
            "parameters": lambda key: _known(self.parameters, key),
            "triggerBody": lambda: self.trigger,
            "body": lambda key: _known(self.bodies, key),
            "variables": lambda key: _known(self.variables, key),
            "items": lambda key: _known(self.items, key),
            "json": json.loads,
            "string": lambda given: given if isinstance(given, str) else json.dumps(given),
            "empty": lambda given: not given,
            "if_": lambda test, yes, no: yes if test else no,
            "concat": lambda *texts: "".join(str(text) for text in texts),
            "encodeURIComponent": lambda text: quote(str(text), safe="!'()*"),
        }
        if name not in known:
            raise FlowFailedError(f"function {name} is not known here")
        return known[name](*arguments)


def _known(values: Mapping[str, Any], key: str) -> Any:
    if key not in values:
        raise FlowFailedError(f"nothing is called {key!r} at this point")
    return values[key]


def _member(value: Any, key: Any) -> Any:
    return value.get(key) if isinstance(value, Mapping) else None

"""From the worker's index to what this host serves, by the real host's rules of admission."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from local.host.errors import FunctionDroppedError
from local.host.worker import Binding, IndexedFunction

NAME = re.compile(r"[a-z][a-z0-9_-]{0,127}", re.IGNORECASE)
TRIGGERS = ("httpTrigger", "queueTrigger", "timerTrigger")


@dataclass(frozen=True)
class Function:
    """An admitted function: its trigger binding and its output bindings by name."""

    name: str
    id: str
    trigger: Binding
    outputs: dict[str, Binding]

    @property
    def kind(self) -> str:
        return str(self.trigger["type"])

    @property
    def route(self) -> str:
        """An empty route means the function's name, also for route=""."""
        return self.trigger.get("route") or self.name

    @property
    def methods(self) -> tuple[str, ...]:
        """Upper case; none means every method."""
        return tuple(method.upper() for method in self.trigger.get("methods") or ())

    @property
    def auth_level(self) -> str:
        return str(self.trigger.get("authLevel", "function")).lower()


def admit(
    indexed: Iterable[IndexedFunction], report: Callable[[str], None]
) -> tuple[Function, ...]:
    """The functions in the host's order (by name); each one left out is reported in a line."""
    admitted: list[Function] = []
    for each in sorted(indexed, key=lambda function: (function.name.lower(), function.name)):
        try:
            admitted.append(_admitted(each, admitted))
            if each.has_retry_policy:
                report(f"The retry policy of '{each.name}' is not played locally")
        except FunctionDroppedError as error:
            report(f"The '{each.name}' function is in error: {error}")
    return tuple(admitted)


def _admitted(indexed: IndexedFunction, earlier: list[Function]) -> Function:
    if not NAME.fullmatch(indexed.name):
        raise FunctionDroppedError("its name is not a letter and up to 127 letters, digits, _ or -")
    for binding in indexed.bindings:
        if "__" in binding["name"]:
            raise FunctionDroppedError(f"the binding name '{binding['name']}' holds '__'")
    triggers = [each for each in indexed.bindings if each["type"].endswith("Trigger")]
    if len(triggers) != 1 or triggers[0]["type"] not in TRIGGERS:
        raise FunctionDroppedError(f"this host runs only {', '.join(TRIGGERS)}")
    outputs = {each["name"]: each for each in indexed.bindings if each["direction"] == "OUT"}
    function = Function(indexed.name, indexed.id, triggers[0], outputs)
    if function.kind == "httpTrigger":
        _check_route(function, earlier)
    return function


def _check_route(function: Function, earlier: list[Function]) -> None:
    if function.route.strip("/").lower().startswith(("admin", "runtime")):
        raise FunctionDroppedError("its route begins with admin or runtime, which the host keeps")
    for other in earlier:
        if other.kind == "httpTrigger" and _conflict(function, other):
            raise FunctionDroppedError(f"its route is already taken by '{other.name}'")


def _conflict(one: Function, other: Function) -> bool:
    if one.route.strip("/").lower() != other.route.strip("/").lower():
        return False
    return not one.methods or not other.methods or bool({*one.methods} & {*other.methods})

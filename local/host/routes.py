"""HTTP routing: the first route, in function-name order, that fits path and method."""

from collections.abc import Iterable

from local.host.manifest import Function
from local.host.templates import Template


class Routes:
    """Nothing is more specific than anything else; a wrong method is simply no match."""

    def __init__(self, functions: Iterable[Function], prefix: str) -> None:
        """Raises HostError for a route that stops the real host."""
        self._routes: list[tuple[Template, frozenset[str], Function]] = []
        for function in functions:
            if function.kind == "httpTrigger":
                route = f"{prefix}/{function.route}" if prefix else function.route
                self._routes.append((Template(route), frozenset(function.methods), function))

    def find(self, method: str, path: str) -> tuple[Function, dict[str, str]] | None:
        """`path` is decoded, with its leading slash; gives the function and route parameters."""
        inner = path[1:-1] if len(path) > 1 and path.endswith("/") else path[1:]
        parts = inner.split("/") if inner else []
        for template, methods, function in self._routes:
            if methods and method not in methods:
                continue
            parameters = template.match(parts)
            if parameters is not None:
                return function, parameters
        return None

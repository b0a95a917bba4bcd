"""Route templates as ASP.NET Core reads them: parameters, constraints, optional, catch-all.

https://learn.microsoft.com/aspnet/core/fundamentals/routing#route-templates
"""

import re
from dataclasses import dataclass

from local.host.errors import HostError
from local.host.route_constraints import CONSTRAINTS, Constraint

_PARAMETER = re.compile(
    r"(\*{0,2})([^:=?*{}/]+)((?::[^:=?(]+(?:\((?:.*?)\)(?=[:=?]|$))?)*)(=[^?]*)?(\?)?"
)
_CONSTRAINT = re.compile(r":([^:=?(]+)(?:\((.*?)\)(?=[:=?]|$))?")


@dataclass(frozen=True)
class _Segment:
    """One part between slashes: a pattern, and the parameter that fills it whole, if one does."""

    pattern: re.Pattern[str]
    optional: bool = False
    catch_all: str | None = None


class Template:
    """A compiled route template; match() gives the parameters, or None."""

    def __init__(self, route: str) -> None:
        """Raises HostError for a template that stops the real host."""
        if route.startswith(("/", "~")):
            raise HostError(f"the route '{route}' cannot start with a '/' or '~'")
        self._route = route
        self._constraints: list[tuple[str, Constraint]] = []
        self._defaults: dict[str, str] = {}
        self._names: dict[str, str] = {}
        parts = _split(route)
        self._segments = [self._segment(part) for part in parts]
        for segment in self._segments[:-1]:
            if segment.catch_all is not None:
                raise self._wrong("a catch-all parameter can only be the last segment")
            if segment.optional:
                raise self._wrong("an optional parameter must be at the end")

    def match(self, path: list[str]) -> dict[str, str] | None:
        """`path`: the decoded segments; gives the values of the parameters that are present."""
        values = dict(self._defaults)
        for number, segment in enumerate(self._segments):
            if segment.catch_all is not None:
                rest = "/".join(path[number:])
                if rest:
                    values[segment.catch_all] = rest
                return self._constrained(values)
            if number >= len(path) or not path[number]:
                if segment.optional and number >= len(path):
                    return self._constrained(values)
                return None
            found = segment.pattern.fullmatch(path[number])
            if found is None:
                return None
            values.update({self._names[key]: value for key, value in found.groupdict().items()})
        return self._constrained(values) if len(path) <= len(self._segments) else None

    def _constrained(self, values: dict[str, str]) -> dict[str, str] | None:
        for name, accepts in self._constraints:
            # An absent optional parameter satisfies every constraint.
            if name in values and not accepts(values[name]):
                return None
        return values

    def _segment(self, part: str) -> _Segment:
        if not part:
            raise self._wrong("it has an empty segment")
        pieces = _pieces(part)
        if pieces is None:
            raise self._wrong("its braces do not match")
        pattern, optional, catch_all = "", False, None
        for literal, parameter in pieces:
            if "?" in literal:
                raise self._wrong("a literal cannot contain '?'")
            pattern += re.escape(literal)
            if parameter is not None:
                key, name, is_optional, is_catch_all = self._parameter(parameter)
                pattern += f"(?P<{key}>.+)"
                optional = optional or is_optional
                catch_all = name if is_catch_all else catch_all
        return _Segment(re.compile(pattern, re.IGNORECASE | re.DOTALL), optional, catch_all)

    def _parameter(self, text: str) -> tuple[str, str, bool, bool]:
        found = _PARAMETER.fullmatch(text)
        if found is None:
            raise self._wrong(f"'{{{text}}}' is not a parameter")
        stars, name, constraints, default, question = found.groups()
        if name.lower() in (known.lower() for known in self._names.values()):
            raise self._wrong(f"the parameter '{name}' appears twice")
        key = f"p{len(self._names)}"
        self._names[key] = name
        for kind, argument in _CONSTRAINT.findall(constraints or ""):
            self._constraints.append((name, self._constraint(kind, argument)))
        if default:
            self._defaults[name] = default[1:]
        return key, name, bool(question or default), bool(stars)

    def _constraint(self, kind: str, argument: str) -> Constraint:
        build = CONSTRAINTS.get(kind.lower())
        if build is None:
            raise self._wrong(f"the constraint '{kind}' is unknown")
        try:
            return build(argument.replace("{{", "{").replace("}}", "}"))
        except (ValueError, re.error) as error:
            raise self._wrong(f"the constraint '{kind}({argument})' is wrong: {error}") from error

    def _wrong(self, why: str) -> HostError:
        return HostError(f"the route '{self._route}' cannot be used: {why}")


def _split(route: str) -> list[str]:
    """Cuts at slashes outside braces (a regex constraint may hold slashes)."""
    parts, depth = [""], 0
    for character in route.rstrip("/") if route != "/" else "":
        depth += {"{": 1, "}": -1}.get(character, 0)
        if character == "/" and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def _pieces(part: str) -> list[tuple[str, str | None]] | None:
    """`a{x}b` -> [("a", "x"), ("b", None)]; None when the braces do not match."""
    pieces: list[tuple[str, str | None]] = []
    text, depth = "", 0
    for character in part:
        if character == "{" and depth == 0:
            literal, text, depth = text, "", 1
            continue
        depth += {"{": 1, "}": -1}.get(character, 0) if depth or character == "}" else 0
        if depth < 0:
            return None
        if character == "}" and depth == 0:
            pieces.append((literal, text))
            text = ""
            continue
        text += character
    if depth:
        return None
    return [*pieces, (text, None)] if text else pieces

"""The constraints that a route parameter can carry, as ASP.NET Core defines them.

https://learn.microsoft.com/aspnet/core/fundamentals/routing#route-constraints
"""

import re
from collections.abc import Callable
from uuid import UUID

type Constraint = Callable[[str], bool]

_LOOSE = re.IGNORECASE | re.ASCII
_GUID_FORMS = re.compile(
    r"[0-9a-f]{32}|\{[0-9a-f-]{36}\}|\([0-9a-f-]{36}\)|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    re.IGNORECASE,
)


def _whole_number(low: int, high: int) -> Constraint:
    def accepts(value: str) -> bool:
        return bool(re.fullmatch(r"\s*[+-]?\d+\s*", value, re.ASCII)) and low <= int(value) <= high

    return accepts


def _number(value: str) -> bool:
    return bool(re.fullmatch(r"\s*[+-]?[\d,]*\.?\d+(?:e[+-]?\d+)?\s*", value, _LOOSE))


def _guid(value: str) -> bool:
    return bool(_GUID_FORMS.fullmatch(value)) and bool(UUID(value.strip("{}()")))


def _length(argument: str) -> Constraint:
    low, _, high = argument.partition(",")
    least, most = int(low), int(high or low)
    return lambda value: least <= len(value) <= most


def _at_least(argument: str) -> Constraint:
    least = int(argument)
    return lambda value: len(value) >= least


def _matches(argument: str) -> Constraint:
    pattern = re.compile(argument, re.IGNORECASE)
    return lambda value: pattern.search(value) is not None


def _datetime(value: str) -> bool:
    return bool(re.fullmatch(r"\d{1,4}[-/]\d{1,2}[-/]\d{1,4}(?:[ T]\d{1,2}:\d{2}.*)?", value))


def _range(argument: str) -> Constraint:
    low, high = argument.split(",")
    return _whole_number(int(low), int(high))


def _fixed(constraint: Constraint) -> Callable[[str], Constraint]:
    return lambda _argument: constraint


_FILE = re.compile(r"[^/]*\.[^./]+")
_LONG = 2**63
CONSTRAINTS: dict[str, Callable[[str], Constraint]] = {
    "int": _fixed(_whole_number(-(2**31), 2**31 - 1)),
    "long": _fixed(_whole_number(-_LONG, _LONG - 1)),
    "bool": _fixed(lambda value: value.strip().lower() in ("true", "false")),
    "decimal": _fixed(_number),
    "double": _fixed(_number),
    "float": _fixed(_number),
    "datetime": _fixed(_datetime),
    "guid": _fixed(_guid),
    "alpha": _fixed(lambda value: bool(re.fullmatch(r"[a-z]*", value, _LOOSE))),
    "required": _fixed(bool),
    "file": _fixed(lambda value: bool(_FILE.fullmatch(value.rpartition("/")[2]))),
    "nonfile": _fixed(lambda value: not _FILE.fullmatch(value.rpartition("/")[2])),
    "length": _length,
    "minlength": _at_least,
    "maxlength": lambda argument: _length(f"0,{argument}"),
    "min": lambda argument: _whole_number(int(argument), _LONG - 1),
    "max": lambda argument: _whole_number(-_LONG, int(argument)),
    "range": _range,
    "regex": _matches,
}

"""The part of WIQL that a desk needs: flat queries over the fields of work items."""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedInput, VisitError

from local.tenant.devops.errors import VssError

_GRAMMAR = r"""
start: "SELECT"i columns "FROM"i "WORKITEMS"i ("WHERE"i either)? ("ORDER"i "BY"i sorts)?
columns: field ("," field)*
sorts: sort ("," sort)*
sort: field [DIRECTION]
?either: both ("OR"i both)* -> any_of
?both: term ("AND"i term)* -> all_of
?term: "NOT"i term -> negate
     | "(" either ")"
     | field OPERATOR value -> compare
     | field "NOT"i "CONTAINS"i "WORDS"i? value -> lacks
     | field "CONTAINS"i "WORDS"i? value -> contains
     | field "NOT"i "UNDER"i value -> not_under
     | field "UNDER"i value -> under
     | field "NOT"i "IN"i "(" value ("," value)* ")" -> none_of
     | field "IN"i "(" value ("," value)* ")" -> one_of
     | field "IS"i "NOT"i "EMPTY"i -> filled
     | field "IS"i "EMPTY"i -> empty
field: /\[[^\]]+\]/ | /[A-Za-z_][\w]*\.[\w.]+/
value: /'(?:[^']|'')*'/ -> text
     | /"(?:[^"]|"")*"/ -> text
     | /-?\d+(\.\d+)?/ -> number
     | /@[A-Za-z]+/ [/[-+]\s*\d+/] -> macro
OPERATOR: "<>" | "<=" | ">=" | "=" | "<" | ">"
DIRECTION: "ASC"i | "DESC"i
%import common.WS
%ignore WS
"""

_PARSER = Lark(_GRAMMAR, parser="lalr", maybe_placeholders=True)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

Test = Callable[[dict[str, Any]], bool]


@dataclass(frozen=True)
class Query:
    """What was asked: the columns, a test over an item's fields, and the order."""

    columns: list[str]
    matches: Test
    order: list[tuple[str, bool]]


def parse(text: str, *, project: str, me: str, now: datetime, iteration: str) -> Query:
    """Reads a query; VssError TF51006 when it is outside the grammar."""
    macros = {"project": project, "me": me, "today": now, "currentiteration": iteration}
    try:
        query: Query = _Reader(macros).transform(_PARSER.parse(text))
    except (UnexpectedInput, VisitError) as error:
        at = getattr(error, "pos_in_stream", 0) or 0
        message = (
            "TF51006: The query statement is not valid. "
            f"The error is caused by «{text[at : at + 40]}»."
        )
        raise VssError(400, "WorkItemTrackingQuerySyntaxException", message) from error
    return query


@v_args(inline=True)
class _Reader(Transformer[Token, Query]):
    def __init__(self, macros: dict[str, Any]) -> None:
        super().__init__()
        self._macros = macros

    def start(self, columns: Any, *rest: Any) -> Query:
        test = next((part for part in rest if callable(part)), lambda _: True)
        order = next((part for part in rest if isinstance(part, list)), [])
        return Query(columns, test, order)

    def columns(self, *names: str) -> list[str]:
        return list(names)

    def sorts(self, *sorts: tuple[str, bool]) -> list[tuple[str, bool]]:
        return list(sorts)

    def sort(self, name: str, direction: Token | None) -> tuple[str, bool]:
        return name, str(direction or "").upper() == "DESC"

    def field(self, token: Token) -> str:
        return str(token).strip("[]")

    def text(self, token: Token) -> str:
        quote = token[0]
        return str(token[1:-1]).replace(quote * 2, quote)

    def number(self, token: Token) -> float:
        return float(token)

    def macro(self, token: Token, days: Token | None) -> Any:
        value = self._macros[token[1:].lower()]
        if isinstance(value, datetime):
            midnight = value.replace(hour=0, minute=0, second=0, microsecond=0)
            shift = int(str(days or "0").replace(" ", ""))
            return (midnight + timedelta(days=shift)).isoformat()
        return value

    def any_of(self, *tests: Test) -> Test:
        return lambda item: any(test(item) for test in tests)

    def all_of(self, *tests: Test) -> Test:
        return lambda item: all(test(item) for test in tests)

    def negate(self, test: Test) -> Test:
        return lambda item: not test(item)

    def compare(self, name: str, sign: Token, wanted: Any) -> Test:
        if sign in ("=", "<>"):
            return lambda item: _equal(name, _read(item, name), wanted) == (sign == "=")
        compare = _COMPARE[str(sign)]
        return lambda item: _ordered(_read(item, name), wanted, compare)

    def contains(self, name: str, wanted: Any) -> Test:
        return lambda item: _contains(name, _read(item, name), str(wanted))

    def lacks(self, name: str, wanted: Any) -> Test:
        return lambda item: not _contains(name, _read(item, name), str(wanted))

    def under(self, name: str, wanted: Any) -> Test:
        root = str(wanted).lower() + "\\"
        return lambda item: (str(_read(item, name) or "").lower() + "\\").startswith(root)

    def not_under(self, name: str, wanted: Any) -> Test:
        return self.negate(self.under(name, wanted))

    def one_of(self, name: str, *wanted: Any) -> Test:
        return lambda item: any(_equal(name, _read(item, name), value) for value in wanted)

    def none_of(self, name: str, *wanted: Any) -> Test:
        return self.negate(self.one_of(name, *wanted))

    def empty(self, name: str) -> Test:
        return lambda item: _read(item, name) in (None, "")

    def filled(self, name: str) -> Test:
        return self.negate(self.empty(name))


def _read(fields: dict[str, Any], name: str) -> Any:
    folded = name.lower()
    return next((value for key, value in fields.items() if key.lower() == folded), None)


def _equal(name: str, actual: Any, wanted: Any) -> bool:
    if isinstance(wanted, float):
        return isinstance(actual, int | float) and float(actual) == wanted
    if name.lower() == "system.tags":
        return _contains(name, actual, str(wanted))
    return str("" if actual is None else actual).lower() == str(wanted).lower()


def _contains(name: str, actual: Any, wanted: str) -> bool:
    text = str(actual or "").lower()
    if name.lower() == "system.tags":  # a whole tag, not a part of one
        return wanted.lower() in [tag.strip() for tag in text.split(";")]
    return wanted.lower() in text


def _ordered(actual: Any, wanted: Any, compare: Callable[[Any, Any], bool]) -> bool:
    if actual is None:
        return False
    if isinstance(wanted, float):
        return isinstance(actual, int | float) and compare(float(actual), wanted)
    return compare(_moment(str(actual)), _moment(str(wanted)))


def _moment(text: str) -> str:
    return text.replace("Z", "+00:00") if text[:4].isdigit() else text.lower()

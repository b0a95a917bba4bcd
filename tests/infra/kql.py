"""Runs the little KQL that infra/ uses to change records, one record at a time."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

type Record = dict[str, Any]

_TOKEN = re.compile(r"""\s*(@'[^']*'|'(?:[^'\\]|\\.)*'|[A-Za-z_][\w-]*|\d+|[()\[\],=|])""")
_ESCAPE = re.compile(r"\\(.)")


def run(query: str, record: Record) -> Record:
    """The record after the query: `source`, then `extend` and `project-away` steps."""
    reader = _Reader(tokens(query))
    reader.take("source")
    after = dict(record)
    while reader.left:
        reader.take("|")
        step = reader.next()
        name = reader.next()
        if step == "project-away":
            del after[name]
            continue
        assert step == "extend", step
        reader.take("=")
        after[name] = reader.value(after)
    return after


def tokens(query: str) -> list[str]:
    """The query's words and signs. AssertionError where it holds something else."""
    found, at, end = [], 0, len(query.rstrip())
    while at < end:
        match = _TOKEN.match(query, at)
        assert match, f"not understood: {query[at : at + 40]}"
        found.append(match[1])
        at = match.end()
    return found


def functions(query: str) -> set[str]:
    """The functions that it calls."""
    words = tokens(query)
    return {a for a, b in pairwise(words) if b == "(" and a.isidentifier()}


def patterns(query: str) -> set[str]:
    """Its regular expressions, all of which are verbatim texts."""
    return {word[2:-1] for word in tokens(query) if word.startswith("@")}


@dataclass
class _Reader:
    left: list[str]

    def next(self) -> str:
        return self.left.pop(0)

    def take(self, word: str) -> None:
        assert self.next() == word, word

    def value(self, record: Record) -> Any:
        found = self._single(record)
        if self.left[:1] == ["["]:
            self.take("[")
            found = found[int(self.next())]
            self.take("]")
        if self.left[:2] == ["matches", "regex"]:
            del self.left[:2]
            return re.search(self._single(record), found) is not None
        return found

    def _single(self, record: Record) -> Any:
        word = self.next()
        if word.startswith("@"):
            return word[2:-1]
        if word.startswith("'"):
            return _ESCAPE.sub(r"\1", word[1:-1])
        if word.isdigit():
            return int(word)
        return FUNCTIONS[word](*self._arguments(record)) if self.left[:1] == ["("] else record[word]

    def _arguments(self, record: Record) -> list[Any]:
        self.take("(")
        found = [self.value(record)]
        while self.left[0] == ",":
            self.take(",")
            found.append(self.value(record))
        self.take(")")
        return found


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _extract(pattern: str, group: int, text: str) -> str:
    match = re.search(pattern, text)
    return match[group] if match else ""


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "extract": _extract,
    "iif": lambda condition, yes, no: yes if condition else no,
    "isempty": lambda text: text == "",
    "parse_json": json.loads,
    "split": lambda text, at: text.split(at),
    "strcat": lambda *parts: "".join(parts),
    "tostring": _text,
}

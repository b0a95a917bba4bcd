"""Mistakes, and how to say which name was probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

# Where something stands in a desk's file: `("request_types", 0, "moves", 2, "to")`.
type Place = tuple[str | int, ...]


@dataclass(frozen=True, order=True)
class Mistake:
    """One mistake. `line` counts from 1."""

    file: Path
    line: int
    field: str
    message: str

    def __str__(self) -> str:
        where = f"{self.field}: " if self.field else ""
        return f"{self.file}:{self.line}: {where}{self.message}"


@dataclass(frozen=True)
class Problem:
    """A mistake before its line is looked up, unless `line` is known already."""

    place: Place
    message: str
    line: int | None = None


def field_name(place: Place) -> str:
    """`request_types[0].moves[2].to`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return "".join(parts).lstrip(".")


def nearest(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'in_planning'?`, or the names there are, or nothing."""
    names = list(known)
    close = get_close_matches(name.casefold(), names, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; use one of {', '.join(names)}" if 0 < len(names) <= 12 else ""


def unknown(place: Place, name: str, what: str, known: Iterable[str]) -> Problem:
    """`'in_planing' is no state of production_issue; did you mean 'in_planning'?`."""
    return Problem(place, f"{name!r} is no {what}{nearest(name, known)}")

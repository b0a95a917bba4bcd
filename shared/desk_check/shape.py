"""Pydantic's findings as places in the file, in the words of a support manager."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from shared.desk_check.found import Place, Problem, nearest
from shared.domain.desk import Desk

_PLAIN = {
    "string_type": "write a text here",
    "dict_type": "write `name: value` pairs here",
    "model_type": "write `name: value` pairs here",
    "tuple_type": "write a list here",
    "list_type": "write a list here",
    "frozen_set_type": "write a list here",
    "int_type": "write a number here",
    "bool_type": "write true or false here",
    "bool_parsing": "write true or false here",
    "too_short": "at least one is needed",
}


def shape_problems(data: object) -> tuple[Desk | None, list[Problem]]:
    """The desk, or what keeps the data from being one."""
    if data is None:
        return None, [Problem((), "the file is empty")]
    try:
        return Desk.model_validate(data), []
    except ValidationError as error:
        found = [_problem(dict(item), data) for item in error.errors(include_url=False)]
        return None, list(dict.fromkeys(found))


def _problem(item: Mapping[str, Any], data: object) -> Problem:
    place = _place(item["loc"], data)
    kind, text = item["type"], str(item["msg"])
    if kind == "extra_forbidden":
        known = _fields_at(place[:-1])
        return Problem(place, f"there is no such field{nearest(str(place[-1]), known)}")
    if kind == "missing":
        return Problem(place, "this field is missing")
    if kind in ("enum", "literal_error"):
        return _choice(place, item)
    if kind == "string_pattern_mismatch":
        return Problem(place, _pattern(item))
    if kind.startswith("time_delta"):
        return Problem(place, f"{item['input']!r} is no duration; write 30m, 4h or 5d")
    return Problem(place, _PLAIN.get(kind, text.removeprefix("Value error, ")))


def _choice(place: Place, item: Mapping[str, Any]) -> Problem:
    expected = str(item.get("ctx", {}).get("expected", ""))
    known = [name.strip(" '") for name in expected.replace(" or ", ",").split(",")]
    value = item["input"]
    if not isinstance(value, str):
        return Problem(place, f"use one of {', '.join(known)}")
    return Problem(place, f"{value!r} is not known here{nearest(value, known)}")


def _pattern(item: Mapping[str, Any]) -> str:
    value, pattern = item["input"], str(item.get("ctx", {}).get("pattern", ""))
    if "requester|" in pattern:
        names = pattern.removeprefix("^(").split("|role:")[0].split("|")
        return (
            f"{value!r} is no receiver{nearest(str(value), names)} "
            "(or role:<role>, channel:<id>, person:<address>)"
        )
    if "[0-9a-f]{32}" in pattern:
        return f"{value!r} is no question id: r and 32 characters of 0-9 a-f"
    if pattern.startswith("^[A-Z]"):
        return f"{value!r} is no prefix: 2 to 10 capital letters or digits, a letter first"
    return f"{value!r} is no id: small letters, digits and _ only, a letter first, 40 at most"


def _place(loc: tuple[int | str, ...], data: object) -> Place:
    """The location without pydantic's own marks (union branches, `[key]`), which the file lacks."""
    place: list[str | int] = []
    at: object = data
    for part in loc:
        if isinstance(part, int):
            place.append(part)
            at = at[part] if isinstance(at, list) and part < len(at) else None
        elif isinstance(at, Mapping) and part in at:
            place.append(part)
            at = at[part]
        elif isinstance(at, Mapping) and "[" not in part:
            place.append(part)  # a field that is missing
            at = None
    return tuple(place)


def _fields_at(place: Place) -> list[str]:
    """The fields that the model knows at that place."""
    models = [Desk]
    for part in place:
        if isinstance(part, str):
            models = [inner for model in models for inner in _models_of(model, part)]
    return [field.alias or name for model in models for name, field in model.model_fields.items()]


def _models_of(model: type[BaseModel], name: str) -> list[Any]:
    for key, field in model.model_fields.items():
        if name in (key, field.alias):
            return list(_inner(field.annotation))
    return []


def _inner(annotation: object) -> Iterator[Any]:
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        if issubclass(annotation, BaseModel):
            yield annotation
        return
    for argument in typing.get_args(annotation):
        yield from _inner(argument)

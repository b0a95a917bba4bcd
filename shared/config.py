"""Desks from their files: `desks/<id>/desk.yaml`, read once when a function starts."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from shared.domain.desk import Desk

if TYPE_CHECKING:
    from yaml import CSafeLoader, SafeLoader

DESK_FILE = "desk.yaml"


class DeskFileError(RuntimeError):
    """A desk's file cannot be used; names the file and what is wrong with it."""


def desk_files(folder: Path) -> list[Path]:
    """The files of all desks below that folder, in the order of their names."""
    return sorted(folder.glob(f"*/{DESK_FILE}"))


def load_desks(folder: Path) -> dict[str, Desk]:
    """All desks by id. Raises DeskFileError for the first that is not well formed.

    Only the shape is checked here, to start fast; `make desk-check` checks what it means.
    """
    desks: dict[str, Desk] = {}
    for path in desk_files(folder):
        desk = _load(path)
        if desk.id != path.parent.name:
            raise DeskFileError(f"{path}: id {desk.id!r} must be the folder's name")
        desks[desk.id] = desk
    if not desks:
        raise DeskFileError(f"{folder}: no desk here; each is a folder with a {DESK_FILE}")
    return desks


def _load(path: Path) -> Desk:
    from yaml import YAMLError, load  # noqa: PLC0415  # needed at start-up only

    try:
        data = load(path.read_text("utf-8"), Loader=yaml_loader())  # noqa: S506  # a safe loader
        return Desk.model_validate(data)
    except (YAMLError, ValidationError, UnicodeError) as error:
        raise DeskFileError(f"{path}: {error}\n`make desk-check` explains it by line") from error


@lru_cache(maxsize=1)
def yaml_loader() -> type[CSafeLoader] | type[SafeLoader]:
    """A safe loader, in C where there is one, that reads words as YAML 1.2 does.

    PyYAML follows YAML 1.1, where the key `on` means true and `17:00` means 1020, while editors
    follow 1.2 (https://yaml.org/spec/1.2.2/#103-core-schema). Days stay text for pydantic to read.
    """
    import yaml  # noqa: PLC0415  # needed at start-up only

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    loader: Any = type("DeskLoader", (base,), {"yaml_implicit_resolvers": {}})
    for tag, pattern, first in _words():
        loader.add_implicit_resolver(tag, pattern, first)
    found: type[yaml.SafeLoader] = loader
    return found


def _words() -> list[tuple[str, Any, list[str]]]:
    import re  # noqa: PLC0415  # needed at start-up only

    digits = list("-+0123456789")
    return [
        ("tag:yaml.org,2002:bool", re.compile("^(?:true|True|TRUE|false|False|FALSE)$"), [*"tTfF"]),
        ("tag:yaml.org,2002:null", re.compile("^(?:null|Null|NULL|~|)$"), ["n", "N", "~", ""]),
        ("tag:yaml.org,2002:int", re.compile("^[-+]?[0-9]+$"), digits),
        ("tag:yaml.org,2002:float", re.compile(r"^[-+]?[0-9]+\.[0-9]+$"), digits),
    ]

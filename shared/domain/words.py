"""Texts in the languages that clients use."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, StringConstraints

Language = Literal["en", "fr"]
Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


def _as_map(value: object) -> object:
    return {"en": value} if isinstance(value, str) else value


# A text per language; a plain string stands for English.
Words = Annotated[dict[Language, str], BeforeValidator(_as_map)]


def say(words: dict[Language, str], language: str) -> str:
    """The text in that language, else in English, else in whichever there is."""
    for wanted in (language, "en"):
        for known, text in words.items():
            if known == wanted:
                return text
    return next(iter(words.values()), "")

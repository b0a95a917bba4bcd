"""Texts in the languages that clients use."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, StringConstraints

Language = Literal["en", "fr"]
Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


def one_line(text: str) -> str:
    """White space of any kind becomes a single space: a name or title with a line break breaks
    the headers of a mail."""
    return " ".join(text.split())


Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=250),
    AfterValidator(one_line),
]


def counted(number: int, thing: str) -> str:
    """`1 row`, `2 rows`: for things whose plural ends in s."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


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

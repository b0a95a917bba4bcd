"""Forms: one definition for the built-in page, the Microsoft Form, and what its answers mean."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from shared.domain.people import Frozen
from shared.domain.words import Id, Words

FieldKind = Literal["text", "long_text", "choice", "choices", "date", "email", "files"]
# Parts of a request that a form field can fill; a field without one is kept among `fields`.
Part = Literal[
    "title", "description", "type", "environment", "severity", "language",
    "requester_email", "requester_name", "attachments",
]  # fmt: skip

QUESTION_ID = r"^r[0-9a-f]{32}$"


class Option(Frozen):
    """One answer of a choice. `value` is what it means when the field fills a part."""

    id: Id
    label: Words


class ShowWhen(Frozen):
    """The field is asked only when another was answered with one of these option ids."""

    field: Id
    any_of: tuple[Id, ...] = Field(alias="in")


class FormField(Frozen):
    """One question."""

    id: Id
    label: Words
    kind: FieldKind
    required: bool = False
    help: Words | None = None
    options: tuple[Option, ...] = ()
    question_id: str | None = Field(default=None, pattern=QUESTION_ID)
    show_when: ShowWhen | None = None
    part: Part | None = None
    max_length: int | None = None
    not_after: Literal["today"] | None = None  # of a date: a later one is a mistake

    @model_validator(mode="after")
    def _only_a_date_ends_today(self) -> FormField:
        if self.not_after and self.kind != "date":
            raise ValueError("only a date has not_after")
        return self

    @model_validator(mode="after")
    def _options_belong_to_choices(self) -> FormField:
        if (self.kind in ("choice", "choices")) != bool(self.options):
            raise ValueError("a choice needs options, and only a choice has them")
        return self

    def option(self, answer: str) -> Option | None:
        """The option that an answer names: by id, or by label in any language."""
        wanted = _plain(answer)
        for option in self.options:
            if wanted in {option.id, *map(_plain, option.label.values())}:
                return option
        return None


def _plain(text: str) -> str:
    """Word and French typography put other spaces and apostrophes into what people copy."""
    return " ".join(text.replace("\u2019", "'").split()).casefold()


class Form(Frozen):
    """A request form."""

    id: Id
    title: Words
    intro: Words | None = None
    microsoft_form_url: str | None = None
    fields: tuple[FormField, ...]

    def asks_environment(self, type_id: str) -> bool:
        """Whether somebody who chooses that type is asked where the matter is."""
        kind = next((field for field in self.fields if field.part == "type"), None)
        if kind is None or kind.option(type_id) is None:
            return False
        whens = (field.show_when for field in self.fields if field.part == "environment")
        return any(
            when is None or (when.field == kind.id and type_id in when.any_of) for when in whens
        )

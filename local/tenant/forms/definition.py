"""The forms that the desks' files describe, as Microsoft Forms would hold them.

A field: `id`, `label`, `kind` (text, long_text, choice, choices, date, email, files), `required`,
`help`, `max_length`, `options`, `question_id`, `show_when: {field, in: [...]}`. Labels and options
are a text or a map by language; an option may also be `{id, label}`, and `show_when` may name it
by id or by label.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Any

from local.tenant.core import Tenant

_LONGEST_TEXT = 4000  # characters, as Microsoft Forms takes them
_QUESTION_ID = re.compile(r"r[0-9a-f]{32}")


@dataclass(frozen=True)
class Option:
    """`key` is what show_when may name; `labels` by language."""

    key: str
    labels: dict[str, str]

    def label(self, language: str) -> str:
        return in_language(self.labels, language)

    def is_called(self, name: str) -> bool:
        return name == self.key or name in self.labels.values()


@dataclass(frozen=True)
class Field:
    id: str
    question_id: str
    kind: str
    labels: dict[str, str]
    required: bool
    options: tuple[Option, ...]
    depends_on: str
    wanted: tuple[str, ...]
    helps: dict[str, str]
    longest: int

    def label(self, language: str) -> str:
        return in_language(self.labels, language)

    def help(self, language: str) -> str:
        return in_language(self.helps, language)


@dataclass(frozen=True)
class Form:
    desk: str
    id: str
    titles: dict[str, str]
    intros: dict[str, str]
    fields: tuple[Field, ...]

    def title(self, language: str) -> str:
        return in_language(self.titles, language)

    def intro(self, language: str) -> str:
        return in_language(self.intros, language)

    @property
    def languages(self) -> list[str]:
        """English first; others as the labels have them."""
        texts = [self.titles, *(field.labels for field in self.fields)]
        return sorted({name for text in texts for name in text} | {"en"}, key=lambda n: n != "en")

    def shown(self, answers: dict[str, list[str]]) -> list[Field]:
        """The questions that these answers lead to; `answers` by field id."""
        visible: dict[str, Field] = {}
        for field in self.fields:
            if not field.depends_on or (
                field.depends_on in visible and self._is_met(field, answers)
            ):
                visible[field.id] = field
        return list(visible.values())

    def _is_met(self, field: Field, answers: dict[str, list[str]]) -> bool:
        asked = next((one for one in self.fields if one.id == field.depends_on), None)
        given = answers.get(field.depends_on, [])
        return any(name in given for name in self.labels_for(asked, field.wanted))

    @staticmethod
    def labels_for(asked: Field | None, wanted: tuple[str, ...]) -> list[str]:
        """Every spelling of the options that show_when names."""
        names = list(wanted)
        for option in asked.options if asked else ():
            if any(option.is_called(name) for name in wanted):
                names += [option.key, *option.labels.values()]
        return list(dict.fromkeys(names))


def forms_of(tenant: Tenant, desk: str) -> list[Form]:
    kept = tenant.seed.desks.get(desk, {}).get("forms") or ()
    return [_form(desk, entry) for entry in kept if isinstance(entry, dict)]


def in_language(texts: dict[str, str], language: str) -> str:
    return texts.get(language) or texts.get("en") or next(iter(texts.values()), "")


def _form(desk: str, entry: dict[str, Any]) -> Form:
    form_id = str(entry.get("id", "request"))
    fields = tuple(_field(desk, form_id, one) for one in entry.get("fields") or ())
    titles = _texts(entry.get("title") or entry.get("name") or form_id)
    intros = _texts(entry.get("intro") or "")
    return Form(desk, form_id, titles, intros, fields)


def _field(desk: str, form: str, entry: dict[str, Any]) -> Field:
    field_id = str(entry["id"])
    question = str(entry.get("question_id") or "")
    if not _QUESTION_ID.fullmatch(question):
        name = f"{desk}/{form}/{field_id}"
        question = f"r{hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()}"
    condition = entry.get("show_when") or {}
    wanted = condition.get("in", condition.get("equals", []))
    names = wanted if isinstance(wanted, list) else [wanted]
    return Field(
        id=field_id,
        question_id=question,
        kind=str(entry.get("kind", "text")),
        labels=_texts(entry.get("label") or field_id),
        required=bool(entry.get("required")),
        options=tuple(_option(option) for option in entry.get("options") or ()),
        depends_on=str(condition.get("field", "")),
        wanted=tuple(str(name) for name in names),
        helps=_texts(entry.get("help") or ""),
        longest=int(entry.get("max_length") or _LONGEST_TEXT),
    )


def _option(entry: Any) -> Option:
    if isinstance(entry, dict) and "label" in entry:
        labels = _texts(entry["label"])
        return Option(str(entry.get("id") or in_language(labels, "en")), labels)
    labels = _texts(entry)
    return Option(in_language(labels, "en"), labels)


def _texts(value: Any) -> dict[str, str]:
    if isinstance(value, dict):
        return {str(name): str(text) for name, text in value.items()}
    return {"en": str(value)}

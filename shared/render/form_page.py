"""A desk's form as its built-in page shows it: questions with answers, mistakes and conditions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Literal

from shared.domain.answers import Answer, is_asked
from shared.domain.errors import FieldError
from shared.domain.form import Form, FormField
from shared.domain.words import Language, say
from shared.render.client_words import all_words, client_words, told

MOST_RADIOS = 7  # more options read better as a list that opens
Control = Literal["line", "lines", "select", "radios", "boxes", "files"]
_AUTOCOMPLETE = {"requester_email": "email", "requester_name": "name", "phone": "tel"}


@dataclass(frozen=True)
class Choice:
    """An option of a question."""

    id: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class Question:
    """One question on the page. `anchor` is the element that a mistake's link leads to."""

    id: str
    label: str
    help: str
    control: Control
    input_type: str
    required: bool
    value: str
    choices: tuple[Choice, ...]
    mistake: str
    autocomplete: str

    @property
    def dom_id(self) -> str:
        """The question's id in the page, where the page's own elements have other names."""
        return f"q-{self.id}"

    @property
    def anchor(self) -> str:
        """The id of the first element that takes the answer."""
        several = self.control in ("radios", "boxes")
        return f"{self.dom_id}-{self.choices[0].id}" if several else self.dom_id

    @property
    def described_by(self) -> str:
        """Ids of the texts that explain the question, for aria-describedby."""
        parts = [("help", self.help or self.control == "files"), ("mistake", self.mistake)]
        return " ".join(f"{self.dom_id}-{name}" for name, there in parts if there)


@dataclass(frozen=True)
class Group:
    """Neighbours under one condition. `field` and `options` name it for the page's script."""

    questions: tuple[Question, ...]
    field: str = ""
    options: tuple[str, ...] = ()
    condition: str = ""
    asked: bool = True


@dataclass(frozen=True)
class Given:
    """What was typed, and what is wrong with it; empty at the first visit."""

    answers: Mapping[str, Answer] = field(default_factory=dict)
    mistakes: Sequence[FieldError] = ()
    file_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class FormView:
    """A form in one language, as it stands now."""

    title: str
    intro: str
    groups: tuple[Group, ...]
    summary: tuple[tuple[str, str, str], ...]  # anchor ('' without), label, message
    file_names: tuple[str, ...]


def asking_sender(form: Form, *, is_known: bool) -> Form:
    """The form with an address that must be given, unless the page knows who sends it."""
    if is_known:
        return form
    words = all_words()
    fields = [
        f.model_copy(update={"required": True}) if f.part == "requester_email" else f
        for f in form.fields
    ]
    parts = {f.part for f in fields}
    if "requester_name" not in parts:
        name = FormField(
            id="requester_name", label=words["your_name"], kind="text", part="requester_name"
        )
        fields.append(name)
    if "requester_email" not in parts:
        address = FormField(
            id="requester_email", label=words["your_email"], help=words["your_email_help"],
            kind="email", part="requester_email", required=True,
        )  # fmt: skip
        fields.append(address)
    return form.model_copy(update={"fields": tuple(fields)})


def form_view(form: Form, given: Given, language: Language) -> FormView:
    """Everything that the page shows. `given.answers` by field id; unknown ids are left out."""
    questions = {f.id: _question(f, given, language) for f in form.fields}
    chosen = _chosen(form, given.answers)
    groups = []
    for when, fields in groupby(form.fields, key=lambda f: f.show_when):
        members = tuple(fields)
        groups.append(
            Group(
                questions=tuple(questions[f.id] for f in members),
                field=when.field if when else "",
                options=when.any_of if when else (),
                condition=_condition(form, members[0], language),
                asked=is_asked(members[0], chosen),
            )
        )
    return FormView(
        title=say(form.title, language),
        intro=say(form.intro, language) if form.intro else "",
        groups=tuple(groups),
        summary=tuple(_summary(form, questions, given, language)),
        file_names=given.file_names,
    )


def _question(asked: FormField, given: Given, language: Language) -> Question:
    answer = given.answers.get(asked.id, "")
    texts = [answer] if isinstance(answer, str) else answer
    picked = {option.id for text in texts if (option := asked.option(text))}
    wrong = [e.message for e in _mistakes(asked, given)]
    return Question(
        id=asked.id,
        label=say(asked.label, language),
        help=say(asked.help, language) if asked.help else "",
        control=_control(asked),
        input_type=asked.kind if asked.kind in ("date", "email") else "text",
        required=asked.required,
        value=texts[0] if texts else "",
        choices=tuple(
            Choice(option.id, say(option.label, language), option.id in picked)
            for option in asked.options
        ),
        mistake=" ".join(told(message, language) for message in wrong),
        autocomplete=_AUTOCOMPLETE.get(asked.part or asked.id, ""),
    )


def _control(asked: FormField) -> Control:
    """Radios cannot be cleared, so a choice that may stay open is a list."""
    if asked.kind == "choice":
        few = len(asked.options) <= MOST_RADIOS
        return "radios" if asked.required and few else "select"
    if asked.kind == "choices":
        return "boxes"
    if asked.kind == "long_text":
        return "lines"
    return "files" if asked.kind == "files" else "line"


def _mistakes(asked: FormField, given: Given) -> list[FieldError]:
    """Several files may be wrong; of any other answer the first mistake explains the rest."""
    found = [error for error in given.mistakes if _is_about(error, asked)]
    return found if asked.kind == "files" else found[:1]


def _is_about(error: FieldError, asked: FormField) -> bool:
    """The rules name a field by its id, or by the part of a request that it fills."""
    return error.field in (asked.id, asked.part) or (
        error.field == "attachments" and asked.kind == "files"
    )


def _chosen(form: Form, answers: Mapping[str, Answer]) -> dict[str, frozenset[str]]:
    """The options chosen in questions that are asked, in the form's order."""
    chosen: dict[str, frozenset[str]] = {}
    for asked in form.fields:
        answer = answers.get(asked.id, "")
        texts = [answer] if isinstance(answer, str) else answer
        picked = frozenset(o.id for text in texts if (o := asked.option(text)))
        if picked and is_asked(asked, chosen):
            chosen[asked.id] = picked
    return chosen


def _condition(form: Form, asked: FormField, language: Language) -> str:
    """When the question is to be answered, in words, for pages without script."""
    when = asked.show_when
    if when is None:
        return ""
    words = client_words(language)
    other = next((f for f in form.fields if f.id == when.field), asked)
    quoted = words["quoted"]
    labels = [quoted % say(o.label, language) for o in other.options if o.id in when.any_of]
    return words["only_when"] % (say(other.label, language), words["or_word"].join(labels))


def _summary(
    form: Form, questions: Mapping[str, Question], given: Given, language: Language
) -> Iterable[tuple[str, str, str]]:
    """In the order of the page; what is about no question of it comes last."""
    for asked in form.fields:
        for error in _mistakes(asked, given):
            shown = questions[asked.id]
            yield shown.anchor, shown.label, told(error.message, language)
    for error in given.mistakes:
        if not any(_is_about(error, asked) for asked in form.fields):
            yield "", error.field, told(error.message, language)

"""Form answers become a request; every wrong answer is named at once."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import ValidationError

from shared.domain import commands as cm
from shared.domain.desk import Desk
from shared.domain.errors import FieldError, Invalid
from shared.domain.fault_words import fault_words
from shared.domain.form import Form, FormField
from shared.domain.people import Person, normal_address
from shared.domain.ticket import Attachment, Source

type Answer = str | list[str]
LENGTHS = {"text": 250, "email": 254, "date": 10, "long_text": cm.TEXT_LIMIT}
TITLE_LENGTH = 120


@dataclass(frozen=True)
class Sender:
    """Who sent the form, as far as the door knows."""

    email: str = ""
    name: str = ""


@dataclass
class _Reading:
    now: dt.datetime
    parts: dict[str, str] = field(default_factory=dict)
    others: dict[str, Answer] = field(default_factory=dict)
    wrong: list[FieldError] = field(default_factory=list)
    chosen: dict[str, frozenset[str]] = field(default_factory=dict)


def read_answers(
    desk: Desk,
    form: Form,
    answers: Mapping[str, Answer],
    sender: Sender,
    now: dt.datetime,
    *,
    attachments: Sequence[Attachment] = (),
    source: Source = "form",
) -> cm.Open:
    """The request that the answers (by field id) make. Raises Invalid naming each wrong field."""
    known = {f.id for f in form.fields}
    reading = _Reading(now)
    for name in answers:
        if name not in known:
            reading.wrong.append(FieldError(name, f"the form {form.id} has no such field"))
    for question in form.fields:
        _read(reading, question, answers.get(question.id, ""), has_files=bool(attachments))
    requester, submitted_by = _people(reading, sender)
    if reading.wrong:
        raise Invalid(*reading.wrong)
    parts = reading.parts
    description = parts.get("description") or "-"
    return _open(
        title=parts.get("title") or _title_from(description),
        description=description,
        type=parts.get("type") or _first_offered(desk),
        environment=parts.get("environment") or desk.environments[0].id,
        severity=parts.get("severity"),
        requester=requester,
        submitted_by=submitted_by,
        language=parts.get("language") or desk.languages[0],
        fields=reading.others,
        attachments=tuple(attachments),
        source=source,
    )


def _open(**values: object) -> cm.Open:
    try:
        return cm.Open.model_validate(values)
    except ValidationError as error:
        raise Invalid(*validation_errors(error)) from error


def validation_errors(error: ValidationError) -> list[FieldError]:
    """Pydantic's findings in our words: the field's path and what to do."""
    found = []
    for item in error.errors(include_url=False):
        path = ".".join(str(p) for p in item["loc"] if not isinstance(p, str) or "[" not in p)
        found.append(FieldError(path or "body", fault_words(item)))
    return found


def _first_offered(desk: Desk) -> str:
    return next((t.id for t in desk.request_types if t.offered), desk.request_types[0].id)


def _title_from(description: str) -> str:
    line = next(filter(clean, map(str.strip, description.splitlines())), "Request")
    return line if len(line) <= TITLE_LENGTH else line[: TITLE_LENGTH - 1].rstrip() + "…"


def is_asked(question: FormField, chosen: Mapping[str, frozenset[str]]) -> bool:
    """Whether the question is shown, given the options chosen so far (field -> option ids)."""
    when = question.show_when
    return when is None or bool(chosen.get(when.field, frozenset()) & set(when.any_of))


def _read(reading: _Reading, question: FormField, answer: Answer, *, has_files: bool) -> None:
    if not is_asked(question, reading.chosen):
        return  # an answer to a question that is not asked is a leftover of the page
    given = [answer] if isinstance(answer, str) else list(answer)
    given = [text for text in map(clean, given) if text]
    if question.kind == "files":
        if question.required and not has_files:
            reading.wrong.append(FieldError(question.id, "attach at least one file"))
        return
    if not given:
        if question.required:
            reading.wrong.append(FieldError(question.id, "this answer is needed"))
        return
    try:
        value = _value(question, given, reading.now)
    except ValueError as error:
        reading.wrong.append(FieldError(question.id, str(error)))
        return
    if question.options:
        options = value if isinstance(value, list) else [value]
        reading.chosen[question.id] = frozenset(options)
    if question.part and isinstance(value, str):
        reading.parts[question.part] = value
    else:
        reading.others[question.id] = value


def other_answers(
    desk: Desk, fields: Mapping[str, object], now: dt.datetime
) -> tuple[dict[str, Answer], list[FieldError]]:
    """Answers by field id that came without a form, as stored, and what is wrong with the rest."""
    found: dict[str, Answer] = {}
    wrong: list[FieldError] = []
    for name, answer in fields.items():
        asked = [f for form in desk.forms for f in form.fields if f.id == name]
        try:
            found[name] = _fitting(desk, asked, answer, now)
        except ValueError as error:
            wrong.append(FieldError(f"fields.{name}", str(error)))
    return found, wrong


def _fitting(desk: Desk, asked: Sequence[FormField], answer: object, now: dt.datetime) -> Answer:
    """The answer by the first of the forms' questions that takes it. Raises ValueError."""
    given = [answer] if isinstance(answer, str) else answer
    if not isinstance(given, list) or not given or not all(isinstance(text, str) for text in given):
        raise ValueError("send a text, or a list of texts, or leave the field out")
    error = ValueError(f"no form of {desk.id} has this field")
    for question in asked:
        if question.kind == "files":
            error = ValueError("send files as attachments")
            continue
        try:
            return _value(question, given, now)
        except ValueError as found:
            error = found
    raise error


def _value(question: FormField, given: list[str], now: dt.datetime) -> Answer:
    """The answer as stored: option ids for choices, text else. Raises ValueError with the mend."""
    if question.kind == "choices":
        return [_option(question, text) for text in given]
    if len(given) > 1:
        raise ValueError("give one answer only")
    text = given[0].strip()
    if question.kind == "choice":
        return _option(question, text)
    limit = question.max_length or LENGTHS[question.kind]
    if len(text) > limit:
        raise ValueError(f"shorten this to {limit} characters (now {len(text)})")
    if question.kind == "email":
        return normal_address(text)
    if question.kind == "date":
        return _date(question, text, now)
    return " ".join(text.split()) if question.kind == "text" else text


def _option(question: FormField, text: str) -> str:
    option = question.option(text)
    if option is None:
        labels = ", ".join(next(iter(o.label.values())) for o in question.options)
        raise ValueError(f"{text[:60]!r} is no option here; choose one of: {labels}")
    return option.id


def _date(question: FormField, text: str, now: dt.datetime) -> str:
    try:
        found = dt.date.fromisoformat(text)
    except ValueError as error:
        raise ValueError("give a date as YYYY-MM-DD") from error
    if found.year not in _YEARS:
        raise ValueError(f"give a date of the years {_YEARS[0]} to {_YEARS[-1]}")
    # Where it is a day later than in UTC, today is no mistake.
    latest = now.astimezone(dt.UTC).date() + dt.timedelta(days=1)
    if question.not_after == "today" and found > latest:
        raise ValueError("this day is still to come; give today or an earlier date")
    return found.isoformat()


_YEARS = range(1990, 2101)  # outside of them it is a typing mistake


def clean(text: str) -> str:
    """Without control characters and direction overrides; line ends as \\n; composed (NFC).

    Nothing where nothing of it can be seen: such a text is as good as none at every door.
    """
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _UNWANTED.sub("", text)
    return text if any(_is_seen(c) for c in text) else ""


def _is_seen(character: str) -> bool:
    return unicodedata.category(character) not in _UNSEEN and character not in _FILLERS


_UNSEEN = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp", "Mn", "Me"})  # marks need a letter to stand on
_FILLERS = "\u115f\u1160\u2800\u3164\uffa0"  # letters and a sign by name, blank to the eye
_UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")


def _people(reading: _Reading, sender: Sender) -> tuple[Person, Person | None]:
    """The requester is whom the form names, else who sent it; the sender follows along."""
    named = reading.parts.get("requester_email", "")
    email = named or sender.email
    name = reading.parts.get("requester_name", "") or (sender.name if not named else "")
    nobody = Person(email="nobody@example.invalid")
    if not email:
        field_id = "requester_email"
        reading.wrong.append(FieldError(field_id, "say who is asking: an e-mail address is needed"))
        return nobody, None
    try:
        requester = Person(email=email, name=name)
        by = Person(email=sender.email, name=sender.name) if sender.email else None
    except ValidationError:
        reading.wrong.append(FieldError("requester_email", "give an address as name@example.org"))
        return nobody, None
    return requester, by if by and by.email != requester.email else None

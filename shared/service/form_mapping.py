"""Which question of a Microsoft Form fills which field, where people said so in the console.

The desk's file says it first. Forms gives a question a new id whenever it is made anew or the form
is copied; what was chosen then is a row `mapping|{form}` in the desk's partition, and counts over
the file.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.domain import events as ev
from shared.domain.desk import Desk
from shared.domain.errors import Conflict, FieldError, Invalid, Stale
from shared.domain.form import QUESTION_ID, Form, FormField
from shared.domain.people import Frozen
from shared.ports import Insert, Replace
from shared.service import layout as ly
from shared.service import quarantine, reads
from shared.service.deps import Deps
from shared.service.quarantine import Kept

IGNORED = "-"  # in place of a field: whatever the question is answered with
SHOWN = 20  # quarantined responses of a form
INLINE = 20_000  # bytes of a raw response that stay beside the ticket's opening
LAST = 5  # responses that became tickets


class Chosen(Frozen):
    """Question id -> field id, or IGNORED."""

    questions: dict[str, str] = {}


@dataclass(frozen=True)
class Answer:
    """One answer of a raw response, and where it goes."""

    question: str
    text: str
    field: FormField | None = None
    is_ignored: bool = False


@dataclass(frozen=True)
class RawResponse:
    """A response as it came in, answer by answer; `answers` is empty when it cannot be read."""

    key: str
    kept: Kept
    answers: tuple[Answer, ...]

    @property
    def unknown(self) -> tuple[Answer, ...]:
        """Answers that no field takes."""
        return tuple(a for a in self.answers if a.field is None and not a.is_ignored)


@dataclass(frozen=True)
class TakenResponse:
    """A response that became a ticket, answer by answer."""

    number: str
    at: dt.datetime
    answers: tuple[Answer, ...]


async def chosen(deps: Deps, desk: Desk, form: Form) -> Chosen:
    """What people chose for the form so far."""
    row = await deps.rows.get(desk.id, _key(form))
    return Chosen.model_validate_json(row.body) if row else Chosen()


async def choose(deps: Deps, desk: Desk, form: Form, questions: Mapping[str, str]) -> None:
    """Adds choices: question id -> field id or IGNORED. Raises Invalid, Stale."""
    _check(form, questions)
    row = await deps.rows.get(desk.id, _key(form))
    before = Chosen.model_validate_json(row.body).questions if row else {}
    taken = {field for field in questions.values() if field != IGNORED}
    # A field has one question: the one that was chosen last.
    kept = {question: field for question, field in before.items() if field not in taken}
    text = ly.body(Chosen(questions=kept | dict(questions)))
    write = Replace(row.key, text, row.etag) if row else Insert(_key(form), text)
    try:
        await deps.rows.commit(desk.id, [write])
    except Conflict as error:
        raise Stale("somebody else mapped questions just now; look again") from error


def overlaid(form: Form, known: Chosen) -> Form:
    """The form in which fields that had no question have the chosen one."""
    by_field = {field: question for question, field in known.questions.items()}
    fields = tuple(
        field.model_copy(update={"question_id": field.question_id or by_field.get(field.id)})
        for field in form.fields
    )
    return form.model_copy(update={"fields": fields})


def translated(form: Form, response: Mapping[str, Any], known: Chosen) -> dict[str, Any]:
    """The response under the questions that the form knows, less what is ignored.

    A question that the desk's file names stays good beside the one that was chosen.
    """
    questions = {field.id: field.question_id for field in overlaid(form, known).fields}
    found: dict[str, Any] = {}
    for name, value in response.items():
        field = known.questions.get(name)
        if field == IGNORED:
            continue
        key = (questions.get(field) if field else name) or name
        if value not in (None, "") or key not in found:
            found[key] = value
    return found


async def responses(deps: Deps, desk: Desk, form: Form) -> list[RawResponse]:
    """The form's responses that could not be taken in, latest first."""
    known = await chosen(deps, desk, form)
    entries = await quarantine.entries(deps, desk)
    mine = [(key, kept) for key, kept in entries if kept.source == "form" and kept.form == form.id]
    return [
        RawResponse(key, kept, _answers(form, known, await quarantine.raw(deps, desk, key)))
        for key, kept in mine[:SHOWN]
    ]


async def keep_raw(
    deps: Deps, desk: Desk, form: Form, response: Mapping[str, Any]
) -> dict[str, str]:
    """Keeps the response as it came in; where, as fields of the request.

    A usual one stays beside the ticket's opening and costs no call; a long one goes to a blob.
    """
    content = json.dumps(response).encode()
    if len(content) <= INLINE:
        return {"raw_form": json.dumps({"form": form.id, "response": response})}
    name = f"{_folder(desk, form)}{hashlib.sha256(content).hexdigest()[:32]}"
    await deps.blobs.put(name, content, "application/json")
    return {"raw": name}


async def taken(deps: Deps, desk: Desk, form: Form) -> list[TakenResponse]:
    """The last responses that became tickets, of the first 200 tickets in the lists."""
    known = await chosen(deps, desk, form)
    page = await reads.tickets(deps, desk, reads.Query(view="all", limit=200))
    made = [t for t in page.tickets if t.source == "form"]
    made.sort(key=lambda t: t.created_at, reverse=True)
    loaded = [await reads.find(deps, ticket.number) for ticket in made[:LAST]]
    found = []
    for one in loaded:
        opened = one.history[0].event
        whole = await _kept(deps, desk, form, opened)
        if whole is None:
            continue
        found.append(
            TakenResponse(one.ticket.number, one.history[0].at, _answers(form, known, whole))
        )
    return found


async def _kept(deps: Deps, desk: Desk, form: Form, opened: ev.Event) -> bytes | None:
    """The call's body that a ticket was opened with, if it came by this form."""
    if not isinstance(opened, ev.Opened):
        return None
    if opened.raw_form:
        body = opened.raw_form.encode()
        return body if body_of(body).get("form") == form.id else None
    if not opened.raw.startswith(_folder(desk, form)):
        return None
    content = await deps.blobs.get(opened.raw)
    return json.dumps({"response": json.loads(content)}).encode()


def _folder(desk: Desk, form: Form) -> str:
    return f"forms/{desk.id}/{form.id}/"


def body_of(content: bytes) -> dict[str, Any]:
    """The quarantined call's body; {} when it is none."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _answers(form: Form, known: Chosen, content: bytes) -> tuple[Answer, ...]:
    response = body_of(content).get("response")
    fields = {f.question_id: f for f in form.fields if f.question_id}
    by_id = {f.id: f for f in form.fields}
    fields |= {q: by_id[f] for q, f in known.questions.items() if f in by_id}
    return tuple(
        Answer(
            question=name,
            text=value if isinstance(value, str) else json.dumps(value),
            field=fields.get(name),
            is_ignored=known.questions.get(name) == IGNORED,
        )
        for name, value in (response.items() if isinstance(response, dict) else ())
        if re.fullmatch(QUESTION_ID, name) and value not in (None, "")
    )


def _check(form: Form, questions: Mapping[str, str]) -> None:
    known = {field.id for field in form.fields}
    wrong = [
        FieldError(question, f"form {form.id} has no field {field!r}")
        for question, field in questions.items()
        if field != IGNORED and field not in known
    ]
    wrong += [
        FieldError(question, "a question's id is r and 32 hex digits")
        for question in questions
        if not re.fullmatch(QUESTION_ID, question)
    ]
    chosen_fields = [field for field in questions.values() if field != IGNORED]
    for field in sorted({f for f in chosen_fields if chosen_fields.count(f) > 1}):
        wrong.append(FieldError(field, "choose this field for one question only"))
    if wrong:
        raise Invalid(*wrong)


def _key(form: Form) -> str:
    return f"mapping|{form.id}"

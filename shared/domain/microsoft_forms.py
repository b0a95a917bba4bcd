"""A raw Microsoft Forms response, as the connector hands it over.

Members are `r` + 32 hex digits, one per question; `responder` is an address or `anonymous`;
`submitDate` is en-US text in UTC; a multiple choice is a JSON array inside a string.
https://learn.microsoft.com/connectors/microsoftforms/
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from shared.domain.answers import Answer, Sender
from shared.domain.errors import FieldError, Invalid
from shared.domain.form import Form

_QUESTION = re.compile(r"r[0-9a-f]{32}")


@dataclass(frozen=True)
class FormsResponse:
    """The answers by field id, and who gave them."""

    answers: dict[str, Answer]
    sender: Sender


def read_response(form: Form, response: Mapping[str, object]) -> FormsResponse:
    """Raises Invalid naming each question that the desk's form does not know.

    An unknown question without an answer is ignored: Forms sends every question.
    """
    fields = {f.question_id: f for f in form.fields if f.question_id}
    answers: dict[str, Answer] = {}
    wrong: list[FieldError] = []
    for key, value in response.items():
        if not _QUESTION.fullmatch(key) or value is None or value == "":
            continue
        question = fields.get(key)
        if question is None:
            wrong.append(
                FieldError(
                    key,
                    f"no field of form {form.id} has this question_id; add it to the field that "
                    "this question stands for in the desk's file",
                )
            )
        elif not isinstance(value, str):
            wrong.append(FieldError(question.id, "Microsoft Forms sends text; this is none"))
        elif question.kind == "choices":
            answers[question.id] = _several(value)
        else:
            answers[question.id] = value
    if wrong:
        raise Invalid(*wrong)
    responder = str(response.get("responder") or "")
    sender = Sender() if "@" not in responder else Sender(email=responder)
    return FormsResponse(answers, sender)


def named_files(answer: Answer) -> list[str]:
    """The names in the answer to a file question: the files themselves lie elsewhere."""
    try:
        found = json.loads(answer) if isinstance(answer, str) else []
    except ValueError:
        return []
    if not isinstance(found, list):
        return []
    return [str(item["name"]) for item in found if isinstance(item, dict) and item.get("name")]


def _several(value: str) -> list[str]:
    try:
        found = json.loads(value)
    except ValueError:
        return [value]
    return [str(item) for item in found] if isinstance(found, list) else [str(found)]

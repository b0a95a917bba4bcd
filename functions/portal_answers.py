"""What a browser sent with the built-in form."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

import azure.functions as func

from functions import pages
from functions.client_pages import read_form
from shared.domain.answers import Answer
from shared.domain.errors import FieldError, Invalid
from shared.domain.form import Form
from shared.domain.ticket import Attachment
from shared.render.form_page import Given
from shared.service import files
from shared.service.files import Upload

# Names of our own fields have a hyphen, so that no question of a desk can be called the same.
KEY = "request-key"
HONEYPOT = "your-website"  # people do not see it; robots fill it in
LONGEST_KEY = 100


@dataclass(frozen=True)
class Sent:
    """Answers by field id, files, and the key that the page was rendered with."""

    key: str
    answers: Mapping[str, Answer]
    uploads: tuple[Upload, ...] = ()
    is_trapped: bool = False
    wrong: tuple[FieldError, ...] = ()  # with the body itself

    def given(self, mistakes: tuple[FieldError, ...] = ()) -> Given:
        """For the page that comes back: files cannot be kept in it, their names can."""
        names = tuple(files.safe_name(upload.name) for upload in self.uploads)
        return Given(self.answers, mistakes, names)

    def wrong_files(self) -> tuple[FieldError, ...]:
        """What is wrong with the files."""
        try:
            files.check(self.uploads)
        except Invalid as error:
            return (*self.wrong, *error.errors)
        return self.wrong

    def unstored(self) -> tuple[Attachment, ...]:
        """The files before they are stored: that there are some is what the rules look at."""
        return tuple(
            Attachment(id="-", name=files.safe_name(u.name), size=len(u.content), blob="-",
                       content_type=files.NEUTRAL, public=True)
            for u in self.uploads
        )  # fmt: skip

    def idempotency(self, desk: str, email: str) -> str:
        """The same for a double click, a reload, and a second try after a failure.

        What was changed in between is another request: a page that is gone back to keeps its key.
        """
        contents = [(u.name, hashlib.sha256(u.content).hexdigest()) for u in self.uploads]
        text = json.dumps([self.key, desk, email, dict(self.answers), contents], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def read_sent(req: func.HttpRequest, form: Form) -> Sent:
    """The form's body, whatever its size; what is wrong with it is told among the mistakes."""
    sent, wrong = read_form(req)
    named = _named(form, "files")
    unknown = tuple(
        FieldError(name[:100], f"the form {form.id} has no such field")
        for name in sent.uploads
        if sent.files(name) and name not in named
    )
    return Sent(
        key=sent.text(KEY)[:LONGEST_KEY],
        answers=_answers(sent, form),
        uploads=tuple(upload for name in named for upload in sent.files(name)),
        is_trapped=bool(sent.text(HONEYPOT)),
        wrong=(*wrong, *unknown),
    )


def _named(form: Form, kind: str) -> list[str]:
    return [f.id for f in form.fields if f.kind == kind]


def _answers(sent: pages.Form, form: Form) -> dict[str, Answer]:
    """By field id; an unknown field that holds something stays in, for the rules to refuse."""
    known, several = {f.id for f in form.fields}, _named(form, "choices")
    found: dict[str, Answer] = {}
    for name, values in sent.values.items():
        if name in (KEY, HONEYPOT) or not (name in known or any(values)):
            continue
        found[name] = list(values) if name in several or len(values) > 1 else values[0]
    return found

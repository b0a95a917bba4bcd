"""What lies in quarantine, as people read it: who sent it, what it is about, what is wrong."""

from __future__ import annotations

import re
from dataclasses import dataclass

from shared.domain.desk import Desk
from shared.domain.form import QUESTION_ID, Form
from shared.domain.words import say
from shared.mail_in.model import UnparsableMail
from shared.mail_in.parse import parse_mail
from shared.service.form_mapping import body_of
from shared.service.mail_letter import unanswerable
from shared.service.quarantine import Kept

RAW_SHOWN = 200_000  # characters on the page; the whole can be fetched
_HEAD = 64_000  # bytes of a mail that are looked at for its sender and subject
UNKNOWN = "The form has a question that Docket does not know."


@dataclass(frozen=True)
class KeptView:
    """Something in quarantine with its content, shortened for the page if need be.

    `sender` and `title` are '' where the content does not tell them; `wrong`: a sentence each;
    `asks_address`: it is a mail whose sender cannot be answered.
    """

    key: str
    kept: Kept
    raw: str
    is_whole: bool
    sender: str
    title: str
    wrong: tuple[str, ...]
    asks_address: bool


def kept_view(desk: Desk, key: str, kept: Kept, content: bytes) -> KeptView:
    """The entry before a member."""
    raw = content.decode(errors="replace")
    form = next((f for f in desk.forms if f.id == kept.form), None)
    if kept.source == "mail" or form is None:
        sender, title = _of_mail(content) if kept.source == "mail" else ("", "")
        wrong: tuple[str, ...] = (kept.reason,)
    else:
        given = body_of(content).get("response")
        response = given if isinstance(given, dict) else {}
        sender, title = _of_form(form, response)
        wrong = tuple(_sentence(form, response, *e) for e in kept.errors) or (kept.reason,)
    asks = kept.source == "mail" and bool(unanswerable(sender))
    return KeptView(key, kept, raw[:RAW_SHOWN], len(raw) <= RAW_SHOWN, sender, title, wrong, asks)


def _of_mail(content: bytes) -> tuple[str, str]:
    head = re.split(rb"\r?\n\r?\n", content[:_HEAD], maxsplit=1)[0]
    try:
        mail = parse_mail(head + b"\r\n\r\n")
    except UnparsableMail:
        return "", ""
    return mail.sender.email if mail.sender else "", mail.subject


def _of_form(form: Form, response: dict[str, object]) -> tuple[str, str]:
    """The address and title that were typed, else who was signed in."""
    typed = {f.part: str(response.get(f.question_id or "") or "") for f in form.fields if f.part}
    responder = str(response.get("responder") or "")
    sender = typed.get("requester_email") or (responder if "@" in responder else "")
    return sender[:200], typed.get("title", "")[:200]


def _sentence(form: Form, response: dict[str, object], field: str, message: str) -> str:
    """A mistake without ids: the question as the form words it, or the answer to an unknown one."""
    if re.fullmatch(QUESTION_ID, field):
        answer = str(response.get(field) or "")[:200]
        return f"{UNKNOWN} It was answered with “{answer}”." if answer else UNKNOWN
    asked = next((f for f in form.fields if field in (f.id, f.part)), None)
    label = say(asked.label, "en") if asked else field
    return f"“{label}”: {message}"

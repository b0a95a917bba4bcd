"""What a mail says, cut to what a ticket holds: title, text, language, files."""

from __future__ import annotations

import re
from dataclasses import dataclass

from shared.domain.answers import TITLE_LENGTH, clean
from shared.domain.commands import TEXT_LIMIT
from shared.domain.desk import Desk
from shared.domain.words import Language
from shared.mail_in.authentication import failed_authentication
from shared.mail_in.forward import Forwarded
from shared.mail_in.model import ParsedMail
from shared.service.files import MOST_EACH, MOST_FILES, MOST_IN_ALL, Upload

NOTICE = "\n\n[The text is longer than a ticket shows. All of it is in message.txt.]"
_ANSWERS = r"\s*(?:re|aw|fwd?|tr|wg|sv|vs|antw|r[ée]f?|odp|i)\s?(?:\[\d+\])?\s?:\s*"
_NAMED = 20  # files that a work note names


@dataclass(frozen=True)
class Content:
    """A mail's words and files, and what staff must know of what does not fit."""

    text: str
    uploads: tuple[Upload, ...]
    remarks: tuple[str, ...]


def title_of(mail: ParsedMail, handed_on: Forwarded | None = None) -> str:
    """The subject without Re: and Fwd:, else the first line of the text.

    Of a mail `handed_on` its own ones, since what stands above it is for staff alone.
    """
    subjects = (mail.subject, handed_on.subject if handed_on else "")
    title = next(filter(clean, (_without(_ANSWERS, subject) for subject in subjects)), "")
    if not title:
        said = handed_on.text if handed_on else mail.new_text
        lines = (clean(line).strip() for line in said.splitlines())
        title = next(filter(None, lines), "Mail without a subject")
    return _fit(title)


def subject_of(desk: Desk, answer: ParsedMail) -> str:
    """An answer's subject without Re: and the desk's ticket numbers in brackets; '' for none."""
    number = rf"\s*\[#?{desk.prefix}-\d+\]\s*"
    return _fit(clean(_without(f"{_ANSWERS}|{number}", answer.subject)).strip())


def _without(prefix: str, subject: str) -> str:
    title = " ".join(clean(subject).split())
    while found := re.match(prefix, title, re.IGNORECASE):
        title = title[found.end() :]
    return title


def _fit(title: str) -> str:
    return title if len(title) <= TITLE_LENGTH else title[: TITLE_LENGTH - 1].rstrip() + "…"


def language_of(desk: Desk, mail: ParsedMail) -> Language:
    """The mail's language when the desk speaks it, else the desk's first."""
    spoken = [language for language in desk.languages if language == mail.language]
    return spoken[0] if spoken else desk.languages[0]


def content_of(mail: ParsedMail, handed_on: Forwarded | None = None) -> Content:
    """The new text and the files, within the limits of a ticket.

    Of a mail `handed_on` the text is its writer's, who reads it on the ticket; what was written
    above it was for the desk, and is for staff alone.
    """
    text = clean(handed_on.text if handed_on else mail.new_text).strip()
    uploads = [
        Upload(file.name, file.content_type, file.content)
        for file in sorted(mail.attachments, key=lambda file: file.decoration)
    ]
    if len(text) > TEXT_LIMIT:
        uploads.insert(0, Upload("message.txt", "text/plain", _bytes(mail.text)))
        text = text[: TEXT_LIMIT - len(NOTICE)].rstrip() + NOTICE
    kept, left_out = _fitting(uploads)
    remarks = (*_left_out(left_out), *_doubts(mail), *_comment(mail, handed_on))
    return Content(text or _nothing(mail), tuple(kept), remarks)


def _nothing(mail: ParsedMail) -> str:
    return "(no text; see the files)" if mail.attachments else "(the mail is empty)"


def _bytes(text: str) -> bytes:
    """All of the text that one file may hold, cut between characters."""
    return text.encode()[:MOST_EACH].decode(errors="ignore").encode()


def _fitting(uploads: list[Upload]) -> tuple[list[Upload], list[Upload]]:
    """The files that fit, in order, and those that do not."""
    kept: list[Upload] = []
    left_out: list[Upload] = []
    room = MOST_IN_ALL
    for upload in uploads:
        size = len(upload.content)
        fits = size <= min(room, MOST_EACH) and len(kept) < MOST_FILES
        (kept if fits else left_out).append(upload)
        room -= size if fits else 0
    return kept, left_out


def _left_out(uploads: list[Upload]) -> list[str]:
    if not uploads:
        return []
    names = ", ".join(f"{u.name} ({len(u.content):,} bytes)" for u in uploads[:_NAMED])
    more = f" and {len(uploads) - _NAMED} more" if len(uploads) > _NAMED else ""
    return [f"Not attached, since they exceed the limits: {names}{more}. The mail is kept whole."]


def _comment(mail: ParsedMail, handed_on: Forwarded | None) -> list[str]:
    said = clean(handed_on.comment).strip() if handed_on else ""
    who = mail.sender.name or mail.sender.email if mail.sender else "Who handed it on"
    return [f"{who} wrote above it: {said[:TEXT_LIMIT]}"] if said else []


def _doubts(mail: ParsedMail) -> list[str]:
    found = []
    if failed_authentication(mail):
        found.append("The mail server could not authenticate the sender: it may be forged.")
    if "encrypted" in mail.defects:
        found.append("The mail is encrypted and cannot be read here. It is kept whole.")
    return found

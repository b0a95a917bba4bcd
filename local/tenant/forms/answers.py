"""What a person sends from the form's page, and the same as the Forms connector gives it out."""

import base64
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

from starlette.datastructures import FormData, UploadFile

from local.tenant.forms.definition import Field, Form

_MOST_FILES = 10
_LARGEST_FILE = 10 * 1024 * 1024


@dataclass(frozen=True)
class Upload:
    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class Answers:
    """Texts and uploads by field id, both as lists."""

    texts: dict[str, list[str]]
    files: dict[str, list[Upload]]


async def read(form: Form, sent: FormData) -> Answers:
    texts: dict[str, list[str]] = {}
    files: dict[str, list[Upload]] = {}
    for field in form.fields:
        for value in sent.getlist(field.id):
            if isinstance(value, UploadFile):
                if value.filename:
                    kind = value.content_type or "application/octet-stream"
                    upload = Upload(value.filename, kind, await value.read())
                    files.setdefault(field.id, []).append(upload)
            elif value.strip():
                texts.setdefault(field.id, []).append(value.replace("\r\n", "\n"))
    return Answers(texts, files)


def mistakes(form: Form, answers: Answers) -> dict[str, str]:
    """One message per question that cannot be taken as it is."""
    found = {field.id: _mistake(field, answers) for field in form.shown(answers.texts)}
    return {name: message for name, message in found.items() if message}


def _mistake(field: Field, answers: Answers) -> str:
    texts, files = answers.texts.get(field.id, []), answers.files.get(field.id, [])
    if not texts and not files:
        return "This question is required." if field.required else ""
    if field.kind == "files":
        return _file_mistake(files)
    if any(len(text) > field.longest for text in texts):
        return f"At most {field.longest} characters, please."
    check = _CHECKS.get(field.kind)
    return check(field, texts) if check else ""


def _email_mistake(_: Field, texts: list[str]) -> str:
    is_address = re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", texts[0].strip())
    return "" if is_address else "Enter an email address."


def _date_mistake(_: Field, texts: list[str]) -> str:
    return "" if _is_date(texts[0]) else "Enter a date."


def _choice_mistake(field: Field, texts: list[str]) -> str:
    known = {label for option in field.options for label in option.labels.values()}
    return "" if set(texts) <= known else "Choose one of the options."


_CHECKS: dict[str, Callable[[Field, list[str]], str]] = {
    "email": _email_mistake,
    "date": _date_mistake,
    "choice": _choice_mistake,
    "choices": _choice_mistake,
}


def _file_mistake(files: list[Upload]) -> str:
    if len(files) > _MOST_FILES:
        return f"At most {_MOST_FILES} files can be uploaded."
    if any(len(file.content) > _LARGEST_FILE for file in files):
        return "A file must not be larger than 10 MB."
    return ""


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def details(form: Form, answers: Answers, responder: str, at: datetime) -> dict[str, str]:
    """The flat body of "Get response details": en-US date in UTC, lists as JSON in a string."""
    clock = f"{at.hour % 12 or 12}:{at:%M:%S} {'AM' if at.hour < 12 else 'PM'}"
    body = {"responder": responder, "submitDate": f"{at.month}/{at.day}/{at.year} {clock}"}
    shown = {field.id for field in form.shown(answers.texts)}
    for field in form.fields:
        is_asked = field.id in shown  # what a branch hides has no answer, whatever was sent
        body[field.question_id] = _answer(form, field, answers) if is_asked else ""
    return body


def _answer(form: Form, field: Field, answers: Answers) -> str:
    texts, files = answers.texts.get(field.id, []), answers.files.get(field.id, [])
    if field.kind == "files":
        return json.dumps([_file(form, field, upload) for upload in files]) if files else ""
    if field.kind == "choices":
        return json.dumps(texts, ensure_ascii=False, separators=(",", ":")) if texts else ""
    return texts[0] if texts else ""


def _file(form: Form, field: Field, upload: Upload) -> dict[str, Any]:
    """Forms keeps uploads in the owner's OneDrive and hands out this reference."""
    digest = hashlib.sha256(upload.content + upload.name.encode()).hexdigest().upper()
    folder = "/".join(quote(part) for part in (form.title("en"), field.label("en")))
    root = "https://contoso-my.sharepoint.com/personal/owner_contoso_com/Documents"
    return {
        "name": upload.name,
        "link": f"{root}/Apps/Microsoft%20Forms/{folder}/{quote(upload.name)}",
        "id": f"01{digest[:32]}",
        "type": None,
        "size": len(upload.content),
        "referenceId": f"01{digest[32:]}",
        "driveId": "b!contosoFormsOwnerDrive",
        "status": 1,
        "uploadSessionUrl": None,
    }


def contents(form: Form, answers: Answers) -> list[dict[str, str]]:
    """What the flow reads from OneDrive and sends along."""
    return [
        {
            "question_id": field.question_id,
            "name": upload.name,
            "content_type": upload.content_type,
            "content_base64": base64.b64encode(upload.content).decode(),
        }
        for field in form.shown(answers.texts)
        for upload in answers.files.get(field.id, ())
    ]

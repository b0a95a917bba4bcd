"""Bodies become commands; wrong fields are named with their mend."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import json
import re
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from shared.domain import commands as cm
from shared.domain.answers import clean, other_answers, validation_errors
from shared.domain.desk import Desk
from shared.domain.errors import FieldError, Invalid, NotFound
from shared.service.files import Upload

_REQUEST_FIELDS = frozenset(
    {"title", "description", "type", "environment", "severity", "requester", "submitted_by",
     "language", "fields", "external_refs"}
)  # fmt: skip
_KINDS: dict[str, type[BaseModel]] = {
    get_args(kind.model_fields["command"].annotation)[0]: kind
    for kind in cm.StaffCommand.__value__.__args__
}
COMMANDS = {name: frozenset(kind.model_fields) for name, kind in _KINDS.items()}
"""What staff may ask for: each command's name with its fields."""

_NOTHING = (None, "")
_WHOLE = re.compile(r"[0-9]{1,9}")
_ROW_KEY = re.compile(r"[a-z]+\|[\w|:.+-]{1,200}", re.ASCII)


def uploads(body: dict[str, Any], field: str = "attachments") -> list[Upload]:
    """The files of a JSON body. Raises Invalid naming the one that is wrong."""
    listed = body.get(field) or []
    if not isinstance(listed, list):
        raise Invalid.of(field, "send a list of {name, content_type, content_base64}")
    return [_upload(item, f"{field}.{index}") for index, item in enumerate(listed)]


def _upload(item: Any, field: str) -> Upload:
    if not isinstance(item, dict) or not isinstance(item.get("content_base64"), str):
        raise Invalid.of(field, "send {name, content_type, content_base64}")
    try:
        content = base64.b64decode(item["content_base64"], validate=True)
    except (binascii.Error, ValueError) as error:
        raise Invalid.of(f"{field}.content_base64", "this is not base64") from error
    return Upload(str(item.get("name") or "file"), str(item.get("content_type") or ""), content)


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    if isinstance(value, dict):
        cleaned = {key: _cleaned(item) for key, item in value.items()}
        return {key: item for key, item in cleaned.items() if item not in _NOTHING}
    return value


def _sent(kind: type[BaseModel], body: dict[str, Any]) -> dict[str, Any]:
    """The members of a body, cleaned; an optional one that says nothing is as good as left out."""
    cleaned = {name: _cleaned(value) for name, value in body.items()}
    optional = {name for name, field in kind.model_fields.items() if not field.is_required()}
    return {n: v for n, v in cleaned.items() if n not in optional or v not in _NOTHING}


def open_command(desk: Desk, body: dict[str, Any], now: dt.datetime) -> cm.Open:
    """A request from the API's body, attachments aside. Raises Invalid naming every wrong field."""
    unknown = sorted(set(body) - _REQUEST_FIELDS - {"attachments"})
    wrong = [FieldError(name, "a request has no such field") for name in unknown]
    known = _sent(cm.Open, {name: body[name] for name in body if name in _REQUEST_FIELDS})
    if isinstance(known.get("fields"), dict) and desk.forms:
        known["fields"], mistaken = other_answers(desk, known["fields"], now)
        wrong += mistaken
    try:
        command = cm.Open.model_validate(known | {"source": "api"})
    except ValidationError as error:
        raise Invalid(*wrong, *validation_errors(error)) from error
    if wrong:
        raise Invalid(*wrong)
    return command


def staff_command(body: dict[str, Any]) -> cm.StaffCommand:
    """A command from its body, attachments aside. Raises Invalid naming every wrong field."""
    name = body.get("command")
    if not isinstance(name, str) or name not in COMMANDS:
        raise Invalid.of("command", f"use one of {', '.join(COMMANDS)}")
    fields = _sent(_KINDS[name], {key: body[key] for key in body if key != "attachments"})
    hidden = sorted({"mentions", "message_id", "raw"} & set(body))
    if hidden:
        raise Invalid(*(FieldError(key, f"{name} has no such field") for key in hidden))
    try:
        return cm.STAFF_COMMAND.validate_python(fields)
    except ValidationError as error:
        raise Invalid(*_told(validation_errors(error), name)) from error


def _told(errors: list[FieldError], name: str) -> list[FieldError]:
    """Paths begin with the command's name, which says nothing to who sent it."""
    return [FieldError(e.field.removeprefix(f"{name}."), e.message) for e in errors]


def fingerprint(body: dict[str, Any]) -> str:
    """Tells another body under the same key; member order and white space do not count."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def wanted_version(header: str) -> int | None:
    """The version of an If-Match header; None without one or for `*`. Raises Invalid."""
    text = header.strip()
    if text in ("", "*"):
        return None
    version = whole(text.removeprefix("W/").strip('"'))
    if version is None:
        raise Invalid.of("If-Match", 'give the version in quotes, such as "5"')
    return version


def whole(text: str) -> int | None:
    """The number that up to nine plain digits give; None for any other text."""
    return int(text) if _WHOLE.fullmatch(text) else None


def row_key(text: str) -> str:
    """The key of a row in one of our lists, as it came back. Raises NotFound for what is none."""
    if not _ROW_KEY.fullmatch(text):
        raise NotFound("nothing is kept under that key")
    return text

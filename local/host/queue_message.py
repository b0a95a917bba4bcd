"""A queue message on its way to the worker: decoding, and metadata that its own JSON overrides."""

import base64
import binascii
import json
import re
from datetime import datetime

from azure_functions_runtime.bindings.datumdef import Datum

from local.host.queue_wire import Received

_WHITE = re.compile(r"\s+")
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?")
_NAMES = ("Id", "PopReceipt", "DequeueCount", "InsertionTime", "ExpirationTime", "NextVisibleTime")
_CANONICAL = {name.lower(): name for name in _NAMES}


def decode(text: str, *, is_base64: bool) -> str | None:
    """The message's text; None when it should be base64 and is not (it goes to poison)."""
    if not is_base64:
        return text
    try:
        raw = base64.b64decode(_WHITE.sub("", text), validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw.decode("utf-8", "replace")


def encode(content: str | bytes, *, is_base64: bool) -> str:
    """The text to put into a queue."""
    raw = content.encode() if isinstance(content, str) else content
    return base64.b64encode(raw).decode() if is_base64 else raw.decode("utf-8", "replace")


def metadata(message: Received, text: str) -> dict[str, Datum]:
    """The trigger metadata; a JSON object's top-level properties override it, whatever their case.

    The real host adds them as binding data, so an "id" in the body replaces the message's id.
    """
    values = {
        "Id": message.id,
        "PopReceipt": message.pop_receipt,
        "DequeueCount": str(message.dequeue_count),
        "InsertionTime": message.insertion_time.isoformat(),
        "ExpirationTime": message.expiration_time.isoformat(),
        "NextVisibleTime": message.next_visible_time.isoformat(),
    }
    values.update(_overrides(text))
    return {name: Datum(value, "string") for name, value in values.items()}


def _overrides(text: str) -> dict[str, str]:
    stripped = text.strip()
    if not (stripped.startswith("{") and stripped.endswith("}")):
        return {}
    try:
        content = json.loads(stripped)
    except ValueError:
        return {}
    return {
        _CANONICAL[name.lower()]: _as_binding_data(value)
        for name, value in content.items()
        if name.lower() in _CANONICAL
    }


def _as_binding_data(value: object) -> str:
    """The host's JSON reader turns ISO dates into dates and prints them in .NET's own format."""
    if isinstance(value, str):
        if _DATE.fullmatch(value):
            return datetime.fromisoformat(value).strftime("%m/%d/%Y %H:%M:%S")
        return value
    if value is None:
        return ""
    return json.dumps(value)

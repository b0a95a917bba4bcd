"""The part of OData's query options that Outlook understands for messages."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from local.tenant.graph.errors import GraphError
from local.tenant.mime import IN_REPLY_TO, MESSAGE_ID, REFERENCES, address_of
from local.tenant.store import Document

Test = Callable[[Document], bool]

_TEXT = r"'((?:[^']|'')*)'"
_EXTENDED = re.compile(
    r"singleValueExtendedProperties/any\(\s*(\w+)\s*:\s*\1/id\s+eq\s+"
    + _TEXT
    + r"\s+and\s+\1/value\s+eq\s+"
    + _TEXT
    + r"\s*\)",
    re.IGNORECASE,
)
_EQUALS = re.compile(r"([\w/]+)\s+(eq|ne)\s+" + _TEXT, re.IGNORECASE)
_FLAG = re.compile(r"(\w+)\s+(eq|ne)\s+(true|false)", re.IGNORECASE)
_TIME = re.compile(r"(\w+DateTime)\s+(eq|ge|gt|le|lt)\s+'?([0-9T:.Z+\-]+)'?", re.IGNORECASE)
_STARTS = re.compile(r"(startswith|contains)\(\s*(\w+)\s*,\s*" + _TEXT + r"\s*\)", re.IGNORECASE)
_PLAIN = {"internetmessageid", "conversationid", "subject", "importance", "parentfolderid"}
_TIMES = {"receiveddatetime", "sentdatetime", "createddatetime", "lastmodifieddatetime"}
_FLAGS = {"isread", "isdraft", "hasattachments"}
_PROPERTY = {
    name.lower(): name
    for name in (
        "internetMessageId",
        "conversationId",
        "subject",
        "importance",
        "parentFolderId",
        "receivedDateTime",
        "sentDateTime",
        "createdDateTime",
        "lastModifiedDateTime",
        "isRead",
        "isDraft",
        "hasAttachments",
    )
}
_COMPARE: dict[str, Callable[[datetime, datetime], bool]] = {
    "eq": lambda a, b: a == b,
    "ge": lambda a, b: a >= b,
    "gt": lambda a, b: a > b,
    "le": lambda a, b: a <= b,
    "lt": lambda a, b: a < b,
}


def read_filter(text: str) -> Test:
    """A test for `$filter`; GraphError 400 for what Outlook would not take."""
    alternatives = [
        [_read_term(term) for term in _split(choice, "and")] for choice in _split(text, "or")
    ]
    return lambda message: any(all(term(message) for term in terms) for terms in alternatives)


def _split(text: str, word: str) -> list[str]:
    """Splits at a logical word that stands outside quotes and brackets."""
    parts, depth, quoted, start = [], 0, False, 0
    for at, char in enumerate(text):
        if char == "'":
            quoted = not quoted
        elif not quoted:
            depth += {"(": 1, ")": -1}.get(char, 0)
            if depth == 0 and re.match(rf"\s{word}\s", text[at:], re.IGNORECASE):
                parts.append(text[start:at])
                start = at + len(word) + 2
    return [part.strip() for part in [*parts, text[start:]]]


def _read_term(term: str) -> Test:
    for pattern, read in (
        (_EXTENDED, _extended),
        (_EQUALS, _equals),
        (_FLAG, _flag),
        (_TIME, _time),
        (_STARTS, _starts),
    ):
        match = pattern.fullmatch(term.strip().removeprefix("not "))
        if match:
            return read(match)
    raise _bad(f"Invalid filter clause: {term}")


def _bad(text: str) -> GraphError:
    return GraphError(400, "ErrorInvalidUrlQueryFilter", text)


def _unquote(text: str) -> str:
    return text.replace("''", "'")


def _extended(match: re.Match[str]) -> Test:
    name, value = _unquote(match[2]), _unquote(match[3])
    return lambda message: extended_value(message, name) == value


def _equals(match: re.Match[str]) -> Test:
    name, value, same = match[1].lower(), _unquote(match[3]), match[2].lower() == "eq"
    if name in ("from/emailaddress/address", "sender/emailaddress/address"):
        part = name.partition("/")[0]
        return lambda message: (address_of(message.get(part)) == value.lower()) is same
    if name not in _PLAIN:
        raise _bad(f"Could not find a property named '{match[1]}'")
    key = _PROPERTY[name]
    return lambda message: (message.get(key, "") == value) is same


def _flag(match: re.Match[str]) -> Test:
    if match[1].lower() not in _FLAGS:
        raise _bad(f"Could not find a property named '{match[1]}'")
    key = _PROPERTY[match[1].lower()]
    wanted = (match[3].lower() == "true") is (match[2].lower() == "eq")
    if key == "hasAttachments":
        return lambda message: has_attachments(message) is wanted
    return lambda message: message.get(key) is wanted


def _time(match: re.Match[str]) -> Test:
    if match[1].lower() not in _TIMES:
        raise _bad(f"Could not find a property named '{match[1]}'")
    key, compare = _PROPERTY[match[1].lower()], _COMPARE[match[2].lower()]
    try:
        moment = datetime.fromisoformat(match[3])
    except ValueError as error:
        raise _bad(f"Invalid date: {match[3]}") from error
    if moment.tzinfo is None:
        raise _bad(f"A date needs its offset: {match[3]}")
    return lambda message: compare(datetime.fromisoformat(message[key]), moment)


def _starts(match: re.Match[str]) -> Test:
    name, text = match[2].lower(), _unquote(match[3]).lower()
    if name not in _PLAIN:
        raise _bad(f"Could not find a property named '{match[2]}'")
    key = _PROPERTY[name]
    if match[1].lower() == "startswith":
        return lambda message: str(message.get(key, "")).lower().startswith(text)
    return lambda message: text in str(message.get(key, "")).lower()


def has_attachments(message: Document) -> bool:
    """False when there are inline files only, as Outlook says."""
    return any(not file.get("isInline") for file in message.get("attachments", ()))


def extended_value(message: Document, name: str) -> str | None:
    """A MAPI property: kept as such, or one of the three that stand for mail headers."""
    headers: dict[str, Any] = {
        IN_REPLY_TO.lower(): message.get("inReplyTo"),
        REFERENCES.lower(): " ".join(message.get("references", ())),
        MESSAGE_ID.lower(): message.get("internetMessageId"),
    }
    if name.lower() in headers:
        return headers[name.lower()] or None
    wanted = name.lower()
    stored: dict[str, str] = message.get("extended", {})
    return next((value for key, value in stored.items() if key.lower() == wanted), None)


def order(messages: list[Document], text: str, filter_text: str) -> list[Document]:
    """Sorts by `$orderby`; newest first without it.

    Outlook refuses an order by a property that does not also come first in the filter.
    """
    if not text:
        latest_first = reversed(messages)  # within one second, too
        return sorted(latest_first, key=lambda m: str(m["receivedDateTime"]), reverse=True)
    for clause in reversed(text.split(",")):
        match = re.fullmatch(r"\s*(\w+)(?:\s+(asc|desc))?\s*", clause, re.IGNORECASE)
        key = _PROPERTY.get(match[1].lower()) if match else None
        if match is None or key is None:
            raise GraphError(400, "BadRequest", f"Invalid $orderby: {clause}")
        if filter_text and not filter_text.strip().lower().startswith(key.lower()):
            raise GraphError(
                400,
                "InefficientFilter",
                "The restriction or sort order is too complex for this operation.",
            )
        down = (match[2] or "asc").lower() == "desc"
        messages = sorted(messages, key=lambda m, key=key: str(m.get(key, "")), reverse=down)
    return messages

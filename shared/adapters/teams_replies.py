"""What people say in Teams, from Graph's messages: HTML as plain text, machines left out.

https://learn.microsoft.com/graph/api/resources/chatmessage
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import Any

from shared.adapters.marks import is_ours
from shared.mail_in.markup import sanitised, text_of
from shared.ports import ChatReply

_EMOJI = re.compile(r"<emoji\b[^<>]*\balt=\"([^\"]*)\"[^<>]*>(?:</emoji>)?")
_PICTURE = re.compile(r"<img\b")
_FILE = "reference"  # a file in the channel's folder


def reply_of(message: Mapping[str, Any]) -> ChatReply | None:
    """The message as a person's words; None for a machine's, our own, and deleted ones."""
    person = (message.get("from") or {}).get("user")
    is_shown = message.get("messageType") == "message" and not message.get("deletedDateTime")
    files = message.get("attachments") or ()
    if not person or not is_shown or any(is_ours(str(file.get("id"))) for file in files):
        return None
    return ChatReply(
        id=str(message["id"]),
        at=dt.datetime.fromisoformat(message["createdDateTime"]),
        by_id=str(person.get("id") or ""),
        by_name=str(person.get("displayName") or ""),
        text="\n\n".join(part for part in _parts(message) if part),
    )


def _parts(message: Mapping[str, Any]) -> Iterator[str]:
    """What was written, and what is only to be seen in Teams."""
    body = message.get("body") or {}
    written = str(body.get("content") or "")
    if body.get("contentType") == "html":
        if _PICTURE.search(written):
            yield "(with a picture, to be seen in Teams)"
        written = _plain(written)
    yield written.strip()
    for file in message.get("attachments") or ():
        if file.get("contentType") == _FILE:
            yield f"File: {file.get('name') or ''} {file.get('contentUrl') or ''}".strip()


def _plain(html: str) -> str:
    shown = sanitised(_EMOJI.sub(r"\1", html), lambda _: None)
    return "(too large to be shown here)" if shown is None else text_of(shown)

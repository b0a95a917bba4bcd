"""Takes one person out of stored values: who they are, and what they wrote."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from shared.domain import events as ev
from shared.domain.people import ERASED_DOMAIN, ActorKind
from shared.service import layout as ly

NAME = "Erased person"
TEXT = "[erased]"
SHORT = 8  # characters; words as short as that may be anybody's
_NOTHING_LEFT: dict[str, object] = {"attachments": (), "message_id": "", "raw": ""}
_NO_WORDS: dict[str, object] = {
    "title": TEXT,
    "description": TEXT,
    "fields": {},
    "raw_form": "",
}


@dataclass(frozen=True)
class Erasure:
    """One person: their address, names and words, the blobs that go with them, and the address
    that stands in their place. It is drawn by lot: nothing leads from it back to the person.
    """

    email: str
    names: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    blobs: frozenset[str] = frozenset()
    placeholder: str = field(
        default_factory=lambda: f"erased-{secrets.token_hex(8)}@{ERASED_DOMAIN}"
    )

    @property
    def digest(self) -> str:
        """How the address stands in row keys."""
        return ly.digest(self.email)

    def may_be_in(self, body: str) -> bool:
        """Whether a row's JSON may need a change: a quick look."""
        return self.email in body.lower() or any(blob in body for blob in self.blobs)

    def text(self, text: str) -> str:
        """The text without the address, full names and words."""
        whole = rf"(?<![\w.+-]){re.escape(self.email)}(?![\w-])"
        text = re.sub(whole, self.placeholder, text, flags=re.IGNORECASE)
        for name in sorted(self.names, key=len, reverse=True):
            text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", NAME, text, flags=re.IGNORECASE)
        for words in self.words:
            text = text.replace(words, TEXT)
        return text

    def value(self, value: Any) -> Any:
        """The same for every text in a JSON value; a name beside the address goes whole."""
        if isinstance(value, str):
            return "" if value in self.blobs else self.text(value)
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if isinstance(value, dict):
            is_them = str(value.get("email", "")).lower() == self.email
            found = {key: self.value(item) for key, item in value.items()}
            return found | {"name": NAME} if is_them and "name" in value else found
        return value

    def event_row(self, row: ly.EventRow) -> ly.EventRow:
        """The events of one command without the person, and without what they wrote."""
        events = tuple(self._emptied(row, event) for event in row.events)
        emptied = row.model_copy(update={"events": events})
        return ly.EventRow.model_validate(self.value(emptied.model_dump(mode="json")))

    def _emptied(self, row: ly.EventRow, event: ev.Event) -> ev.Event:
        """Clients' own words and files are theirs; what staff wrote is the desk's record."""
        wrote = row.by.kind is ActorKind.CLIENT and row.by.email == self.email
        if isinstance(event, ev.Opened) and (wrote or event.requester.email == self.email):
            return event.model_copy(update=_NO_WORDS | _NOTHING_LEFT)
        if isinstance(event, ev.Replied) and wrote:
            return event.model_copy(update={"text": TEXT} | _NOTHING_LEFT)
        return event

    def titles_in(self, rows: Iterable[ly.EventRow]) -> frozenset[str]:
        """Titles that the person wrote: staff and work items repeat them."""
        return frozenset(
            event.title
            for row in rows
            for event in row.events
            if isinstance(event, ev.Opened) and len(event.title) > SHORT
            if self._emptied(row, event) is not event
        )


def names_in(email: str, bodies: Iterable[str]) -> frozenset[str]:
    """The full names that stand beside the address in these rows.

    A single word is left out: it may be anybody's, or no name at all.
    """
    found = (name for body in bodies for name in _beside(email, json.loads(body)))
    return frozenset(name for name in found if " " in name.strip() and name != NAME)


def _beside(email: str, value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if str(value.get("email", "")).lower() == email and isinstance(value.get("name"), str):
            yield value["name"]
        for item in value.values():
            yield from _beside(email, item)
    elif isinstance(value, list):
        for item in value:
            yield from _beside(email, item)

"""Keeps Teams messages below the size at which the service refuses them, visibly.

The limit is 28 KB after the service has expanded the message, hence a budget of 20 KB.
https://learn.microsoft.com/microsoftteams/limits-specifications-teams#chat
"""

from __future__ import annotations

import copy
import html
import json
import re
from html.parser import HTMLParser
from typing import Any

BUDGET = 20_000  # bytes of UTF-8
SHORTENED = " … (shortened)"

# A word with its blank, or a part of what has none: some languages are written so, and log lines.
_PIECE = re.compile(r"[^ ]{1,100} ?| ")
_VOID = frozenset({"br", "hr", "img", "wbr"})


def size_of(value: object) -> int:
    """Bytes of the value as JSON."""
    return len(json.dumps(value, ensure_ascii=False).encode())


def shorten_card(card: dict[str, Any], room: int) -> dict[str, Any]:
    """The card with its longest texts cut until it fits; a bare card when that does not help.

    `room` is for the card as a JSON string within JSON, which is how Graph takes it.
    """
    fitting = copy.deepcopy(card)
    while size_of(json.dumps(fitting)) > room:
        holder, name = _longest_text(fitting)
        text = holder[name] if holder else ""
        if len(text) <= 4 * len(SHORTENED):
            return plain_card("This card was too large for Teams" + SHORTENED)
        holder[name] = text.removesuffix(SHORTENED)[: len(text) // 2].rstrip() + SHORTENED
    return fitting


def plain_card(text: str) -> dict[str, Any]:
    """A card that says just this."""
    block = {"type": "TextBlock", "text": text, "wrap": True, "isSubtle": True, "size": "Small"}
    return {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.2",
        "body": [block],
    }


def shorten_html(text: str, room: int) -> str:
    """The HTML cut after `room` bytes of it, with all open elements closed."""
    if len(text.encode()) <= room:
        return text
    cutter = _Cutter(room)
    cutter.feed(text)
    return cutter.result()


def _longest_text(card: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The object and the name under which the card's longest shown text stands."""
    longest: tuple[dict[str, Any], str] = ({}, "")
    todo: list[Any] = [card]
    while todo:
        part = todo.pop()
        if isinstance(part, list):
            todo += part
        elif isinstance(part, dict):
            todo += part.values()
            for name in ("text", "value"):
                shown = part.get(name)
                before = longest[0].get(longest[1], "")
                if isinstance(shown, str) and len(shown) > len(before):
                    longest = (part, name)
    return longest


class _Cutter(HTMLParser):
    """Copies HTML until the room is used up."""

    def __init__(self, room: int) -> None:
        super().__init__(convert_charrefs=True)
        self._room = room
        self._parts: list[str] = []
        self._open: list[str] = []
        self._full = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = "".join(f' {name}="{html.escape(value or "")}"' for name, value in attrs)
        if self._take(f"<{tag}{given}>") and tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._full and tag in self._open:
            while (last := self._open.pop()) != tag:
                self._parts.append(f"</{last}>")
            self._parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        for piece in _PIECE.findall(data):
            if not self._take(html.escape(piece, quote=False)):
                return

    def result(self) -> str:
        """What was copied, marked as shortened and closed."""
        ends = "".join(f"</{tag}>" for tag in reversed(self._open))
        return "".join(self._parts).rstrip() + SHORTENED + ends

    def _take(self, piece: str) -> bool:
        self._room -= len(piece.encode())
        self._full = self._full or self._room < 0
        if not self._full:
            self._parts.append(piece)
        return not self._full

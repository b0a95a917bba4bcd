"""Atlassian Document Format: validation against Atlassian's own schema, and its plain text.

adf-schema.json is json-schema/v1/full.json of npm @atlaskit/adf-schema 57.7.22, unchanged
(Apache License 2.0, Copyright Atlassian).
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator

_BLOCKS = {"paragraph", "heading", "codeBlock", "listItem", "blockquote", "rule", "tableRow"}

Node = dict[str, Any]


@cache
def _validator() -> Draft4Validator:
    text = (Path(__file__).parent / "adf-schema.json").read_text(encoding="utf-8")
    return Draft4Validator(json.loads(text))


def is_document(value: object) -> bool:
    """Whether Jira would take it as rich text."""
    return isinstance(value, dict) and value.get("type") == "doc" and _validator().is_valid(value)


def document(text: str) -> Node:
    """Plain text as a document; a line is a paragraph."""
    paragraphs: list[Node] = []
    for line in text.splitlines() or [""]:
        content = [{"type": "text", "text": line}] if line else []
        paragraphs.append({"type": "paragraph", "content": content})
    return {"type": "doc", "version": 1, "content": paragraphs}


def with_mention(person: tuple[str, str], text: str) -> Node:
    """A document that begins with a mention; `person` is account id and name."""
    made = document(text)
    mention = {"type": "mention", "attrs": {"id": person[0], "text": f"@{person[1]}"}}
    made["content"][0]["content"][:0] = [mention, {"type": "text", "text": " "}]
    return made


def plain(node: Node | None, *, wiki: bool = False) -> str:
    """The text of a document; with `wiki` mentions as webhooks write them."""
    return _text(node, wiki=wiki).strip("\n") if node else ""


def _text(node: Node, *, wiki: bool) -> str:
    kind, attrs = node.get("type"), node.get("attrs") or {}
    if kind == "text":
        return str(node.get("text", ""))
    if kind == "hardBreak":
        return "\n"
    if kind == "mention":
        name = str(attrs.get("text") or "")
        return f"[~accountid:{attrs.get('id')}]" if wiki else f"@{name.removeprefix('@')}"
    if kind in ("inlineCard", "blockCard"):
        return str(attrs.get("url", ""))
    if kind in ("emoji", "status", "date"):
        return str(attrs.get("text") or attrs.get("shortName") or attrs.get("timestamp") or "")
    inner = "".join(_text(child, wiki=wiki) for child in node.get("content") or ())
    return inner.rstrip("\n") + "\n" if kind in _BLOCKS else inner

"""Atlassian Document Format from plain text.

https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/
"""

from __future__ import annotations

import re
from typing import Any

_ADDRESS = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]")


_SMALL = [{"type": "subsup", "attrs": {"type": "sub"}}]


def document_of(
    text: str, mention: tuple[str, str] | None = None, small_print: str = ""
) -> dict[str, Any]:
    """A document of paragraphs, split at blank lines.

    `mention` (name, account id) stands first, `small_print` is a paragraph at the end.
    """
    blocks = re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip())
    paragraphs = [_inline(block) for block in blocks]
    if mention:
        name, account = mention
        node = {"type": "mention", "attrs": {"id": account, "text": f"@{name}"}}
        paragraphs[0] = [node, {"type": "text", "text": " "}, *paragraphs[0]]
    if small_print:
        paragraphs.append([{"type": "text", "text": small_print, "marks": _SMALL}])
    content = [{"type": "paragraph", "content": nodes} for nodes in paragraphs if nodes]
    return {"type": "doc", "version": 1, "content": content or [{"type": "paragraph"}]}


def text_of(nodes: list[dict[str, Any]]) -> str:
    """The text of some nodes and of all that they contain."""
    return "".join(node.get("text", "") + text_of(node.get("content", [])) for node in nodes)


def _inline(block: str) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = []
    for number, line in enumerate(block.split("\n")):
        if number:
            nodes.append({"type": "hardBreak"})
        nodes += _line(line)
    return nodes


def _line(line: str) -> list[dict[str, Any]]:
    """Text nodes (which must not be empty), web addresses as links."""
    nodes: list[dict[str, Any]] = []
    end = 0
    for found in _ADDRESS.finditer(line):
        nodes += _text(line[end : found.start()])
        link = {"type": "link", "attrs": {"href": found[0]}}
        nodes.append({"type": "text", "text": found[0], "marks": [link]})
        end = found.end()
    return nodes + _text(line[end:])


def _text(text: str) -> list[dict[str, Any]]:
    return [{"type": "text", "text": text}] if text else []

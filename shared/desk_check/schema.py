"""The JSON Schema by which editors complete and check a desk's file."""

from __future__ import annotations

import json
from typing import Any

from shared.domain.desk import Desk
from shared.domain.notices import OCCASIONS
from shared.domain.people import Role

NAME = "desk.schema.json"
_DURATION = {
    "type": "string",
    "pattern": r"^([0-9]+[smhd]|P.+)$",
    "description": "90s, 30m, 4h, 5d (24 hours each) or ISO 8601",
}


def schema_text() -> str:
    """The schema as it is written to desks/desk.schema.json."""
    schema: dict[str, Any] = Desk.model_json_schema(by_alias=True)
    _mend(schema)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "A support desk"
    notice = schema["$defs"]["Notice"]["properties"]["on"]
    notice |= {"enum": list(OCCASIONS), "description": _said(OCCASIONS)}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _said(names: dict[str, str]) -> str:
    return "; ".join(f"{name}: {meaning}" for name, meaning in names.items())


def _mend(node: Any) -> None:
    """What the models read, not only what they write: durations, and one text for all languages."""
    if isinstance(node, list):
        for item in node:
            _mend(item)
    if not isinstance(node, dict):
        return
    if node.get("format") == "duration":
        default = {"default": node["default"]} if "default" in node else {}
        node.clear()
        node.update(_DURATION | default)
        return
    if _is_words(node):
        kept = {key: node.pop(key) for key in ("title", "default", "description") if key in node}
        texts = dict(node)
        node.clear()
        node.update(kept | {"anyOf": [{"type": "string"}, texts]})
        return
    if str(node.get("pattern", "")).startswith("^(requester|"):
        roles = ", ".join(f"role:{role}" for role in Role)
        node["description"] = f"requester, watchers, assignee, ..., {roles}, person:<address>"
    for value in list(node.values()):
        _mend(value)


def _is_words(node: dict[str, Any]) -> bool:
    names = node.get("propertyNames")
    return isinstance(names, dict) and names.get("enum") == ["en", "fr"]

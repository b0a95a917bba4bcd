"""What is written into Azure DevOps work items: JSON patches and HTML."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

from shared.ports import NewItem

_RELATED = "System.LinkTypes.Related"


def new_item(
    item: NewItem, tag: str, area_path: str, sprint: str, items_url: str
) -> list[dict[str, Any]]:
    """The patch that creates the item; `items_url` is the address below which items stand."""
    is_bug = item.type.casefold() == "bug"  # a Bug's form shows no description
    text = "Microsoft.VSTS.TCM.ReproSteps" if is_bug else "System.Description"
    fields: dict[str, object] = {
        "System.Title": " ".join(item.title.split())[:255],
        text: html_of(item.description),
        "System.Tags": "; ".join(dict.fromkeys(["docket", *item.tags, tag])),
        "System.AreaPath": area_path,
        "System.IterationPath": sprint,
        "Microsoft.VSTS.Common.Priority": item.priority,
    }
    links = [_link("Hyperlink", item.link, item.link_title)] if item.link else []
    if item.parent:
        links.append(_link("System.LinkTypes.Hierarchy-Reverse", f"{items_url}/{item.parent}"))
    links += [relation(f"{items_url}/{one}") for one in item.related]
    return [set_field(name, value) for name, value in fields.items() if value] + links


def set_field(name: str, value: object) -> dict[str, Any]:
    """The step that gives a field its value."""
    return {"op": "add", "path": f"/fields/{name}", "value": value}


def relation(item_url: str) -> dict[str, Any]:
    """The step that relates the item to another; the service keeps it on both sides."""
    return _link(_RELATED, item_url)


def related_to(item: Mapping[str, Any]) -> frozenset[str]:
    """The ids of the items to which this one, read with its relations, is related."""
    links = item.get("relations") or ()
    return frozenset(str(r["url"]).rpartition("/")[2] for r in links if r["rel"] == _RELATED)


def comment_html(text: str, mention: tuple[str, str] | None, tag: str) -> str:
    """A comment that notifies `mention` (name, identity GUID) and carries the tag in small print.

    Hidden marks do not survive the service's clean-up of HTML.
    """
    named = ""
    if mention:
        name, identity = (html.escape(part) for part in mention)
        named = f'<a href="#" data-vss-mention="version:2.0,{identity}">@{name}</a> '
    return f"<div>{named}{html_of(text)}</div><div><small>{tag}</small></div>"


def html_of(text: str) -> str:
    """Plain text as HTML."""
    return html.escape(text, quote=False).replace("\r\n", "\n").replace("\n", "<br>")


def _link(rel: str, url: str, comment: str = "") -> dict[str, Any]:
    value: dict[str, Any] = {"rel": rel, "url": url}
    if comment:
        value["attributes"] = {"comment": comment}
    return {"op": "add", "path": "/relations/-", "value": value}

"""What backlog tools tell us: Azure DevOps service hooks and Jira webhooks, in our own words.

https://learn.microsoft.com/azure/devops/service-hooks/events
https://developer.atlassian.com/cloud/jira/platform/webhooks/
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.domain.errors import Invalid
from shared.domain.item_effects import GONE

_NAMED = re.compile(r"^(?P<name>.*?)\s*<(?P<email>[^<>]+)>$")
_BREAKS = re.compile(r"<(?:br\s*/?|/p|/div|/li)>", re.IGNORECASE)
_TAGS = re.compile(r"<[^<>]*>")
_MENTION = re.compile(r"\[~accountid:[^\]\s]*\][ \t]*")
_LINK = re.compile(
    r"\[(?P<label>[^\[\]|\n]+)\|(?P<to>(?:mailto:|https?://)[^\[\]|\s]+)(?:\|[^\]]*)?\]"
)


@dataclass(frozen=True)
class ItemNews:
    """A change that somebody made in the tool. `delivery` tells a repeated notification.

    `id`: as the item was known before; `moved_to`: its id from now on, '' when that did not change.
    """

    system: str
    id: str
    delivery: str
    state: str = ""
    text: str = ""
    by_name: str = ""
    by_email: str = ""
    by_id: str = ""  # the tool's own id of the person
    moved_to: str = ""


def _get(value: Any, *path: str) -> Any:
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _plain(markup: str) -> str:
    """A discussion's HTML as text."""
    text = _TAGS.sub("", _BREAKS.sub("\n", markup))
    return html.unescape(text).strip()


def _person(value: Any) -> tuple[str, str]:
    """Name and address of an identity: an object, `Name <address>`, or a bare name."""
    if isinstance(value, Mapping):
        return str(value.get("displayName") or ""), str(value.get("uniqueName") or "").lower()
    text = str(value or "")
    match = _NAMED.match(text)
    if match:
        return match["name"], match["email"].lower()
    return (text, text.lower()) if "@" in text else (text, "")


def devops_news(body: Mapping[str, Any]) -> ItemNews | None:
    """News from a service hook; None for what does not concern us. Raises Invalid.

    In workitem.updated `resource.id` is the update's number; the item is `resource.revision.id`.
    A comment comes twice, as workitem.commented and inside workitem.updated: the former counts.
    """
    event, resource = body.get("eventType"), body.get("resource")
    if not isinstance(resource, Mapping):
        raise Invalid.of("resource", "a service hook carries the work item under this name")
    delivery = f"{body.get('subscriptionId')}:{body.get('notificationId')}:{body.get('id')}"
    fields = resource.get("fields") or {}
    if event == "workitem.commented":
        name, email = _person(fields.get("System.ChangedBy"))
        text = _plain(str(fields.get("System.History") or ""))
        return ItemNews(
            "azure_devops", str(resource.get("id")), delivery,
            text=text, by_name=name, by_email=email,
        )  # fmt: skip
    if event in ("workitem.deleted", "workitem.restored"):
        state = GONE if event == "workitem.deleted" else str(fields.get("System.State") or "")
        name, email = _person(fields.get("System.ChangedBy"))
        return ItemNews(
            "azure_devops", str(resource.get("id")), delivery,
            state=state, by_name=name, by_email=email,
        )  # fmt: skip
    if event == "workitem.updated":
        item = _get(resource, "revision", "id") or resource.get("workItemId")
        changed_by = _get(fields, "System.ChangedBy", "newValue") or resource.get("revisedBy")
        changed_by = changed_by or _get(resource, "revision", "fields", "System.ChangedBy")
        name, email = _person(changed_by)
        state = str(_get(fields, "System.State", "newValue") or "")
        if not state:
            return None
        return ItemNews(
            "azure_devops", str(item), delivery, state=state, by_name=name, by_email=email
        )
    return None


def jira_news(body: Mapping[str, Any], delivery: str) -> ItemNews | None:
    """News from a webhook; None for what does not concern us. Raises Invalid.

    People come with their account's id; whether with an address is theirs to choose.
    """
    event = body.get("webhookEvent")
    if event not in ("comment_created", "jira:issue_updated", "jira:issue_deleted"):
        return None
    key = _get(body, "issue", "key")
    if not isinstance(key, str):
        raise Invalid.of("issue.key", "a webhook carries the issue's key under this name")
    if event == "comment_created":
        text = _without_markup(str(_get(body, "comment", "body") or ""))
        return ItemNews(
            "jira", key, delivery, text=text, **_account(_get(body, "comment", "author"))
        )
    if event == "jira:issue_deleted":
        return ItemNews("jira", key, delivery, state=GONE, **_account(body.get("user")))
    items = _get(body, "changelog", "items") or []
    states = [str(i.get("toString")) for i in items if i.get("field") == "status"]
    was = next((i.get("fromString") for i in items if i.get("field") == "Key"), None)
    if not (states or was):
        return None
    return ItemNews(
        "jira", str(was or key), delivery,
        state=states[-1] if states else "", moved_to=key if was else "",
        **_account(body.get("user")),
    )  # fmt: skip


def _account(person: Any) -> dict[str, str]:
    return {
        "by_name": str(_get(person, "displayName") or ""),
        "by_email": str(_get(person, "emailAddress") or "").lower(),
        "by_id": str(_get(person, "accountId") or ""),
    }


def _without_markup(text: str) -> str:
    """A comment's wiki markup without ids of accounts and with plain links.

    https://jira.atlassian.com/secure/WikiRendererHelpAction.jspa?section=links
    """
    text = _MENTION.sub("", text)
    return _LINK.sub(
        lambda m: m["label"] if m["to"].startswith("mailto:") else m["to"], text
    ).strip()

"""Jira's webhooks, as an administrator registers them with a secret.

developer.atlassian.com/cloud/jira/platform/webhooks: X-Hub-Signature over the raw body, and an
identifier that stays the same over retries.
"""

import hashlib
import hmac
import json
import uuid
from typing import Any

from local.tenant.core import Tenant
from local.tenant.jira import people, shapes
from local.tenant.seed import Person

_KINDS = {"jira:issue_updated": "jira-issue-updated", "comment_created": "jira-comment-created"}

Issue = dict[str, Any]


def issue_created(tenant: Tenant, issue: Issue, actor: Person) -> None:
    _issue_event(tenant, "jira:issue_created", "issue_created", issue, actor, {})


def issue_updated(
    tenant: Tenant, issue: Issue, actor: Person, changes: list[dict[str, Any]], name: str
) -> None:
    number = str(10000 + tenant.store.next_number("jira-changelog"))
    changelog = {"changelog": {"id": number, "items": changes}}
    _issue_event(tenant, "jira:issue_updated", name, issue, actor, changelog)


def comment_created(tenant: Tenant, issue: Issue, entry: dict[str, Any]) -> None:
    shown = _issue(tenant, issue)
    short = ("summary", "issuetype", "project", "assignee", "priority", "status")
    shown["fields"] = {name: shown["fields"][name] for name in short}
    comment = shapes.comment(tenant, issue, entry, version=2)
    _send(tenant, {"webhookEvent": "comment_created", "comment": comment, "issue": shown})


def _issue_event(
    tenant: Tenant, event: str, name: str, issue: Issue, actor: Person, more: dict[str, Any]
) -> None:
    body = {
        "webhookEvent": event,
        "issue_event_type_name": name,
        "user": people.user(tenant, actor, version=2),
        "issue": _issue(tenant, issue),
    }
    _send(tenant, body | more)


def _issue(tenant: Tenant, issue: Issue) -> dict[str, Any]:
    return {
        "id": issue["id"],
        "self": f"{shapes.api(tenant, 2)}/{issue['id']}",
        "key": issue["key"],
        "fields": shapes.fields(tenant, issue, version=2),
    }


def _send(tenant: Tenant, body: dict[str, Any]) -> None:
    if not tenant.config.host_url:
        return
    body = {"timestamp": int(tenant.now().timestamp() * 1000), **body}
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "X-Hub-Signature": signature(tenant.config.jira_secret, raw(body)),
        "X-Atlassian-Webhook-Identifier": str(uuid.uuid4()),
        "User-Agent": "Atlassian Webhook HTTP Client",
    }
    url = f"{tenant.config.host_url}/api/hooks/jira"
    kind = _KINDS.get(body["webhookEvent"], "")  # there is no contract for created
    tenant.deliver("POST", url, json=body, headers=headers, kind=kind)


def raw(body: dict[str, Any]) -> bytes:
    """The very bytes that httpx puts on the wire for a JSON body: these are signed."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode()


def signature(secret: str, body: bytes) -> str:
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"

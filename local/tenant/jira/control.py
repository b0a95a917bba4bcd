"""Jira as a developer's control calls and pages use it: by people, in one step."""

from typing import Any

from local.tenant.core import Tenant
from local.tenant.jira import adf, issues, people, workflow
from local.tenant.seed import Person


def listed(tenant: Tenant) -> list[dict[str, Any]]:
    """``[{"id","type","fields","relations","comments"}]`` in rank order, `id` being the key."""
    return [shown(tenant, issue) for issue in issues.ranked(tenant)]


def shown(tenant: Tenant, issue: issues.Issue) -> dict[str, Any]:
    """Fields in plain words: names, addresses and text instead of Jira's objects."""
    kept = issue["fields"]
    sprint = workflow.sprint(issue["sprint"]) if issue["sprint"] else None
    fields = kept | {
        "project": issue["project"],
        "status": issue["status"],
        "resolution": issue["resolution"],
        "sprint": sprint.name if sprint else None,
        "description": adf.plain(kept.get("description")),
        "description_adf": kept.get("description"),
        "created": issue["created"],
        "updated": issue["updated"],
    }
    return {
        "id": issue["key"],
        "type": kept["issuetype"],
        "fields": fields,
        "relations": [
            {
                "rel": "remote link",
                "url": entry["object"]["url"],
                "globalId": entry.get("globalId"),
                "title": entry["object"]["title"],
                "relationship": entry.get("relationship"),
            }
            for entry in issue["links"]
        ],
        "comments": [
            {
                "id": entry["id"],
                "text": adf.plain(entry["body"]),
                "by": entry["by"],
                "at": entry["created"],
                "body": entry["body"],
            }
            for entry in issue["comments"]
        ],
        "properties": issue["properties"],
    }


def change(tenant: Tenant, key: str, fields: dict[str, Any], by: str) -> dict[str, Any]:
    """Sets fields as a person; `status` to any status there is, people by address or name."""
    issue, actor = issues.find(tenant, key), person(tenant, by)
    rest = dict(fields)
    status = rest.pop("status", None)
    if isinstance(status, dict):  # as the API shows it
        status = status.get("name")
    known = {name.lower(): name for name in workflow.STATUS_ID}
    if status is not None and str(status).lower() not in known:
        raise ValueError(f"status: one of {', '.join(known.values())}")
    sprint_given, sprint = "sprint" in rest, rest.pop("sprint", None)
    if rest:
        given = {name: _as_given(tenant, name, value) for name, value in rest.items()}
        issues.edit(tenant, issue, given, None, actor)
    if sprint_given:
        issues.put_in_sprint(tenant, issue, sprint_number(sprint), actor)
    if status is not None:
        issues.set_status(tenant, issue, known[str(status).lower()], actor)
    return shown(tenant, issue)


def comment(
    tenant: Tenant, key: str, text: str, by: str, mentioned: Person | None = None
) -> dict[str, Any]:
    """`mentioned` is put before the text as a mention."""
    issue = issues.find(tenant, key)
    pair = (mentioned.jira_id, mentioned.name) if mentioned else None
    body = adf.with_mention(pair, text) if pair else adf.document(text)
    issues.comment(tenant, issue, body, person(tenant, by))
    return shown(tenant, issue)


def person(tenant: Tenant, by: str) -> Person:
    """Who acts: as named, else somebody of the team."""
    if by:
        return people.resolve(tenant, by)
    team = next(iter(tenant.seed.people.values()), None)
    return team or people.resolve(tenant, "casey.lee@contoso.example")


def sprint_number(value: Any) -> int | None:
    """A sprint's id from its id or name; None for no sprint."""
    text = str(value if value is not None else "").removeprefix("Sprint ").strip()
    if not text:
        return None
    if not text.isdecimal():
        raise ValueError("sprint: a name like Sprint 24, or null")
    number = int(text)
    return number if number > 100 else workflow.sprint_id(number)


def _as_given(tenant: Tenant, name: str, value: Any) -> Any:
    """Plain words as the API's objects."""
    if name in ("description", "environment") and isinstance(value, str):
        return adf.document(value)
    if name in ("priority", "issuetype") and isinstance(value, str):
        return {"name": value}
    if name in ("assignee", "reporter") and isinstance(value, str):
        return {"accountId": people.resolve(tenant, value).jira_id}
    return value

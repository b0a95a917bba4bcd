"""Issues, comments and links as the REST API (version 3) and webhooks (version 2) show them."""

from typing import Any

from local.tenant.core import Tenant
from local.tenant.jira import adf, people, workflow

Issue = dict[str, Any]


def api(tenant: Tenant, version: int = 3) -> str:
    return f"{tenant.config.base_url}/jira/rest/api/{version}"


def fields(tenant: Tenant, issue: Issue, version: int = 3) -> dict[str, Any]:
    """All fields of an issue."""
    root, kept = api(tenant, version), issue["fields"]
    shown = {
        "summary": kept["summary"],
        "status": workflow.status(root, issue["status"]),
        "issuetype": _issue_type(root, kept["issuetype"]),
        "project": _project(tenant, root, issue["project"]),
        "priority": _priority(root, kept["priority"]),
        "labels": kept["labels"],
        "resolution": _resolution(root, issue["resolution"]),
        "created": timestamp(issue["created"]),
        "updated": timestamp(issue["updated"]),
        workflow.SPRINT_FIELD: _sprints(tenant, issue),
    }
    for name in ("assignee", "reporter", "creator"):
        email = kept.get(name)
        person = people.by_email(tenant, email) if email else None
        shown[name] = people.user(tenant, person, version) if person else None
    for name in ("description", "environment"):
        document = kept.get(name)
        is_text = version == 2 and document
        shown[name] = adf.plain(document, wiki=True) if is_text else document
    return {**kept, **shown}


def issue(
    tenant: Tenant,
    issue: Issue,
    wanted: list[str] | None = None,
    properties: list[str] | None = None,
) -> dict[str, Any]:
    """IssueBean; `wanted` as the fields parameter, None or ``*all`` for all of them."""
    shown = fields(tenant, issue)
    shown["comment"] = comments(tenant, issue)
    names = set(shown)
    if wanted and not {"*all", "*navigable"} & set(wanted):
        names = set(wanted)
    if wanted:
        names -= {name[1:] for name in wanted if name.startswith("-")}
    bean: dict[str, Any] = {
        "expand": "renderedFields,names,schema,operations,editmeta,changelog",
        "id": issue["id"],
        "self": f"{api(tenant)}/issue/{issue['id']}",
        "key": issue["key"],
        "fields": {name: value for name, value in shown.items() if name in names},
    }
    if properties:
        bean["properties"] = {
            name: value
            for name, value in issue["properties"].items()
            if name in properties or "*all" in properties
        }
    return bean


def comments(tenant: Tenant, issue: Issue) -> dict[str, Any]:
    shown = [comment(tenant, issue, entry) for entry in issue["comments"]]
    return {"comments": shown, "maxResults": len(shown), "total": len(shown), "startAt": 0}


def comment(
    tenant: Tenant, issue: Issue, entry: dict[str, Any], version: int = 3
) -> dict[str, Any]:
    author = people.user(tenant, people.by_email(tenant, entry["by"]), version)
    body = entry["body"] if version == 3 else adf.plain(entry["body"], wiki=True)
    return {
        "self": f"{api(tenant, version)}/issue/{issue['id']}/comment/{entry['id']}",
        "id": entry["id"],
        "author": author,
        "body": body,
        "updateAuthor": author,
        "created": timestamp(entry["created"]),
        "updated": timestamp(entry["updated"]),
        "jsdPublic": True,
    }


def remote_link(tenant: Tenant, issue: Issue, entry: dict[str, Any]) -> dict[str, Any]:
    return {"self": f"{api(tenant)}/issue/{issue['key']}/remotelink/{entry['id']}", **entry}


def timestamp(text: str) -> str:
    """Jira writes the offset without a colon."""
    return text.replace("+00:00", "+0000")


def _issue_type(root: str, name: str) -> dict[str, Any]:
    number = str(workflow.ISSUE_TYPES[name])
    return {
        "self": f"{root}/issuetype/{number}",
        "id": number,
        "description": "",
        "iconUrl": f"{root}/images/icons/issuetype.svg",
        "name": name,
        "subtask": False,
        "hierarchyLevel": 1 if name == "Epic" else 0,
    }


def _project(tenant: Tenant, root: str, key: str) -> dict[str, Any]:
    project = workflow.project(tenant, key)
    number = str(project.id if project else 0)
    return {
        "self": f"{root}/project/{number}",
        "id": number,
        "key": key,
        "name": project.name if project else key,
        "projectTypeKey": "software",
        "simplified": False,
    }


def _priority(root: str, name: str) -> dict[str, Any]:
    number = str(workflow.PRIORITIES[name])
    icon = f"{root}/images/icons/priorities/{name.lower()}.svg"
    return {"self": f"{root}/priority/{number}", "iconUrl": icon, "name": name, "id": number}


def _resolution(root: str, name: str | None) -> dict[str, Any] | None:
    if name is None:
        return None
    return {"self": f"{root}/resolution/10000", "id": "10000", "description": "", "name": name}


def _sprints(tenant: Tenant, issue: Issue) -> list[dict[str, Any]] | None:
    sprint = workflow.sprint(issue["sprint"]) if issue["sprint"] else None
    if sprint is None:
        return None
    shape = workflow.sprint_shape(tenant, sprint, 1)
    kept = ("id", "name", "state", "startDate", "endDate", "goal")
    return [{name: shape[name] for name in kept} | {"boardId": 1}]

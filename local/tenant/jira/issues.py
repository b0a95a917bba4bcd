"""Issues: created, edited, moved, commented, linked and ranked; each change tells the webhooks."""

from datetime import UTC
from typing import Any

from local.tenant.core import Tenant
from local.tenant.jira import adf, webhooks, workflow
from local.tenant.jira.errors import JiraError, issue_not_found
from local.tenant.jira.fields import read_fields
from local.tenant.seed import Person

Issue = dict[str, Any]

_TRACKED = ("summary", "description", "environment", "labels", "priority", "assignee", "duedate")


def find(tenant: Tenant, wanted: str) -> Issue:
    """By key (whatever its case) or id."""
    issues = tenant.store.collection("jira-issues")
    found = issues.get(wanted.upper())
    if found is None:
        found = next((issue for issue in issues.values() if issue["id"] == wanted), None)
    if found is None:
        raise issue_not_found()
    return found


def create(tenant: Tenant, given: Any, properties: Any, actor: Person) -> Issue:
    """A new issue in the first status of its project; JiraError names the wrong fields."""
    fields = read_fields(tenant, given, creating=True)
    project = workflow.project(tenant, fields.pop("project"))
    if project is None:
        raise JiraError(400, errors={"project": "valid project is required"})
    number = tenant.store.next_number(f"jira-{project.key}")
    now = stamp(tenant)
    issue: Issue = {
        "id": str(10000 + tenant.store.next_number("jira-issue")),
        "key": f"{project.key}-{number}",
        "project": project.key,
        "status": project.first,
        "resolution": None,
        "sprint": None,
        "created": now,
        "updated": now,
        "fields": {"reporter": actor.email, "creator": actor.email, "labels": []} | fields,
        "comments": [],
        "links": [],
        "properties": {str(one["key"]): one.get("value") for one in properties or ()},
    }
    order = ranking(tenant)
    _store_ranking(tenant, [*order, issue["key"]])
    _keep(tenant, issue, touch=False)
    webhooks.issue_created(tenant, issue, actor)
    return issue


def edit(tenant: Tenant, issue: Issue, given: Any, operations: Any, actor: Person) -> None:
    """Fields as a whole (`fields`) and label operations (`update`)."""
    fields = read_fields(tenant, given or {}, creating=False)
    if operations and "labels" in operations:
        labels = list(fields.get("labels", issue["fields"]["labels"]))
        fields["labels"] = _changed_labels(labels, operations["labels"])
    before = dict(issue["fields"])
    issue["fields"] = before | fields
    changes = [
        change_item(name, _text(before.get(name)), _text(issue["fields"].get(name)))
        for name in fields
        if before.get(name) != issue["fields"].get(name) and name in _TRACKED
    ]
    if before != issue["fields"]:
        _keep(tenant, issue)
        webhooks.issue_updated(tenant, issue, actor, changes, "issue_updated")


def _changed_labels(labels: list[str], operations: Any) -> list[str]:
    for step in operations:
        if "set" in step:
            labels = list(step["set"])
        if "add" in step and step["add"] not in labels:
            labels.append(step["add"])
        if "remove" in step:
            labels = [label for label in labels if label != step["remove"]]
    for label in labels:
        if " " in label:
            message = f"The label '{label}' contains spaces which is invalid."
            raise JiraError(400, errors={"labels": message})
    return labels


def transition(tenant: Tenant, issue: Issue, transition_id: str, actor: Person) -> None:
    """Moves along the workflow; JiraError when the issue's status does not offer it."""
    project = workflow.project(tenant, issue["project"])
    moves = dict(workflow.transitions(project, issue["status"])) if project else {}
    if transition_id not in moves:
        raise JiraError(400, f"Transition id '{transition_id}' is not valid for this issue.")
    set_status(tenant, issue, moves[transition_id], actor)


def set_status(tenant: Tenant, issue: Issue, status: str, actor: Person) -> None:
    """Puts the issue there, as one or several transitions of a person would."""
    before, issue["status"] = issue["status"], status
    if before == status:
        return
    changes = [
        change_item(
            "status",
            before,
            status,
            ids=(str(workflow.STATUS_ID[before]), str(workflow.STATUS_ID[status])),
        )
    ]
    resolution = "Done" if status == "Done" else None
    if resolution != issue["resolution"]:
        changes.append(change_item("resolution", issue["resolution"], resolution))
        issue["resolution"] = resolution
    _keep(tenant, issue)
    webhooks.issue_updated(tenant, issue, actor, changes, "issue_generic")


def comment(tenant: Tenant, issue: Issue, body: dict[str, Any], actor: Person) -> dict[str, Any]:
    entry = {
        "id": str(10000 + tenant.store.next_number("jira-comment")),
        "by": actor.email,
        "body": body,
        "created": stamp(tenant),
        "updated": stamp(tenant),
    }
    issue["comments"].append(entry)
    _keep(tenant, issue)
    webhooks.comment_created(tenant, issue, entry)
    return entry


def link(tenant: Tenant, issue: Issue, given: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """A remote link, and whether it is new: the same global id changes the one there is."""
    wanted = given.get("globalId")
    for entry in issue["links"]:
        if wanted and entry.get("globalId") == wanted:
            entry.update(given)
            _keep(tenant, issue)
            return entry, False
    entry = {"id": 10000 + tenant.store.next_number("jira-link"), **given}
    issue["links"].append(entry)
    _keep(tenant, issue)
    return entry, True


def set_property(tenant: Tenant, issue: Issue, name: str, value: Any) -> bool:
    """Sets an issue property; True when it is new."""
    is_new = name not in issue["properties"]
    issue["properties"][name] = value
    _keep(tenant, issue, touch=False)
    return is_new


def drop_property(tenant: Tenant, issue: Issue, name: str) -> None:
    if name not in issue["properties"]:
        raise JiraError(404, f"The property {name} does not exist.")
    del issue["properties"][name]
    _keep(tenant, issue, touch=False)


def put_in_sprint(tenant: Tenant, issue: Issue, sprint_id: int | None, actor: Person) -> None:
    before, issue["sprint"] = issue["sprint"], sprint_id
    if before != sprint_id:
        changes = [change_item("Sprint", _sprint_name(before), _sprint_name(sprint_id))]
        changes[0] |= {"fieldId": workflow.SPRINT_FIELD, "fieldtype": "custom"}
        _keep(tenant, issue)
        webhooks.issue_updated(tenant, issue, actor, changes, "issue_updated")


def ranking(tenant: Tenant) -> list[str]:
    """Keys of all issues, first ranked first."""
    return list(tenant.store.collection("jira-ranking").get("all", {"order": []})["order"])


def rank(tenant: Tenant, keys: list[str], anchor: str, *, after: bool, actor: Person) -> None:
    """Puts `keys`, in their order, right before or after `anchor`."""
    order = [key for key in ranking(tenant) if key not in keys]
    at = order.index(anchor) + after
    order[at:at] = keys
    _store_ranking(tenant, order)
    for key in keys:
        issue = find(tenant, key)
        change = change_item("Rank", "", "Ranked lower" if after else "Ranked higher")
        change |= {"fieldId": "customfield_10019", "fieldtype": "custom"}
        webhooks.issue_updated(tenant, issue, actor, [change], "issue_updated")


def ranked(tenant: Tenant) -> list[Issue]:
    issues = tenant.store.collection("jira-issues")
    return [issues[key] for key in ranking(tenant) if key in issues]


def change_item(
    field: str, before: str | None, after: str | None, ids: tuple[str, str] | None = None
) -> dict[str, Any]:
    """One entry of a changelog."""
    return {
        "field": field,
        "fieldtype": "jira",
        "fieldId": field,
        "from": ids[0] if ids else None,
        "fromString": before,
        "to": ids[1] if ids else None,
        "toString": after,
    }


def stamp(tenant: Tenant) -> str:
    return tenant.now().astimezone(UTC).isoformat(timespec="milliseconds")


def _keep(tenant: Tenant, issue: Issue, *, touch: bool = True) -> None:
    if touch:
        issue["updated"] = stamp(tenant)
    tenant.store.collection("jira-issues")[issue["key"]] = issue


def _store_ranking(tenant: Tenant, order: list[str]) -> None:
    tenant.store.collection("jira-ranking")["all"] = {"order": order}


def _sprint_name(sprint_id: int | None) -> str | None:
    sprint = workflow.sprint(sprint_id) if sprint_id else None
    return sprint.name if sprint else None


def _text(value: Any) -> str | None:
    if isinstance(value, dict):
        return adf.plain(value, wiki=True)
    if isinstance(value, list):
        return " ".join(str(part) for part in value)
    return None if value is None else str(value)

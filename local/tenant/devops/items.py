"""Work items: created, changed and commented; each change is an update and tells the hooks."""

import copy
from datetime import UTC, datetime
from typing import Any

from local.tenant.core import Tenant
from local.tenant.devops import hooks, links, sprints, vocabulary
from local.tenant.devops.errors import VssError, not_found, rule_error
from local.tenant.devops.patch import Draft
from local.tenant.seed import Person

Item = dict[str, Any]

_SYSTEM_CHANGES = ("System.Rev", "System.ChangedDate", "System.ChangedBy", "System.Watermark")


def find(tenant: Tenant, item_id: str, org: str = "") -> Item:
    item = tenant.store.collection("devops-items").get(item_id)
    if item is None or (org and item["org"].lower() != org.lower()):
        raise not_found(item_id)
    return item


def create(
    tenant: Tenant, place: tuple[str, str, str], operations: Any, actor: Person, *, quiet: bool
) -> Item:
    """A new item in `place` (organisation, project, type); VssError when a rule is broken."""
    org, project, kind = place
    draft = new_draft(tenant, org, project, kind)
    draft.apply(operations)
    check(draft, project, kind)
    now = stamp(tenant)
    item: Item = {
        "id": tenant.store.next_number("devops-item"),
        "org": org,
        "project": project,
        "rev": 0,
        "update": 0,
        "fields": {},
        "relations": [],
        "comments": [],
        "updates": [],
    }
    draft.id = item["id"]
    draft.fields |= {
        "System.CreatedBy": actor.email,
        "System.CreatedDate": now,
        "System.CommentCount": 0,
        "Microsoft.VSTS.Common.StateChangeDate": now,
    }
    _commit(tenant, item, draft, actor)
    if not quiet:
        hooks.created(tenant, item, actor)
    if draft.history:
        comment(tenant, item, draft.history, actor)
    return item


def change(tenant: Tenant, item: Item, operations: Any, actor: Person, *, quiet: bool) -> Item:
    """Applies a patch; what changes nothing makes no revision."""
    draft = draft_of(tenant, item)
    draft.apply(operations)
    check(draft, item["project"], item["fields"]["System.WorkItemType"])
    if draft.fields != item["fields"] or draft.relations != item["relations"]:
        before = item["fields"].get("System.State")
        if draft.fields["System.State"] != before:
            draft.fields["Microsoft.VSTS.Common.StateChangeDate"] = stamp(tenant)
            draft.fields["System.Reason"] = _reason(before, draft.fields["System.State"])
        earlier = copy.deepcopy(item["fields"])
        update = _commit(tenant, item, draft, actor)
        if not quiet:
            hooks.updated(tenant, item, update, earlier, actor)
    if draft.history:
        comment(tenant, item, draft.history, actor)
    return item


def comment(tenant: Tenant, item: Item, text: str, actor: Person) -> dict[str, Any]:
    """Adds to the discussion: a revision of the item, told as commented and as updated."""
    entry = {
        "id": tenant.store.next_number("devops-comment"),
        "version": 1,
        "text": text,
        "by": actor.email,
        "at": stamp(tenant),
        "modified_at": stamp(tenant),
        "deleted": False,
    }
    item["comments"].append(entry)
    draft = draft_of(tenant, item)
    draft.fields["System.CommentCount"] = len(item["comments"])
    earlier = copy.deepcopy(item["fields"])
    update = _commit(tenant, item, draft, actor)
    update["fields"]["System.History"] = {"newValue": text}
    hooks.commented(tenant, item, entry, actor)
    hooks.updated(tenant, item, update, earlier, actor)
    return entry


def delete(tenant: Tenant, item: Item, actor: Person) -> None:
    """Into the recycle bin: no call finds the item any more, and nothing is linked with it."""
    links.mirror(tenant, {**item, "relations": []}, item["relations"])
    tenant.store.collection("devops-recycle-bin")[str(item["id"])] = item
    del tenant.store.collection("devops-items")[str(item["id"])]
    hooks.deleted(tenant, item, actor)


def new_draft(tenant: Tenant, org: str, project: str, kind: str) -> Draft:
    fields = {
        "System.AreaPath": project,
        "System.TeamProject": project,
        "System.IterationPath": project,
        "System.WorkItemType": kind,
        "System.State": vocabulary.STATES[kind][0],
        "System.Reason": f"New {kind.lower()}",
        "Microsoft.VSTS.Common.Priority": 2,
    }
    if kind == "Bug":
        fields["Microsoft.VSTS.Common.Severity"] = "3 - Medium"
    return Draft(tenant, org, 0, 0, fields, [])


def draft_of(tenant: Tenant, item: Item) -> Draft:
    fields = copy.deepcopy(item["fields"])
    relations = copy.deepcopy(item["relations"])
    return Draft(tenant, item["org"], item["id"], item["rev"], fields, relations)


def check(draft: Draft, project: str, kind: str) -> None:
    """The rules of the process; VssError names the field."""
    fields = draft.fields
    title = str(fields.get("System.Title") or "").strip()
    if not title:
        codes = "Required, HasValues, LimitedToValues, AllowsOldValue, InvalidEmpty"
        raise rule_error("System.Title", codes)
    if len(title) > 255:
        raise rule_error("System.Title", "InvalidTooLong")
    if fields.get("System.State") not in vocabulary.STATES[kind]:
        codes = "Required, HasValues, LimitedToValues, AllowsOldValue, InvalidListValue"
        raise rule_error("System.State", codes)
    for name, value in fields.items():
        if not vocabulary.allows(name, value):
            raise rule_error(name, "LimitedToValues, InvalidListValue")
    _check_tree(draft, project)


def _check_tree(draft: Draft, project: str) -> None:
    iteration = str(draft.fields.get("System.IterationPath", ""))
    area = str(draft.fields.get("System.AreaPath", ""))
    for name, path, is_known in (
        ("System.IterationPath", iteration, sprints.is_iteration(iteration, project)),
        ("System.AreaPath", area, area.partition("\\")[0].lower() == project.lower()),
    ):
        if not is_known:
            message = (
                f"TF401347: Invalid tree name given for work item {draft.id or -1}, "
                f"field '{name}': {path}."
            )
            raise VssError(400, "WorkItemTrackingInvalidTreeNameException", message)


def _commit(tenant: Tenant, item: Item, draft: Draft, actor: Person) -> dict[str, Any]:
    """Stores the draft as the next revision and gives its update."""
    now = stamp(tenant)
    before, links_before = item["fields"], item["relations"]
    fields = {
        **draft.fields,
        "System.ChangedDate": now,
        "System.ChangedBy": actor.email,
        "System.AuthorizedAs": actor.email,
        "System.Watermark": tenant.store.next_number("devops-watermark"),
    }
    candidate = {**item, "fields": fields, "relations": draft.relations}
    links.mirror(tenant, candidate, links_before)  # refuses before anything of this is stored
    item |= {"fields": fields, "relations": draft.relations}
    links.set_parent(item)
    item["rev"] += 1
    item["update"] += 1
    update = _update(item, before, links_before, actor, now)
    item["updates"].append(update)
    tenant.store.collection("devops-items")[str(item["id"])] = item
    return update


def _update(
    item: Item, before: dict[str, Any], links_before: list[Any], actor: Person, now: str
) -> dict[str, Any]:
    after = {**item["fields"], "System.Rev": item["rev"]}
    before = {**before, "System.Rev": item["rev"] - 1} if before else {}
    changed: dict[str, dict[str, Any]] = {}
    for name in [*after, *(name for name in before if name not in after)]:
        if before.get(name) != after.get(name):
            pair = {"oldValue": before.get(name), "newValue": after.get(name)}
            changed[name] = {key: value for key, value in pair.items() if value is not None}
    return {
        "id": item["update"],
        "workItemId": item["id"],
        "rev": item["rev"],
        "by": actor.email,
        "at": now,
        "fields": changed,
        "added": [r for r in item["relations"] if r not in links_before],
        "removed": [r for r in links_before if r not in item["relations"]],
    }


def visible_changes(update: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The changes that somebody made, without those that every revision brings."""
    return {k: v for k, v in update["fields"].items() if k not in _SYSTEM_CHANGES}


def stamp(tenant: Tenant) -> str:
    return tenant.now().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _reason(before: Any, after: str) -> str:
    return f"Moved from {before} to {after}"

"""Relations between work items, kept on both sides as Azure DevOps keeps them."""

import re
from typing import Any

from local.tenant.core import Tenant
from local.tenant.devops.errors import VssError, not_found

PARENT = "System.LinkTypes.Hierarchy-Reverse"
CHILD = "System.LinkTypes.Hierarchy-Forward"

_OPPOSITE = {
    PARENT: CHILD,
    CHILD: PARENT,
    "System.LinkTypes.Related": "System.LinkTypes.Related",
    "System.LinkTypes.Dependency-Forward": "System.LinkTypes.Dependency-Reverse",
    "System.LinkTypes.Dependency-Reverse": "System.LinkTypes.Dependency-Forward",
    "System.LinkTypes.Duplicate-Forward": "System.LinkTypes.Duplicate-Reverse",
    "System.LinkTypes.Duplicate-Reverse": "System.LinkTypes.Duplicate-Forward",
}
_NAMES = {
    PARENT: "Parent",
    CHILD: "Child",
    "System.LinkTypes.Related": "Related",
    "System.LinkTypes.Dependency-Forward": "Successor",
    "System.LinkTypes.Dependency-Reverse": "Predecessor",
    "System.LinkTypes.Duplicate-Forward": "Duplicate",
    "System.LinkTypes.Duplicate-Reverse": "Duplicate Of",
}
_RESOURCES = ("Hyperlink", "AttachedFile", "ArtifactLink")
_TARGET = re.compile(r"/_apis/wit/workitems/(\d+)/?$", re.IGNORECASE)

Relation = dict[str, Any]


def name_of(rel: str) -> str:
    return _NAMES.get(rel, rel)


def target_of(relation: Relation) -> str | None:
    """The id of the work item at the other end; None for hyperlinks and files."""
    found = _TARGET.search(relation["url"])
    return found[1] if found and relation["rel"] in _OPPOSITE else None


def item_url(tenant: Tenant, org: str, item_id: object) -> str:
    return f"{tenant.config.base_url}/azure-devops/{org}/_apis/wit/workItems/{item_id}"


def read(tenant: Tenant, org: str, item_id: int, value: Any) -> Relation:
    """The relation that a patch asks for, checked; VssError says what is wrong with it."""
    if not isinstance(value, dict) or not value.get("rel") or not value.get("url"):
        message = "You must pass a valid relation in the body of the request: rel and url."
        raise VssError(400, "VssPropertyValidationException", message)
    rel, url = str(value["rel"]), str(value["url"])
    attributes = dict(value.get("attributes") or {})
    if rel in _RESOURCES:
        return {"rel": rel, "url": url, "attributes": attributes}
    if rel not in _OPPOSITE:
        message = f"TF201013: A link type {rel} does not exist."
        raise VssError(400, "WorkItemLinkTypeNotFoundException", message)
    found = _TARGET.search(url)
    if found is None or found[1] not in tenant.store.collection("devops-items"):
        raise not_found(found[1] if found else url)
    if int(found[1]) == item_id:
        message = "TF201035: You cannot add a link between a work item and itself."
        raise VssError(400, "WorkItemLinkInvalidException", message)
    attributes |= {"isLocked": False, "name": _NAMES[rel]}
    return {"rel": rel, "url": item_url(tenant, org, found[1]), "attributes": attributes}


def check(relations: list[Relation]) -> None:
    """Refuses the same relation twice and a second parent."""
    seen = [(relation["rel"], relation["url"]) for relation in relations]
    if len(set(seen)) < len(seen):
        raise VssError(400, "RelationAlreadyExistsException", "Relation already exists.")
    if sum(rel == PARENT for rel, _ in seen) > 1:
        message = (
            "TF201036: You cannot add a Parent link: a work item can have only one Parent link."
        )
        raise VssError(400, "WorkItemLinkAddExtraParentException", message)


def mirror(tenant: Tenant, item: dict[str, Any], before: list[Relation]) -> None:
    """Puts on the other side what this side gained, and takes away what it lost.

    The other item gets an update without a new revision: so update numbers run ahead of `rev`.
    """
    items = tenant.store.collection("devops-items")
    own = item_url(tenant, item["org"], item["id"])
    gone = [r for r in before if r not in item["relations"]]
    for relation in [*gone, *(r for r in item["relations"] if r not in before)]:
        other = items.get(target_of(relation) or "")
        if other is None:
            continue
        rel = _OPPOSITE[relation["rel"]]
        rest = [r for r in other["relations"] if (r["rel"], r["url"]) != (rel, own)]
        if relation not in gone:
            back = {"rel": rel, "url": own, "attributes": {"isLocked": False, "name": _NAMES[rel]}}
            rest.append(back)
            check(rest)
        other["relations"] = rest
        other["update"] += 1
        set_parent(other)
        items[str(other["id"])] = other


def set_parent(item: dict[str, Any]) -> None:
    """Keeps System.Parent equal to the parent link."""
    parent = next((target_of(r) for r in item["relations"] if r["rel"] == PARENT), None)
    if parent is None:
        item["fields"].pop("System.Parent", None)
    else:
        item["fields"]["System.Parent"] = int(parent)

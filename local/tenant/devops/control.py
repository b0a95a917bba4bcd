"""Azure DevOps as a developer's control calls and pages use it: by people, in one step."""

from typing import Any

from local.tenant.core import Tenant
from local.tenant.devops import items, people, vocabulary
from local.tenant.seed import Person


def listed(tenant: Tenant) -> list[dict[str, Any]]:
    """``[{"id","type","fields","relations","comments":[{"id","text","by","at"}]}]``"""
    return [shown(tenant, item) for item in tenant.store.collection("devops-items").values()]


def shown(tenant: Tenant, item: items.Item) -> dict[str, Any]:
    fields = {
        name: _identity(tenant, item, value)
        if name in vocabulary.IDENTITY_FIELDS and value
        else value
        for name, value in item["fields"].items()
    }
    return {
        "id": item["id"],
        "rev": item["rev"],
        "org": item["org"],
        "project": item["project"],
        "type": item["fields"]["System.WorkItemType"],
        "fields": fields,
        "relations": item["relations"],
        "comments": [
            {name: entry[name] for name in ("id", "text", "by", "at")} for entry in item["comments"]
        ],
    }


def change(tenant: Tenant, item_id: str, fields: dict[str, Any], by: str) -> dict[str, Any]:
    """Sets fields as a person; VssError as the service would refuse it."""
    item = items.find(tenant, item_id)
    operations = [
        {"op": "replace", "path": f"/fields/{name}", "value": value}
        for name, value in fields.items()
    ]
    items.change(tenant, item, operations, person(tenant, by), quiet=False)
    return shown(tenant, item)


def comment(tenant: Tenant, item_id: str, text: str, by: str) -> dict[str, Any]:
    item = items.find(tenant, item_id)
    items.comment(tenant, item, text, person(tenant, by))
    return shown(tenant, item)


def delete(tenant: Tenant, item_id: str, by: str) -> dict[str, Any]:
    """The item as it was; it lies in the recycle bin."""
    item = items.find(tenant, item_id)
    items.delete(tenant, item, person(tenant, by))
    return shown(tenant, item)


def person(tenant: Tenant, by: str) -> Person:
    """Who acts: as named, else somebody of the team."""
    found = people.resolve(tenant, by) if by else None
    if found:
        return found
    team = tenant.seed.people_of(_plans_here)
    return team[0] if team else tenant.person("casey.lee@contoso.example")


def _plans_here(desk: dict[str, Any]) -> bool:
    return (desk.get("backlog") or {}).get("system") == "azure_devops"


def mention(found: Person) -> str:
    """How the discussion refers to somebody so that they are notified."""
    return f'<a href="#" data-vss-mention="version:2.0,{found.devops_id}">@{found.name}</a>'


def _identity(tenant: Tenant, item: items.Item, email: str) -> dict[str, Any]:
    return people.identity_ref(tenant, people.by_email(tenant, email), item["org"])

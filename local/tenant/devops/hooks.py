"""Service hooks: subscriptions, and the payloads they send to their consumers.

Shapes: learn.microsoft.com/azure/devops/service-hooks/events (resource version 1.0).
"""

import base64
import uuid
from html import escape
from typing import Any

from local.tenant.core import Tenant
from local.tenant.devops import links, people, vocabulary
from local.tenant.seed import Person

EVENTS = ("workitem.created", "workitem.updated", "workitem.commented", "workitem.deleted")
_KINDS = {
    "workitem.updated": "azure-devops-workitem-updated",
    "workitem.commented": "azure-devops-workitem-commented",
}
_NAMES = uuid.UUID("52b1c5a0-0f3b-4e6a-9d60-6c7a7ce9a001")

Item = dict[str, Any]


def stable_id(*parts: str) -> str:
    """The same id for the same organisation, project, ... in every run."""
    return str(uuid.uuid5(_NAMES, "/".join(parts).lower()))


def subscriptions(tenant: Tenant) -> list[dict[str, Any]]:
    """Those made through the API, and for each event the one that stands from the start.

    The latter sends every project's events to the host, unless the desk subscribed that address.
    """
    kept = list(tenant.store.collection("devops-subscriptions").values())
    url = f"{tenant.config.host_url}/api/hooks/azure-devops"
    taken = {(s["eventType"], s["consumerInputs"]["url"]) for s in kept}
    return kept + [
        {
            "id": stable_id("preset", event),
            "eventType": event,
            "publisherInputs": {"projectId": ""},
            "consumerInputs": {
                "url": url,
                "basicAuthUsername": tenant.config.hook_user,
                "basicAuthPassword": tenant.config.hook_password,
            },
        }
        for event in EVENTS
        if tenant.config.host_url and (event, url) not in taken
    ]


def created(tenant: Tenant, item: Item, actor: Person) -> None:
    resource = {"id": item["id"], "rev": item["rev"], "fields": flat(tenant, item)}
    _fire(tenant, "workitem.created", item, resource | _links(tenant, item), actor=actor, detail="")


def deleted(tenant: Tenant, item: Item, actor: Person) -> None:
    """The item as it was last; its addresses are those of the recycle bin."""
    url = _url(tenant, item).replace("/workItems/", "/recyclebin/")
    fields = flat(tenant, item) | {"System.ChangedBy": people.label(actor)}
    resource = {"id": item["id"], "rev": item["rev"], "fields": fields, "url": url}
    kept = _links(tenant, item)["_links"]
    resource["_links"] = {"self": {"href": url}} | {n: kept[n] for n in ("workItemType", "fields")}
    _fire(tenant, "workitem.deleted", item, resource, actor=actor, detail="")


def commented(tenant: Tenant, item: Item, comment: dict[str, Any], actor: Person) -> None:
    fields = flat(tenant, item) | {"System.History": comment["text"]}
    resource = {
        "id": item["id"],
        "rev": item["rev"],
        "fields": fields,
        "commentVersionRef": {
            "commentId": comment["id"],
            "version": comment["version"],
            "url": f"{_url(tenant, item)}/comments/{comment['id']}/versions/{comment['version']}",
        },
    }
    resource |= _links(tenant, item)
    _fire(tenant, "workitem.commented", item, resource, actor=actor, detail=comment["text"])


def updated(
    tenant: Tenant, item: Item, update: dict[str, Any], earlier: dict[str, Any], actor: Person
) -> None:
    """`earlier`: the fields before. The resource's id is the update's number, not the item's."""
    resource: dict[str, Any] = {
        "id": update["id"],
        "workItemId": item["id"],
        "rev": update["rev"],
        "revisedBy": _revised_by(tenant, item, actor),
        "revisedDate": "9999-01-01T00:00:00Z",
        "fields": {
            name: {side: shown(tenant, name, value) for side, value in pair.items()}
            for name, pair in update["fields"].items()
        },
        "_links": {
            "self": {"href": f"{_url(tenant, item)}/updates/{update['id']}"},
            "parent": {"href": _url(tenant, item)},
            "workItemUpdates": {"href": f"{_url(tenant, item)}/updates"},
        },
        "url": f"{_url(tenant, item)}/updates/{update['id']}",
        "revision": {
            "id": item["id"],
            "rev": update["rev"],
            "fields": flat(tenant, item),
            "url": f"{_url(tenant, item)}/revisions/{update['rev']}",
        },
    }
    relations = {key: update[key] for key in ("added", "removed") if update[key]}
    if relations:
        resource["relations"] = relations
    news = [
        f"New {name.rpartition('.')[2]}: {shown(tenant, name, pair.get('newValue', ''))}"
        for name, pair in update["fields"].items()
        if name in ("System.State", "System.Title", "System.IterationPath", "System.AssignedTo")
        and earlier.get(name) != item["fields"].get(name)
    ]
    detail = "\r\n".join(f"- {line}" for line in news)
    _fire(tenant, "workitem.updated", item, resource, actor=actor, detail=detail)


def flat(tenant: Tenant, item: Item) -> dict[str, Any]:
    """The fields as resource version 1.0 writes them: identities as text."""
    return {name: shown(tenant, name, value) for name, value in item["fields"].items()}


def shown(tenant: Tenant, name: str, value: Any) -> Any:
    if name in vocabulary.IDENTITY_FIELDS and isinstance(value, str) and value:
        return people.label(people.by_email(tenant, value))
    return value


def _url(tenant: Tenant, item: Item) -> str:
    return links.item_url(tenant, item["org"], item["id"])


def _revised_by(tenant: Tenant, item: Item, actor: Person) -> dict[str, Any]:
    reference = people.identity_ref(tenant, actor, item["org"])
    return {"name": people.label(actor), **reference}


def _links(tenant: Tenant, item: Item) -> dict[str, Any]:
    url = _url(tenant, item)
    root = f"{tenant.config.base_url}/azure-devops/{item['org']}"
    project = stable_id(item["org"], item["project"])
    kind = item["fields"]["System.WorkItemType"]
    return {
        "_links": {
            "self": {"href": url},
            "workItemUpdates": {"href": f"{url}/updates"},
            "workItemRevisions": {"href": f"{url}/revisions"},
            "workItemType": {"href": f"{root}/{project}/_apis/wit/workItemTypes/{kind}"},
            "fields": {"href": f"{root}/_apis/wit/fields"},
        },
        "url": url,
    }


def _texts(tenant: Tenant, item: Item, event: str, actor: Person) -> dict[str, str]:
    kind, title = item["fields"]["System.WorkItemType"], item["fields"]["System.Title"]
    verbs = {"commented": "commented on", "created": "created", "deleted": "deleted"}
    verb = verbs.get(event.removeprefix("workitem."))
    page = f"{tenant.config.base_url}/devops/item/{item['id']}"
    tail = f"({title}) {verb or 'updated'} by {actor.name}."
    name = f"{kind} #{item['id']}"
    return {
        "text": f"{name} {tail}\r\n({page})",
        "html": f'<a href="{page}">{escape(name)}</a> {escape(tail)}',
        "markdown": f"[{name}]({page}) {tail}",
    }


def _fire(
    tenant: Tenant,
    event: str,
    item: Item,
    resource: dict[str, Any],
    *,
    actor: Person,
    detail: str,
) -> None:
    texts = _texts(tenant, item, event, actor)
    base = f"{tenant.config.base_url}/azure-devops/{item['org']}/"
    common = {
        "id": str(uuid.uuid4()),
        "eventType": event,
        "publisherId": "tfs",
        "scope": "all",
        "message": texts,
        "detailedMessage": {
            "text": f"{texts['text']}\r\n{detail}",
            "html": f"{texts['html']}<br/>{detail}",
            "markdown": f"{texts['markdown']}\r\n{detail}",
        },
        "resource": resource,
        "resourceVersion": "1.0",
        "resourceContainers": {
            "collection": {"id": stable_id(item["org"], "collection"), "baseUrl": base},
            "account": {"id": stable_id(item["org"]), "baseUrl": base},
            "project": {"id": stable_id(item["org"], item["project"]), "baseUrl": base},
        },
        "createdDate": tenant.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }
    for subscription in subscriptions(tenant):
        if subscription["eventType"] == event and _wants(subscription, item, resource):
            _send(tenant, subscription, event, common)


def _wants(subscription: dict[str, Any], item: Item, resource: dict[str, Any]) -> bool:
    """Whether the filters of the subscription let the event through; "" means any."""
    wanted = subscription["publisherInputs"]
    fields = item["fields"]
    project = stable_id(item["org"], item["project"])
    area = wanted.get("areaPath") or fields["System.AreaPath"]
    return (
        wanted.get("projectId", "") in ("", project)
        and wanted.get("workItemType", "") in ("", fields["System.WorkItemType"])
        and (fields["System.AreaPath"] + "\\").startswith(area + "\\")
        and (not wanted.get("changedFields") or wanted["changedFields"] in resource["fields"])
    )


def _send(tenant: Tenant, subscription: dict[str, Any], event: str, common: dict[str, Any]) -> None:
    consumer = subscription["consumerInputs"]
    headers = {"Content-Type": "application/json; charset=utf-8"}
    if consumer.get("basicAuthUsername") or consumer.get("basicAuthPassword"):
        pair = f"{consumer.get('basicAuthUsername', '')}:{consumer.get('basicAuthPassword', '')}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    for line in str(consumer.get("httpHeaders") or "").splitlines():
        name, _, value = line.partition(":")
        headers[name.strip()] = value.strip()
    number = tenant.store.next_number(f"devops-notification-{subscription['id']}")
    body = {"subscriptionId": subscription["id"], "notificationId": number, **common}
    kind = _KINDS.get(event, "")  # there is no contract for created and deleted
    tenant.deliver("POST", consumer["url"], json=body, headers=headers, kind=kind)

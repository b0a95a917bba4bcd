"""Projects, sprints, trees, identities, types and service hook subscriptions."""

import uuid
from typing import Any

from starlette.responses import JSONResponse, Response

from local.tenant.devops import items, options, people, sprints, vocabulary
from local.tenant.devops.calls import Call
from local.tenant.devops.errors import VssError
from local.tenant.devops.hooks import EVENTS, stable_id

_MASK = "********"


def iterations(call: Call) -> Response:
    """learn.microsoft.com/rest/api/azure/devops/work/iterations/list"""
    now = call.tenant.now()
    frame = call.query("$timeframe").lower()
    if frame not in ("", "current"):
        message = "The timeframe is not supported: only current is."
        raise VssError(400, "InvalidTeamSettingsIterationException", message)
    shown = sprints.around(now)
    if not options.read(call.tenant)["current_sprint"]:
        shown = [sprint for sprint in shown if sprint.frame(now) != "current"]
    if frame:
        shown = [sprint for sprint in shown if sprint.frame(now) == frame]
    return _listed([_iteration(call, sprint) for sprint in shown])


def _iteration(call: Call, sprint: sprints.Sprint) -> dict[str, Any]:
    key = sprint.id(call.project)
    return {
        "id": key,
        "name": sprint.name,
        "path": f"{call.project}\\{sprint.name}",
        "attributes": {
            "startDate": sprints.iso(sprint.start),
            "finishDate": sprints.iso(sprint.finish),
            "timeFrame": sprint.frame(call.tenant.now()),
        },
        "url": f"{call.root}/{call.project}/_apis/work/teamsettings/iterations/{key}",
    }


def classification_nodes(call: Call) -> Response:
    """learn.microsoft.com/rest/api/azure/devops/wit/classification-nodes"""
    group = (call.args[0] or "").lower()
    trees = [_iteration_tree(call), _area_tree(call)]
    if group:
        tree = next((t for t in trees if t["structureType"].startswith(group.rstrip("s"))), None)
        if tree is None:
            message = f"VS402485: The classification node {group} does not exist."
            raise VssError(404, "WorkItemTrackingTreeNodeNotFoundException", message)
        return JSONResponse(tree)
    return _listed(trees)


def _iteration_tree(call: Call) -> dict[str, Any]:
    children = [
        {
            "id": sprint.number,
            "identifier": sprint.id(call.project),
            "name": sprint.name,
            "structureType": "iteration",
            "hasChildren": False,
            "attributes": {
                "startDate": sprints.iso(sprint.start),
                "finishDate": sprints.iso(sprint.finish),
            },
            "path": f"\\{call.project}\\Iteration\\{sprint.name}",
        }
        for sprint in sprints.around(call.tenant.now())
    ]
    return _tree(call, "iteration") | {"hasChildren": True, "children": children}


def _area_tree(call: Call) -> dict[str, Any]:
    return _tree(call, "area") | {"hasChildren": False}


def _tree(call: Call, kind: str) -> dict[str, Any]:
    return {
        "id": 0,
        "identifier": stable_id(call.org, call.project, kind),
        "name": call.project,
        "structureType": kind,
        "path": f"\\{call.project}\\{kind.title()}",
        "url": f"{call.root}/{call.project}/_apis/wit/classificationNodes/{kind.title()}s",
    }


def work_item_types(call: Call) -> Response:
    shown = [_type(call, name) for name in vocabulary.STATES]
    if call.args[0]:
        wanted = [kind for kind in shown if kind["name"].lower() == call.args[0].lower()]
        if not wanted:
            message = f"VS402323: Work item type {call.args[0]} does not exist."
            raise VssError(404, "WorkItemTypeNotFoundException", message)
        return JSONResponse(wanted[0])
    return _listed(shown)


def type_states(call: Call) -> Response:
    kind = vocabulary.type_name(call.args[0])
    if kind is None:
        message = f"VS402323: Work item type {call.args[0]} does not exist."
        raise VssError(404, "WorkItemTypeNotFoundException", message)
    return _listed(_states(kind))


def _states(kind: str) -> list[dict[str, str]]:
    return [
        {
            "name": state,
            "color": vocabulary.COLOR[vocabulary.CATEGORY[state]],
            "category": vocabulary.CATEGORY[state],
        }
        for state in vocabulary.STATES[kind]
    ]


def _type(call: Call, name: str) -> dict[str, Any]:
    url = f"{call.root}/{call.project}/_apis/wit/workItemTypes/{name}"
    return {
        "name": name,
        "referenceName": f"Microsoft.VSTS.WorkItemTypes.{name.replace(' ', '')}",
        "description": "",
        "isDisabled": False,
        "states": _states(name),
        "url": url,
    }


def project_names(call: Call) -> list[str]:
    """Projects that the desks name or that hold work items."""
    named = [
        str(backlog["project"])
        for desk in call.tenant.seed.desks.values()
        if isinstance(backlog := desk.get("backlog"), dict)
        and backlog.get("system") == "azure_devops"
        and backlog.get("project")
    ]
    kept = [
        item["project"]
        for item in call.tenant.store.collection("devops-items").values()
        if item["org"].lower() == call.org.lower()
    ]
    return list(dict.fromkeys([*named, *kept]))


def projects(call: Call) -> Response:
    return _listed([_project(call, name) for name in project_names(call)])


def project(call: Call) -> Response:
    wanted = call.args[0]
    by_id = {stable_id(call.org, name): name for name in project_names(call)}
    return JSONResponse(_project(call, by_id.get(wanted.lower(), wanted)))


def _project(call: Call, name: str) -> dict[str, Any]:
    key = stable_id(call.org, name)
    return {
        "id": key,
        "name": name,
        "url": f"{call.root}/_apis/projects/{key}",
        "state": "wellFormed",
        "revision": 1,
        "visibility": "private",
        "defaultTeam": {"id": stable_id(call.org, name, "team"), "name": f"{name} Team"},
    }


def identities(call: Call) -> Response:
    """learn.microsoft.com/rest/api/azure/devops/ims/identities/read-identities"""
    wanted = call.query("filterValue") or call.query("identityIds")
    if not wanted:
        message = "Value cannot be null. Parameter name: filterValue"
        raise VssError(400, "ArgumentNullException", message)
    return _listed([people.as_identity(person) for person in people.find(call.tenant, wanted)])


def connection_data(call: Call) -> Response:
    """Who the credential is: what a client asks to know its own echo."""
    actor = {"id": call.actor.devops_id, "providerDisplayName": call.actor.name, "isActive": True}
    key = stable_id(call.org)
    return JSONResponse({"authenticatedUser": actor, "authorizedUser": actor, "instanceId": key})


def subscribe(call: Call) -> Response:
    """learn.microsoft.com/rest/api/azure/devops/hooks/subscriptions/create"""
    wanted = call.json("application/json")
    consumer = wanted.get("consumerInputs") or {}
    if not str(consumer.get("url", "")).startswith(("http://", "https://")):
        message = "The consumer input 'url' is required and must be a valid URL."
        raise VssError(400, "SubscriptionInputException", message)
    if wanted.get("eventType") not in EVENTS or wanted.get("publisherId") != "tfs":
        message = f"The event type {wanted.get('eventType')} is not supported by the publisher."
        raise VssError(400, "ArgumentException", message)
    now = items.stamp(call.tenant)
    kept = {
        "id": str(uuid.uuid4()),
        "publisherId": "tfs",
        "eventType": wanted["eventType"],
        "resourceVersion": wanted.get("resourceVersion") or "1.0",
        "consumerId": wanted.get("consumerId") or "webHooks",
        "consumerActionId": wanted.get("consumerActionId") or "httpRequest",
        "publisherInputs": wanted.get("publisherInputs") or {},
        "consumerInputs": consumer,
        "status": "enabled",
        "createdBy": {"id": call.actor.devops_id, "displayName": call.actor.name},
        "createdDate": now,
        "modifiedDate": now,
    }
    call.tenant.store.collection("devops-subscriptions")[str(kept["id"])] = kept
    return JSONResponse(_subscription(call, kept))


def list_subscriptions(call: Call) -> Response:
    kept = call.tenant.store.collection("devops-subscriptions").values()
    return _listed([_subscription(call, one) for one in kept])


def read_subscription(call: Call) -> Response:
    return JSONResponse(_subscription(call, _kept(call)))


def unsubscribe(call: Call) -> Response:
    del call.tenant.store.collection("devops-subscriptions")[_kept(call)["id"]]
    return Response(status_code=204)


def _kept(call: Call) -> dict[str, Any]:
    kept = call.tenant.store.collection("devops-subscriptions").get(call.args[0].lower())
    if kept is None:
        message = f"The subscription {call.args[0]} cannot be found."
        raise VssError(404, "SubscriptionNotFoundException", message)
    return kept


def _subscription(call: Call, kept: dict[str, Any]) -> dict[str, Any]:
    consumer = dict(kept["consumerInputs"])
    if consumer.get("basicAuthPassword"):
        consumer["basicAuthPassword"] = _MASK
    url = f"{call.root}/_apis/hooks/subscriptions/{kept['id']}"
    return {**kept, "consumerInputs": consumer, "url": url}


def _listed(values: list[Any]) -> Response:
    return JSONResponse({"count": len(values), "value": values})

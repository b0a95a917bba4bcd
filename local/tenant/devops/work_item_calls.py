"""The work item tracking API: items, their discussion, updates, files, and queries."""

import base64
from typing import Any
from urllib.parse import quote

from starlette.responses import JSONResponse, Response

from local.tenant.devops import items, links, options, people, sprints, vocabulary, wiql
from local.tenant.devops.calls import Call
from local.tenant.devops.errors import VssError, not_found

_PATCH = "application/json-patch+json"
_BATCH_LIMIT = 200
_ROW_LIMIT = 20_000


def shown(call: Call, item: items.Item, expand: str = "", only: list[str] | None = None) -> Any:
    """A work item as the API shows it; `expand` as $expand, `only` as fields."""
    fields = {
        name: _identity(call, value) if name in vocabulary.IDENTITY_FIELDS and value else value
        for name, value in item["fields"].items()
    }
    if only:
        wanted = {name.lower() for name in only}
        fields = {name: value for name, value in fields.items() if name.lower() in wanted}
    answer: dict[str, Any] = {"id": item["id"], "rev": item["rev"], "fields": fields}
    if expand in ("relations", "all") and item["relations"]:
        answer["relations"] = item["relations"]
    url = links.item_url(call.tenant, item["org"], item["id"])
    if expand not in ("none", "relations", "fields"):
        answer["_links"] = {
            "self": {"href": url},
            "workItemUpdates": {"href": f"{url}/updates"},
            "workItemComments": {"href": f"{url}/comments"},
            "html": {"href": f"{call.tenant.config.base_url}/devops/item/{item['id']}"},
        }
    return answer | {"url": url}


def create(call: Call) -> Response:
    operations = call.json(_PATCH)
    kind = vocabulary.type_name(call.args[0])
    if kind is None:
        message = (
            f"VS402323: Work item type {call.args[0]} does not exist in project {call.project} "
            "or you do not have permission to access it."
        )
        raise VssError(404, "WorkItemTypeNotFoundException", message)
    place = (call.org, call.project, kind)
    if call.flag("validateOnly"):
        draft = items.new_draft(call.tenant, *place)
        draft.apply(operations)
        items.check(draft, call.project, kind)
        return JSONResponse({"id": 0, "rev": -1, "fields": draft.fields, "url": call.root})
    quiet = call.flag("suppressNotifications")
    item = items.create(call.tenant, place, operations, call.actor, quiet=quiet)
    return JSONResponse(shown(call, item, _expand(call) or "all"))


def read(call: Call) -> Response:
    item = _item(call)
    return JSONResponse(shown(call, item, _expand(call), _columns(call)))


def change(call: Call) -> Response:
    item = _item(call)
    operations = call.json(_PATCH)
    if call.flag("validateOnly"):
        draft = items.draft_of(call.tenant, item)
        draft.apply(operations)
        items.check(draft, item["project"], item["fields"]["System.WorkItemType"])
    else:
        quiet = call.flag("suppressNotifications")
        items.change(call.tenant, item, operations, call.actor, quiet=quiet)
    return JSONResponse(shown(call, item, _expand(call) or "all"))


def read_some(call: Call) -> Response:
    wanted = [part for part in call.query("ids").split(",") if part.strip()]
    return _some(call, wanted, _expand(call), _columns(call), call.query("errorPolicy"))


def read_batch(call: Call) -> Response:
    body = call.json("application/json")
    wanted = [str(item_id) for item_id in body.get("ids") or ()]
    policy = str(body.get("errorPolicy") or "")
    return _some(call, wanted, str(body.get("$expand") or ""), body.get("fields"), policy)


def _some(
    call: Call, wanted: list[str], expand: str, only: list[str] | None, policy: str
) -> Response:
    if not wanted or len(wanted) > _BATCH_LIMIT:
        message = f"TF401320: ids must name between 1 and {_BATCH_LIMIT} work items."
        raise VssError(400, "VssPropertyValidationException", message)
    found: list[Any] = []
    for item_id in wanted:
        try:
            item = items.find(call.tenant, item_id.strip(), call.org)
        except VssError:
            if policy.lower() != "omit":
                raise
        else:
            found.append(shown(call, item, expand, only))
    return JSONResponse({"count": len(found), "value": found})


def updates(call: Call) -> Response:
    """learn.microsoft.com/rest/api/azure/devops/wit/updates/list"""
    item = _item(call)
    shown_updates = [
        {
            "id": update["id"],
            "workItemId": item["id"],
            "rev": update["rev"],
            "revisedBy": _identity(call, update["by"]),
            "revisedDate": update["at"],
            "fields": update["fields"],
            "relations": {key: update[key] for key in ("added", "removed") if update[key]},
            "url": f"{links.item_url(call.tenant, call.org, item['id'])}/updates/{update['id']}",
        }
        for update in item["updates"]
    ]
    return JSONResponse({"count": len(shown_updates), "value": shown_updates})


def comment_shown(call: Call, item: items.Item, entry: dict[str, Any]) -> dict[str, Any]:
    url = f"{links.item_url(call.tenant, item['org'], item['id'])}/comments/{entry['id']}"
    author = _identity(call, entry["by"])
    return {
        "workItemId": item["id"],
        "id": entry["id"],
        "version": entry["version"],
        "text": entry["text"],
        "renderedText": entry["text"],
        "format": "html",
        "createdBy": author,
        "createdDate": entry["at"],
        "modifiedBy": author,
        "modifiedDate": entry["modified_at"],
        "isDeleted": entry["deleted"],
        "url": url,
    }


def add_comment(call: Call) -> Response:
    item = _item(call)
    text = str(call.json("application/json").get("text") or "")
    if not text.strip():
        message = "The comment text must not be empty."
        raise VssError(400, "VssPropertyValidationException", message)
    entry = items.comment(call.tenant, item, text, call.actor)
    return JSONResponse(comment_shown(call, item, entry))


def list_comments(call: Call) -> Response:
    """Newest first unless order=asc, as the service does."""
    item = _item(call)
    entries = [e for e in item["comments"] if not e["deleted"]]
    total = len(entries)
    if call.query("order", "desc").lower() != "asc":
        entries.reverse()
    start = int(call.query("continuationToken") or 0)
    top = min(int(call.query("$top") or 200), 200)
    page = [comment_shown(call, item, entry) for entry in entries[start : start + top]]
    answer: dict[str, Any] = {"totalCount": total, "count": len(page), "comments": page}
    if start + top < total:
        answer["continuationToken"] = str(start + top)
    return JSONResponse(answer)


def read_comment(call: Call) -> Response:
    item, entry = _comment(call)
    return JSONResponse(comment_shown(call, item, entry))


def change_comment(call: Call) -> Response:
    item, entry = _comment(call)
    entry["text"] = str(call.json("application/json").get("text") or "")
    entry["version"] += 1
    entry["modified_at"] = items.stamp(call.tenant)
    call.tenant.store.collection("devops-items")[str(item["id"])] = item
    return JSONResponse(comment_shown(call, item, entry))


def query(call: Call) -> Response:
    """learn.microsoft.com/rest/api/azure/devops/wit/wiql/query-by-wiql"""
    text = str(call.json("application/json").get("query") or "")
    now = call.tenant.now()
    found = wiql.parse(
        text,
        project=call.project,
        me=call.actor.email,
        now=now,
        iteration=f"{call.project}\\{sprints.current(now).name}",
    )
    rows = [item for item in _visible(call) if found.matches(_plain(item))]
    for name, descending in reversed(found.order):
        rows.sort(key=lambda item: _sort_key(_plain(item).get(name)), reverse=descending)
    top = int(call.query("$top") or _ROW_LIMIT)
    return JSONResponse(
        {
            "queryType": "flat",
            "queryResultType": "workItem",
            "asOf": items.stamp(call.tenant),
            "columns": [_column(call, name) for name in found.columns],
            "sortColumns": [
                {"field": _column(call, name), "descending": descending}
                for name, descending in found.order
            ],
            "workItems": [
                {"id": item["id"], "url": links.item_url(call.tenant, call.org, item["id"])}
                for item in rows[:top]
            ],
        }
    )


def upload(call: Call) -> Response:
    """learn.microsoft.com/rest/api/azure/devops/wit/attachments/create"""
    number = call.tenant.store.next_number("devops-attachment")
    key = f"00000000-0000-4000-8000-{number:012d}"
    name = call.query("fileName") or "attachment"
    content = base64.b64encode(call.body).decode()
    call.tenant.store.collection("devops-attachments")[key] = {"name": name, "content": content}
    url = f"{call.root}/_apis/wit/attachments/{key}?fileName={quote(name)}"
    return JSONResponse({"id": key, "url": url}, status_code=201)


def download(call: Call) -> Response:
    kept = call.tenant.store.collection("devops-attachments").get(call.args[0].lower())
    if kept is None:
        message = f"TF401243: Attachment {call.args[0]} does not exist."
        raise VssError(404, "AttachmentNotFoundException", message)
    return Response(base64.b64decode(kept["content"]), media_type="application/octet-stream")


def _item(call: Call) -> items.Item:
    item = items.find(call.tenant, call.args[0], call.org)
    if call.project and item["project"].lower() != call.project.lower():
        raise not_found(call.args[0])
    return item


def _comment(call: Call) -> tuple[items.Item, dict[str, Any]]:
    item = _item(call)
    for entry in item["comments"]:
        if str(entry["id"]) == call.args[1]:
            return item, entry
    message = f"VS403616: Comment {call.args[1]} does not exist."
    raise VssError(404, "WorkItemCommentNotFoundException", message)


def _visible(call: Call) -> list[items.Item]:
    return [
        item
        for item in call.tenant.store.collection("devops-items").values()
        if item["org"].lower() == call.org.lower()
        and options.is_searchable(call.tenant, item["fields"]["System.ChangedDate"])
    ]


def _plain(item: items.Item) -> dict[str, Any]:
    return {**item["fields"], "System.Id": item["id"], "System.Rev": item["rev"]}


def _sort_key(value: Any) -> tuple[bool, bool, Any]:
    is_text = not isinstance(value, int | float)
    return value is not None, is_text, str(value or "").lower() if is_text else value


def _column(call: Call, name: str) -> dict[str, str]:
    url = f"{call.root}/_apis/wit/fields/{name}"
    return {"referenceName": name, "name": name.rpartition(".")[2], "url": url}


def _identity(call: Call, email: str) -> dict[str, Any]:
    person = people.by_email(call.tenant, email)
    return people.identity_ref(call.tenant, person, call.org)


def _expand(call: Call) -> str:
    return call.query("$expand").lower()


def _columns(call: Call) -> list[str] | None:
    return [part.strip() for part in call.query("fields").split(",") if part.strip()] or None

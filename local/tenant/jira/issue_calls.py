"""The platform API (version 3): issues, comments, transitions, links, properties, search."""

import base64
import binascii
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from local.tenant.core import Tenant
from local.tenant.devops import options
from local.tenant.jira import adf, issues, jql, people, shapes, workflow
from local.tenant.jira.calls import Call, Handler, endpoint
from local.tenant.jira.errors import JiraError

_PAGE_LIMIT = 5000
_REMOVED = (
    "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. A full "
    "migration guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046"
)


def create(call: Call) -> Response:
    body = call.object()
    issue = issues.create(call.tenant, body.get("fields"), body.get("properties"), call.actor)
    url = f"{shapes.api(call.tenant)}/issue/{issue['id']}"
    made = {"id": issue["id"], "key": issue["key"], "self": url}
    return JSONResponse(made, status_code=201)


def read(call: Call) -> Response:
    shown = shapes.issue(call.tenant, _issue(call), call.names("fields"), call.names("properties"))
    return JSONResponse(shown)


def edit(call: Call) -> Response:
    body, issue = call.object(), _issue(call)
    issues.edit(call.tenant, issue, body.get("fields"), body.get("update"), call.actor)
    for one in body.get("properties") or ():
        issues.set_property(call.tenant, issue, str(one["key"]), one.get("value"))
    if call.query("returnIssue") == "true":
        return JSONResponse(shapes.issue(call.tenant, issue))
    return Response(status_code=204)


def add_comment(call: Call) -> Response:
    issue, body = _issue(call), call.object().get("body")
    if not isinstance(body, dict) or not adf.is_document(body):
        raise JiraError(400, errors={"comment": "Comment body is not valid!"})
    entry = issues.comment(call.tenant, issue, body, call.actor)
    return JSONResponse(shapes.comment(call.tenant, issue, entry), status_code=201)


def list_comments(call: Call) -> Response:
    issue = _issue(call)
    entries = list(issue["comments"])
    if call.query("orderBy") == "-created":
        entries.reverse()
    start, size = call.number("startAt", 0), call.number("maxResults", 100)
    page = [shapes.comment(call.tenant, issue, one) for one in entries[start : start + size]]
    answer = {"startAt": start, "maxResults": size, "total": len(entries), "comments": page}
    return JSONResponse(answer)


def list_transitions(call: Call) -> Response:
    issue = _issue(call)
    root = shapes.api(call.tenant)
    shown = [
        {
            "id": number,
            "name": target,
            "to": workflow.status(root, target),
            "hasScreen": False,
            "isGlobal": False,
            "isInitial": False,
            "isAvailable": True,
            "isConditional": False,
            "looped": False,
        }
        for number, target in _transitions(call, issue)
        if call.query("transitionId", number) == number
    ]
    return JSONResponse({"expand": "transitions", "transitions": shown})


def _transitions(call: Call, issue: issues.Issue) -> list[tuple[str, str]]:
    project = workflow.project(call.tenant, issue["project"])
    return workflow.transitions(project, issue["status"]) if project else []


def transition(call: Call) -> Response:
    issue, body = _issue(call), call.object()
    wanted = (body.get("transition") or {}).get("id")
    if wanted is None:
        raise JiraError(400, "Missing 'transition' identifier")
    issues.transition(call.tenant, issue, str(wanted), call.actor)
    return Response(status_code=204)


def add_link(call: Call) -> Response:
    """201 for a new link, 200 when the global id was there already."""
    issue, body = _issue(call), call.object()
    target = body.get("object") or {}
    for name in ("title", "url"):
        if not target.get(name):
            raise JiraError(400, errors={name: f"'{name}' is required."})
    if len(str(body.get("globalId", ""))) > 255:
        raise JiraError(400, errors={"globalId": "'globalId' exceeds 255 characters."})
    allowed = ("globalId", "application", "relationship", "object")
    entry, is_new = issues.link(
        call.tenant, issue, {name: body[name] for name in allowed if name in body}
    )
    shown = shapes.remote_link(call.tenant, issue, entry)
    answer = {"id": shown["id"], "self": shown["self"]}
    return JSONResponse(answer, status_code=201 if is_new else 200)


def list_links(call: Call) -> Response:
    issue = _issue(call)
    shown = [shapes.remote_link(call.tenant, issue, entry) for entry in issue["links"]]
    wanted = call.query("globalId")
    if not wanted:
        return JSONResponse(shown)
    found = next((entry for entry in shown if entry.get("globalId") == wanted), None)
    if found is None:
        raise JiraError(404, f"No remote link with globalId '{wanted}' exists.")
    return JSONResponse(found)


def list_properties(call: Call) -> Response:
    issue = _issue(call)
    root = f"{shapes.api(call.tenant)}/issue/{issue['key']}/properties"
    keys = [{"self": f"{root}/{name}", "key": name} for name in issue["properties"]]
    return JSONResponse({"keys": keys})


def read_property(call: Call) -> Response:
    properties, name = _issue(call)["properties"], call.path("name")
    if name not in properties:
        raise JiraError(404, f"The property {name} does not exist.")
    return JSONResponse({"key": name, "value": properties[name]})


def set_property(call: Call) -> Response:
    is_new = issues.set_property(call.tenant, _issue(call), call.path("name"), call.json())
    return JSONResponse(None, status_code=201 if is_new else 200)


def drop_property(call: Call) -> Response:
    issues.drop_property(call.tenant, _issue(call), call.path("name"))
    return Response(status_code=204)


def search_by_query(call: Call) -> Response:
    wanted = {
        "jql": call.query("jql"),
        "fields": call.names("fields"),
        "properties": call.names("properties"),
        "maxResults": call.number("maxResults", 50),
        "nextPageToken": call.query("nextPageToken"),
        "reconcileIssues": call.names("reconcileIssues"),
    }
    return _search(call, wanted)


def search_by_body(call: Call) -> Response:
    return _search(call, call.object())


def _search(call: Call, wanted: dict[str, Any]) -> Response:
    """No total, a token to page on, and fresh writes only when they are named to reconcile."""
    query = jql.parse(call.tenant, str(wanted.get("jql") or ""), call.actor)
    if query.matches is None:
        message = (
            "Unbounded JQL queries are not allowed here. Please add a search restriction to your "
            "query."
        )
        raise JiraError(400, message)
    named = {str(number) for number in wanted.get("reconcileIssues") or ()}
    rows = [
        issue
        for issue in issues.ranked(call.tenant)
        if (issue["id"] in named or options.is_searchable(call.tenant, issue["updated"]))
        and query.matches(issue)
    ]
    _sort(call.tenant, rows, query.order)
    start = _page_start(str(wanted.get("nextPageToken") or ""))
    size = min(int(wanted.get("maxResults") or 50), _PAGE_LIMIT)
    page = [_found(call, issue, wanted) for issue in rows[start : start + size]]
    answer: dict[str, Any] = {"issues": page, "isLast": start + size >= len(rows)}
    if not answer["isLast"]:
        answer["nextPageToken"] = base64.b64encode(f"at {start + size}".encode()).decode()
    return JSONResponse(answer)


def _sort(tenant: Tenant, rows: list[issues.Issue], order: list[tuple[str, bool]]) -> None:
    """`rows` come ranked; without an order the newest is first, also within one moment."""
    if not order:
        rows.sort(key=lambda issue: int(issue["id"]), reverse=True)
    for name, descending in reversed(order or [("created", True)]):
        if name == "rank":
            places = {key: at for at, key in enumerate(issues.ranking(tenant))}
            rows.sort(key=lambda issue: places[issue["key"]], reverse=descending)
        else:
            rows.sort(key=lambda issue: jql.sort_value(tenant, issue, name), reverse=descending)


def _page_start(token: str) -> int:
    if not token:
        return 0
    try:
        return int(base64.b64decode(token).decode().removeprefix("at "))
    except (binascii.Error, ValueError) as error:
        raise JiraError(400, "The nextPageToken is invalid or has expired.") from error


def _found(call: Call, issue: issues.Issue, wanted: dict[str, Any]) -> dict[str, Any]:
    """Only the id, unless fields are asked for."""
    fields = list(wanted.get("fields") or ())
    if not fields or fields == ["id"]:
        return {"id": issue["id"]}
    return shapes.issue(call.tenant, issue, fields, list(wanted.get("properties") or ()))


def removed_search(call: Call) -> Response:
    raise JiraError(410, _REMOVED)


def myself(call: Call) -> Response:
    account = people.user(call.tenant, call.actor) | {"locale": "en_US", "expand": "groups"}
    return JSONResponse(account)


def search_users(call: Call) -> Response:
    wanted = call.query("query")
    account = call.query("accountId")
    if not wanted and not account:
        message = "The query parameters 'query', 'property' and 'accountId' are missing."
        raise JiraError(400, message)
    found = people.search(call.tenant, wanted) if wanted else []
    if account:
        found = [one for one in [people.by_account(call.tenant, account)] if one]
    size = call.number("maxResults", 50)
    return JSONResponse([people.user(call.tenant, person) for person in found[:size]])


def _issue(call: Call) -> issues.Issue:
    return issues.find(call.tenant, call.path("issue"))


_ISSUE = "/rest/api/3/issue/{issue}"
_CALLS: list[tuple[str, str, Handler]] = [
    ("POST", "/rest/api/3/issue", create),
    ("GET", _ISSUE, read),
    ("PUT", _ISSUE, edit),
    ("POST", _ISSUE + "/comment", add_comment),
    ("GET", _ISSUE + "/comment", list_comments),
    ("GET", _ISSUE + "/transitions", list_transitions),
    ("POST", _ISSUE + "/transitions", transition),
    ("POST", _ISSUE + "/remotelink", add_link),
    ("GET", _ISSUE + "/remotelink", list_links),
    ("GET", _ISSUE + "/properties", list_properties),
    ("GET", _ISSUE + "/properties/{name}", read_property),
    ("PUT", _ISSUE + "/properties/{name}", set_property),
    ("DELETE", _ISSUE + "/properties/{name}", drop_property),
    ("GET", "/rest/api/3/search/jql", search_by_query),
    ("POST", "/rest/api/3/search/jql", search_by_body),
    ("GET", "/rest/api/{version}/search", removed_search),
    ("POST", "/rest/api/{version}/search", removed_search),
    ("GET", "/rest/api/3/myself", myself),
    ("GET", "/rest/api/3/user/search", search_users),
]


def routes(tenant: Tenant) -> list[BaseRoute]:
    return [
        Route(path, endpoint(tenant, handler), methods=[method]) for method, path, handler in _CALLS
    ]

"""The software API (agile 1.0): boards, sprints, their issues, and the ranking."""

from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from local.tenant.core import Tenant
from local.tenant.devops import sprints
from local.tenant.jira import issues, jql, shapes, workflow
from local.tenant.jira.calls import Call, Handler, endpoint
from local.tenant.jira.errors import JiraError

_MOST = 50  # issues in one call


def boards(call: Call) -> Response:
    kind, wanted = call.query("type"), call.query("projectKeyOrId").upper()
    shown = [
        _board(call, project)
        for project in workflow.projects(call.tenant)
        if kind in ("", project.board.kind) and wanted in ("", project.key, str(project.id))
    ]
    return _page(call, shown, "values")


def board(call: Call) -> Response:
    return JSONResponse(_board(call, _project(call)))


def _board(call: Call, project: workflow.Project) -> dict[str, Any]:
    kept = project.board
    return {
        "id": kept.id,
        "self": f"{_root(call)}/board/{kept.id}",
        "name": kept.name,
        "type": kept.kind,
        "location": {
            "projectId": project.id,
            "displayName": f"{project.name} ({project.key})",
            "projectName": project.name,
            "projectKey": project.key,
            "projectTypeKey": "software",
            "name": f"{project.name} ({project.key})",
        },
    }


def configuration(call: Call) -> Response:
    """Columns and their statuses."""
    project = _project(call)
    columns = [
        {"name": name, "statuses": [{"id": str(workflow.STATUS_ID[name])}]}
        for name in project.board.columns
    ]
    return JSONResponse(_board(call, project) | {"columnConfig": {"columns": columns}})


def board_sprints(call: Call) -> Response:
    project = _project(call)
    if project.board.kind != "scrum":
        raise JiraError(400, "The board does not support sprints")
    states = call.names("state")
    shown = [
        shape
        for sprint in sprints.around(call.tenant.now())
        if (shape := workflow.sprint_shape(call.tenant, sprint, project.board.id))
        and (not states or shape["state"] in states)
    ]
    return _page(call, shown, "values")


def board_issues(call: Call) -> Response:
    """In rank order; a sprint board also shows what other projects put into its sprints."""
    project = _project(call)
    rows = [issue for issue in issues.ranked(call.tenant) if is_on_board(issue, project)]
    return _issues(call, rows)


def is_on_board(issue: issues.Issue, project: workflow.Project) -> bool:
    in_sprint = project.board.id == 1 and issue["sprint"] is not None
    return issue["project"] == project.key or in_sprint


def sprint(call: Call) -> Response:
    return JSONResponse(workflow.sprint_shape(call.tenant, _sprint(call), 1))


def sprint_issues(call: Call) -> Response:
    number = workflow.sprint_id(_sprint(call).number)
    rows = [issue for issue in issues.ranked(call.tenant) if issue["sprint"] == number]
    return _issues(call, rows)


def put_in_sprint(call: Call) -> Response:
    found = _sprint(call)
    if workflow.sprint_state(found, call.tenant.now()) == "closed":
        raise JiraError(400, "Issues cannot be moved to a closed sprint.")
    for issue in _named(call):
        number = workflow.sprint_id(found.number)
        issues.put_in_sprint(call.tenant, issue, number, call.actor)
    return Response(status_code=204)


def put_in_backlog(call: Call) -> Response:
    for issue in _named(call):
        issues.put_in_sprint(call.tenant, issue, None, call.actor)
    return Response(status_code=204)


def rank(call: Call) -> Response:
    """204; 207 with one entry per issue when some of them do not exist."""
    body = call.object()
    before, after = body.get("rankBeforeIssue"), body.get("rankAfterIssue")
    if (before is None) == (after is None):
        raise JiraError(400, "Either rankBeforeIssue or rankAfterIssue must be given.")
    wanted = _keys(body)
    anchor = issues.find(call.tenant, str(before or after))["key"]
    found, entries = _existing(call, wanted)
    if anchor in found:
        raise JiraError(400, "An issue cannot be ranked relative to itself.")
    if found:
        issues.rank(call.tenant, found, anchor, after=before is None, actor=call.actor)
    if len(found) < len(wanted):
        return JSONResponse({"entries": entries}, status_code=207)
    return Response(status_code=204)


def _existing(call: Call, wanted: list[str]) -> tuple[list[str], list[dict[str, Any]]]:
    found, entries = [], []
    for key in wanted:
        try:
            issue = issues.find(call.tenant, key)
        except JiraError as error:
            entries.append({"issueKey": key, "status": 404, "errors": error.messages})
        else:
            found.append(issue["key"])
            entries.append({"issueId": int(issue["id"]), "issueKey": key, "status": 200})
    return found, entries


def _named(call: Call) -> list[issues.Issue]:
    return [issues.find(call.tenant, key) for key in _keys(call.object())]


def _keys(body: dict[str, Any]) -> list[str]:
    keys = body.get("issues")
    if not isinstance(keys, list) or not keys:
        raise JiraError(400, "issues: at least one issue must be given.")
    if len(keys) > _MOST:
        raise JiraError(400, f"The maximum number of issues per operation is {_MOST}.")
    return [str(key) for key in keys]


def _issues(call: Call, rows: list[issues.Issue]) -> Response:
    text = call.query("jql")
    query = jql.parse(call.tenant, text, call.actor) if text else None
    if query and query.matches:
        rows = [issue for issue in rows if query.matches(issue)]
    wanted = call.names("fields") or None
    shown = [shapes.issue(call.tenant, issue, wanted) for issue in rows]
    return _page(call, shown, "issues")


def _page(call: Call, rows: list[Any], name: str) -> Response:
    start, size = call.number("startAt", 0), call.number("maxResults", 50)
    answer: dict[str, Any] = {"startAt": start, "maxResults": size, "total": len(rows)}
    if name == "values":
        answer["isLast"] = start + size >= len(rows)
    return JSONResponse(answer | {name: rows[start : start + size]})


def _project(call: Call) -> workflow.Project:
    text = call.path("board")
    found = workflow.board(call.tenant, int(text)) if text.isdecimal() else None
    if found is None:
        raise JiraError(404, f"The requested board with id {text} cannot be viewed.")
    return found


def _sprint(call: Call) -> sprints.Sprint:
    text = call.path("sprint")
    found = workflow.sprint(int(text)) if text.isdecimal() else None
    if found is None:
        raise JiraError(404, f"Sprint does not exist: {text}")
    return found


def _root(call: Call) -> str:
    return f"{call.tenant.config.base_url}/jira/rest/agile/1.0"


_CALLS: list[tuple[str, str, Handler]] = [
    ("GET", "/rest/agile/1.0/board", boards),
    ("GET", "/rest/agile/1.0/board/{board}", board),
    ("GET", "/rest/agile/1.0/board/{board}/configuration", configuration),
    ("GET", "/rest/agile/1.0/board/{board}/sprint", board_sprints),
    ("GET", "/rest/agile/1.0/board/{board}/issue", board_issues),
    ("GET", "/rest/agile/1.0/sprint/{sprint}", sprint),
    ("GET", "/rest/agile/1.0/sprint/{sprint}/issue", sprint_issues),
    ("POST", "/rest/agile/1.0/sprint/{sprint}/issue", put_in_sprint),
    ("POST", "/rest/agile/1.0/backlog/issue", put_in_backlog),
    ("PUT", "/rest/agile/1.0/issue/rank", rank),
]


def routes(tenant: Tenant) -> list[BaseRoute]:
    return [
        Route(path, endpoint(tenant, handler), methods=[method]) for method, path, handler in _CALLS
    ]

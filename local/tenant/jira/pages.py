"""Viewer pages of Jira: boards with their columns and the issue, for people to act on."""

from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from local.tenant.core import Tenant
from local.tenant.devops import sprints
from local.tenant.devops.pages import missing
from local.tenant.jira import adf, agile_calls, control, issues, people, workflow
from local.tenant.jira.errors import JiraError
from local.tenant.viewer.page import render, see_other


def routes(tenant: Tenant) -> list[BaseRoute]:
    pages = _Pages(tenant)
    return [
        Route("/jira-board", pages.board, methods=["GET"]),
        Route("/jira-board/issue/{key}", pages.issue, methods=["GET"]),
        Route("/jira-board/issue/{key}/change", pages.change, methods=["POST"]),
        Route("/jira-board/issue/{key}/comments", pages.comment, methods=["POST"]),
    ]


class _Pages:
    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant

    async def board(self, request: Request) -> Response:
        """A scrum board shows its active sprint and below it the backlog; kanban shows all."""
        projects = workflow.projects(self._tenant)
        wanted = request.query_params.get("board", "1")
        project = next((p for p in projects if str(p.board.id) == wanted), projects[0])
        rows = [
            self._row(issue)
            for issue in issues.ranked(self._tenant)
            if agile_calls.is_on_board(issue, project)
        ]
        sprint = sprints.current(self._tenant.now())
        is_scrum = project.board.kind == "scrum"
        cards = [row for row in rows if row["sprint"] == sprint.name] if is_scrum else rows
        context = {
            "boards": [one.board for one in projects],
            "board": project.board,
            "project": project,
            "sprint": sprint if is_scrum else None,
            "columns": [
                (name, [row for row in cards if row["status"] == name])
                for name in project.board.columns
            ],
            "backlog": [row for row in rows if row not in cards],
        }
        return render(request, "backlog_jira.html", "jira", **context)

    async def issue(self, request: Request) -> Response:
        try:
            issue = issues.find(self._tenant, request.path_params["key"])
        except JiraError as error:
            return missing(request, "jira", " ".join(error.messages))
        context = self._issue_context(request, issue)
        return render(request, "backlog_jira_issue.html", "jira", **context)

    async def change(self, request: Request) -> Response:
        """One of: a transition along the workflow, the sprint, the assignee."""
        sent = await request.form()
        by = str(sent.get("by", ""))
        fields = {name: str(sent[name]) or None for name in ("sprint", "assignee") if name in sent}

        def act(key: str) -> None:
            if "transition" in sent:
                issue, actor = issues.find(self._tenant, key), control.person(self._tenant, by)
                issues.transition(self._tenant, issue, str(sent["transition"]), actor)
            if fields:
                control.change(self._tenant, key, fields, by)

        return self._act(request, act)

    async def comment(self, request: Request) -> Response:
        sent = await request.form()
        text, mention = str(sent.get("text", "")).strip(), str(sent.get("mention", ""))
        if not text:
            return self._back(request, "Write something first.")
        mentioned = people.resolve(self._tenant, mention) if mention else None
        by = str(sent.get("by", ""))
        return self._act(
            request, lambda key: control.comment(self._tenant, key, text, by, mentioned)
        )

    def _act(self, request: Request, action: Any) -> Response:
        try:
            action(request.path_params["key"])
        except JiraError as error:
            return self._back(request, " ".join([*error.messages, *error.errors.values()]))
        except ValueError as error:
            return self._back(request, str(error))
        return self._back(request, "")

    @staticmethod
    def _back(request: Request, mistake: str) -> Response:
        tail = f"?mistake={quote(mistake)}" if mistake else ""
        url = f"/jira-board/issue/{request.path_params['key']}{tail}"
        return see_other(url)

    def _row(self, issue: issues.Issue) -> dict[str, Any]:
        fields = issue["fields"]
        sprint = workflow.sprint(issue["sprint"]) if issue["sprint"] else None
        assignee = fields.get("assignee")
        return {
            "key": issue["key"],
            "type": fields["issuetype"],
            "summary": fields["summary"],
            "status": issue["status"],
            "priority": fields["priority"],
            "labels": fields["labels"],
            "sprint": sprint.name if sprint else "",
            "assignee": people.by_email(self._tenant, assignee).name if assignee else "",
            "comments": len(issue["comments"]),
        }

    def _issue_context(self, request: Request, issue: issues.Issue) -> dict[str, Any]:
        project = workflow.project(self._tenant, issue["project"])
        fields = issue["fields"]
        return {
            "issue": self._row(issue),
            "project": project,
            "reporter": people.by_email(self._tenant, fields["reporter"]).name,
            "created": issue["created"][:16].replace("T", " "),
            "updated": issue["updated"][:16].replace("T", " "),
            "description": adf.plain(fields.get("description")),
            "links": issue["links"],
            "properties": issue["properties"],
            "comments": [
                {
                    "by": people.by_email(self._tenant, entry["by"]).name,
                    "at": entry["created"],
                    "text": adf.plain(entry["body"]),
                }
                for entry in reversed(issue["comments"])
            ],
            "transitions": workflow.transitions(project, issue["status"]) if project else [],
            "sprints": [one.name for one in sprints.around(self._tenant.now(), 0, 2)],
            "people": list(self._tenant.seed.people.values()),
            "mistake": request.query_params.get("mistake", ""),
        }

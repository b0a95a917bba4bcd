"""Viewer pages of Azure DevOps: backlog, sprint board and work item, for people to act on."""

import re
from html import escape
from typing import Any
from urllib.parse import quote

import nh3
from markupsafe import Markup
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from local.tenant.core import Tenant
from local.tenant.devops import control, items, links, people, sprints, vocabulary
from local.tenant.devops.errors import VssError
from local.tenant.viewer.page import render, see_other

_COLUMNS = (
    ("Proposed", "New"),
    ("InProgress", "In progress"),
    ("Resolved", "Resolved"),
    ("Completed", "Done"),
)
_SHOWN_FIELDS = (
    "System.AssignedTo",
    "System.AreaPath",
    "System.IterationPath",
    "System.Reason",
    "Microsoft.VSTS.Common.Priority",
    "Microsoft.VSTS.Common.Severity",
    "System.CreatedBy",
    "System.CreatedDate",
    "System.ChangedBy",
    "System.ChangedDate",
)
_LONG_FIELDS = (
    ("System.Description", "Description"),
    ("Microsoft.VSTS.TCM.ReproSteps", "Repro steps"),
    ("Microsoft.VSTS.Common.AcceptanceCriteria", "Acceptance criteria"),
)


def routes(tenant: Tenant) -> list[BaseRoute]:
    pages = _Pages(tenant)
    return [
        Route("/devops", pages.project, methods=["GET"]),
        Route("/devops/item/{id}", pages.item, methods=["GET"]),
        Route("/devops/item/{id}/change", pages.change, methods=["POST"]),
        Route("/devops/item/{id}/comments", pages.comment, methods=["POST"]),
    ]


class _Pages:
    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant

    async def project(self, request: Request) -> Response:
        """One project's backlog, or with ``view=sprint`` the current sprint's board."""
        known = _projects(self._tenant)
        wanted = (request.query_params.get("org", ""), request.query_params.get("project", ""))
        org, project = wanted if wanted in known else known[0]
        rows = [self._row(item) for item in self._items(org, project)]
        sprint = sprints.current(self._tenant.now())
        path = f"{project}\\{sprint.name}"
        view = request.query_params.get("view", "backlog")
        cards = [row for row in rows if row["iteration"] == path]
        context = {
            "known": known,
            "org": org,
            "project": project,
            "view": view,
            "rows": rows[::-1],
            "sprint": sprint,
            "columns": [
                (label, [row for row in cards if row["category"] == category])
                for category, label in _COLUMNS
            ],
        }
        return render(request, "backlog_devops.html", "devops", **context)

    async def item(self, request: Request) -> Response:
        try:
            item = items.find(self._tenant, request.path_params["id"])
        except VssError as error:
            return missing(request, "devops", error.message)
        context = self._item_context(request, item)
        return render(request, "backlog_devops_item.html", "devops", **context)

    async def change(self, request: Request) -> Response:
        sent = await request.form()
        fields = {
            name: str(sent[name])
            for name in ("System.State", "System.IterationPath", "System.AssignedTo")
            if name in sent
        }
        return self._act(request, lambda key: control.change(self._tenant, key, fields, _by(sent)))

    async def comment(self, request: Request) -> Response:
        sent = await request.form()
        text = escape(str(sent.get("text", "")).strip()).replace("\n", "<br>")
        mentioned = str(sent.get("mention", ""))
        if mentioned:
            text = f"{control.mention(self._tenant.person(mentioned))} {text}"
        if not text:
            return self._back(request, "Write something first.")
        return self._act(request, lambda key: control.comment(self._tenant, key, text, _by(sent)))

    def _act(self, request: Request, action: Any) -> Response:
        try:
            action(request.path_params["id"])
        except VssError as error:
            return self._back(request, error.message)
        return self._back(request, "")

    @staticmethod
    def _back(request: Request, mistake: str) -> Response:
        tail = f"?mistake={quote(mistake)}" if mistake else ""
        url = f"/devops/item/{request.path_params['id']}{tail}"
        return see_other(url)

    def _items(self, org: str, project: str) -> list[items.Item]:
        kept = self._tenant.store.collection("devops-items").values()
        return [one for one in kept if (one["org"], one["project"]) == (org, project)]

    def _row(self, item: items.Item) -> dict[str, Any]:
        fields = item["fields"]
        assignee = fields.get("System.AssignedTo")
        return {
            "id": item["id"],
            "type": fields["System.WorkItemType"],
            "title": fields["System.Title"],
            "state": fields["System.State"],
            "category": vocabulary.CATEGORY[fields["System.State"]],
            "tags": [tag for tag in fields.get("System.Tags", "").split("; ") if tag],
            "iteration": fields["System.IterationPath"],
            "assignee": people.by_email(self._tenant, assignee).name if assignee else "",
            "links": len(item["relations"]),
            "comments": len(item["comments"]),
        }

    def _item_context(self, request: Request, item: items.Item) -> dict[str, Any]:
        fields = item["fields"]
        around = sprints.around(self._tenant.now(), 1, 3)
        paths = [item["project"], *(f"{item['project']}\\{one.name}" for one in around)]
        return {
            "item": self._row(item),
            "org": item["org"],
            "project": item["project"],
            "rev": item["rev"],
            "fields": [
                (_label(name), self._shown(name, fields[name]))
                for name in _SHOWN_FIELDS
                if name in fields
            ],
            "texts": [
                (label, clean(str(fields[name]))) for name, label in _LONG_FIELDS if name in fields
            ],
            "relations": [self._relation(relation) for relation in item["relations"]],
            "comments": [
                {
                    "by": people.by_email(self._tenant, entry["by"]).name,
                    "at": entry["at"],
                    "html": clean(entry["text"]),
                }
                for entry in reversed(item["comments"])
            ],
            "changes": [self._change(update) for update in reversed(item["updates"])],
            "states": vocabulary.STATES[fields["System.WorkItemType"]],
            "iterations": paths
            if fields["System.IterationPath"] in paths
            else [
                fields["System.IterationPath"],
                *paths,
            ],
            "people": list(self._tenant.seed.people.values()),
            "mistake": request.query_params.get("mistake", ""),
        }

    def _shown(self, name: str, value: Any) -> str:
        if name in vocabulary.IDENTITY_FIELDS:
            return people.by_email(self._tenant, value).name
        return str(value)[:16].replace("T", " ") if name.endswith("Date") else str(value)

    def _relation(self, relation: dict[str, Any]) -> dict[str, str]:
        target = links.target_of(relation)
        other = self._tenant.store.collection("devops-items").get(target or "")
        title = other["fields"]["System.Title"] if other else relation["url"]
        comment = str(relation["attributes"].get("comment") or "")
        return {
            "kind": links.name_of(relation["rel"]),
            "url": f"/devops/item/{target}" if target else relation["url"],
            "text": f"#{target} {title}" if target else comment or relation["url"],
        }

    def _change(self, update: dict[str, Any]) -> dict[str, Any]:
        changed = items.visible_changes(update)
        hidden = ("System.Watermark", "System.AuthorizedAs", "System.CommentCount")
        is_comment = "System.History" in changed
        return {
            "at": update["at"][:16].replace("T", " "),
            "by": people.by_email(self._tenant, update["by"]).name,
            "rev": update["rev"],
            "what": [
                (_label(name), pair.get("oldValue", ""), pair.get("newValue", ""))
                for name, pair in changed.items()
                if name not in (*hidden, "System.History") and update["rev"] > 1
            ],
            "is_comment": is_comment,
            "added": [links.name_of(relation["rel"]) for relation in update["added"]],
        }


def _label(name: str) -> str:
    """System.CreatedBy as "Created by"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.rpartition(".")[2]).capitalize()


def missing(request: Request, section: str, message: str) -> Response:
    answer = render(request, "backlog_missing.html", section, message=message)
    answer.status_code = 404
    return answer


def clean(text: str) -> Markup:
    """Somebody else's HTML without what could act; mentions stay as marked text."""
    kept = nh3.clean(
        text,
        tags={
            "a",
            "b",
            "br",
            "code",
            "div",
            "em",
            "h3",
            "i",
            "li",
            "ol",
            "p",
            "pre",
            "strong",
            "table",
            "tbody",
            "td",
            "th",
            "tr",
            "u",
            "ul",
        },
        attributes={"a": {"href", "data-vss-mention"}},
    )
    return Markup(kept)  # noqa: S704 - cleaned right above


def _projects(tenant: Tenant) -> list[tuple[str, str]]:
    named = [
        (str(backlog.get("organisation") or "contoso"), str(project))
        for desk in tenant.seed.desks.values()
        if isinstance(backlog := desk.get("backlog"), dict)
        and backlog.get("system") == "azure_devops"
        and (project := backlog.get("project"))
    ]
    kept = [
        (item["org"], item["project"]) for item in tenant.store.collection("devops-items").values()
    ]
    return list(dict.fromkeys([*named, *kept])) or [("contoso", "myTC")]


def _by(sent: FormData) -> str:
    return str(sent.get("by", ""))

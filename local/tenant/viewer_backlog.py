"""Viewer pages of the backlogs: Azure DevOps, Jira, Jenkins and Microsoft Forms."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from local.tenant import jenkins
from local.tenant.core import Tenant
from local.tenant.devops import pages as devops_pages
from local.tenant.forms import flow
from local.tenant.forms.definition import forms_of
from local.tenant.jira import pages as jira_pages
from local.tenant.viewer.page import render, see_other


def routes(tenant: Tenant) -> list[BaseRoute]:
    """``/devops``, ``/jira-board``, ``/jenkins-jobs``, ``/forms-list`` and what they post to."""
    pages = _Pages(tenant)
    return [
        *devops_pages.routes(tenant),
        *jira_pages.routes(tenant),
        Route("/jenkins-jobs", pages.builds, methods=["GET"]),
        Route("/jenkins-jobs", pages.order_build, methods=["POST"]),
        Route("/forms-list", pages.forms, methods=["GET"]),
        Route("/forms-list/trigger", pages.set_trigger, methods=["POST"]),
        Route("/forms-list/resubmit", pages.resubmit, methods=["POST"]),
    ]


class _Pages:
    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant

    async def builds(self, request: Request) -> Response:
        builds = jenkins.builds(self._tenant)
        jobs = list(dict.fromkeys(["preprod-deploy", *(build["job"] for build in builds)]))
        context = {
            "builds": builds,
            "jobs": jobs,
            "orders": list(self._tenant.store.collection("jenkins-orders").values()),
            "results": jenkins.RESULTS,
        }
        return render(request, "backlog_jenkins.html", "jenkins", **context)

    async def order_build(self, request: Request) -> Response:
        sent = await request.form()
        seconds = str(sent.get("seconds", ""))
        wanted: dict[str, Any] = {"job": sent.get("job"), "result": sent.get("result")}
        if seconds.isdecimal():
            wanted["seconds"] = int(seconds)
        jenkins.order(self._tenant, wanted)
        return see_other("/jenkins-jobs")

    async def forms(self, request: Request) -> Response:
        kept = self._tenant.store.collection("forms-responses").items()
        context = {
            "desks": [
                (desk, forms) for desk in self._tenant.seed.desks if (forms := self._forms(desk))
            ],
            "responses": [{**response, "key": key} for key, response in reversed(list(kept))],
            "mode": flow.trigger_mode(self._tenant),
            "modes": flow.MODES,
        }
        return render(request, "backlog_forms.html", "forms", **context)

    def _forms(self, desk: str) -> list[dict[str, Any]]:
        return [
            {
                "id": form.id,
                "title": form.title("en"),
                "languages": form.languages,
                "questions": len(form.fields),
            }
            for form in forms_of(self._tenant, desk)
        ]

    async def set_trigger(self, request: Request) -> Response:
        sent = await request.form()
        flow.set_trigger(self._tenant, sent.get("trigger"))
        return see_other("/forms-list")

    async def resubmit(self, request: Request) -> Response:
        """Runs the flow again for one response."""
        key = str((await request.form()).get("key", ""))
        if key in self._tenant.store.collection("forms-responses"):
            flow.resubmit(self._tenant, key)
        return see_other("/forms-list")

"""Jenkins: queued and running builds of any job, on the shared clock.

A build waits a moment in the queue and then runs for a second, or for what the control call has
ordered for the next one. www.jenkins.io/doc/book/using/remote-access-api
"""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from local.tenant.core import Tenant

_QUIET = timedelta(seconds=0.2)
_DEFAULT = {"result": "SUCCESS", "seconds": 1.0}
RESULTS = ("SUCCESS", "FAILURE", "UNSTABLE", "ABORTED")

Build = dict[str, Any]


def order(tenant: Tenant, wanted: dict[str, Any]) -> dict[str, Any]:
    """Sets how the next build of a job ends; ValueError names the wrong field."""
    job = wanted.get("job")
    if not isinstance(job, str) or not job:
        raise ValueError("job: required")
    result = wanted.get("result", "SUCCESS")
    if result not in RESULTS:
        raise ValueError(f"result: one of {', '.join(RESULTS)}")
    seconds = wanted.get("seconds", _DEFAULT["seconds"])
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds < 0:
        raise ValueError("seconds: must be a number, not negative")
    ordered = {"job": job, "result": result, "seconds": float(seconds)}
    tenant.store.collection("jenkins-orders")[job] = ordered
    return ordered


def builds(tenant: Tenant, job: str = "") -> list[Build]:
    """Newest first; each with its state now."""
    kept = tenant.store.collection("jenkins-builds").values()
    return [state_of(tenant, one) for one in reversed(list(kept)) if job in ("", one["job"])]


def start(tenant: Tenant, job: str, parameters: dict[str, str]) -> Build:
    """Queues a build; it takes the result that was ordered, if one was."""
    orders = tenant.store.collection("jenkins-orders")
    wanted = orders.pop(job, _DEFAULT)
    begins = tenant.now() + _QUIET
    build = {
        "queue_id": tenant.store.next_number("jenkins-queue"),
        "job": job,
        "number": tenant.store.next_number(f"jenkins-{job}"),
        "parameters": parameters,
        "result": wanted["result"],
        "begins": begins.isoformat(),
        "ends": (begins + timedelta(seconds=float(wanted["seconds"]))).isoformat(),
    }
    tenant.store.collection("jenkins-builds")[str(build["queue_id"])] = build
    return build


def state_of(tenant: Tenant, build: Build) -> Build:
    """The build with `state`: queued, building or done."""
    now = tenant.now()
    if now < datetime.fromisoformat(build["begins"]):
        return {**build, "state": "queued"}
    is_over = now >= datetime.fromisoformat(build["ends"])
    return {**build, "state": "done" if is_over else "building"}


def routes(tenant: Tenant) -> list[BaseRoute]:
    """Everything below ``/jenkins``."""
    api = _Api(tenant)
    return [
        Route("/crumbIssuer/api/json", api.crumb, methods=["GET"]),
        Route("/job/{job}/build", api.build, methods=["POST"]),
        Route("/job/{job}/buildWithParameters", api.build, methods=["POST"]),
        Route("/queue/item/{item:int}/api/json", api.queue_item, methods=["GET"]),
        Route("/job/{job}/api/json", api.job, methods=["GET"]),
        Route("/job/{job}/{number}/api/json", api.one_build, methods=["GET"]),
    ]


class _Api:
    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._root = f"{tenant.config.base_url}/jenkins"

    async def crumb(self, request: Request) -> Response:
        return self._refusal(request) or JSONResponse(
            {
                "_class": "hudson.security.csrf.DefaultCrumbIssuer",
                "crumb": "5d1f0a4c2b9e4f6a",
                "crumbRequestField": "Jenkins-Crumb",
            }
        )

    async def build(self, request: Request) -> Response:
        """Parameters come in the query or as a form. 201 with the queue item's address."""
        form = parse_qsl((await request.body()).decode(), keep_blank_values=True)
        refusal = self._refusal(request)
        if refusal:
            return refusal
        parameters = {**request.query_params, **dict(form)}
        for secret in ("token", "json"):
            parameters.pop(secret, None)
        build = start(self._tenant, request.path_params["job"], parameters)
        where = f"{self._root}/queue/item/{build['queue_id']}/"
        return Response(status_code=201, headers={"Location": where})

    async def queue_item(self, request: Request) -> Response:
        kept = self._tenant.store.collection("jenkins-builds")
        build = kept.get(str(request.path_params["item"]))
        refusal = self._refusal(request)
        if refusal or build is None:
            return refusal or Response("Not Found", status_code=404)
        is_waiting = state_of(self._tenant, build)["state"] == "queued"
        kind = "Queue$WaitingItem" if is_waiting else "Queue$LeftItem"
        item: dict[str, Any] = {
            "_class": f"hudson.model.{kind}",
            "id": build["queue_id"],
            "actions": [self._parameters(build)],
            "blocked": False,
            "buildable": False,
            "stuck": False,
            "inQueueSince": _milliseconds(build["begins"]),
            "task": {"name": build["job"], "url": f"{self._root}/job/{build['job']}/"},
            "url": f"queue/item/{build['queue_id']}/",
            "why": "In the quiet period. Expires in 0.2 sec" if is_waiting else None,
        }
        if not is_waiting:
            item["cancelled"] = False
            item["executable"] = {"number": build["number"], "url": self._url(build)}
        return JSONResponse(item)

    async def job(self, request: Request) -> Response:
        refusal = self._refusal(request)
        if refusal:
            return refusal
        job = request.path_params["job"]
        started = [one for one in builds(self._tenant, job) if one["state"] != "queued"]
        shown = [{"number": one["number"], "url": self._url(one)} for one in started]
        return JSONResponse(
            {
                "name": job,
                "url": f"{self._root}/job/{job}/",
                "buildable": True,
                "builds": shown,
                "lastBuild": shown[0] if shown else None,
                "inQueue": len(started) < len(builds(self._tenant, job)),
            }
        )

    async def one_build(self, request: Request) -> Response:
        """A build by its number or as lastBuild."""
        wanted = request.path_params["number"]
        started = builds(self._tenant, request.path_params["job"])
        started = [one for one in started if one["state"] != "queued"]
        found = [one for one in started if wanted in (str(one["number"]), "lastBuild")]
        refusal = self._refusal(request)
        if refusal or not found:
            return refusal or Response("Not Found", status_code=404)
        return JSONResponse(self._build(found[0]))

    def _build(self, build: Build) -> dict[str, Any]:
        is_over = build["state"] == "done"
        begins, ends = _milliseconds(build["begins"]), _milliseconds(build["ends"])
        return {
            "_class": "hudson.model.FreeStyleBuild",
            "actions": [self._parameters(build)],
            "building": not is_over,
            "inProgress": not is_over,
            "result": build["result"] if is_over else None,
            "number": build["number"],
            "id": str(build["number"]),
            "queueId": build["queue_id"],
            "timestamp": begins,
            "duration": ends - begins if is_over else 0,
            "estimatedDuration": ends - begins,
            "displayName": f"#{build['number']}",
            "fullDisplayName": f"{build['job']} #{build['number']}",
            "url": self._url(build),
        }

    def _url(self, build: Build) -> str:
        return f"{self._root}/job/{build['job']}/{build['number']}/"

    @staticmethod
    def _parameters(build: Build) -> dict[str, Any]:
        given = [{"name": name, "value": value} for name, value in build["parameters"].items()]
        return {"_class": "hudson.model.ParametersAction", "parameters": given}

    @staticmethod
    def _refusal(request: Request) -> Response | None:
        """Basic with an API token is wanted; such calls need no crumb."""
        if "authorization" in request.headers:
            return None
        headers = {"WWW-Authenticate": 'Basic realm="Jenkins"'}
        return Response("Authentication required", status_code=401, headers=headers)


def _milliseconds(moment: str) -> int:
    return round(datetime.fromisoformat(moment).timestamp() * 1000)

"""Azure DevOps Services: work item tracking, sprints, identities and service hooks.

Paths are matched as the service does, whatever their case; what stands before ``_apis`` is the
organisation, then perhaps a project and a team. Any organisation and project exists.
"""

import re

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from local.tenant.core import Tenant
from local.tenant.devops import options
from local.tenant.devops import project_calls as project
from local.tenant.devops import work_item_calls as work
from local.tenant.devops.calls import Call, Handler, actor_of
from local.tenant.devops.errors import VssError, sign_in_page

_COMMENTS = r"wit/workitems/(\d+)/comments"
_CALLS: list[tuple[str, str, int, Handler]] = [  # method, path below _apis, least scope, handler
    ("POST", r"wit/workitems/\$(.+)", 2, work.create),
    ("GET", r"wit/workitems/(\d+)", 1, work.read),
    ("PATCH", r"wit/workitems/(\d+)", 1, work.change),
    ("GET", r"wit/workitems", 1, work.read_some),
    ("POST", r"wit/workitemsbatch", 1, work.read_batch),
    ("GET", r"wit/workitems/(\d+)/updates", 1, work.updates),
    ("GET", _COMMENTS, 2, work.list_comments),
    ("POST", _COMMENTS, 2, work.add_comment),
    ("GET", _COMMENTS + r"/(\d+)", 2, work.read_comment),
    ("PATCH", _COMMENTS + r"/(\d+)", 2, work.change_comment),
    ("POST", r"wit/wiql", 1, work.query),
    ("POST", r"wit/attachments", 1, work.upload),
    ("GET", r"wit/attachments/([\w-]+)", 1, work.download),
    ("GET", r"wit/workitemtypes(?:/([^/]+))?", 2, project.work_item_types),
    ("GET", r"wit/workitemtypes/([^/]+)/states", 2, project.type_states),
    ("GET", r"wit/classificationnodes(?:/(\w+))?", 2, project.classification_nodes),
    ("GET", r"work/teamsettings/iterations", 2, project.iterations),
    ("GET", r"projects", 1, project.projects),
    ("GET", r"projects/([^/]+)", 1, project.project),
    ("GET", r"identities", 1, project.identities),
    ("GET", r"connectiondata", 1, project.connection_data),
    ("GET", r"hooks/subscriptions", 1, project.list_subscriptions),
    ("POST", r"hooks/subscriptions", 1, project.subscribe),
    ("GET", r"hooks/subscriptions/([\w-]+)", 1, project.read_subscription),
    ("DELETE", r"hooks/subscriptions/([\w-]+)", 1, project.unsubscribe),
]
_TABLE = [
    (method, re.compile(path, re.IGNORECASE), least, handler)
    for method, path, least, handler in _CALLS
]


def routes(tenant: Tenant) -> list[BaseRoute]:
    """Everything below ``/azure-devops``."""

    async def endpoint(request: Request) -> Response:
        body = await request.body()
        try:
            return _answer(tenant, request, body)
        except VssError as error:
            return error.answer()

    methods = ["GET", "POST", "PATCH", "PUT", "DELETE"]
    return [Route("/{path:path}", endpoint, methods=methods)]


def _answer(tenant: Tenant, request: Request, body: bytes) -> Response:
    sign_in = options.read(tenant)["sign_in_page"]
    anonymous = "authorization" not in request.headers
    if sign_in == "always" or (sign_in == "missing" and anonymous):
        return sign_in_page()
    before, marker, after = request.path_params["path"].partition("/_apis/")
    scope = tuple(part for part in before.split("/") if part)
    for method, path, least, handler in _TABLE:
        found = path.fullmatch(after.rstrip("/"))
        if marker and found and method == request.method and least <= len(scope) <= 3:
            _check_version(request, after)
            actor = actor_of(tenant, request)
            return handler(Call(tenant, request, scope, found.groups(), body, actor))
    message = f"The controller for path '/{request.path_params['path']}' was not found."
    raise VssError(404, "VssResourceNotFoundException", message)


def _check_version(request: Request, path: str) -> None:
    """The version is optional for GET only; comments are a preview and must be asked for as one."""
    given = request.query_params.get("api-version", "")
    if not given:
        accept = request.headers.get("accept", "")
        found = re.search(r"api-version\s*=\s*([^;,\s]+)", accept)
        given = found[1] if found else ""
    if not given and request.method != "GET":
        message = (
            f"No api-version was supplied for the {request.method} request. The version must be "
            "supplied either as part of the Accept header or as a query parameter."
        )
        raise VssError(400, "VssVersionNotSpecifiedException", message)
    if given and "/comments" in path.lower() and "-preview" not in given:
        message = (
            f'The requested version "{given}" of the resource is under preview. The -preview flag '
            "must be supplied in the api-version for such requests."
        )
        raise VssError(400, "VssInvalidPreviewVersionException", message)

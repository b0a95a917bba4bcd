"""What vendors call: each proves itself in its own way."""

from __future__ import annotations

import base64
import hashlib
import hmac

import azure.functions as func

from functions.visit import Visit, answer, api, json_body
from shared.domain.errors import Forbidden
from shared.service import item_news


class NotProved(Forbidden):
    """The caller did not prove to be the vendor."""


@api
async def hook_azure_devops(visit: Visit) -> func.HttpResponse:
    """A service hook: basic authentication, since Azure DevOps signs nothing."""
    from shared.adapters.backlog_news import devops_news  # noqa: PLC0415  # hooks are rare

    settings = visit.app.settings
    expected = f"{settings.hook_user}:{settings.hook_password}"
    given = visit.req.headers.get("authorization", "")
    wanted = "Basic " + base64.b64encode(expected.encode()).decode()
    if not settings.hook_password or not hmac.compare_digest(given.encode(), wanted.encode()):
        raise NotProved("the service hook's user or password is wrong")
    news = devops_news(json_body(visit.req))
    changed = news is not None and await item_news.receive(visit.deps, news, _own(visit))
    return answer({"changed": changed})


@api
async def hook_jira(visit: Visit) -> func.HttpResponse:
    """A webhook: signed over its raw body."""
    from shared.adapters.backlog_news import jira_news  # noqa: PLC0415
    from shared.adapters.jira import verify_signature  # noqa: PLC0415

    raw = visit.req.get_body()
    header = visit.req.headers.get("x-hub-signature", "")
    if not verify_signature(raw, header, visit.app.settings.jira_secret):
        raise NotProved("the webhook's signature is wrong")
    delivery = visit.req.headers.get("x-atlassian-webhook-identifier", "")
    delivery = delivery or hashlib.sha256(raw).hexdigest()  # repeats are the same bytes
    news = jira_news(json_body(visit.req), delivery)
    changed = news is not None and await item_news.receive(visit.deps, news, _own(visit))
    return answer({"changed": changed})


def _own(visit: Visit) -> frozenset[str]:
    settings = visit.app.settings
    names = {settings.devops_identity.lower(), settings.jira_user.lower()}
    return frozenset(name for name in names if name)

"""Jira Cloud: issues, search, boards, sprints and webhooks of the Door projects."""

from starlette.routing import BaseRoute

from local.tenant.core import Tenant
from local.tenant.jira import agile_calls, issue_calls


def routes(tenant: Tenant) -> list[BaseRoute]:
    """Everything below ``/jira``."""
    return [*issue_calls.routes(tenant), *agile_calls.routes(tenant)]

"""Habits of the real backlogs that a test may switch on: slow search, sign-in page, no sprint."""

from datetime import datetime, timedelta
from typing import Any

from local.tenant.core import Tenant

_DEFAULTS: dict[str, Any] = {
    "search_lag_seconds": 0,  # queries do not see what was written less long ago
    "sign_in_page": "missing",  # without Authorization; "always": an expired token; "never"
    "current_sprint": True,  # False: between two sprints
}


def read(tenant: Tenant) -> dict[str, Any]:
    return _DEFAULTS | dict(tenant.store.collection("backlog-options").get("all", {}))


def change(tenant: Tenant, wanted: dict[str, Any]) -> dict[str, Any]:
    """Takes the options that are named; ValueError names a wrong one."""
    for name, value in wanted.items():
        if name not in _DEFAULTS:
            raise ValueError(f"{name}: unknown, one of {', '.join(_DEFAULTS)}")
        if name == "sign_in_page" and value not in ("missing", "always", "never"):
            raise ValueError("sign_in_page: missing, always or never")
        if name == "current_sprint" and not isinstance(value, bool):
            raise ValueError("current_sprint: must be true or false")
        if name == "search_lag_seconds" and not isinstance(value, int | float):
            raise ValueError("search_lag_seconds: must be a number")
    options = read(tenant) | wanted
    tenant.store.collection("backlog-options")["all"] = options
    return options


def is_searchable(tenant: Tenant, written: str) -> bool:
    """Whether a document last written at that ISO time has reached the search index."""
    lag = float(read(tenant)["search_lag_seconds"])
    return lag <= 0 or tenant.now() - datetime.fromisoformat(written) >= timedelta(seconds=lag)

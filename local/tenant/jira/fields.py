"""The fields of a create or edit call, checked as Jira's screens check them."""

import re
from collections.abc import Callable
from typing import Any

from local.tenant.core import Tenant
from local.tenant.jira import adf, people, workflow
from local.tenant.jira.errors import JiraError

Reader = Callable[[Tenant, Any], Any]

_CUSTOM = re.compile(r"customfield_\d+")


class _Refused(Exception):
    """What is wrong with one field's value."""


def read_fields(tenant: Tenant, given: Any, *, creating: bool) -> dict[str, Any]:
    """Plain values by field name; JiraError carries one message per wrong field."""
    if not isinstance(given, dict):
        raise JiraError(400, "Can not instantiate value of type: fields must be an object.")
    fields: dict[str, Any] = {"priority": "Medium"} if creating else {}
    errors: dict[str, str] = {}
    for name, value in given.items():
        reader = _READERS.get(name)
        if reader is None and not _CUSTOM.fullmatch(name):
            errors[name] = (
                f"Field '{name}' cannot be set. It is not on the appropriate screen, or unknown."
            )
            continue
        try:
            fields[name] = reader(tenant, value) if reader else value
        except _Refused as refusal:
            errors[name] = str(refusal)
    if creating:
        for name, message in _REQUIRED.items():
            if name not in fields:
                errors.setdefault(name, message)
    if errors:
        raise JiraError(400, errors=errors)
    return fields


def _summary(tenant: Tenant, value: Any) -> str:
    text = value if isinstance(value, str) else ""
    if not text.strip():
        raise _Refused("You must specify a summary of the issue.")
    if len(text) > 255:
        raise _Refused("Summary must be less than 255 characters.")
    if "\n" in text or "\r" in text:
        raise _Refused("The summary is invalid because it contains newline characters.")
    return text.strip()


def _rich_text(tenant: Tenant, value: Any) -> Any:
    if value is not None and not adf.is_document(value):
        raise _Refused(
            "Operation value must be an Atlassian Document (see the Atlassian Document Format)"
        )
    return value


def _labels(tenant: Tenant, value: Any) -> list[str]:
    labels = [str(label) for label in value or ()]
    for label in labels:
        if " " in label:
            raise _Refused(f"The label '{label}' contains spaces which is invalid.")
        if len(label) > 255:
            raise _Refused(f"The label '{label}' exceeds the maximum length of 255 characters.")
    return list(dict.fromkeys(labels))


def _named(value: Any, known: dict[str, int], refusal: str) -> str:
    wanted = value if isinstance(value, dict) else {}
    for name, number in known.items():
        if wanted.get("name") == name or str(wanted.get("id")) == str(number):
            return name
    raise _Refused(refusal)


def _project(tenant: Tenant, value: Any) -> str:
    wanted = value if isinstance(value, dict) else {}
    project = workflow.project(tenant, str(wanted.get("key") or wanted.get("id") or ""))
    if project is None:
        raise _Refused("valid project is required")
    return project.key


def _issue_type(tenant: Tenant, value: Any) -> str:
    return _named(value, workflow.ISSUE_TYPES, "Specify a valid issue type")


def _priority(tenant: Tenant, value: Any) -> str:
    return _named(value, workflow.PRIORITIES, "The priority selected is invalid.")


def _account(tenant: Tenant, value: Any) -> str | None:
    wanted = (value or {}).get("accountId") or (value or {}).get("id")
    if wanted is None:
        return None
    person = people.by_account(tenant, str(wanted))
    if person is None:
        raise _Refused(f"User '{wanted}' does not exist.")
    return person.email


def _date(tenant: Tenant, value: Any) -> str | None:
    if value is not None and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", str(value)):
        raise _Refused("Error parsing date string, expected yyyy-MM-dd.")
    return value if value is None else str(value)


def _as_given(tenant: Tenant, value: Any) -> Any:
    return value


_REQUIRED = {
    "project": "valid project is required",
    "issuetype": "Specify an issue type",
    "summary": "You must specify a summary of the issue.",
}
_READERS: dict[str, Reader] = {
    "summary": _summary,
    "description": _rich_text,
    "environment": _rich_text,
    "project": _project,
    "issuetype": _issue_type,
    "priority": _priority,
    "assignee": _account,
    "reporter": _account,
    "labels": _labels,
    "duedate": _date,
    "components": _as_given,
    "fixVersions": _as_given,
    "versions": _as_given,
    "parent": _as_given,
}

"""What all viewer pages share: templates, filters, the answer to a posted form."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.templating import Jinja2Templates

_HERE = Path(__file__).parent
STATIC = _HERE / "static"
_SECTIONS = (
    ("mail", "Mail", "/"),
    ("teams", "Teams", "/teams"),
    ("devops", "DevOps", "/devops"),
    ("jira", "Jira", "/jira-board"),
    ("jenkins", "Jenkins", "/jenkins-jobs"),
    ("forms", "Forms", "/forms-list"),
    ("calls", "Calls", "/calls"),
    ("clock", "Clock", "/clock"),
)
_COLOURS = 6


def _moment(value: str | datetime) -> datetime:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.astimezone(UTC)


def _when(value: str | datetime | None) -> str:
    """A moment as people read it, in UTC."""
    return f"{_moment(value):%a %d %b %Y, %H:%M}" if value else ""


def _short(value: str | datetime | None) -> str:
    return f"{_moment(value):%d %b %H:%M}" if value else ""


def _pretty(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, indent=2, ensure_ascii=False)


def _initials(name: str) -> str:
    words = [word for word in name.replace(".", " ").split("@")[0].split() if word]
    return "".join(word[0] for word in words[:2]).upper() or "?"


def _colour(name: str) -> int:
    return sum(name.encode()) % _COLOURS


_TEMPLATES = Jinja2Templates(directory=_HERE / "templates")
_TEMPLATES.env.filters.update(
    when=_when, short=_short, pretty=_pretty, initials=_initials, colour=_colour
)
_TEMPLATES.env.globals["sections"] = _SECTIONS


def render(request: Request, template: str, section: str, **facts: Any) -> Response:
    """A page; `section` names its entry in the navigation."""
    return _TEMPLATES.TemplateResponse(request, template, {"section": section, **facts})


def see_other(address: str) -> Response:
    """After a posted form: go and look."""
    return RedirectResponse(address, 303)

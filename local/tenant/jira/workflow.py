"""Projects, their statuses and transitions, boards and sprints."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from local.tenant.core import Tenant
from local.tenant.devops import sprints

_CATEGORIES = {
    "To Do": (2, "new", "blue-gray", "To Do"),
    "In progress": (4, "indeterminate", "yellow", "In Progress"),
    "Done": (3, "done", "green", "Done"),
}
_STATUSES = (  # name, id, category; ids are one list for the whole site
    ("To Do", 10000, "To Do"),
    ("In progress", 10001, "In progress"),
    ("Code review", 10002, "In progress"),
    ("QA", 10003, "In progress"),
    ("Deployed to DEV", 10004, "In progress"),
    ("Done", 10005, "Done"),
    ("Triage", 10006, "To Do"),
    ("Ready for sprint", 10007, "To Do"),
)
STATUS_ID = {name: number for name, number, _ in _STATUSES}
_CATEGORY = {name: category for name, _, category in _STATUSES}

_PIPELINE = {  # what every issue goes through once a developer has it
    "In progress": ("Code review",),
    "Code review": ("QA", "In progress"),
    "QA": ("Deployed to DEV", "In progress"),
    "Deployed to DEV": ("Done", "In progress"),
}
ISSUE_TYPES = {"Bug": 10004, "Task": 10005, "Story": 10006, "Epic": 10007, "Support": 10008}
PRIORITIES = {"Highest": 1, "High": 2, "Medium": 3, "Low": 4, "Lowest": 5}
SPRINT_FIELD = "customfield_10020"


@dataclass(frozen=True)
class Project:
    """`moves` is the workflow: which statuses an issue can go to from the one it has."""

    key: str
    id: int
    name: str
    board: "Board"
    moves: dict[str, tuple[str, ...]]

    @property
    def first(self) -> str:
        return next(iter(self.moves))


@dataclass(frozen=True)
class Board:
    id: int
    name: str
    kind: str
    columns: tuple[str, ...]


_DEVELOPMENT = {
    "To Do": ("In progress",),
    **_PIPELINE,
    "In progress": ("To Do", "Code review"),
    "Deployed to DEV": ("Done", "In progress", "To Do"),  # not fixed after all
    "Done": ("In progress", "To Do"),
}
_SUPPORT = {
    "Triage": ("Ready for sprint", "Done"),
    "Ready for sprint": ("In progress", "Triage"),
    **_PIPELINE,
    "In progress": ("Ready for sprint", "Code review", "Done"),
    "Done": ("Triage",),
}
_SUPPORT_COLUMNS = ("Triage", "Ready for sprint", "In progress", "Done")
_SPRINT_COLUMNS = ("To Do", "In progress", "Code review", "QA", "Deployed to DEV", "Done")

_ALWAYS = (
    Project("DOOR", 10000, "Door", Board(1, "Sprint Work", "scrum", _SPRINT_COLUMNS), _DEVELOPMENT),
    Project(
        "QAOPS",
        10001,
        "QA/Operations",
        Board(2, "QA/Operations", "kanban", _SUPPORT_COLUMNS),
        _SUPPORT,
    ),
)


def projects(tenant: Tenant) -> list[Project]:
    """The two of the Door desk, and any other that a desk's file names."""
    known = {project.key: project for project in _ALWAYS}
    for key in _named_in_desks(tenant):
        if key not in known:
            number = len(known) + 1
            board = Board(number, f"{key} board", "scrum", _SPRINT_COLUMNS)
            known[key] = Project(key, 9999 + number, key.title(), board, _DEVELOPMENT)
    return list(known.values())


def _named_in_desks(tenant: Tenant) -> list[str]:
    backlogs = (desk.get("backlog") for desk in tenant.seed.desks.values())
    jira = [b for b in backlogs if isinstance(b, dict) and b.get("system") == "jira"]
    values = (str(value) for b in jira for name, value in b.items() if "project" in name)
    return sorted({value for value in values if value.isupper() and value.isalnum()})


def project(tenant: Tenant, wanted: str) -> Project | None:
    """By key (whatever its case) or id."""
    folded = wanted.upper()
    return next((p for p in projects(tenant) if folded in (p.key, str(p.id))), None)


def board(tenant: Tenant, board_id: int) -> Project | None:
    return next((p for p in projects(tenant) if p.board.id == board_id), None)


def transitions(project: Project, status: str) -> list[tuple[str, str]]:
    """Transition id and target status; the id says where to, so it is the same from anywhere."""
    targets = project.moves.get(status, ())
    return [(str(STATUS_ID[target] - 10000 + 11), target) for target in targets]


def status(root: str, name: str) -> dict[str, Any]:
    """StatusDetails with its category."""
    number, key, color, label = _CATEGORIES[_CATEGORY[name]]
    return {
        "self": f"{root}/status/{STATUS_ID[name]}",
        "description": "",
        "iconUrl": f"{root}/images/icons/status.svg",
        "name": name,
        "id": str(STATUS_ID[name]),
        "statusCategory": {
            "self": f"{root}/statuscategory/{number}",
            "id": number,
            "key": key,
            "colorName": color,
            "name": label,
        },
    }


def category(name: str) -> str:
    return _CATEGORIES[_CATEGORY[name]][3]


def sprint_id(number: int) -> int:
    return 100 + number


def sprint(sprint_id: int) -> sprints.Sprint | None:
    return sprints.sprint(sprint_id - 100) if sprint_id > 100 else None


def sprint_state(sprint: sprints.Sprint, now: datetime) -> str:
    return {"past": "closed", "current": "active", "future": "future"}[sprint.frame(now)]


def sprint_shape(tenant: Tenant, sprint: sprints.Sprint, board_id: int) -> dict[str, Any]:
    """A sprint as the agile API shows it."""
    number = sprint_id(sprint.number)
    return {
        "id": number,
        "self": f"{tenant.config.base_url}/jira/rest/agile/1.0/sprint/{number}",
        "state": sprint_state(sprint, tenant.now()),
        "name": sprint.name,
        "startDate": sprint.start.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "endDate": sprint.finish.strftime("%Y-%m-%dT23:59:59.000Z"),
        "originBoardId": board_id,
        "goal": "",
    }

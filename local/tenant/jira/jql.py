"""The part of JQL that a desk needs, over issues as the store keeps them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedInput, VisitError

from local.tenant.core import Tenant
from local.tenant.jira import adf, people, workflow
from local.tenant.jira.errors import JiraError
from local.tenant.seed import Person

_GRAMMAR = r"""
start: [either] ["ORDER"i "BY"i sorts]
sorts: sort ("," sort)*
sort: name [DIRECTION]
?either: both ("OR"i both)* -> any_of
?both: term ("AND"i term)* -> all_of
?term: "NOT"i term -> negate
     | "(" either ")"
     | name OPERATOR value -> compare
     | name "IS"i "NOT"i EMPTY -> filled
     | name "IS"i EMPTY -> empty
     | name "NOT"i "IN"i values -> none_of
     | name "IN"i values -> one_of
values: "(" value ("," value)* ")" | call
name: WORD | PROPERTY
value: QUOTED -> quoted | WORD -> word | EMPTY -> nothing | call
call: WORD "(" ")"
OPERATOR: "!=" | "!~" | "<=" | ">=" | "=" | "~" | "<" | ">"
DIRECTION: "ASC"i | "DESC"i
EMPTY.2: /(EMPTY|NULL)(?![\w.-])/i
PROPERTY: /issue\.property\[[^\]]+\](\.[\w.]+)?/i
WORD: /[a-z0-9_][\w.:@-]*/i
QUOTED: /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/
%import common.WS
%ignore WS
"""

_PARSER = Lark(_GRAMMAR, parser="lalr", maybe_placeholders=True)

Issue = dict[str, Any]
Test = Callable[[Issue], bool]
Read = Callable[[Tenant, Issue], list[str]]


@dataclass(frozen=True)
class Query:
    """`matches` None: the query has no restriction, which the search refuses."""

    matches: Test | None
    order: list[tuple[str, bool]]


def parse(tenant: Tenant, text: str, me: Person) -> Query:
    """Reads a query; JiraError when it is outside the grammar or names an unknown field."""
    try:
        query: Query = _Reader(tenant, me).transform(_PARSER.parse(text))
    except VisitError as error:
        if isinstance(error.orig_exc, JiraError):
            raise error.orig_exc from error
        raise
    except UnexpectedInput as error:
        message = f"Error in the JQL Query: unexpected input at character {error.column}."
        raise JiraError(400, message) from error
    return query


def sort_value(tenant: Tenant, issue: Issue, name: str) -> str:
    folded = name.lower()
    if folded in ("key", "issuekey", "id"):
        project, _, number = issue["key"].partition("-")
        return f"{project}-{int(number):09d}"
    return " ".join(_reader(folded)(tenant, issue))


@v_args(inline=True)
class _Reader(Transformer[Token, Query]):
    def __init__(self, tenant: Tenant, me: Person) -> None:
        super().__init__()
        self._tenant = tenant
        self._me = me

    def start(self, test: Test | None, order: list[tuple[str, bool]] | None) -> Query:
        return Query(test, order or [])

    def sorts(self, *sorts: tuple[str, bool]) -> list[tuple[str, bool]]:
        return list(sorts)

    def sort(self, name: str, direction: Token | None) -> tuple[str, bool]:
        if name != "rank":
            _reader(name)
        return name, str(direction or "").upper() == "DESC"

    def name(self, token: Token) -> str:
        is_property = token.type == "PROPERTY"
        return str(token) if is_property else str(token).lower()

    def quoted(self, token: Token) -> list[str]:
        return [str(token[1:-1]).replace('\\"', '"').replace("\\'", "'").lower()]

    def word(self, token: Token) -> list[str]:
        return [str(token).lower()]

    def nothing(self, _: Token) -> list[str]:
        return []

    def value(self, inner: list[str]) -> list[str]:
        return inner

    def values(self, *values: list[str]) -> list[str]:
        return [one for value in values for one in value]

    def call(self, function: Token) -> list[str]:
        if function.lower() == "currentuser":
            return [self._me.jira_id]
        if function.lower() in ("opensprints", "closedsprints", "futuresprints"):
            return [function.lower().removesuffix("sprints")]
        raise JiraError(400, f"Unable to find JQL function '{function}()'.")

    def any_of(self, *tests: Test) -> Test:
        return lambda issue: any(test(issue) for test in tests)

    def all_of(self, *tests: Test) -> Test:
        return lambda issue: all(test(issue) for test in tests)

    def negate(self, test: Test) -> Test:
        return lambda issue: not test(issue)

    def compare(self, name: str, sign: Token, wanted: list[str]) -> Test:
        read, tenant = _reader(name), self._tenant
        if sign in ("=", "!="):
            return lambda issue: bool(set(read(tenant, issue)) & set(wanted)) == (sign == "=")
        text = "".join(wanted)
        if sign in ("~", "!~"):
            words = text.strip('"*').split()
            return lambda issue: (
                all(word in " ".join(read(tenant, issue)) for word in words) == (sign == "~")
            )
        return lambda issue: any(_ordered(value, str(sign), text) for value in read(tenant, issue))

    def one_of(self, name: str, wanted: list[str]) -> Test:
        read, tenant = _reader(name), self._tenant
        return lambda issue: bool(set(read(tenant, issue)) & set(wanted))

    def none_of(self, name: str, wanted: list[str]) -> Test:
        return self.negate(self.one_of(name, wanted))

    def empty(self, name: str, _: Token) -> Test:
        read, tenant = _reader(name), self._tenant
        return lambda issue: not read(tenant, issue)

    def filled(self, name: str, _: Token) -> Test:
        return self.negate(self.empty(name, _))


def _ordered(value: str, sign: str, wanted: str) -> bool:
    left, right = value, wanted.replace("/", "-").replace(" ", "t")
    if left[:4].isdigit() and right[:4].isdigit():  # as long as the query is precise
        left = left[: len(right)]
    outcome = {"<": left < right, ">": left > right, "<=": left <= right, ">=": left >= right}
    return outcome[sign]


def _reader(name: str) -> Read:
    if name.lower().startswith("issue.property["):
        return _property(name)
    if name not in _FIELDS:
        message = f"Field '{name}' does not exist or you do not have permission to view it."
        raise JiraError(400, message)
    return _FIELDS[name]


def _property(name: str) -> Read:
    key, _, path = name[len("issue.property[") :].partition("]")

    def read(_: Tenant, issue: Issue) -> list[str]:
        value = issue["properties"].get(key.strip("\"'"))
        for part in path.strip(".").split(".") if path else ():
            value = value.get(part) if isinstance(value, dict) else None
        values = value if isinstance(value, list) else [value]
        return [str(one).lower() for one in values if one is not None]

    return read


def _project(tenant: Tenant, issue: Issue) -> list[str]:
    project = workflow.project(tenant, issue["project"])
    return [project.key.lower(), str(project.id), project.name.lower()] if project else []


def _status(_: Tenant, issue: Issue) -> list[str]:
    return [issue["status"].lower(), str(workflow.STATUS_ID[issue["status"]])]


def _sprint(tenant: Tenant, issue: Issue) -> list[str]:
    sprint = workflow.sprint(issue["sprint"]) if issue["sprint"] else None
    if sprint is None:
        return []
    state = {"active": "open"}.get(found := workflow.sprint_state(sprint, tenant.now()), found)
    return [str(issue["sprint"]), sprint.name.lower(), state]


def _person(field: str) -> Read:
    def read(tenant: Tenant, issue: Issue) -> list[str]:
        email = issue["fields"].get(field)
        if not email:
            return []
        person = people.by_email(tenant, email)
        return [person.jira_id, person.email, person.name.lower()]

    return read


def _text(_: Tenant, issue: Issue) -> list[str]:
    comments = (adf.plain(entry["body"]) for entry in issue["comments"])
    description = adf.plain(issue["fields"].get("description"))
    return [text.lower() for text in (issue["fields"]["summary"], description, *comments)]


_FIELDS: dict[str, Read] = {
    "project": _project,
    "key": lambda _, issue: [issue["key"].lower()],
    "issuekey": lambda _, issue: [issue["key"].lower()],
    "id": lambda _, issue: [issue["id"], issue["key"].lower()],
    "status": _status,
    "statuscategory": lambda _, issue: [workflow.category(issue["status"]).lower()],
    "labels": lambda _, issue: [label.lower() for label in issue["fields"]["labels"]],
    "summary": lambda _, issue: [issue["fields"]["summary"].lower()],
    "text": _text,
    "issuetype": lambda _, issue: [issue["fields"]["issuetype"].lower()],
    "type": lambda _, issue: [issue["fields"]["issuetype"].lower()],
    "priority": lambda _, issue: [issue["fields"]["priority"].lower()],
    "assignee": _person("assignee"),
    "reporter": _person("reporter"),
    "sprint": _sprint,
    "resolution": lambda _, issue: [issue["resolution"].lower()] if issue["resolution"] else [],
    "created": lambda _, issue: [issue["created"].lower()],
    "updated": lambda _, issue: [issue["updated"].lower()],
}

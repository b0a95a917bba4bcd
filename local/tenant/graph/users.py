"""People of the directory: those whom the desks' files name."""

import re
from typing import Any

from starlette.responses import Response

from local.tenant.graph.errors import GraphError
from local.tenant.graph.http import Call, Operation, answer, context_of
from local.tenant.seed import Person

_TERM = re.compile(
    r"(mail|userPrincipalName|id|displayName)\s+eq\s+'((?:[^']|'')*)'", re.IGNORECASE
)
_STANDARD = (
    "businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone",
    "officeLocation", "preferredLanguage", "surname", "userPrincipalName", "id",
)  # fmt: skip


def _view(call: Call, person: Person) -> dict[str, Any]:
    given, _, family = person.name.partition(" ")
    known: dict[str, Any] = {
        **dict.fromkeys(_STANDARD),
        "businessPhones": [],
        "displayName": person.name,
        "givenName": given,
        "surname": family or None,
        "mail": person.email,
        "userPrincipalName": person.email,
        "id": person.aad_id,
    }
    selected = {name.strip().lower() for name in call.query.get("$select", "").split(",") if name}
    return {
        name: value for name, value in known.items() if not selected or name.lower() in selected
    }


async def one(call: Call) -> Response:
    name = call.params["user"].lower()
    for person in call.tenant.seed.people.values():
        if name in (person.email, person.aad_id.lower()):
            context = context_of(call.tenant, "users/$entity")
            return answer({"@odata.context": context, **_view(call, person)})
    raise GraphError(
        404,
        "Request_ResourceNotFound",
        f"Resource '{name}' does not exist or one of its queried reference-property objects are"
        " not present.",
    )


async def listing(call: Call) -> Response:
    people = list(call.tenant.seed.people.values())
    text = call.query.get("$filter", "")
    if text:
        terms = [(name.lower(), value.lower()) for name, value in _TERM.findall(text)]
        if not terms:
            raise GraphError(400, "Request_UnsupportedQuery", f"Unsupported Query: {text}")
        people = [person for person in people if any(_is(person, *term) for term in terms)]
    shown = [_view(call, person) for person in people[: call.page_size(100, 999)]]
    return answer({"@odata.context": context_of(call.tenant, "users"), "value": shown})


def _is(person: Person, name: str, value: str) -> bool:
    if name == "id":
        return person.aad_id.lower() == value
    return (person.name.lower() if name == "displayname" else person.email) == value


OPERATIONS = [
    Operation("GET", "users", listing),
    Operation("GET", "users/{user}", one),
]

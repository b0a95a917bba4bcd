"""Jira accounts: people of the desks, whoever was used first, and the desk's own account."""

from typing import Any

from local.tenant.core import Tenant
from local.tenant.seed import Person, make_person, person_id

APP = Person(
    email="docket@apps.contoso.example",
    name="Docket",
    jira_id=person_id("jira", "docket@apps.contoso.example"),
)


def everyone(tenant: Tenant) -> list[Person]:
    guests = tenant.store.collection("jira-guests").items()
    return [
        *tenant.seed.people.values(),
        *(make_person({"email": email, **guest}) for email, guest in guests),
        APP,
    ]


def by_account(tenant: Tenant, account_id: str) -> Person | None:
    return next((p for p in everyone(tenant) if p.jira_id == account_id), None)


def by_email(tenant: Tenant, email: str) -> Person:
    return APP if email == APP.email else tenant.person(email)


def resolve(tenant: Tenant, text: str) -> Person:
    """The person of an address or name; an address that nobody has used yet joins."""
    wanted = text.strip().lower()
    for person in everyone(tenant):
        if wanted in (person.email, person.name.lower(), person.jira_id):
            return person
    address = wanted if "@" in wanted else f"{wanted.replace(' ', '.')}@contoso.example"
    guest = make_person({"email": address, **({} if "@" in wanted else {"name": text.strip()})})
    tenant.store.collection("jira-guests")[guest.email] = {"name": guest.name}
    return guest


def search(tenant: Tenant, text: str) -> list[Person]:
    """Those whose name has a word that begins so, or whose address begins so."""
    wanted = text.strip().lower()
    return [
        person
        for person in everyone(tenant)
        if person.email.startswith(wanted)
        or any(
            word.startswith(wanted) for word in [person.name.lower(), *person.name.lower().split()]
        )
    ]


def user(tenant: Tenant, person: Person, version: int = 3) -> dict[str, Any]:
    """UserDetails; webhooks name the address of API version 2."""
    root = f"{tenant.config.base_url}/jira"
    avatar = f"{tenant.config.base_url}/static/avatar.svg"
    details = {
        "self": f"{root}/rest/api/{version}/user?accountId={person.jira_id}",
        "accountId": person.jira_id,
        "avatarUrls": {size: avatar for size in ("48x48", "24x24", "16x16", "32x32")},
        "displayName": person.name,
        "active": True,
        "timeZone": "Etc/UTC",
        "accountType": "atlassian",
    }
    return details | {"emailAddress": person.email} if version == 3 else details

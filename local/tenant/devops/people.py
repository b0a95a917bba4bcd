"""Identities of an organisation: people of the desks, and the desk's own service principal."""

from typing import Any

from local.tenant.core import Tenant
from local.tenant.seed import Person, make_person, person_id

APP = Person(
    email="docket@apps.contoso.example",
    name="Docket",
    devops_id=person_id("devops", "docket@apps.contoso.example"),
)


def everyone(tenant: Tenant) -> list[Person]:
    """The people who are members of the organisation, the service principal last."""
    return [*tenant.seed.people.values(), *_guests(tenant), APP]


def find(tenant: Tenant, text: str) -> list[Person]:
    """Members whose address, id or display name is `text` (name: also its beginning)."""
    wanted = text.strip().lower()
    exact = [p for p in everyone(tenant) if wanted in (p.email, p.devops_id, p.name.lower())]
    return exact or [p for p in everyone(tenant) if wanted and p.name.lower().startswith(wanted)]


def resolve(tenant: Tenant, text: str) -> Person | None:
    """The person behind an address, a name or ``Name <address>``; an unknown address joins."""
    address = text.rpartition("<")[2].rstrip("> ") if "<" in text else text.strip()
    found = find(tenant, address)
    if found:
        return found[0]
    if "@" not in address:
        return None
    person = tenant.person(address)
    tenant.store.collection("devops-guests")[person.email] = {"name": person.name}
    return person


def by_email(tenant: Tenant, email: str) -> Person:
    return APP if email == APP.email else tenant.person(email)


def identity_ref(tenant: Tenant, person: Person, org: str) -> dict[str, Any]:
    """IdentityRef, as fields and comments carry it."""
    base = f"{tenant.config.base_url}/azure-devops/{org}"
    kind = "aadsp" if person is APP else "aad"
    return {
        "displayName": person.name,
        "url": f"{base}/_apis/Identities/{person.devops_id}",
        "_links": {"avatar": {"href": f"{base}/_apis/GraphProfile/MemberAvatars/{kind}"}},
        "id": person.devops_id,
        "uniqueName": unique_name(person),
        "imageUrl": f"{base}/_apis/GraphProfile/MemberAvatars/{kind}",
        "descriptor": descriptor(person),
    }


def descriptor(person: Person) -> str:
    return f"{'aadsp' if person is APP else 'aad'}.{person.devops_id.replace('-', '')}"


def unique_name(person: Person) -> str:
    """A service principal has no address: Azure DevOps shows its id."""
    return person.devops_id if person is APP else person.email


def label(person: Person) -> str:
    """How service hook payloads of resource version 1.0 write an identity."""
    return person.name if person is APP else f"{person.name} <{person.email}>"


def as_identity(person: Person) -> dict[str, Any]:
    """The answer of the identities API, which is not an IdentityRef."""
    return {
        "id": person.devops_id,
        "descriptor": f"Microsoft.IdentityModel.Claims.ClaimsIdentity;tenant\\{person.email}",
        "subjectDescriptor": descriptor(person),
        "providerDisplayName": person.name,
        "isActive": True,
        "isContainer": False,
        "members": [],
        "memberOf": [],
        "memberIds": [],
        "properties": {
            "SchemaClassName": {"$type": "System.String", "$value": "User"},
            "Account": {"$type": "System.String", "$value": unique_name(person)},
            "Mail": {"$type": "System.String", "$value": person.email},
        },
        "resourceVersion": 2,
        "metaTypeId": 0,
    }


def _guests(tenant: Tenant) -> list[Person]:
    kept = tenant.store.collection("devops-guests").items()
    return [make_person({"email": email, **guest}) for email, guest in kept]

"""Who is at the door: App Service authentication's principal, and the desk's people.

https://learn.microsoft.com/azure/app-service/configure-authentication-user-identities
"""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.domain.desk import Desk
from shared.domain.errors import Forbidden
from shared.domain.people import Actor, ActorKind, Role
from shared.domain.words import say

STAFF_ROLE = "Docket.Staff"
ADMIN_ROLE = "Docket.Admin"
_NAMES = ("preferred_username", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn",
          "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress")  # fmt: skip
_DISPLAY = ("name", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name")
_ROLES = ("roles", "http://schemas.microsoft.com/ws/2008/06/identity/claims/role")


@dataclass(frozen=True)
class SignedIn:
    """Somebody whom Entra ID vouches for, with the app roles of the token."""

    email: str
    name: str
    app_roles: frozenset[str]


class NotSignedIn(Forbidden):
    """Nobody is signed in."""


def signed_in(headers: Mapping[str, str]) -> SignedIn:
    """The person of the request. Raises NotSignedIn.

    The header counts only where App Service says that its authentication is on, since only then
    it strips copies that visitors send.
    """
    if os.environ.get("WEBSITE_AUTH_ENABLED", "").lower() != "true":
        raise NotSignedIn("App Service authentication is not on for this site")
    header = headers.get("x-ms-client-principal", "")
    claims = _claims(header)
    email = next((claims[name][0] for name in _NAMES if claims.get(name)), "")
    if not email:
        raise NotSignedIn("sign in first")
    display = next((claims[name][0] for name in _DISPLAY if claims.get(name)), "")
    roles = frozenset(role for name in _ROLES for role in claims.get(name, ()))
    return SignedIn(email.lower(), display, roles)


def _claims(header: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    try:
        text = base64.b64decode(header + "=" * (-len(header) % 4))
        principal: Any = json.loads(text) if header else {}
        for claim in principal.get("claims", ()):
            found.setdefault(str(claim["typ"]), []).append(str(claim["val"]))
    except (binascii.Error, ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotSignedIn("the sign-in header cannot be read; sign in again") from error
    return found


def member(desk: Desk, person: SignedIn) -> Actor:
    """The person as a member of the desk. Raises Forbidden when they are none."""
    listed = desk.member_by_email.get(person.email)
    roles = set(listed.roles) if listed and STAFF_ROLE in person.app_roles else set()
    if ADMIN_ROLE in person.app_roles:
        roles.add(Role.ADMIN)
    if not roles:
        raise Forbidden(f"{person.email} is no member of {say(desk.name, 'en')}")
    name = listed.name if listed else person.name
    return Actor(kind=ActorKind.STAFF, email=person.email, name=name, roles=frozenset(roles))


def is_member(desk: Desk, person: SignedIn) -> bool:
    """Whether the person may look at the desk."""
    try:
        member(desk, person)
    except Forbidden:
        return False
    return True

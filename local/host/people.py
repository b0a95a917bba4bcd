"""Who can sign in here: the people named in the desks' files, and anyone else without a role."""

import base64
import json
import logging
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from time import monotonic
from typing import Any

import yaml

log = logging.getLogger("local.host.people")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_OBJECT_ID = "http://schemas.microsoft.com/identity/claims/objectidentifier"
LOOK_AGAIN = 2.0  # seconds between two looks at the files' times


@dataclass(frozen=True)
class Person:
    """A sign-in; `desk_roles` are (desk, role names), `app_roles` what Entra ID would send."""

    email: str
    name: str
    desk_roles: tuple[tuple[str, tuple[str, ...]], ...] = ()
    app_roles: tuple[str, ...] = ()

    @property
    def object_id(self) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"mailto:{self.email.lower()}"))

    @cached_property
    def claims(self) -> list[dict[str, str]]:
        pairs = [
            ("preferred_username", self.email),
            ("name", self.name),
            (_OBJECT_ID, self.object_id),
            *(("roles", role) for role in self.app_roles),
        ]
        return [{"typ": kind, "val": value} for kind, value in pairs]

    @cached_property
    def headers(self) -> dict[str, str]:
        """The headers that App Service adds for a person who is signed in.

        https://learn.microsoft.com/azure/app-service/configure-authentication-user-identities
        """
        principal = {
            "auth_typ": "aad",
            "name_typ": "preferred_username",
            "role_typ": "roles",
            "claims": self.claims,
        }
        return {
            "x-ms-client-principal": base64.b64encode(json.dumps(principal).encode()).decode(),
            "x-ms-client-principal-id": self.object_id,
            "x-ms-client-principal-name": self.email,
            "x-ms-client-principal-idp": "aad",
        }


@dataclass
class _Gathered:
    email: str
    name: str
    desks: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)

    def person(self) -> Person:
        admin = any("admin" in roles for _, roles in self.desks)
        roles = ("Docket.Staff", "Docket.Admin") if admin else ("Docket.Staff",)
        return Person(self.email, self.name, tuple(self.desks), roles)


class Directory:
    """Reads `desks/*/desk.yaml` of an app, and reads again when a file has changed."""

    def __init__(self, app: Path, look_again: float = LOOK_AGAIN) -> None:
        self._app = app
        self._look_again = look_again
        self._stamp: tuple[tuple[str, int], ...] | None = None
        self._looked = 0.0
        self._people: dict[str, Person] = {}
        self._strangers: dict[str, Person] = {}

    def person(self, email: str) -> Person:
        """Unknown addresses get a sign-in without roles, which the app is to refuse."""
        self._refresh()
        key = email.strip().lower()
        if key in self._people:
            return self._people[key]
        return self._strangers.setdefault(key, Person(email.strip(), email.strip()))

    def everyone(self) -> list[Person]:
        self._refresh()
        return list(self._people.values())

    def _refresh(self) -> None:
        now = monotonic()
        if self._stamp is not None and now - self._looked < self._look_again:
            return
        self._looked = now
        files = sorted(self._app.glob("desks/*/desk.yaml"))
        stamp = tuple((str(path), path.stat().st_mtime_ns) for path in files)
        if stamp != self._stamp:
            self._stamp, self._people = stamp, _load(files)


def _load(files: list[Path]) -> dict[str, Person]:
    gathered: dict[str, _Gathered] = {}
    for path in files:
        for desk, entry in _entries(path):
            email = str(entry.get("email", "")).strip()
            if email:
                one = gathered.setdefault(
                    email.lower(), _Gathered(email, str(entry.get("name") or email))
                )
                one.desks.append((desk, tuple(map(str, entry.get("roles") or ()))))
    return {key: one.person() for key, one in gathered.items()}


def _entries(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        # Every loader here is a safe one; the C one is faster.
        desk = yaml.load(path.read_text("utf-8"), Loader=_LOADER)  # noqa: S506
    except (OSError, UnicodeError, yaml.YAMLError) as error:
        log.warning("Desk file cannot be read, its people cannot sign in: %s", error)
        return
    if isinstance(desk, dict):
        name = str(desk.get("name") or desk.get("id") or path.parent.name)
        people = desk.get("people")
        for entry in people if isinstance(people, list) else ():
            if isinstance(entry, dict):
                yield name, entry

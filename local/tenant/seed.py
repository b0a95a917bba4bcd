"""Who and what exists in the tenant before anything happened: read from the desks' files."""

import sys
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from shared.config import yaml_loader

_BACKLOG_IDS = {"azure_devops": "devops_id", "jira": "jira_id"}
_DOMAIN = uuid.UUID("6f1d1b0a-5a0e-4d55-9a9c-0a8f5c5f2f11")


@dataclass(frozen=True)
class Person:
    """Someone with an account; the ids are those of Entra, Azure DevOps and Jira."""

    email: str
    name: str
    roles: tuple[str, ...] = ()
    aad_id: str = ""
    devops_id: str = ""
    jira_id: str = ""


@dataclass(frozen=True)
class Seed:
    """People by address, and the desks as their files say."""

    people: dict[str, Person] = field(default_factory=dict)
    desks: dict[str, dict[str, Any]] = field(default_factory=dict)

    def people_of(self, is_theirs: Callable[[dict[str, Any]], bool]) -> list[Person]:
        """Everybody with an account, members of the desks that fit before the others."""
        theirs = {
            str(entry.get("email")).lower()
            for desk in self.desks.values()
            if is_theirs(desk)
            for entry in desk.get("people") or ()
            if isinstance(entry, dict)
        }
        return sorted(self.people.values(), key=lambda person: person.email not in theirs)

    @property
    def mailboxes(self) -> dict[str, str]:
        """The desks' own mailboxes with the names that their mail carries."""
        found = {}
        for key, desk in self.desks.items():
            mail = desk.get("mail") if isinstance(desk.get("mail"), dict) else {}
            address = (mail or {}).get("address") or desk.get("mailbox")
            if isinstance(address, str):
                found[address.lower()] = str(
                    (mail or {}).get("sender_name") or desk.get("name") or key
                )
        return found


def person_id(system: str, email: str) -> str:
    """The same made-up id for the same address, every time."""
    return str(uuid.uuid5(_DOMAIN, f"{system}:{email.lower()}"))


def make_person(entry: dict[str, Any], backlog: str = "") -> Person:
    """A person of a desk's file; `backlog` is the system that their `backlog_id` belongs to."""
    email = str(entry["email"]).lower()
    own = {_BACKLOG_IDS[backlog]: entry.get("backlog_id")} if backlog in _BACKLOG_IDS else {}
    entry = {**own, **entry}
    return Person(
        email=email,
        name=str(entry.get("name") or email.split("@")[0].replace(".", " ").title()),
        roles=tuple(entry.get("roles") or ()),
        aad_id=str(entry.get("aad_id") or person_id("aad", email)),
        devops_id=str(entry.get("devops_id") or person_id("devops", email)),
        jira_id=str(entry.get("jira_id") or person_id("jira", email)),
    )


def read_seed(folder: Path) -> Seed:
    """Reads `{folder}/*/desk.yaml`; a desk that cannot be read is left out with a word about it."""
    seed = Seed()
    for path in sorted(folder.glob("*/desk.yaml")):
        try:
            text = path.read_text(encoding="utf-8")
            desk = yaml.load(text, Loader=yaml_loader())  # noqa: S506 - a safe loader
        except (OSError, yaml.YAMLError) as error:
            print(f"{path} is left out of the tenant: {error}", file=sys.stderr)
            continue
        if not isinstance(desk, dict):
            continue
        seed.desks[path.parent.name] = desk
        backlog = str((desk.get("backlog") or {}).get("system") or "")
        for entry in desk.get("people") or ():
            if isinstance(entry, dict) and entry.get("email"):
                person = make_person(entry, backlog)
                seed.people.setdefault(person.email, person)
    return seed

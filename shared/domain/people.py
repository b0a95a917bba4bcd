"""People: addresses, roles, and who is acting."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from shared.domain.words import one_line

ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


# The address of somebody who was erased ends so; nothing is sent there.
# https://www.rfc-editor.org/rfc/rfc2606
ERASED_DOMAIN = "erased.invalid"


def normal_address(text: str) -> str:
    """The address in lower case. Raises ValueError when it is none."""
    address = text.strip().lower()
    if len(address) > 254 or not ADDRESS.fullmatch(address):
        raise ValueError("give an e-mail address such as name@example.org")
    return address


Email = Annotated[str, AfterValidator(normal_address)]


class Role(StrEnum):
    """What a person may be on a desk."""

    LEAD = "lead"
    STAFF = "staff"
    SCRUM_MASTER = "scrum_master"
    PRODUCT_OWNER = "product_owner"
    DEVELOPER = "developer"
    ADMIN = "admin"


class Frozen(BaseModel):
    """A value: immutable, closed to unknown fields.

    Validators are built at first use: a cold start needs few of them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Person(Frozen):
    """Somebody with an address."""

    email: Email
    name: Annotated[str, AfterValidator(one_line)] = ""

    @property
    def label(self) -> str:
        """The name, or the address where no name is known."""
        return self.name or self.email

    @property
    def domain(self) -> str:
        """What stands behind the @ of the address."""
        return self.email.rpartition("@")[2]


class ActorKind(StrEnum):
    """Through which door somebody acts."""

    STAFF = "staff"
    CLIENT = "client"
    SYSTEM = "system"


class Actor(Frozen):
    """Who gives a command. `roles` are those on the ticket's desk."""

    kind: ActorKind
    email: str
    name: str = ""
    roles: frozenset[Role] = frozenset()

    @property
    def is_staff(self) -> bool:
        """Whether this is a member of the desk."""
        return self.kind is ActorKind.STAFF

    def has_role(self, roles: frozenset[Role]) -> bool:
        """Whether one of the roles is held; an administrator holds all of them."""
        return bool(self.roles & (roles | {Role.ADMIN}))


SYSTEM = Actor(kind=ActorKind.SYSTEM, email="docket", name="Docket")

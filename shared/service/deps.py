"""Everything that the service works with, composed once by shared.context."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from shared.domain import events as ev
from shared.domain.desk import Desk
from shared.domain.effects import ChatOwed, ItemOwed, MailOwed
from shared.domain.errors import NotFound
from shared.domain.ticket import Ticket
from shared.ports import Backlog as BacklogTool
from shared.ports import (
    Bell,
    Blobs,
    Builds,
    Chat,
    Clock,
    Mail,
    Mailer,
    MailReader,
    NewItem,
    Post,
    Rows,
)
from shared.service.numbers import Numbers

_NUMBER = re.compile(r"([A-Z0-9]+)-[0-9]{1,9}")


class Texts(Protocol):
    """Turns effects into what is sent. shared.render implements it."""

    def mail(
        self, desk: Desk, ticket: Ticket, history: tuple[ev.Recorded, ...], owed: MailOwed, key: str
    ) -> Mail:
        """The mail of a notice, for one person."""

    def chat(
        self, desk: Desk, ticket: Ticket, history: tuple[ev.Recorded, ...], owed: ChatOwed
    ) -> Post:
        """A message for a channel."""

    def item(self, desk: Desk, ticket: Ticket, owed: ItemOwed) -> NewItem:
        """A work item to be."""


class Outside(Protocol):
    """The vendors, by the names that desks use; each is made when it is first needed."""

    def mailer(self, way: str) -> Mailer:
        """`graph` or `acs`."""

    def backlog(self, system: str) -> BacklogTool:
        """`azure_devops` or `jira`."""

    @property
    def chat(self) -> Chat:
        """Teams."""

    @property
    def builds(self) -> Builds:
        """Jenkins."""

    @property
    def reader(self) -> MailReader:
        """The support mailboxes."""


@dataclass(frozen=True)
class Deps:
    """Ports and values of one running app."""

    desks: Mapping[str, Desk]
    rows: Rows
    archive: Rows
    bell: Bell
    blobs: Blobs
    clock: Clock
    outside: Outside
    texts: Texts
    numbers: Numbers

    def desk(self, desk_id: str) -> Desk:
        """The desk. Raises NotFound."""
        if desk_id not in self.desks:
            raise NotFound(f"there is no desk {desk_id!r}; there are {', '.join(self.desks)}")
        return self.desks[desk_id]

    def desk_of(self, number: str) -> Desk:
        """The desk that a ticket number belongs to. Raises NotFound, also for what is no number.

        Every number that comes from outside passes here before a row is read or written under it.
        """
        shape = _NUMBER.fullmatch(number)
        for desk in self.desks.values():
            if shape and desk.prefix == shape[1]:
                return desk
        raise NotFound(f"there is no ticket {number}")

"""What a commit owes to the outside: one row a command, each effect with its own state."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated, Literal

from pydantic import Field

from shared.domain.desk import Desk
from shared.domain.events import PlannedItem
from shared.domain.people import Frozen, Person
from shared.domain.ticket import Urgency
from shared.domain.words import Language

_NAMESPACE = uuid.UUID("7d0f3c52-4d0e-4a37-9d57-0c6f0a0f8a11")


class Owed(Frozen):
    """Shared by all effects. `seq`: the event it is about; `after`: wait for that effect first."""

    seq: int
    after: int | None = None
    wait_until: dt.datetime | None = None  # then go ahead without it
    status: Literal["due", "done", "dead"] = "due"
    tries: int = 0
    tried_at: dt.datetime | None = None  # when an attempt may last have been at work
    not_before: dt.datetime | None = None
    error: str = ""


class DigestLine(Frozen):
    """One ticket's escalation, as a digest tells it."""

    number: str
    title: str
    severity: str
    environment: str
    is_production: bool = False
    step: str
    clock: str = ""
    due_at: dt.datetime | None = None
    at: dt.datetime | None = None  # when it fired


class Digest(Frozen):
    """Many escalations in one message: the worst in full, the rest by number."""

    lines: tuple[DigestLine, ...]
    more: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many tickets it is about."""
        return len(self.lines) + len(self.more)


class DigestEntry(Frozen):
    """An escalation that waits to be told together with others, and to whom."""

    seq: int
    line: DigestLine
    to: tuple[Person, ...] = ()
    channels: tuple[str, ...] = ()


type Bound = Literal["client", "either", "inside", "thread"]
"""For whom an answer is meant. One to a client's mail goes to the client; one to what a client
wrote, as members were told of it, may go there; one to any other notice for members stays among
them; and the thread's own name, on every mail, says nothing of it."""


class MailOwed(Owed):
    """A mail of one notice to one person; a digest's is about other tickets, too.

    `bound`: for whom an answer to it is meant (`Bound`). `thread`: bound and place of the first
    mail to the person about the ticket, '' for that mail itself.
    """

    kind: Literal["mail"] = "mail"
    notice: str
    to: Person
    audience: Literal["client", "staff"]
    bound: Bound = "inside"
    language: Language = "en"
    thread: str = ""
    digest: Digest | None = None


class ChatOwed(Owed):
    """A post in a channel; a reply in the ticket's thread when `in_thread`."""

    kind: Literal["chat"] = "chat"
    occasion: str
    channel: str
    in_thread: bool = False
    digest: Digest | None = None


class ItemOwed(Owed):
    """A work item to create.

    `once`: a name that several commands of the ticket share. Whichever comes first creates the
    item, the others find it.
    """

    kind: Literal["item"] = "item"
    plan: PlannedItem | None = None  # None: the mirror
    urgency: Urgency | None = None
    once: str = ""


class CommentOwed(Owed):
    """A comment on the ticket's mirror, else its first item, mentioning one member."""

    kind: Literal["comment"] = "comment"
    text: str
    mention: str = ""  # the member's address


class ItemMoveOwed(Owed):
    """A work item's state or sprint follows the ticket."""

    kind: Literal["item_move"] = "item_move"
    item: str = ""  # '' = the mirror
    to_state: str = ""
    into_sprint: bool = False


class RankOwed(Owed):
    """The ticket's work item stands where the ticket stands in Ready for sprint."""

    kind: Literal["rank"] = "rank"


class BuildOwed(Owed):
    """A build job to start and to follow."""

    kind: Literal["build"] = "build"
    job: str
    handle: str = ""


Effect = Annotated[
    MailOwed | ChatOwed | ItemOwed | CommentOwed | ItemMoveOwed | RankOwed | BuildOwed,
    Field(discriminator="kind"),
]


_PLAIN = {
    "item": "Work item to create",
    "comment": "Comment on the work item",
    "item_move": "Work item to follow the ticket",
    "build": "Build job to start",
    "rank": "Work item to be put in its place",
}


def in_words(desk: Desk, effect: Effect) -> str:
    """What is owed, and to whom, for members of the desk."""
    if not isinstance(effect, MailOwed | ChatOwed):
        return _PLAIN[effect.kind]
    to = effect.to.email if isinstance(effect, MailOwed) else _channel(desk, effect.channel)
    if effect.digest:
        return f"Digest of {effect.digest.count} escalations to {to}"
    if isinstance(effect, MailOwed):
        return f"Mail “{effect.notice.replace('_', ' ')}” to {to}"
    return f"Teams post “{effect.occasion.replace('_', ' ')}” to {to}"


def _channel(desk: Desk, channel_id: str) -> str:
    """The channel's name; its id once the desk has it no more."""
    name = next((c.name for c in desk.channels if c.id == channel_id), channel_id)
    return f"the channel {name}"


def numbers_in(effect: Effect) -> tuple[str, ...]:
    """The tickets that a digest tells of; none for any other effect."""
    digest = effect.digest if isinstance(effect, MailOwed | ChatOwed) else None
    return (*(line.number for line in digest.lines), *digest.more) if digest else ()


class Outbox(Frozen):
    """The effects of one command. `claim` is held by one delivery until `due`."""

    desk: str
    number: str
    seq: int
    committed_at: dt.datetime
    due: dt.datetime
    claim: str
    attempt: int = 1
    trace: str = ""  # W3C traceparent of what caused the command, so that logs join up
    effects: tuple[Effect, ...]
    pointers: tuple[str, ...] = ()  # keys of index rows that its first settling writes

    def key_of(self, index: int) -> str:
        """The effect's own name, the same at each attempt (a UUID)."""
        effect = self.effects[index]
        once = effect.once if isinstance(effect, ItemOwed) else ""
        return key_at(self.desk, self.number, once or place_of(self.seq, index))


def place_of(seq: int, index: int) -> str:
    """Where an effect stands among those of its ticket: the command's first event, its place."""
    return f"{seq}/{index}"


def key_at(desk: str, number: str, place: str) -> str:
    """The name of the effect at that place."""
    return str(uuid.uuid5(_NAMESPACE, f"{desk}/{number}/{place}"))

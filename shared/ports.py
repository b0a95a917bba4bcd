"""What the service needs from outside, in our own words.

Every adapter turns its vendor's failures into `Unavailable` (try again), `Rejected` (never)
or, for storage, `Conflict` and `Unknown`. `key` is the effect's own name, the same at each
attempt; `again` says that an earlier attempt may have worked, so look before doing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class Row:
    """A stored document. `body` is JSON text; `etag` is empty until stored."""

    key: str
    body: str
    etag: str = ""


@dataclass(frozen=True)
class Insert:
    """The row must not exist yet."""

    key: str
    body: str


@dataclass(frozen=True)
class Replace:
    """The row must still be as it was read."""

    key: str
    body: str
    etag: str


@dataclass(frozen=True)
class Put:
    """Whatever was there before."""

    key: str
    body: str


@dataclass(frozen=True)
class Delete:
    """The row goes. `etag` `*`: whatever it holds; a missing row is a Conflict all the same."""

    key: str
    etag: str = "*"


type Write = Insert | Replace | Put | Delete


class Rows(Protocol):
    """A table of partitions of rows, sorted by key (ordinal order of UTF-16 code units)."""

    async def get(self, partition: str, key: str) -> Row | None:
        """The row, or None."""

    async def scan(
        self, partition: str, low: str, high: str, *, limit: int | None = None
    ) -> list[Row]:
        """Rows with low <= key < high, in order, `limit` at most."""

    async def commit(self, partition: str, writes: Sequence[Write]) -> list[str]:
        """All or none; the new etags in order ('' for a Delete).

        Raises Conflict (with the key in the way), Unknown when the answer was lost, Unavailable,
        ValueError beyond 100 writes, 4 MiB, or 1 MiB in a row (two bytes a UTF-16 unit).
        """

    async def ping(self) -> None:
        """Raises Unavailable when storage does not answer."""


class Bell(Protocol):
    """Wakes the worker that delivers a command's effects."""

    async def ring(self, message: str, *, delay: dt.timedelta = dt.timedelta()) -> None:
        """Queues the message (JSON text with ids only). Raises Unavailable."""


class Blobs(Protocol):
    """Long texts, raw mail, attachments."""

    async def put(self, name: str, content: bytes, content_type: str) -> None:
        """Stores the content; the same name again stores it again. Raises Unavailable."""

    async def get(self, name: str) -> bytes:
        """The content. Raises NotFound."""

    async def delete(self, name: str) -> None:
        """The content goes; a missing one is no error."""


@dataclass(frozen=True)
class File:
    """An attachment on its way out."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class Mail:
    """A mail to one or more people, ready to go.

    `message_id`, `in_reply_to` and `references` are with angle brackets; `headers` begin with X-.
    """

    sender: str
    sender_name: str
    to: tuple[tuple[str, str], ...]
    subject: str
    text: str
    html: str
    message_id: str
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    reply_to: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    files: tuple[File, ...] = ()


class Mailer(Protocol):
    """Sends mail."""

    async def send(self, mail: Mail, key: str, *, again: bool) -> str:
        """Sends once per key; the Message-ID under which the vendor sent it."""


@dataclass(frozen=True)
class ChatMention:
    """Somebody to be notified by a post. `text` stands in the post as `{mention:N}`."""

    name: str
    aad_id: str


@dataclass(frozen=True)
class Post:
    """A message for a channel. `html` is safe; `card` is an Adaptive Card (version <= 1.4)."""

    html: str
    card: dict[str, object] | None = None
    subject: str = ""
    mentions: tuple[ChatMention, ...] = ()


@dataclass(frozen=True)
class ChatPlace:
    """Where to post: a channel through Graph, or a workflow's address by its setting's name."""

    via: str
    team_id: str = ""
    channel_id: str = ""
    url_setting: str = ""


@dataclass(frozen=True)
class ChatReply:
    """What a person answered in a thread; `by_id` is their id in Entra ID."""

    id: str
    at: dt.datetime
    by_id: str
    by_name: str
    text: str


class Chat(Protocol):
    """Posts to Teams."""

    async def post(
        self, place: ChatPlace, post: Post, key: str, *, thread: str = "", again: bool
    ) -> str:
        """Posts once per key, a reply when `thread` is given; the message's id or ''."""


@dataclass(frozen=True)
class BacklogPlace:
    """A project in a backlog tool. `today`: the desk's day, which tells the current sprint."""

    organisation: str
    project: str
    team: str = ""
    area_path: str = ""
    board_id: int | None = None
    today: dt.date | None = None


@dataclass(frozen=True)
class NewItem:
    """A work item to be. `type` is the tool's own name; texts are plain; `link` is the ticket's."""

    type: str
    title: str
    description: str
    tags: tuple[str, ...]
    link: str
    link_title: str
    parent: str = ""
    related: tuple[str, ...] = ()
    into_sprint: bool = False
    priority: int | None = None


@dataclass(frozen=True)
class ItemRef:
    """A work item that exists. `url` is for people."""

    id: str
    url: str


@dataclass(frozen=True)
class ItemState:
    """What a work item looks like now."""

    id: str
    state: str
    title: str
    iteration: str = ""
    fields: dict[str, object] = field(default_factory=dict)


class Backlog(Protocol):
    """A team's backlog tool (Azure DevOps, Jira)."""

    async def create(
        self, place: BacklogPlace, item: NewItem, key: str, *, again: bool,
        since: dt.timedelta | None = None,
    ) -> ItemRef:  # fmt: skip
        """Creates once per key (a unique tag `docket-<key>` or the like tells a second attempt).

        `since`: how long ago an earlier attempt may still have been at work; None: longer than
        matters. Raises NotYet while the tool's search may not show what that attempt made.
        """

    async def comment(
        self, place: BacklogPlace, item_id: str, text: str, mention: tuple[str, str] | None,
        key: str, *, again: bool,
    ) -> None:  # fmt: skip
        """Adds a comment once per key; `mention` is (name, the tool's own id)."""

    async def set_state(self, place: BacklogPlace, item_id: str, state: str) -> None:
        """Moves the item to that state (by name); no-op when it is there."""

    async def into_sprint(self, place: BacklogPlace, item_id: str) -> bool:
        """Puts the item into the current sprint; False when there is none just now."""

    async def get(self, place: BacklogPlace, item_id: str) -> ItemState:
        """The item as it is. Raises NotFound."""


@dataclass(frozen=True)
class BuildState:
    """A build job's run. `result` is empty until it ended."""

    number: int | None
    result: str
    url: str


class Builds(Protocol):
    """Starts and follows build jobs (Jenkins)."""

    async def start(self, job: str, key: str, *, again: bool) -> str:
        """Starts the job once per key; a handle to follow it by."""

    async def follow(self, handle: str) -> BuildState:
        """How it goes."""


@dataclass(frozen=True)
class MailboxChange:
    """A message that arrived."""

    id: str
    internet_message_id: str
    received_at: dt.datetime


class MailReader(Protocol):
    """Reads a mailbox."""

    async def changes(self, mailbox: str, cursor: str) -> tuple[list[MailboxChange], str, bool]:
        """Messages since the cursor ('' = from now on back one day), the next cursor, more to come.

        An expired cursor starts over by itself (messages may come again).
        """

    async def raw(self, mailbox: str, message_id: str) -> bytes:
        """The message as RFC 5322 bytes. Raises NotFound when it is gone."""

    async def subscribe(self, mailbox: str, url: str, secret: str, until: dt.datetime) -> str:
        """A subscription for new mail; its id."""

    async def renew(self, subscription: str, until: dt.datetime) -> bool:
        """False when the subscription is gone."""


class Clock(Protocol):
    """What time it is."""

    def now(self) -> dt.datetime:
        """Aware UTC."""

"""In-memory twins of the vendors: they record what they were asked, and honour a key once."""

from __future__ import annotations

import datetime as dt
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from shared.domain.errors import DocketError, NotFound, Rejected
from shared.ports import (
    BacklogPlace,
    BuildState,
    ChatPlace,
    ChatReply,
    ItemRef,
    ItemState,
    Mail,
    MailboxChange,
    NewItem,
    Post,
)


@dataclass
class _Twin:
    """`failing`: raised by the next calls instead of working; `losing`: raised after the work."""

    failing: deque[DocketError] = field(default_factory=deque)
    losing: deque[DocketError] = field(default_factory=deque)

    def _begin(self) -> None:
        if self.failing:
            raise self.failing.popleft()

    def _end(self) -> None:
        if self.losing:
            raise self.losing.popleft()


@dataclass
class MemoryMailer(_Twin):
    """Mailer. `sent` holds each mail by its key, in order."""

    sent: dict[str, Mail] = field(default_factory=dict)

    async def send(self, mail: Mail, key: str, *, again: bool) -> str:
        """Keeps the mail; the given Message-ID."""
        self._begin()
        kept = self.sent.setdefault(key, mail)
        self._end()
        return kept.message_id


@dataclass(frozen=True)
class Posted:
    """A post as it was made."""

    id: str
    place: ChatPlace
    post: Post
    thread: str


@dataclass
class MemoryChat(_Twin):
    """Chat. `posted` holds each post by its key, in order; `said` what people say, by thread."""

    posted: dict[str, Posted] = field(default_factory=dict)
    said: dict[str, list[ChatReply]] = field(default_factory=dict)

    async def post(
        self, place: ChatPlace, post: Post, key: str, *, thread: str = "", again: bool
    ) -> str:
        """Keeps the post; an id like `message-1`."""
        self._begin()
        fresh = Posted(f"message-{len(self.posted) + 1}", place, post, thread)
        kept = self.posted.setdefault(key, fresh)
        self._end()
        return kept.id

    async def replies(self, place: ChatPlace, thread: str) -> list[ChatReply]:
        """What was said in the thread."""
        self._begin()
        return list(self.said.get(thread, ()))


@dataclass(frozen=True)
class Comment:
    """A comment as it was made."""

    item_id: str
    text: str
    mention: tuple[str, str] | None


@dataclass
class MemoryBacklog(_Twin):
    """Backlog. Items by id, comments by key; `sprint` is the current one ('' for none).

    `relations` are pairs of items; who deletes one in the tool takes it out of `items`.
    """

    items: dict[str, ItemState] = field(default_factory=dict)
    asked: dict[str, NewItem] = field(default_factory=dict)
    comments: dict[str, Comment] = field(default_factory=dict)
    sprint: str = "Sprint 1"
    first_state: str = "New"
    ranks: list[str] = field(default_factory=list)
    relations: set[frozenset[str]] = field(default_factory=set)
    _by_key: dict[str, str] = field(default_factory=dict)

    async def create(
        self, place: BacklogPlace, item: NewItem, key: str, *, again: bool,
        since: dt.timedelta | None = None,
    ) -> ItemRef:  # fmt: skip
        """Keeps the item; ids count from 1."""
        self._begin()
        if key not in self._by_key:
            number = str(len(self._by_key) + 1)
            self._link(number, (item.parent, *item.related))
            self._by_key[key] = number
            self.asked[number] = item
            self.ranks.append(number)
            iteration = self.sprint if item.into_sprint else ""
            self.items[number] = ItemState(number, self.first_state, item.title, iteration)
        self._end()
        number = self._by_key[key]
        return ItemRef(number, f"https://backlog.invalid/{place.project}/{number}")

    async def comment(
        self, place: BacklogPlace, item_id: str, text: str, mention: tuple[str, str] | None,
        key: str, *, again: bool,
    ) -> None:  # fmt: skip
        """Keeps the comment. Raises NotFound."""
        self._begin()
        await self.get(place, item_id)
        self.comments.setdefault(key, Comment(item_id, text, mention))
        self._end()

    async def set_state(self, place: BacklogPlace, item_id: str, state: str) -> None:
        """Sets the state."""
        self._begin()
        self.items[item_id] = replace(await self.get(place, item_id), state=state)
        self._end()

    async def into_sprint(self, place: BacklogPlace, item_id: str) -> bool:
        """Sets the iteration unless there is no sprint."""
        self._begin()
        if self.sprint:
            self.items[item_id] = replace(await self.get(place, item_id), iteration=self.sprint)
        self._end()
        return bool(self.sprint)

    async def relate(self, place: BacklogPlace, item_id: str, others: Sequence[str]) -> None:
        """Keeps the pairs. Raises NotFound, or Rejected for an other that is gone."""
        self._begin()
        await self.get(place, item_id)
        self._link(item_id, others)
        self._end()

    def _link(self, item_id: str, others: Sequence[str]) -> None:
        known = [other for other in others if other]
        if gone := [other for other in known if other not in self.items]:
            raise Rejected(f"no work item {gone[0]} to be linked with")
        self.relations.update(frozenset((item_id, other)) for other in known)

    async def rank(
        self, place: BacklogPlace, item_id: str, before: str = "", after: str = ""
    ) -> None:
        """Keeps the order in `ranks`."""
        self._begin()
        self.ranks.remove(item_id)
        self.ranks.insert(self.ranks.index(before or after) + bool(after), item_id)
        self._end()

    async def get(self, place: BacklogPlace, item_id: str) -> ItemState:
        """The item as it is. Raises NotFound."""
        if item_id not in self.items:
            raise NotFound(f"no work item {item_id}")
        return self.items[item_id]


@dataclass
class MemoryBuilds(_Twin):
    """Builds. Each runs until its result is put into `results` under its handle."""

    started: dict[str, str] = field(default_factory=dict)
    results: dict[str, str] = field(default_factory=dict)

    async def start(self, job: str, key: str, *, again: bool) -> str:
        """A handle like `preprod-deploy#1`."""
        self._begin()
        handle = self.started.setdefault(key, f"{job}#{len(self.started) + 1}")
        self._end()
        return handle

    async def follow(self, handle: str) -> BuildState:
        """The result as far as there is one."""
        self._begin()
        job, _, number = handle.rpartition("#")
        url = f"https://builds.invalid/{job}/{number}"
        return BuildState(int(number), self.results.get(handle, ""), url)


@dataclass
class MemoryMailReader(_Twin):
    """MailReader. `deliver` puts raw mail in; the cursor is the number of messages read."""

    page: int = 50
    mailboxes: dict[str, list[tuple[MailboxChange, bytes]]] = field(default_factory=dict)
    subscriptions: dict[str, dt.datetime] = field(default_factory=dict)

    def deliver(
        self, mailbox: str, raw: bytes, received_at: dt.datetime, internet_message_id: str = ""
    ) -> str:
        """Adds a message; its id."""
        messages = self.mailboxes.setdefault(mailbox, [])
        change = MailboxChange(f"{len(messages) + 1}", internet_message_id, received_at)
        messages.append((change, raw))
        return change.id

    async def changes(self, mailbox: str, cursor: str) -> tuple[list[MailboxChange], str, bool]:
        """The next page; a cursor that is not a number counts as expired."""
        self._begin()
        messages = self.mailboxes.get(mailbox, [])
        start = int(cursor) if cursor.isdigit() else 0
        end = start + self.page
        return (
            [change for change, _ in messages[start:end]],
            str(min(end, len(messages))),
            (end < len(messages)),
        )

    async def raw(self, mailbox: str, message_id: str) -> bytes:
        """The message. Raises NotFound."""
        self._begin()
        for change, raw in self.mailboxes.get(mailbox, ()):
            if change.id == message_id:
                return raw
        raise NotFound("the message is gone")

    async def subscribe(self, mailbox: str, url: str, secret: str, until: dt.datetime) -> str:
        """A subscription's id, `subscription-1` and so on."""
        self._begin()
        name = f"subscription-{len(self.subscriptions) + 1}"
        self.subscriptions[name] = until
        return name

    async def renew(self, subscription: str, until: dt.datetime) -> bool:
        """False when it is gone."""
        self._begin()
        if subscription not in self.subscriptions:
            return False
        self.subscriptions[subscription] = until
        return True

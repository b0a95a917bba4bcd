"""One address's mailbox: folders, opaque ids, conversations, and what changed since when."""

import base64
import hashlib
import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from local.tenant.core import Tenant
from local.tenant.mime import iso
from local.tenant.store import Document

FOLDERS = ("inbox", "drafts", "sentitems", "deleteditems", "junkemail", "archive", "outbox")
_REPLY_PREFIX = re.compile(r"^\s*((re|fw|fwd|aw|wg|tr|rép|antw)(\[\d+\])?\s*:\s*)+", re.IGNORECASE)
_ID = re.compile(r"AAMkAD([\w+/]{8})/([\w+/]{20})\+AAA=")


def topic(subject: str) -> str:
    """A subject without its reply prefixes: what Outlook keeps a conversation together by."""
    return _REPLY_PREFIX.sub("", subject or "").strip().lower()


class Mailbox:
    """The messages of one address; every address has a mailbox."""

    def __init__(self, tenant: Tenant, address: str) -> None:
        self._tenant = tenant
        self.address = address.strip().lower()
        self.messages = tenant.store.collection(f"mail:{self.address}")
        self.removals = tenant.store.collection(f"mail-removed:{self.address}")
        known = tenant.store.collection("mailboxes")
        if self.address not in known:
            known[self.address] = {"address": self.address}

    # -- ids

    def _mark(self) -> str:
        digest = hashlib.sha256(self.address.encode()).digest()[:6]
        return base64.b64encode(digest).decode()

    def id_of(self, message: Document, *, immutable: bool = False) -> str:
        """The id in Graph; a plain one changes when the message changes its folder."""
        place = 0xFFFF if immutable else message["epoch"]
        inner = bytes.fromhex(message["uid"]) + place.to_bytes(2) + bytes([7])
        return f"AAMkAD{self._mark()}/{base64.b64encode(inner).decode()}+AAA="

    def find_id(self, text: str) -> Document | None:
        match = _ID.fullmatch(text)
        if match is None or match[1] != self._mark():
            return None
        inner = base64.b64decode(match[2])
        message = self.messages.get(inner[:12].hex())
        place = int.from_bytes(inner[12:14])
        return message if message and place in (0xFFFF, message["epoch"]) else None

    def folder_id(self, folder: str) -> str:
        text = base64.b64encode(f"{self.address}|{folder}".encode()).decode().rstrip("=")
        return f"AQMkAD{text}AAA="

    def folder_named(self, text: str) -> str:
        """The folder that a well-known name or an id in Graph means."""
        for folder in FOLDERS:
            if text == self.folder_id(folder):
                return folder
        return text.lower().replace(" ", "")

    # -- reading

    def __iter__(self) -> Iterator[Document]:
        return iter(list(self.messages.values()))

    def in_folder(self, folder: str) -> list[Document]:
        return [message for message in self if message["folder"] == folder]

    def find(self, test: Callable[[Document], bool]) -> Document | None:
        return next((message for message in self if test(message)), None)

    def conversation_for(self, subject: str, ancestors: list[str]) -> str:
        """The conversation that a message with these references joins, or a new one.

        As in Outlook, a changed subject starts a new conversation in spite of its references.
        """
        wanted = {text for text in ancestors if text}
        related = self.find(
            lambda other: (
                other["internetMessageId"] in wanted and topic(other["subject"]) == topic(subject)
            )
        )
        if related is not None:
            return str(related["conversationId"])
        return f"AAQkAD{base64.b64encode(uuid.uuid4().bytes).decode()}"

    # -- changing

    def add(self, folder: str, fields: Document) -> Document:
        """Puts a new message into a folder and tells whoever watches it."""
        now = iso(self._tenant.now())
        message: Document = {
            "uid": uuid.uuid4().hex[:24],
            "epoch": 1,
            "version": 0,
            "folder": folder,
            "isDraft": folder == "drafts",
            "isRead": folder != "inbox",
            "createdDateTime": now,
            "receivedDateTime": now,
            "sentDateTime": now,
            "categories": [],
            "flag": {"flagStatus": "notFlagged"},
            "extended": {},
            "raw": None,
            **{name: value for name, value in fields.items() if value is not None},
        }
        if "conversationId" not in message:
            ancestors = [message.get("inReplyTo", ""), *message.get("references", [])]
            message["conversationId"] = self.conversation_for(message["subject"], ancestors)
        self.put(message, change="created")
        return message

    def put(self, message: Document, *, change: str = "updated") -> None:
        message["version"] += 1
        message["changed"] = self._next_change()
        message["lastModifiedDateTime"] = iso(self._tenant.now())
        self.messages[message["uid"]] = message
        self._tenant.emit("mail", self, message, change)

    def move(self, message: Document, folder: str) -> None:
        """Into another folder; the plain id changes with it."""
        self._note_removal(message)
        message["folder"] = folder
        message["epoch"] += 1
        self.put(message, change="created")

    def remove(self, message: Document) -> None:
        self._note_removal(message)
        del self.messages[message["uid"]]

    def _note_removal(self, message: Document) -> None:
        change = self._next_change()
        self.removals[str(change)] = {
            "changed": change,
            "folder": message["folder"],
            "id": self.id_of(message),
            "immutable_id": self.id_of(message, immutable=True),
        }

    def _next_change(self) -> int:
        return self._tenant.store.next_number(f"mail:{self.address}")


def all_mailboxes(tenant: Tenant) -> list[Mailbox]:
    return [Mailbox(tenant, address) for address in list(tenant.store.collection("mailboxes"))]


def raw_of(message: Document) -> bytes | None:
    """The raw mail as it was delivered or sent; None for a draft."""
    raw: Any = message.get("raw")
    return None if raw is None else base64.b64decode(raw)

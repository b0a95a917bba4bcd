"""What a parsed mail is, and the limits within which one is accepted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Literal

Language = Literal["en", "fr", "de"]


class UnparsableMail(Exception):
    """Nothing usable is in these bytes; `reason` is fit for the quarantine list."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of one mail is read; beyond the first three it is refused, else cut."""

    raw_bytes: int = 40 * 2**20
    parts: int = 1000
    depth: int = 100
    headers: int = 2000
    text_chars: int = 10_000_000


@dataclass(frozen=True, slots=True)
class Address:
    """`email` is lower-case with an ASCII domain; `name` is one clean line, maybe empty."""

    email: str
    name: str

    @property
    def domain(self) -> str:
        """What follows the last @."""
        return self.email.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class MailAttachment:
    """One file; `content_type` is what the bytes are, `declared_type` what the mail said.

    `active` content (markup, macros, programs, and archives that hold such) may only be
    served as a download; `decoration` is a small inline picture such as a logo.
    """

    name: str
    content_type: str
    declared_type: str
    content: bytes = field(repr=False)
    inline_id: str | None = None
    active: bool = False
    decoration: bool = False


@dataclass(frozen=True, slots=True)
class Enclosed:
    """A mail within the mail (forwarded as attachment, or returned by a bounce)."""

    message_id: str | None
    sender: Address | None
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """A machine's report (RFC 6522): its type and its field groups, names in lower case."""

    kind: str
    groups: tuple[Mapping[str, str], ...]


@dataclass(frozen=True, slots=True)
class ParsedMail:
    """A mail, repaired and cleaned; no value but the bodies holds a line break.

    Message ids keep their angle brackets. `in_reply_to` and `references` are in the order of
    the header. `text` is the whole readable text, `new_text` what this mail adds to the
    conversation, `html` the sanitised body with pictures as `cid:` only.
    """

    message_id: str | None
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    subject: str
    sender: Address | None
    reply_to: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    date: datetime | None
    text: str
    new_text: str
    html: str | None
    attachments: tuple[MailAttachment, ...]
    language: Language | None
    headers: Mapping[str, str]
    enclosed: tuple[Enclosed, ...] = ()
    report: Report | None = None
    calendar_method: str | None = None
    defects: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """What tells a redelivery from another mail: the Message-ID, else a digest."""
        if self.message_id:
            return self.message_id
        sender = self.sender.email if self.sender else ""
        said = "\0".join((sender, str(self.date), self.subject, self.text))
        return "sha256:" + sha256(said.encode()).hexdigest()

"""Attachments: checked, stored by content, fetched."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from shared.domain.answers import clean
from shared.domain.errors import FieldError, Invalid, NotFound
from shared.domain.ticket import Attachment, Ticket
from shared.ports import Blobs

MB = 1024 * 1024  # as people's computers and Microsoft Forms count
MOST_FILES = 10
MOST_EACH = 10 * MB
MOST_IN_ALL = 25 * MB
NEUTRAL = "application/octet-stream"
# Served as what they are; everything else is a neutral download.
SHOWN = frozenset(
    {"image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", "text/plain"}
)
_RESERVED = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


@dataclass(frozen=True)
class Upload:
    """A file as it came in."""

    name: str
    content_type: str
    content: bytes


def safe_name(name: str) -> str:
    """A file name without path, control characters or reserved words, 120 characters at most."""
    base = re.split(r"[\\/]", clean(name))[-1].replace("\n", " ").replace("\t", " ")
    base = re.sub(r'[<>:"|?*]', "_", base).strip(" .") or "file"
    if _RESERVED.match(base):
        base = f"_{base}"
    stem, dot, ending = base.rpartition(".")
    if len(base) <= 120:
        return base
    return f"{stem[: 119 - len(ending)]}{dot}{ending}" if dot and len(ending) <= 10 else base[:120]


def check(uploads: Sequence[Upload], field: str = "attachments") -> None:
    """Raises Invalid when the files are too many or too large, or empty."""
    wrong = []
    if len(uploads) > MOST_FILES:
        wrong.append(FieldError(field, f"attach at most {MOST_FILES} files"))
    if sum(len(u.content) for u in uploads) > MOST_IN_ALL:
        wrong.append(FieldError(field, f"attach at most {MOST_IN_ALL // MB} MB in all"))
    for upload in uploads:
        if len(upload.content) > MOST_EACH:
            text = f"{safe_name(upload.name)} is larger than {MOST_EACH // MB} MB"
            wrong.append(FieldError(field, text))
    if wrong:
        raise Invalid(*wrong)


def sniffed(upload: Upload) -> str:
    """The type that the content shows, whatever the sender claims."""
    import puremagic  # noqa: PLC0415  # only needed with attachments

    head = upload.content[:512].lstrip().lower()
    if head.startswith((b"<svg", b"<!doctype", b"<html", b"<?xml", b"<script")):
        return NEUTRAL
    try:
        found = str(puremagic.from_string(upload.content[:4096], mime=True))
    except (puremagic.PureError, ValueError):
        found = ""
    if found:
        return found
    try:
        upload.content.decode()
    except UnicodeDecodeError:
        return NEUTRAL
    return "text/plain"


async def store(blobs: Blobs, uploads: Sequence[Upload], *, public: bool) -> tuple[Attachment, ...]:
    """Checks and stores the files; the same content is stored once. Raises Invalid."""
    if not uploads:
        return ()
    check(uploads)
    return tuple(await asyncio.gather(*(_one(blobs, upload, public=public) for upload in uploads)))


async def _one(blobs: Blobs, upload: Upload, *, public: bool) -> Attachment:
    name = safe_name(upload.name)
    sha = hashlib.sha256(upload.content).hexdigest()
    kind = sniffed(upload)
    await blobs.put(f"attachment/{sha}", upload.content, NEUTRAL)
    return Attachment(
        id=hashlib.sha256(f"{sha}|{name}|{public}".encode()).hexdigest()[:16],
        name=name,
        size=len(upload.content),
        content_type=kind if kind in SHOWN else NEUTRAL,
        blob=f"attachment/{sha}",
        public=public,
        active=kind not in SHOWN,
    )


async def fetch(
    blobs: Blobs, ticket: Ticket, attachment_id: str, *, public_only: bool
) -> tuple[Attachment, bytes]:
    """An attachment of the ticket with its content. Raises NotFound."""
    for attachment in ticket.attachments:
        if attachment.id == attachment_id and (attachment.public or not public_only):
            return attachment, await blobs.get(attachment.blob)
    raise NotFound("there is no such attachment")

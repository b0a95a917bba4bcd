"""Makes safe attachments out of parts, and pictures out of data addresses."""

import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from mimetypes import MimeTypes

from shared.mail_in.cleaning import distinct_names, one_line, safe_name
from shared.mail_in.headers import decode_words
from shared.mail_in.model import MailAttachment
from shared.mail_in.sniffing import is_active, real_type
from shared.mail_in.structure import BROKEN, Part, content_type, parameter, text_of_header

_TYPES = MimeTypes()  # Python's own table: names must not depend on the machine
_TYPES.add_type("text/calendar", ".ics")
_CONTENT_ID = re.compile(r"[^\s<>\"']{1,200}")
_DATA_IMAGE = re.compile(r"data:image/(?:png|jpeg|jpg|gif|webp);base64,", re.IGNORECASE)
_DECORATION_BYTES = 16 * 1024
_DECORATION_HEIGHT = 120
_DECLARED = re.compile(r"[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,100}")


@dataclass(frozen=True, slots=True)
class File:
    """A file as found, before it is examined."""

    name: str
    declared: str
    content: bytes
    content_id: str = ""


def name_of(part: Part) -> str:
    """The file name that a part gives itself, decoded, not yet safe; maybe empty."""
    name = parameter(part, "filename", "content-disposition") or parameter(part, "name")
    if name:
        return decode_words(name)
    # Some gateways write the parameter without a disposition, or break its quotes.
    try:
        return decode_words(part.get_filename("") or "")
    except BROKEN:
        return ""


def content_id_of(part: Part) -> str:
    """The part's Content-ID without its brackets, or an empty string."""
    return clean_content_id(text_of_header(part, "content-id"))


def clean_content_id(value: str) -> str:
    """A content id in the form in which ids are compared."""
    found = _CONTENT_ID.search(one_line(value))
    return found.group() if found else ""


def file_of(part: Part, content: bytes, otherwise: str = "attachment") -> File:
    """A leaf part as a file; nameless ones are named after their type."""
    declared = content_type(part)
    name = name_of(part) or otherwise + (_TYPES.guess_extension(declared) or "")
    return File(name, declared, content, content_id_of(part))


def attachments(files: Iterable[File]) -> tuple[MailAttachment, ...]:
    """The files examined, with safe names that differ from each other."""
    examined = [_attachment(file) for file in files]
    names = distinct_names(each.name for each in examined)
    return tuple(replace(each, name=name) for each, name in zip(examined, names, strict=True))


def _attachment(file: File) -> MailAttachment:
    name = safe_name(file.name, "attachment")
    declared = file.declared if _DECLARED.fullmatch(file.declared) else ""
    kind = real_type(file.content, declared, name)
    return MailAttachment(
        name=name,
        content_type=kind,
        declared_type=declared,
        content=file.content,
        inline_id=file.content_id or None,
        active=is_active(file.content, kind, name),
        decoration=bool(file.content_id) and _is_small_picture(file.content, kind),
    )


def _is_small_picture(content: bytes, kind: str) -> bool:
    """Logos and icons of signatures, which would drown the real attachments in a list."""
    if not kind.startswith("image/") or len(content) > _DECORATION_BYTES:
        return False
    height = 0
    if kind == "image/png" and len(content) >= 24:
        height = int.from_bytes(content[20:24])
    elif kind == "image/gif" and len(content) >= 10:
        height = int.from_bytes(content[8:10], "little")
    return height <= _DECORATION_HEIGHT


def picture_from(address: str, number: int) -> File | None:
    """The picture that a `data:` address carries, as an inline file."""
    head = _DATA_IMAGE.match(address)
    if not head:
        return None
    try:
        content = binascii.a2b_base64(address[head.end() :].encode("ascii", "ignore"))
    except binascii.Error:
        return None
    kind = address[5 : head.end()].partition(";")[0].lower()
    extension = _TYPES.guess_extension(kind) or ".png"
    return File(f"inline-{number}{extension}", kind, content, f"inline-{number}@docket")

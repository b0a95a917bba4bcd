"""Reads header values as they occur in the wild: encoded words, addresses, ids, dates."""

import binascii
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import getaddresses, parsedate_to_datetime

from shared.mail_in.charset import decode
from shared.mail_in.cleaning import one_line
from shared.mail_in.model import Address

# RFC 2047, but tolerant: spaces within, and a question mark that nobody encoded.
_WORD = re.compile(r"=\?([^?\s]{1,75})\?([bBqQ])\?((?:[^?\n]|\?(?!=)){0,1000})\?=")
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,500}>")
_BARE_ID = re.compile(r"[^\s<>,;:\"()]{1,250}@[^\s<>,;:\"()@]{1,250}")
_ANGLED = re.compile(r"<([^<>\s@]{1,100}@[^<>\s@]{1,253})>")
_BARE = re.compile(r"(?<!@)[^\s<>()\[\]\",;:@]{1,100}@[^\s<>()\[\]\",;:@]{1,253}+(?!@)")
_LOCAL = re.compile(r"[^\s<>()\[\]\\\",;:@]{1,64}")
_DOMAIN = re.compile(r"[a-z0-9]([a-z0-9._-]{0,251}[a-z0-9])?")
_OPEN, _CLOSE = "\ue000", "\ue001"  # private use: stand-ins for encoded words
_ASIDE = re.compile(f"{_OPEN}([0-9]{{1,5}}){_CLOSE}")
_ADDRESS_CHARS = 20_000
_IDS = 200


def decode_words(value: str) -> str:
    """The value with its encoded words decoded; what cannot be decoded stays as it is."""
    if "=?" not in value:
        return value
    out: list[str] = []
    pending, label, end = b"", "", 0
    for word in _WORD.finditer(value):
        between = value[end : word.start()]
        data = _word_bytes(word.group(2), word.group(3))
        joins = data is not None and pending and not between.strip()
        if not (joins and word.group(1).lower() == label):
            out.append(decode(pending, label)[0])
            pending = b""
        out.append("" if joins else between)
        label, end = word.group(1).lower(), word.end()
        if data is None:
            out.append(word.group())
        else:
            # Words of one charset join before decoding: some senders cut within a character.
            pending += data
    return "".join((*out, decode(pending, label)[0], value[end:]))


def _word_bytes(encoding: str, content: str) -> bytes | None:
    data = content.encode("utf-8", "replace")
    if encoding in "qQ":
        return binascii.a2b_qp(data, header=True)
    data = data.rstrip(b"= ")
    try:
        return binascii.a2b_base64(data + b"=" * (-len(data) % 4))
    except binascii.Error:
        return None


def line_of(value: str, limit: int = 500) -> str:
    """A header's text as one clean, decoded line."""
    return one_line(decode_words(value), limit)


def addresses(values: Iterable[str]) -> tuple[Address, ...]:
    """Every usable address of these header values, in order, each once."""
    distinct: dict[str, Address] = {}
    for value in values:
        for address in _addresses(value[:_ADDRESS_CHARS]):
            distinct.setdefault(address.email, address)
    return tuple(distinct.values())


def _addresses(value: str) -> list[Address]:
    value = one_line(value.replace(_OPEN, ""), _ADDRESS_CHARS)
    words: list[str] = []

    def aside(word: re.Match[str]) -> str:
        # Encoded or not, what a name says must not become part of the grammar.
        words.append(word.group())
        return f"{_OPEN}{len(words) - 1}{_CLOSE}"

    try:
        pairs = getaddresses([_WORD.sub(aside, value)], strict=True)
    except (RecursionError, IndexError, ValueError):
        pairs = []
    named = ((email, _ASIDE.sub(lambda at: words[int(at.group(1))], name)) for name, email in pairs)
    good = [made for email, name in named if (made := _address(email, name))]
    return good or _salvaged(decode_words(value))


def _salvaged(value: str) -> list[Address]:
    """Addresses out of a value that breaks the grammar: bracketed ones, else any."""
    angled = [
        made
        for found in _ANGLED.finditer(value)
        if (made := _address(found.group(1), value[: found.start()].rpartition(",")[2]))
    ]
    return angled or [made for email in _BARE.findall(value) if (made := _address(email, ""))]


def _address(email: str, name: str) -> Address | None:
    local, _, domain = normal_email(email).rpartition("@")
    if not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        return None
    return Address(f"{local}@{domain}", line_of(name, 200).strip("\"' "))


def normal_email(email: str) -> str:
    """An address in the form in which addresses are compared: lower case, ASCII domain."""
    local, _, domain = one_line(email, 320).strip("<>'\" ").lower().rpartition("@")
    domain = domain.rstrip(".")
    if not domain.isascii() and len(domain) <= 253:
        try:
            domain = domain.encode("idna").decode("ascii")
        except UnicodeError:
            return f"{local}@"
    return f"{local}@{domain}"


def message_ids(values: Iterable[str]) -> tuple[str, ...]:
    """The message ids in these values, bracketed, in order, each once, at most 200."""
    # Some programs encode ids that are too long for one line.
    text = " ".join(map(decode_words, values))
    found = _MESSAGE_ID.findall(text) or [f"<{bare}>" for bare in _BARE_ID.findall(text)]
    ids = tuple(dict.fromkeys(one_line(each) for each in found))
    # The first starts the thread and the last are nearest: keep both ends of an endless list.
    return ids if len(ids) <= _IDS else (ids[0], *ids[-_IDS + 1 :])


def moment(value: str) -> datetime | None:
    """A Date header as aware UTC; None when it is none."""
    try:
        when = parsedate_to_datetime(one_line(value, 100))
        when = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return when if when.year >= 1970 else None

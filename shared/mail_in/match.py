"""Which ticket a mail belongs to: a decision over facts that the caller fetches."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from shared.mail_in.authentication import failed_authentication
from shared.mail_in.model import ParsedMail

_NUMBERS = 10
_NUMBER = re.compile(
    r"(?<![\w-])([A-Za-z][A-Za-z0-9_]{0,15})[-\u2010\u2011\u2013]([0-9]{1,9})(?![\w]|-\d)"
)


class MatchReason(StrEnum):
    """Why a mail went where it went."""

    REFERENCE = "reference"
    SUBJECT = "subject"
    STRANGER = "stranger"
    FORGED = "forged"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Candidates:
    """What to look up: message ids, nearest first, and ticket numbers of the subject."""

    message_ids: tuple[str, ...]
    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fetched:
    """What the store knows: ticket numbers by message id, participants' addresses by number.

    Message ids of incoming mails belong here too: people in copy answer the first mail, not
    our confirmation. A number that no ticket has is simply absent.
    """

    by_message_id: Mapping[str, str] = field(default_factory=dict)
    participants: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Match:
    """The ticket to join, or None for a new one; `quoted` are existing tickets to link."""

    number: str | None
    reason: MatchReason
    quoted: tuple[str, ...] = ()


def ticket_numbers(subject: str, prefixes: frozenset[str]) -> tuple[str, ...]:
    """The ticket numbers in a subject, upper case, bracketed ones first, at most ten."""
    known = {prefix.upper() for prefix in prefixes}
    found = [
        (not _is_bracketed(subject, hit), f"{hit.group(1).upper()}-{int(hit.group(2))}")
        for hit in _NUMBER.finditer(subject)
        if hit.group(1).upper() in known and int(hit.group(2))
    ]
    found.sort(key=lambda pair: pair[0])
    return tuple(dict.fromkeys(number for _, number in found))[:_NUMBERS]


def _is_bracketed(subject: str, hit: re.Match[str]) -> bool:
    return subject[: hit.start()].endswith(("[", "[#")) and subject[hit.end() :].startswith("]")


def candidates(mail: ParsedMail, prefixes: frozenset[str]) -> Candidates:
    """What the caller must fetch before decide."""
    nearest = (*mail.in_reply_to, *reversed(mail.references))
    return Candidates(tuple(dict.fromkeys(nearest)), ticket_numbers(mail.subject, prefixes))


def decide(mail: ParsedMail, asked: Candidates, fetched: Fetched) -> Match:
    """A reference to a known mail joins its ticket; a number only when a participant writes.

    Anyone can type a number into a subject, only those who got a mail know its Message-ID.
    """
    for message_id in asked.message_ids:
        number = fetched.by_message_id.get(message_id)
        if number:
            others = (each for each in asked.numbers if each != number)
            return Match(number, MatchReason.REFERENCE, _existing(others, fetched))
    existing = _existing(asked.numbers, fetched)
    if not existing or mail.sender is None:
        return Match(None, MatchReason.NEW, existing)
    if failed_authentication(mail):
        return Match(None, MatchReason.FORGED, existing)
    for number in existing:
        if mail.sender.email in fetched.participants[number]:
            return Match(
                number, MatchReason.SUBJECT, tuple(each for each in existing if each != number)
            )
    return Match(None, MatchReason.STRANGER, existing)


def _existing(numbers: Iterable[str], fetched: Fetched) -> tuple[str, ...]:
    return tuple(number for number in numbers if number in fetched.participants)

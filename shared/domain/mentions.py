"""Who is mentioned in a text, and by what name they are called there.

`@holly`, `@Holly Smith`, `@holly.smith`, `@holly@example.org`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache

from shared.domain.desk import Desk, Member
from shared.domain.ticket import Ticket

_WORD = r"[\w.%+-]+(?:@[\w-]+(?:\.[\w-]+)+)?"


def _pattern(desk: Desk) -> re.Pattern[str]:
    return _compiled(frozenset(member.name for member in desk.people if " " in member.name))


@cache
def _compiled(names: frozenset[str]) -> re.Pattern[str]:
    """A whole name is taken whole, the longer one first, else a single word or an address."""
    whole = [r"\s+".join(map(re.escape, name.split())) for name in names]
    whole.sort(key=len, reverse=True)
    told = "".join(rf"{name}(?!\w)|" for name in whole)
    return re.compile(rf"(?<![\w@.])@({told}{_WORD})", re.IGNORECASE)


def _names(desk: Desk) -> dict[str, str]:
    """Names to addresses; a name that two people share stands for neither."""
    found: dict[str, set[str]] = {}
    for member in desk.people:
        for name in set(_ways_to_call(member)):
            found.setdefault(name.casefold(), set()).add(member.email)
    return {name: emails.pop() for name, emails in found.items() if name and len(emails) == 1}


def _ways_to_call(member: Member) -> Iterator[str]:
    words = member.name.split()
    yield from (" ".join(words), ".".join(words), *words[:1])
    yield member.email.partition("@")[0]


def mentioned(desk: Desk, ticket: Ticket, text: str) -> tuple[str, ...]:
    """Addresses of those mentioned: members by name or address, clients by their address only."""
    names = _names(desk)
    known = ticket.participants | set(desk.member_by_email)
    found = (_address(names, match) for match in _pattern(desk).findall(text))
    return tuple(dict.fromkeys(email for email in found if email in known))


def _address(names: Mapping[str, str], written: str) -> str:
    wanted = " ".join(written.rstrip(".").casefold().split())
    return wanted if "@" in wanted else names.get(wanted, "")


def spelled_out(desk: Desk, ticket: Ticket, text: str, sign: str = "@") -> str:
    """The text with `@Holly Park` for `@holly` and `@holly@example.org`; `sign`: what marks it.

    No address is left in a mention, since what is written to one reader is read by all: somebody
    whose name is not known is called by what stands before the @ of the address.
    """
    short, called = _names(desk), _called(desk, ticket)

    def name(match: re.Match[str]) -> str:
        written = match.group(1)
        email = _address(short, written)
        stop = "." if written.endswith(".") else ""
        known = called.get(email) or (email.partition("@")[0] if "@" in written else "")
        return f"{sign}{known}{stop}" if known else match.group(0)

    return _pattern(desk).sub(name, text)


def _called(desk: Desk, ticket: Ticket) -> dict[str, str]:
    """Names by address, members' first."""
    clients = [person for person in (ticket.submitted_by, ticket.requester) if person]
    found = {person.email: person.name for person in clients if person.name}
    return found | {member.email: member.name for member in desk.people}

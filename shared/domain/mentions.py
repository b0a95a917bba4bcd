"""Who is mentioned in a text (`@holly`, `@holly.smith`, `@holly@example.org`), and their names."""

from __future__ import annotations

import re
from collections.abc import Mapping

from shared.domain.desk import Desk
from shared.domain.ticket import Ticket

_MENTION = re.compile(r"(?<![\w@.])@([A-Za-z0-9._%+-]+(?:@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)?)")


def _names(desk: Desk) -> dict[str, str]:
    """Short names to addresses; a name that two people share stands for neither."""
    found: dict[str, set[str]] = {}
    for member in desk.people:
        first = member.name.split()[0] if member.name else ""
        dotted = ".".join(member.name.split())
        for name in {first, dotted, member.email.split("@")[0]}:
            found.setdefault(name.casefold(), set()).add(member.email)
    return {name: emails.pop() for name, emails in found.items() if name and len(emails) == 1}


def mentioned(desk: Desk, ticket: Ticket, text: str) -> tuple[str, ...]:
    """Addresses of those mentioned: members by name or address, clients by their address only."""
    names = _names(desk)
    known = ticket.participants | set(desk.member_by_email)
    found = (_address(names, match) for match in _MENTION.findall(text))
    return tuple(dict.fromkeys(email for email in found if email in known))


def _address(names: Mapping[str, str], written: str) -> str:
    wanted = written.rstrip(".").casefold()
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

    return _MENTION.sub(name, text)


def _called(desk: Desk, ticket: Ticket) -> dict[str, str]:
    """Names by address, members' first."""
    clients = [person for person in (ticket.submitted_by, ticket.requester) if person]
    found = {person.email: person.name for person in clients if person.name}
    return found | {member.email: member.name for member in desk.people}

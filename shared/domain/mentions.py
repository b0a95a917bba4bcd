"""Who is mentioned in a text: `@holly`, `@holly.smith`, `@holly@example.org`."""

from __future__ import annotations

import re

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
    found: list[str] = []
    for match in _MENTION.findall(text):
        wanted = match.rstrip(".").casefold()
        email = wanted if "@" in wanted else names.get(wanted, "")
        if email in known and email not in found:
            found.append(email)
    return tuple(found)

"""Which mail begins a person's conversation about a ticket, so that the later ones refer to it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from shared.domain.effects import Effect, MailOwed, place_of

type Threads = Mapping[str, str]
"""The first mail's place by a name for its receiver; a digest's mails belong to no ticket."""


def threaded(
    number: str, seq: int, effects: Sequence[Effect], known: Threads
) -> tuple[tuple[Effect, ...], dict[str, str]]:
    """The effects of the command at `seq`, each mail with its thread, and the threads after them.

    Mail programs group by Message-IDs that they hold, so every later mail to a person names the
    first one that the person got, and that one names none of ours.
    """
    begun, found = dict(known), list(effects)
    for index, effect in enumerate(effects):
        if isinstance(effect, MailOwed) and effect.digest is None:
            place = f"{effect.bound} {place_of(seq, index)}"
            first = begun.setdefault(_name(number, effect), place)
            if first != place:
                found[index] = effect.model_copy(update={"thread": first})
    return tuple(found), begun


def _name(number: str, mail: MailOwed) -> str:
    """Tells receivers of one ticket apart without keeping their addresses once more."""
    text = f"{number}|{mail.audience}|{mail.to.email}"
    return hashlib.sha256(text.encode()).hexdigest()[:12]

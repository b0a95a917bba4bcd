"""Words as a search compares them, and the words by which a ticket is found."""

from __future__ import annotations

import string
import unicodedata

from shared.domain.ticket import Ticket

KEPT = 1000  # characters of a ticket's words that its row in lists holds
_READ = 4 * KEPT  # of a description: what is beyond fits hardly ever
_LONGEST = 40  # of one word: what is longer was made by a machine, and its beginning will do
_AROUND = string.punctuation + "«»“”„‘…–—"


def folded(text: str) -> str:
    """The text without case and accents: `Médical` and `MEDICAL` are the same."""
    if text.isascii():
        return text.casefold()
    parts = unicodedata.normalize("NFKD", text.casefold().replace("’", "'"))
    return "".join(c for c in parts if not unicodedata.combining(c))


def words(text: str) -> list[str]:
    """The distinct words, folded, without the signs around them: `#67` is `67`."""
    found = (word.strip(_AROUND)[:_LONGEST] for word in folded(text).split())
    return [word for word in dict.fromkeys(found) if word]


def words_of(ticket: Ticket) -> str:
    """What a search finds beside the title: references and items, then the description's words.

    A thousand characters at most; no word is cut.
    """
    refs = " ".join(ref.ref for ref in ticket.external_refs)
    items = " ".join(item.id for item in ticket.work_items)
    kept: list[str] = []
    room = KEPT
    for word in words(f"{refs} {items} {ticket.description[:_READ]}"):
        room -= len(word) + bool(kept)
        if room < 0:
            break
        kept.append(word)
    return " ".join(kept)

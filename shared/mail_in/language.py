"""Guesses whether a text is English, French or German, from its commonest words."""

import re

from shared.mail_in.model import Language

_WORD = re.compile(r"[^\W\d_]{1,20}")
_CHARACTERS = 5000
_COMMON: dict[Language, frozenset[str]] = {
    "en": frozenset(
        [
            *("the", "and", "to", "of", "is", "we", "you", "have", "not", "this", "that", "with"),
            *("please", "it", "are", "was", "can", "my", "your", "from", "our", "hello", "thanks"),
            *("cannot", "when", "has", "been", "there", "regards", "but", "would", "could", "any"),
        ]
    ),
    "fr": frozenset(
        [
            *("le", "la", "les", "de", "des", "du", "et", "est", "nous", "vous", "je", "pas"),
            *("un", "une", "ne", "que", "qui", "dans", "pour", "avec", "sur", "bonjour", "merci"),
            *("avons", "cette", "ce", "mon", "notre", "votre", "au", "aux", "il", "cordialement"),
        ]
    ),
    "de": frozenset(
        [
            *("der", "die", "das", "und", "ist", "wir", "sie", "nicht", "ein", "eine", "mit"),
            *("ich", "zu", "den", "von", "auf", "im", "bitte", "haben", "hat", "kann", "können"),
            *("für", "unser", "unsere", "ihre", "es", "dass", "hallo", "grüße", "danke", "wird"),
        ]
    ),
}


def guess_language(text: str, declared: str = "") -> Language | None:
    """The language whose words clearly prevail; else what Content-Language says; else None."""
    words = _WORD.findall(text[:_CHARACTERS].lower())
    scores = sorted(
        ((sum(word in common for word in words), name) for name, common in _COMMON.items()),
        reverse=True,
    )
    (best, language), (second, _) = scores[0], scores[1]
    if best >= 2 and best >= 1.5 * second:
        return language
    primary = declared.strip().lower().partition("-")[0].partition(",")[0]
    return next((each for each in _COMMON if each == primary), None)

"""What client pages say, in each language, and the rules' messages in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from shared.domain.words import Language, say
from shared.render.pages import WEB

LANGUAGES: tuple[Language, ...] = ("en", "fr")
FILE = WEB / "pages" / "client" / "words.yaml"


@lru_cache(maxsize=len(LANGUAGES))
def client_words(language: Language) -> Mapping[str, str]:
    """The pages' texts by key, as web/pages/client/words.yaml has them."""
    return {key: say(texts, language) for key, texts in all_words().items()}


@lru_cache(maxsize=1)
def all_words() -> Mapping[str, dict[Language, str]]:
    """Every text in every language."""
    from yaml import safe_load  # noqa: PLC0415  # needed by pages only

    found: dict[str, dict[Language, str]] = safe_load(FILE.read_text("utf-8"))
    return found


def preferred(header: str) -> Language | None:
    """The best language of ours that an Accept-Language header names, if any."""
    ranked: list[tuple[float, int, Language]] = []
    for place, part in enumerate(header.split(",")[:20]):
        name, _, weight = part.partition(";")
        tag = name.strip().lower().partition("-")[0]
        known = next((language for language in LANGUAGES if language == tag), None)
        if known is not None:
            ranked.append((-_weight(weight), place, known))
    wanted = [entry for entry in sorted(ranked) if entry[0] < 0]
    return wanted[0][2] if wanted else None


def _weight(text: str) -> float:
    found = re.fullmatch(r"\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*", text)
    return float(found.group(1)) if found else 0.0 if text.strip() else 1.0


# The rules explain mistakes in English; a page of a French reader says the same in French.
_FRENCH = tuple(
    (re.compile(pattern, re.DOTALL), text)
    for pattern, text in (
        (r"this answer is needed", "cette réponse est nécessaire"),
        (r"attach at least one file", "joignez au moins un fichier"),
        (r"give one answer only", "donnez une seule réponse"),
        (
            r"shorten this to (\d+) characters \(now (\d+)\)",
            r"raccourcissez ce texte à \1 caractères (il en a \2)",
        ),
        (r".* is no option here; choose one of: .*", "choisissez l’une des réponses proposées"),
        (
            r"this day is still to come; give today or an earlier date",
            "ce jour n’est pas encore arrivé ; donnez la date d’aujourd’hui ou une date antérieure",
        ),
        (r"give a date as YYYY-MM-DD", "donnez une date sous la forme AAAA-MM-JJ"),
        (
            r"(?:give an e-mail address such as|give an address as) name@example\.org",
            "donnez une adresse de courriel comme nom@example.org",
        ),
        (
            r"say who is asking: an e-mail address is needed",
            "dites qui demande : une adresse de courriel est nécessaire",
        ),
        (r"the form \S+ has no such field", "le formulaire n’a pas de tel champ"),
        (r"attach at most (\d+) files", r"joignez au plus \1 fichiers"),
        (r"attach at most (\d+) MB in all", r"joignez au plus \1 Mo en tout"),
        (r"(.+) is larger than (\d+) MB", r"\1 dépasse \2 Mo"),
        (r"send at most (\d+) MB", r"envoyez au plus \1 Mo"),
    )
)


def told(message: str, language: Language) -> str:
    """A rule's message as a sentence of that language; one without translation stays English."""
    if language == "fr":
        for pattern, text in _FRENCH:
            found = pattern.fullmatch(message)
            if found is not None:
                message = found.expand(text)
                break
    is_name = "." in message.partition(" ")[0]  # a file's name stays as it is
    sentence = message if is_name else message[:1].upper() + message[1:]
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."

"""Finds what a mail adds to its conversation; in doubt all of it is shown."""

import re
import warnings
from collections.abc import Sequence
from functools import cache

from shared.mail_in.quoting import (
    SEARCHED_LINES,
    attribution,
    bare,
    header_block,
    history_start,
    is_forward_mark,
    is_original_mark,
    is_quoted,
)

REPLY_MARKERS = {
    "en": "##- Please type your reply above this line -##",
    "fr": "##- Veuillez écrire votre réponse au-dessus de cette ligne -##",
    "de": "##- Bitte schreiben Sie Ihre Antwort über diese Zeile -##",
}
_MARKER = re.compile(r"##-\s.{10,100}\s-##")
_OTHER_LANGUAGES = ("es", "it", "nl", "pl", "sv", "da", "cs")
# The library's patterns take quadratic time in a line: it sees so much and no more.
_SEEN_LINES, _SEEN_WIDTH = 200, 200
_MOBILE = re.compile(
    r"(?:sent from (?:my |outlook|mail for|yahoo|proton|samsung)|get outlook for "
    r"|envoy[ée] (?:de(?:puis)? (?:mon |outlook|mail|l.application)|[àa] partir d)"
    r"|obtenez outlook pour |t[ée]l[ée]charger outlook"
    r"|von meinem .{1,40} gesendet|gesendet (?:von (?:mein|outlook|mail)|mit der )"
    r"|outlook f(?:ü|ue)r .{1,20} beziehen|holen sie sich outlook f)",
    re.IGNORECASE,
)
_SIGNATURE_LINES = 20
_PGP_SIGNED = "-----BEGIN PGP SIGNED MESSAGE-----"
_PGP_SIGNATURE = "-----BEGIN PGP SIGNATURE-----"
_FOREIGN_LABEL = re.compile(r"[^\W\d_]{1,14}\s?:\s")
_FORWARDED_SUBJECT = re.compile(r"(?i)\s*(?:\[[^\[\]]{1,60}\]\s*)*(?:fwd?|tr|wg|i)\s?:")


def is_forwarded_subject(subject: str) -> bool:
    """Whether a mail program marked the subject as that of a forwarded mail."""
    return _FORWARDED_SUBJECT.match(subject) is not None


def is_forward(subject: str, text: str) -> bool:
    """Whether the mail hands on another one, so that the quoted part is the matter itself."""
    if is_forwarded_subject(subject):
        return True
    for at, line in enumerate(lines := text.split("\n", SEARCHED_LINES)):
        if not line:
            continue
        if is_forward_mark(line):
            return True
        if attribution(lines, at) or is_original_mark(line) or header_block(lines, at):
            return False
    return False


def new_part(text: str, *, forwarded: bool = False) -> str:
    """The text without history, signature and phone's greeting; never empty unless it is."""
    whole = _without_pgp(text).strip("\n")
    if forwarded:
        return whole.strip() or text
    lines = whole.split("\n")
    history = _history(lines)
    kept = lines if history is None or _answers_within(lines, history) else lines[:history]
    kept = [line for line in kept if not _MARKER.search(line[:_SEEN_WIDTH])]
    shown = "\n".join(_without_signature(kept)).strip()
    return shown if any(character.isalnum() for character in shown) else _least(kept, whole, text)


def _least(kept: Sequence[str], whole: str, text: str) -> str:
    """Nothing but signs is left: emoji alone may be an answer, else everything is shown."""
    said = "\n".join(kept).strip()
    has_words = any(character.isalnum() for character in whole)
    return said if said and (not has_words or not said.isascii()) else whole.strip() or text


def _history(lines: Sequence[str]) -> int | None:
    marker = next((at for at, line in enumerate(lines) if "##-" in line and _is_marker(line)), None)
    start = history_start(lines if marker is None else lines[:marker])
    if start is None and marker is None:
        return _by_library(lines)
    return marker if start is None else start


def _is_marker(line: str) -> bool:
    return _MARKER.search(bare(line)) is not None


def _answers_within(lines: Sequence[str], history: int) -> bool:
    """Whether the writer answers below or between quoted lines: then nothing may be cut."""
    after = history + (attribution(lines, history) or 1) - (1 if is_quoted(lines[history]) else 0)
    quoted = False
    for line in _without_signature(lines[after : after + SEARCHED_LINES]):
        if is_quoted(line):
            quoted = True
        elif quoted and bare(line) and not _is_trailer(line):
            return True
    return False


def _is_trailer(line: str) -> bool:
    text = bare(line)
    return _is_footer(text) or not any(sign.isalnum() for sign in text)


def _without_signature(lines: Sequence[str]) -> list[str]:
    kept = list(lines)
    for back in range(1, min(len(kept), _SIGNATURE_LINES) + 1):
        if kept[-back].rstrip() == "--":
            kept = kept[:-back]
            break
    while kept and (not kept[-1].strip() or _is_footer(bare(kept[-1]))):
        kept.pop()
    return kept


def _is_footer(text: str) -> bool:
    # Outlook writes [cid:...] into plain text where its signature has a logo.
    return text.startswith("[cid:") or (len(text) <= 80 and _MOBILE.match(text) is not None)


def _without_pgp(text: str) -> str:
    """The message inside an inline PGP signature (RFC 9580, 7)."""
    if not text.lstrip().startswith(_PGP_SIGNED):
        return text
    body = text.partition("\n\n")[2].partition(_PGP_SIGNATURE)[0]
    return body.replace("\n- ", "\n") if body.strip() else text


def _by_library(lines: Sequence[str]) -> int | None:
    """Where the reply parser sees history in the languages that quoting does not know."""
    seen = [line[:_SEEN_WIDTH].strip() for line in lines[:_SEEN_LINES]]
    text = "\n".join(seen)
    for found in _library_pattern().finditer(text):
        blanks = len(found.group()) - len(found.group().lstrip())
        cut = text.count("\n", 0, found.start() + blanks)
        if _is_plausible(seen, cut):
            return cut
    return None


def _is_plausible(lines: Sequence[str], at: int) -> bool:
    """The library cuts at any two lines like "To: x": ask for an address and a date as well."""
    near = lines[at : at + 5]
    text = " ".join(near)
    introduced = any(line.endswith(":") for line in near[:3])
    labelled = sum(_FOREIGN_LABEL.match(bare(line)) is not None for line in near) >= 3
    dated = any(character.isdigit() for character in text)
    return "@" in text and dated and (introduced or labelled)


@cache
def _library_pattern() -> re.Pattern[str]:
    from mailparser_reply import EmailMessage  # noqa: PLC0415  needed for few mails

    with warnings.catch_warnings():
        # Its own call of re.sub is deprecated since Python 3.13.
        warnings.simplefilter("ignore", DeprecationWarning)
        message = EmailMessage(text="", languages=["en", "fr", "de", *_OTHER_LANGUAGES])
    pattern: re.Pattern[str] = message.HEADER_REGEX
    return pattern

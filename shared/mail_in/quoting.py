"""Finds where the quoted history starts in a plain text, in English, French and German."""

import re
from collections.abc import Sequence

_WIDTH = 300  # no line that a mail program writes above a quotation is longer
_MARKS = re.compile(r"^[\s>|*_]*")
_WROTE = re.compile(
    r"(?:on\b.*\bwrote|le\b.*\ba [ée]crit|am\b.*\bschrieb\b.*|.*\b(?:wrote|a [ée]crit|schrieb))"
    r"(?: on\b.*)?\s?:",
    re.IGNORECASE,
)
_STARTS = ("on ", "le ", "am ", "el ", "il ", "op ", "em ", "den ", "dnia ", "dne ", "w dniu ")
_LABEL = re.compile(r"([^\W\d_][^\W\d_ -]{0,12}(?: [^\W\d_]{1,8})?)\s?:[*_]*(?:\s|$)")
_LABELS = {
    "from": ("from", "de", "von"),
    "date": ("sent", "date", "envoyé", "envoye", "gesendet", "datum"),
    "to": ("to", "à", "a", "an"),
    "subject": ("subject", "objet", "betreff", "sujet"),
}
_KIND_OF_LABEL = {label: kind for kind, labels in _LABELS.items() for label in labels}
_ORIGINAL = re.compile(
    r"-{2,}\s?(?:original message|original appointment|message d.origine|message original"
    r"|urspr(?:ü|ue)ngliche nachricht|original-nachricht)\s?-{2,}",
    re.IGNORECASE,
)
_FORWARD = re.compile(
    r"(?:-{4,}\s?(?:forwarded message|message transf[ée]r[ée]|forwarded by\b.*"
    r"|weitergeleitete nachricht)\s?-{0,}"
    r"|begin forwarded message\s?:|d[ée]but du message (?:transf[ée]r[ée]|r[ée]exp[ée]di[ée])\s?:"
    r"|anfang der weitergeleiteten (?:nachricht|e-mail)\s?:)",
    re.IGNORECASE,
)
_RULE = re.compile(r"[_\-=]{10,}")
_HEADER_LINES = 8
SEARCHED_LINES = 20_000  # nobody types more above a quotation


def bare(line: str) -> str:
    """A line without quote marks and emphasis, cut to a plausible width."""
    return _MARKS.sub("", line[:_WIDTH]).strip(" *\t\xa0").replace("\xa0", " ")


def is_quoted(line: str) -> bool:
    """Whether the line is marked as quoted."""
    return line.lstrip().startswith(">")


def is_forward_mark(line: str) -> bool:
    """Whether a mail program wrote this line above a forwarded mail."""
    return _FORWARD.match(bare(line)) is not None


def is_original_mark(line: str) -> bool:
    """Whether this is Outlook's line above the mail that is answered."""
    return _ORIGINAL.match(bare(line)) is not None


def header_block(lines: Sequence[str], at: int) -> dict[str, str] | None:
    """The header lines that Outlook and others copy above a quoted mail, if they start here.

    At least From, a date, and a recipient or a subject: two lines such as "From: May, To:
    June" are somebody's own words.
    """
    if _label(lines[at])[0] != "from":
        return None
    found: dict[str, str] = {}
    blanks = 0
    for line in lines[at : at + _HEADER_LINES]:
        kind, value = _label(line)
        if kind:
            found.setdefault(kind, value)
        elif not bare(line):
            blanks += 1
            if blanks > 1 and len(found) > 1:
                break
    enough = {"from", "date"} <= found.keys() and not found.keys().isdisjoint({"to", "subject"})
    return found if enough else None


def _label(line: str) -> tuple[str, str]:
    text = bare(line)
    found = _LABEL.match(text)
    kind = _KIND_OF_LABEL.get(found.group(1).lower(), "") if found else ""
    return kind, text[found.end() :].strip() if found else ""


def attribution(lines: Sequence[str], at: int) -> int:
    """How many lines "On such a day X wrote:" takes here (it wraps over up to three), or 0."""
    first = bare(lines[at])
    if not first:
        return 0
    starts = first.lower().startswith(_STARTS)
    joined = ""
    for count, line in enumerate(lines[at : at + (3 if starts else 1)], 1):
        joined = f"{joined} {bare(line)}".strip()
        if joined.endswith(":") and _introduces(joined, lines[at + count : at + count + 2], starts):
            return count
    return 0


def _introduces(text: str, below: Sequence[str], starts: bool) -> bool:
    """Two signs of three beside a date: verb of writing, address, quoted lines below.

    A line like "On 3 May the server wrote:" above a log is the writer's own.
    """
    verb = _WROTE.fullmatch(text) is not None
    dated = starts and any(character.isdigit() for character in text)
    if not verb and not dated:
        return False
    return (verb + ("@" in text) + any(is_quoted(line) for line in below)) >= 2


def history_start(lines: Sequence[str]) -> int | None:
    """The first line of the quoted history; None when there is none."""
    for at, line in enumerate(lines[:SEARCHED_LINES]):
        if not line or line.isspace():
            continue
        if is_original_mark(line) or header_block(lines, at) or attribution(lines, at):
            return with_rule(lines, at)
    return _quoted_tail(lines)


def with_rule(lines: Sequence[str], at: int) -> int:
    """Where the history begins whose header is there: Outlook draws a line above it."""
    above = at - 1
    while above >= 0 and above >= at - 3 and not lines[above].strip():
        above -= 1
    return above if above >= 0 and _RULE.fullmatch(lines[above].strip()[:_WIDTH]) else at


def _quoted_tail(lines: Sequence[str]) -> int | None:
    """Quoted lines at the very end, without any line that introduces them."""
    start = None
    for at in range(len(lines) - 1, -1, -1):
        if is_quoted(lines[at]):
            start = at
        elif lines[at].strip():
            break
    return start

"""Strips from text what must not reach a page, a header or a file system."""

import re
from collections.abc import Iterable

_LINE_ENDS = re.compile("\r\n|[\r\u2028\u2029\x85\x0b\x0c]")
# C0 and C1 controls, byte order marks, and the bidi controls with which names are disguised
# (https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing); plain marks for
# right-to-left scripts stay.
_UNWANTED = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff\u202a-\u202e\u2066-\u2069]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_SPACES = re.compile(r"\s+")
_UNSAFE_IN_NAME = re.compile('[<>:"|?*%\u200e\u200f\u200b-\u200d]')
_EXTENSION = re.compile(r"\.[A-Za-z0-9_-]{1,15}$")
# https://learn.microsoft.com/windows/win32/fileio/naming-a-file
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])\s*(\.|$)")

NAME_LENGTH = 120


def clean_text(text: str) -> str:
    """Text with plain line ends and without control characters."""
    text = _LINE_ENDS.sub("\n", text)
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", _UNWANTED.sub("", text))


def one_line(text: str, limit: int = 500) -> str:
    """The text as one clean line of at most `limit` characters."""
    return _SPACES.sub(" ", clean_text(text)).strip()[:limit].rstrip()


def safe_name(name: str, otherwise: str) -> str:
    """A file name without path, reserved words or tricks; its extension survives."""
    name = one_line(name, 4000).replace("\\", "/").rpartition("/")[2]
    name = _UNSAFE_IN_NAME.sub("_", name).strip(" .")
    if not name.strip("_ ."):
        name = otherwise
    if _RESERVED.match(name):
        name = "_" + name
    return _shortened(name, NAME_LENGTH)


def _shortened(name: str, limit: int) -> str:
    if len(name) <= limit:
        return name
    found = _EXTENSION.search(name)
    extension = found.group() if found else ""
    return name[: limit - len(extension)].rstrip(" .") + extension


def distinct_names(names: Iterable[str]) -> list[str]:
    """The names, each told apart from earlier ones by a number before its extension."""
    taken: dict[str, int] = {}
    used: set[str] = set()
    return [_untaken(name, taken, used) for name in names]


def _untaken(name: str, taken: dict[str, int], used: set[str]) -> str:
    candidate = name
    found = _EXTENSION.search(name)
    extension = found.group() if found else ""
    stem = name.removesuffix(extension) if extension else name
    while candidate.casefold() in used:
        count = taken[name.casefold()] = taken.get(name.casefold(), 1) + 1
        candidate = f"{stem[: NAME_LENGTH - len(extension) - 7]} ({count}){extension}"
    used.add(candidate.casefold())
    return candidate

"""Guards on the raw text: what people, the parser and the database would read differently."""

import re
import unicodedata
from collections.abc import Iterator, Sequence

from sqlglot.tokenizer_core import Token, TokenType

from shared.domain.sql_check.codes import Finding, finding

MAX_BYTES = 200_000
MAX_NESTING = 60
MYSQL_FAMILY = frozenset({"mysql", "doris", "starrocks", "singlestore"})
TSQL_FAMILY = frozenset({"tsql", "fabric"})

_QUOTED = frozenset(
    {
        TokenType.IDENTIFIER,
        TokenType.STRING,
        TokenType.NATIONAL_STRING,
        TokenType.NATIONAL_RAW_STRING,
        TokenType.RAW_STRING,
        TokenType.HEREDOC_STRING,
        TokenType.UNICODE_STRING,
        TokenType.BYTE_STRING,
    }
)
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_COMMENT = re.compile(r"/\*(?P<block>.*?)\*/|(?:--|\#|//)[^\n]*", re.DOTALL)
_SQLCMD = re.compile(r"\$\(\w+\)|^\s*(?::\w|!!)", re.MULTILINE)
# an even number of backslashes before the quote reads the same in every mode
_BACKSLASH_QUOTE = re.compile(r"(?<!\\)\\(?:\\\\)*['\"]")
_OPENING = {"(", "[", "{", "CASE"}
_CLOSING = {")", "]", "}", "END"}


def is_quoted(token: Token) -> bool:
    """Whether the token is a string or a quoted name: text in it is data, not SQL."""
    return token.token_type in _QUOTED


def character_findings(script: str, dialect: str) -> Iterator[Finding]:
    """Findings that need no tokens: size, invisible characters, sqlcmd variables."""
    if len(script.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        yield finding("too_large", 1, f"the script exceeds {MAX_BYTES:,} bytes; split the change.")
        return
    if odd := next(_odd_characters(script), None):
        line, name = odd
        yield finding("odd_character", 1, f"line {line} holds {name}; take it out.")
    if dialect in TSQL_FAMILY and (match := _SQLCMD.search(script)):
        found = match.group().strip()
        yield finding("placeholder", 1, f"sqlcmd replaces or runs {found!r}; write the value out.")


def _odd_characters(script: str) -> Iterator[tuple[int, str]]:
    for at, char in enumerate(script):
        bare_return = char == "\r" and script[at + 1 : at + 2] != "\n"
        if bare_return or (char not in "\t\n\r" and unicodedata.category(char) in _INVISIBLE):
            name = unicodedata.name(char, f"control character U+{ord(char):04X}")
            yield script.count("\n", 0, at) + 1, name


def token_findings(script: str, tokens: Sequence[Token], dialect: str) -> Iterator[Finding]:
    """Findings on text between tokens (comments), on homoglyphs, and on unsure quotes."""
    end = 0
    for token in tokens:
        yield from _gap_findings(script, end, token.start, dialect)
        yield from _reading_findings(script, token, dialect)
        end = token.end + 1
    yield from _gap_findings(script, end, len(script), dialect)
    if _nesting(tokens) > MAX_NESTING:
        yield finding("unparsable", 1, f"nested deeper than {MAX_NESTING} levels; simplify it.")


def _gap_findings(script: str, start: int, end: int, dialect: str) -> Iterator[Finding]:
    gap = script[start:end]
    if not gap.strip(" \t\r\n;"):
        return
    line = script.count("\n", 0, start) + 1
    for match in _COMMENT.finditer(gap):
        block = match.group("block") or ""
        if block.startswith(("!", "M!")):
            yield finding("odd_comment", 1, f"line {line}: MySQL executes /*! comments; remove it.")
        elif "/*" in block:
            yield finding("odd_comment", 1, f"line {line}: a comment inside a comment; remove it.")
    rest = _COMMENT.sub(" ", gap)
    if rest.strip(" \t\r\n;"):
        odd = rest.strip()[:1]
        yield finding(
            "odd_character", 1, f"near line {line}: {odd!r} stands between words; use plain spaces."
        )


def _reading_findings(script: str, token: Token, dialect: str) -> Iterator[Finding]:
    raw = script[token.start : token.end + 1]
    if is_quoted(token):
        if dialect in MYSQL_FAMILY and _BACKSLASH_QUOTE.search(raw):
            detail = f"line {token.line}: a backslash before a quote is read differently under "
            yield finding("odd_character", 1, detail + "NO_BACKSLASH_ESCAPES; double the quote.")
    elif not raw.isascii():
        odd = next(char for char in raw if not char.isascii())
        detail = f"line {token.line}: {odd!r} ({unicodedata.name(odd, 'unnamed')}) outside quotes; "
        yield finding("odd_character", 1, detail + "quote the name or use the ASCII sign.")
    elif raw in {"{", "}"}:
        yield finding(
            "placeholder", 1, f"line {token.line}: {raw!r} marks a template; write the value out."
        )


def _nesting(tokens: Sequence[Token]) -> int:
    depth = deepest = 0
    for token in tokens:
        word = "" if is_quoted(token) else token.text.upper()
        depth += (word in _OPENING) - (word in _CLOSING)
        deepest = max(deepest, depth)
    return deepest

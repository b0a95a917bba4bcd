"""Cuts a script into statements and names their kind from the words alone, before parsing."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from sqlglot.dialects.dialect import Dialect
from sqlglot.tokenizer_core import Token, TokenType
from sqlglot.tokens import Tokenizer

from shared.domain.sql_check.script_text import TSQL_FAMILY, is_quoted

_VERBS = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE"})
_TSQL_STARTERS = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE", "DECLARE", "COMMIT", "ROLLBACK"})
_SHORT = frozenset({"DECLARE", "SET", "BEGIN", "COMMIT", "ROLLBACK", "SAVE", "UPDATE", "DELETE"})
_PARSED = _VERBS | {"WITH", "SET", "DECLARE", "("}

_NAME = r"(?: @?\w+)?"
_LEVEL = r"(?: (?:ISOLATION LEVEL [\w ]+|READ ONLY|READ WRITE))?"
_HARMLESS = re.compile(
    rf"BEGIN|(?:BEGIN|START) (?:TRAN|TRANSACTION|WORK){_LEVEL}|BEGIN (?:TRAN|TRANSACTION){_NAME}|"
    rf"COMMIT|(?:COMMIT|ROLLBACK) (?:TRAN|TRANSACTION|WORK){_NAME}|"
    r"ROLLBACK(?: TO)?(?: SAVEPOINT)?(?: \w+)?|SAVEPOINT \w+|RELEASE(?: SAVEPOINT)? \w+|"
    r"SAVE (?:TRAN|TRANSACTION) \w+|SET TRANSACTION [\w ]+|SET (?:NOCOUNT|XACT_ABORT) (?:ON|OFF)|"
    r"SET AUTOCOMMIT = \w+"
)
_REFUSED_WORDS = {
    "truncate": "TRUNCATE",
    "ddl": "CREATE ALTER DROP RENAME COMMENT REINDEX VACUUM ANALYZE OPTIMIZE UNDROP ATTACH DETACH",
    "rights": "GRANT REVOKE DENY",
    "dynamic_sql": "EXEC EXECUTE CALL PREPARE DEALLOCATE DO",
    "bulk_data": "LOAD COPY BULK UNLOAD EXPORT IMPORT PUT GET HANDLER",
    "control_flow": "IF ELSE WHILE LOOP FOR REPEAT CASE BEGIN END TRY RETURN THROW GOTO BREAK",
    "setting_changed": "SET USE PRAGMA RESET DBCC KILL FLUSH LOCK UNLOCK",
}
_CODE_OF_WORD = {word: code for code, words in _REFUSED_WORDS.items() for word in words.split()}


@dataclass(frozen=True)
class Statement:
    """One statement: its tokens without the semicolon; `limited`: a TOP clause was set aside."""

    number: int
    tokens: tuple[Token, ...]
    limited: bool = False

    @property
    def words(self) -> list[str]:
        """The tokens' texts in capitals; quoted ones become an empty string."""
        return ["" if is_quoted(token) else token.text.upper() for token in self.tokens]

    def is_harmless(self) -> bool:
        """Whether this is transaction control or one of the few settings that change no data."""
        return _HARMLESS.fullmatch(" ".join(self.words)) is not None

    def refusal(self) -> str | None:
        """The code that refuses this kind of statement, None when it is to be parsed."""
        first = self.words[0]
        return None if first in _PARSED else _CODE_OF_WORD.get(first, "not_allowed")


@cache
def _tokenizer(dialect: str) -> type[Tokenizer]:
    # sqlglot swallows what follows GO, EXEC and the like as one string; the check must see it
    base = Dialect.get_or_raise(dialect).tokenizer_class
    return type("WholeTokenizer", (base,), {"COMMANDS": set()})


def tokenize(script: str, dialect: str) -> list[Token]:
    """All tokens of the script; raises what sqlglot raises on unbalanced quotes."""
    return list(_tokenizer(dialect)(dialect=dialect).tokenize(script))


def split(tokens: Sequence[Token], dialect: str) -> list[Statement]:
    """The statements, cut at semicolons; in T-SQL also at GO and before a verb on a new line."""
    groups: list[list[Token]] = [[]]
    tsql = dialect in TSQL_FAMILY
    cut = _TsqlCut(tokens)
    for at, token in enumerate(tokens):
        if token.token_type is TokenType.SEMICOLON or (tsql and cut.is_batch_end(at)):
            groups.append([])
            continue
        if tsql and cut.starts_statement(at, not groups[-1]):
            groups.append([])
        groups[-1].append(token)
    filled = (group for group in groups if group)
    return [_statement(number, group, tsql) for number, group in enumerate(filled, 1)]


def _statement(number: int, tokens: list[Token], tsql: bool) -> Statement:
    if not tsql:
        return Statement(number, tuple(tokens))
    kept = _without_top(tokens)
    limited = len(kept) < len(tokens)
    return Statement(number, tuple(_without_double_from(kept)), limited)


def _without_top(tokens: list[Token]) -> list[Token]:
    """Takes `TOP (n) [PERCENT]` out of UPDATE and DELETE: sqlglot reads it as a table name."""
    for at in range(len(tokens) - 2):
        verb, top = tokens[at].text.upper(), tokens[at + 1].text.upper()
        if verb not in {"UPDATE", "DELETE", "INSERT", "MERGE"} or top != "TOP":
            continue
        end = at + 2
        if tokens[end].text == "(":
            while end < len(tokens) and tokens[end].text != ")":
                end += 1
        end += 1
        if end < len(tokens) and tokens[end].text.upper() == "PERCENT":
            end += 1
        return tokens[: at + 1] + tokens[end:]
    return tokens


def _without_double_from(tokens: list[Token]) -> list[Token]:
    """Turns `DELETE FROM x FROM t x` into the form sqlglot knows, `DELETE x FROM t x`."""
    words = [token.text.upper() for token in tokens]
    if "DELETE" not in words:
        return tokens
    at = words.index("DELETE")
    if words[at + 1 : at + 2] != ["FROM"]:
        return tokens
    end = at + 3
    while words[end : end + 1] == ["."]:
        end += 2
    return tokens[: at + 1] + tokens[at + 2 :] if words[end : end + 1] == ["FROM"] else tokens


class _TsqlCut:
    """Where T-SQL, whose semicolons are optional, ends a statement."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._depth = 0
        self._verb = ""

    def _word(self, at: int) -> str:
        inside = 0 <= at < len(self._tokens) and not is_quoted(self._tokens[at])
        return self._tokens[at].text.upper() if inside else ""

    def _first_on_line(self, at: int) -> bool:
        return at == 0 or self._tokens[at - 1].line < self._tokens[at].line

    def is_batch_end(self, at: int) -> bool:
        """Whether the token is a GO that stands alone on its line."""
        last = at + 1 == len(self._tokens) or self._first_on_line(at + 1)
        followed = not last and self._word(at + 1) == ";"
        return self._word(at) == "GO" and self._first_on_line(at) and (last or followed)

    def starts_statement(self, at: int, empty: bool) -> bool:
        """Whether a reserved verb that is first on its line begins a new statement.

        Not after THEN (a branch of MERGE), nor as the verb that a WITH still waits for. To be
        asked for every token once, in order; `empty`: the current statement has no token yet.
        """
        word = self._word(at)
        self._depth = (0 if empty else self._depth) + (word == "(") - (word == ")")
        starts = not empty and not self._depth and self._first_on_line(at) and self._begins(at)
        if starts or empty or (self._verb == "WITH" and not self._depth and word in _VERBS):
            self._verb = word
        return starts

    def _begins(self, at: int) -> bool:
        word, before = self._word(at), self._word(at - 1)
        if word == "SELECT":
            return self._verb in _SHORT and before != "="
        if word == "SET":
            return self._verb in _SHORT - {"UPDATE", "DELETE"} and before != "="
        if word in {"BEGIN", "SAVE"}:
            return self._word(at + 1) in {"TRAN", "TRANSACTION"}
        return word in _TSQL_STARTERS and self._verb != "WITH" and before != "THEN"

"""Compares a parsed tree with its words, and refuses what must not stand anywhere in it."""

import re
from collections.abc import Iterator

from sqlglot import exp

from shared.domain.sql_check.codes import Finding, finding
from shared.domain.sql_check.script_text import TSQL_FAMILY, is_quoted
from shared.domain.sql_check.statements import Statement

_FORBIDDEN = {
    "ddl": ("Create", "Drop", "Alter", "Comment", "Attach", "Detach"),
    "truncate": ("TruncateTable",),
    "rights": ("Grant", "Revoke"),
    "unparsable": ("Command",),
    "dynamic_sql": ("Execute", "ExecuteSql", "Call"),
    "bulk_data": ("Copy", "LoadData", "Put", "Get"),
    "control_flow": ("IfBlock", "WhileBlock", "Block", "ForIn"),
    "setting_changed": ("Use", "Pragma", "Kill"),
    "placeholder": ("Placeholder",),
}
_FORBIDDEN_TYPES = {
    getattr(exp, name): code
    for code, names in _FORBIDDEN.items()
    for name in names
    if hasattr(exp, name)
}
_WRITES = (exp.Update, exp.Delete, exp.Insert, exp.Merge)
_RESERVED_WORDS = (
    "SELECT INSERT UPDATE DELETE MERGE TRUNCATE DROP ALTER CREATE GRANT REVOKE EXEC EXECUTE WHERE "
    "FROM JOIN SET INTO VALUES HAVING ORDER GROUP UNION INTERSECT EXCEPT BEGIN COMMIT ROLLBACK "
    "DECLARE GO TOP LOW_PRIORITY QUICK IGNORE USING WITH AND OR NOT ON CASE WHEN THEN ELSE END IN "
    "LIKE BETWEEN EXISTS CALL LIMIT SAVE SAVEPOINT PRINT IF WHILE"
)
_RESERVED = frozenset(_RESERVED_WORDS.split())
# no names in T-SQL, and statements of their own where sqlglot would read an alias
_TSQL_WORDS = (
    "BACKUP BREAK BULK CHECKPOINT CLOSE CONTINUE DBCC DEALLOCATE DENY DUMP FETCH GOTO KILL LOAD "
    "OPEN PROC PROCEDURE RAISERROR READTEXT RECONFIGURE RESTORE RETURN REVERT SETUSER SHUTDOWN "
    "STATISTICS TRAN TRANSACTION UPDATETEXT USE WAITFOR WRITETEXT"
)
_TSQL_RESERVED = frozenset(_TSQL_WORDS.split())
_REACHES_OUT = re.compile(
    r"(?:xp|sp|dbms|utl|htp)_\w+|open(?:query|rowset|datasource|xml)|dblink\w*|pg_read_\w+|"
    r"pg_(?:terminate|cancel)_backend|pg_reload_conf|lo_(?:import|export|unlink)|load_extension|"
    r"load_file|(?:query|cursor|table|schema|database)_to_xml\w*|set_config|sys_(?:exec|eval)|"
    r"system|httpuritype|external_query|fileread|writefile|readfile|edit|url|remote\w*",
    re.IGNORECASE,
)


def tree_findings(tree: exp.Expr, statement: Statement, dialect: str) -> Iterator[Finding]:
    """Refusals for nodes, names and functions, and for words that the tree does not explain."""
    number = statement.number
    reserved = _RESERVED | _TSQL_RESERVED if dialect in TSQL_FAMILY else _RESERVED
    for node in tree.walk():
        if code := _FORBIDDEN_TYPES.get(type(node)):
            yield finding(code, number, f"{type(node).__name__} is not allowed here; take it out.")
        yield from _name_findings(node, number, reserved)
    yield from _function_findings(statement)
    yield from _word_findings(tree, statement)


def _name_findings(node: exp.Expr, number: int, reserved: frozenset[str]) -> Iterator[Finding]:
    if isinstance(node, exp.Identifier) and not node.args.get("quoted"):
        if node.name.upper() in reserved:
            detail = f"{node.name} is read as a name; end statements with a semicolon, or quote it."
            yield finding("unclear", number, detail)
    elif isinstance(node, exp.Parameter) and isinstance(node.this, exp.Literal):
        yield finding("placeholder", number, f"${node.name} is filled in later; write it out.")
    elif isinstance(node, exp.Into) and not _is_temporary(node):
        yield finding("select_into", number, "SELECT INTO makes a table; use a temporary one.")
    elif isinstance(node, _WRITES) and not _is_plain_target(node):
        yield finding("unclear", number, "the target is not a plain table; name the table.")


def _is_plain_target(write: exp.Expr) -> bool:
    """Whether the write names a table; a branch of MERGE and `DELETE t1, t2` name it elsewhere."""
    table = write.this.this if isinstance(write.this, exp.Schema) else write.this
    if not table:
        return isinstance(write.parent, exp.When) or bool(write.args.get("tables"))
    named = isinstance(table, exp.Table) and isinstance(table.this, (exp.Identifier, exp.Parameter))
    return named or (isinstance(write.parent, exp.When) and isinstance(write, exp.Insert))


def _is_temporary(into: exp.Into) -> bool:
    target = into.this
    return bool(into.args.get("temporary")) or (
        isinstance(target, exp.Expr) and target.find(exp.Parameter) is not None
    )


def _function_findings(statement: Statement) -> Iterator[Finding]:
    texts = [*(token.text for token in statement.tokens), ""]
    for token, following in zip(statement.tokens, texts[1:], strict=True):
        name_like = token.token_type.name == "IDENTIFIER" or not is_quoted(token)
        if following in {"(", "."} and name_like and _REACHES_OUT.fullmatch(token.text):
            detail = f"{token.text} runs or reads what the script does not show; take it out."
            yield finding("dynamic_sql", statement.number, detail)


def _word_findings(tree: exp.Expr, statement: Statement) -> Iterator[Finding]:
    explained = dict.fromkeys(("SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "WHERE", "OR"), 0)
    for node in tree.walk():
        for word in _words_of(node):
            explained[word] += 1
    words = statement.words
    for word, count in explained.items():
        if words.count(word) > count:
            detail = f"a {word} is not understood; end every statement with a semicolon."
            yield finding("unclear", statement.number, detail)


def _words_of(node: exp.Expr) -> Iterator[str]:
    for kind, word in _WORD_OF.items():
        if isinstance(node, kind):
            yield word
    if isinstance(node, exp.When) and isinstance(node.args.get("then"), exp.Var):
        if node.args["then"].name.upper() == "DELETE":
            yield "DELETE"
    elif isinstance(node, exp.OnConflict) and node.expressions:
        yield "UPDATE"
        if node.args.get("where") is not None and not isinstance(node.args["where"], exp.Where):
            yield "WHERE"
    elif isinstance(node, exp.Lock) and node.args.get("update"):
        yield "UPDATE"
    elif isinstance(node, exp.Insert) and node.args.get("alternative"):
        yield "OR"


_WORD_OF: dict[type[exp.Expr], str] = {
    exp.Select: "SELECT",
    exp.Insert: "INSERT",
    exp.Update: "UPDATE",
    exp.Delete: "DELETE",
    exp.Merge: "MERGE",
    exp.Where: "WHERE",
    exp.Or: "OR",
}

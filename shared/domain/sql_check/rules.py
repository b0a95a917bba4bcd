"""Runs the whole check of a script: text, statements, trees, writes, variables."""

import logging
from collections.abc import Iterator

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token

from shared.domain.sql_check.codes import Finding, finding
from shared.domain.sql_check.script_text import character_findings, token_findings
from shared.domain.sql_check.statements import Statement, split, tokenize
from shared.domain.sql_check.trees import tree_findings
from shared.domain.sql_check.writes import Writes

# no database's SQL; and Athena, whose two languages cannot be told apart before parsing
_NOT_READ = frozenset({"", "athena", "dax", "prql", "solr", "tableau"})
_UNMARKED_VARIABLES = frozenset({"bigquery", "databricks", "spark"})
_BARE_SET = _UNMARKED_VARIABLES | {"snowflake"}
MAX_FINDINGS = 100

# its warnings quote the script, which is internal text, and every doubt is a finding here anyway
logging.getLogger("sqlglot").setLevel(logging.ERROR)


def database_dialects() -> frozenset[str]:
    """sqlglot's names of the SQL dialects of databases."""
    return frozenset(Dialect.classes) - _NOT_READ


def findings(script: str, dialect: str) -> list[Finding]:
    """All findings, by statement, each once; at most MAX_FINDINGS, refusals before others."""
    try:
        found = list(dict.fromkeys(_all_findings(script, dialect)))
    except RecursionError:
        found = [finding("unparsable", 1, "the script is nested too deeply; simplify it.")]
    except Exception as error:  # noqa: BLE001 what is not checked to the end must not pass
        detail = f"the check gave up ({type(error).__name__}); write the statements plainly."
        found = [finding("check_failed", 1, detail)]
    found.sort(key=lambda one: (not one.refused, one.statement))
    return sorted(found[:MAX_FINDINGS], key=lambda one: one.statement)


def _all_findings(script: str, dialect: str) -> Iterator[Finding]:
    early = list(character_findings(script, dialect))
    yield from early
    if early:
        return
    tokens = _tokens(script, dialect)
    if tokens is None:
        yield finding("unparsable", 1, "a quote or a comment is not closed.")
        return
    odd = list(token_findings(script, tokens, dialect))
    yield from odd
    if odd:
        return
    statements = split(tokens, dialect)
    if not statements:
        yield finding("empty", 1, "there is none; write the statements of the change.")
    variables: frozenset[str] = frozenset()
    for statement in statements:
        if statement.is_harmless():
            continue
        if refusal := statement.refusal():
            detail = f"{statement.tokens[0].text[:40]} is not allowed in a data change."
            yield finding(refusal, statement.number, detail)
            continue
        tree = _parse(script, statement, dialect)
        if tree is None:
            detail = f"near line {statement.tokens[0].line}: cannot be read as {dialect}; check it."
            yield finding("unparsable", statement.number, detail + " Semicolons end statements.")
            continue
        yield from _statement_findings(tree, statement, dialect, variables)
        variables |= _assigned(tree)


def _tokens(script: str, dialect: str) -> list[Token] | None:
    try:
        return tokenize(script, dialect)
    except RecursionError:
        raise
    except Exception:  # noqa: BLE001 the library fails on hostile text in many ways; all mean unread
        return None


def _parse(script: str, statement: Statement, dialect: str) -> exp.Expr | None:
    """The statement's one tree, None when sqlglot cannot read it."""
    try:
        trees = Dialect.get_or_raise(dialect).parser().parse(list(statement.tokens), script)
    except (SqlglotError, RecursionError):
        return None
    except Exception:  # noqa: BLE001 the library fails on hostile text in many ways; all mean unread
        return None
    return trees[0] if len(trees) == 1 else None


def _statement_findings(
    tree: exp.Expr, statement: Statement, dialect: str, variables: frozenset[str]
) -> Iterator[Finding]:
    number = statement.number
    refused = list(tree_findings(tree, statement, dialect))
    yield from refused
    if isinstance(tree, exp.Update) and not tree.expressions:
        yield finding("unparsable", number, "UPDATE sets nothing; write SET column = value.")
        return
    if isinstance(tree, exp.Set):
        yield from _set_findings(tree, number, dialect)
    elif not isinstance(
        tree, (exp.Query, exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Declare)
    ):
        yield finding("not_allowed", number, "this kind of statement is not allowed.")
        return
    if any(one.refused for one in refused):
        return
    unmarked = variables if dialect in _UNMARKED_VARIABLES else frozenset()
    yield from Writes(number, dialect, unmarked).check(tree)
    yield from _limit_findings(tree, statement)
    yield from _variable_findings(tree, number, variables)


def _set_findings(tree: exp.Set, number: int, dialect: str) -> Iterator[Finding]:
    for item in tree.expressions:
        target = item.this.this if isinstance(item.this, exp.Expr) else None
        marked = isinstance(target, exp.Parameter) and isinstance(target.this, exp.Var)
        bare = dialect in _BARE_SET and isinstance(target, exp.Column)
        if not marked and not bare:
            yield finding("setting_changed", number, "SET may only give a variable its value.")


def _limit_findings(tree: exp.Expr, statement: Statement) -> Iterator[Finding]:
    writes = (exp.Insert, exp.Update, exp.Delete, exp.Merge)
    if tree.find(*writes) is None:
        return
    queries = tree.find_all(exp.Query, exp.Update, exp.Delete)
    unordered = any(each.args.get("limit") and not each.args.get("order") for each in queries)
    counted = any(column.name.upper() == "ROWNUM" for column in tree.find_all(exp.Column))
    if unordered or counted or statement.limited:
        detail = "TOP, LIMIT or ROWNUM picks rows by chance; add ORDER BY on a unique column."
        yield finding("limit_without_order", statement.number, detail)


def _variable_findings(tree: exp.Expr, number: int, variables: frozenset[str]) -> Iterator[Finding]:
    known = variables | _assigned(tree)
    for parameter in tree.find_all(exp.Parameter):
        if isinstance(parameter.this, exp.Var) and parameter.name.lower() not in known:
            if isinstance(parameter.parent, exp.Parameter):
                continue  # @@rowcount and the like are the server's
            detail = f"the script does not set {parameter.name}; DECLARE or SET it first."
            yield finding("unset_variable", number, detail)


def _assigned(tree: exp.Expr) -> frozenset[str]:
    """The variables that the statement declares or gives a value."""
    named: set[str] = set()
    for item in tree.find_all(exp.DeclareItem):
        targets = item.this if isinstance(item.this, list) else [item.this]
        named |= {target.name.lower() for target in targets}
    if isinstance(tree, (exp.Set, exp.Select)):
        for equal in tree.find_all(exp.EQ, exp.PropertyEQ):
            at_top = isinstance(equal.parent, exp.SetItem) or equal.parent is tree
            bare = isinstance(tree, exp.Set) and isinstance(equal.this, exp.Column)
            if at_top and (isinstance(equal.this, exp.Parameter) or bare):
                named.add(equal.this.name.lower())
    return frozenset(named)

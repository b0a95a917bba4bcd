"""Judges comparisons: column with value, column with column, row with row."""

from sqlglot import exp

from shared.domain.sql_check.literals import bound_strength, is_fixed, subject, text_of
from shared.domain.sql_check.sources import PIN, RANGE, WEAK, Restriction, Scope

Restrictions = list[Restriction]

OPPOSITE: dict[type[exp.Expr], type[exp.Expr]] = {
    exp.EQ: exp.NEQ,
    exp.NEQ: exp.EQ,
    exp.LT: exp.GTE,
    exp.GTE: exp.LT,
    exp.GT: exp.LTE,
    exp.LTE: exp.GT,
    exp.NullSafeEQ: exp.NullSafeNEQ,
    exp.NullSafeNEQ: exp.NullSafeEQ,
}
_MIRROR: dict[type[exp.Expr], type[exp.Expr]] = {
    exp.LT: exp.GT,
    exp.GT: exp.LT,
    exp.LTE: exp.GTE,
    exp.GTE: exp.LTE,
}
_EQUAL = (exp.EQ, exp.NullSafeEQ)
_UNEQUAL = (exp.NEQ, exp.NullSafeNEQ)


def on_column(scope: Scope, column: exp.Column, strength: int) -> Restrictions:
    """The restriction on this column, none when it is no column of the statement's tables."""
    key = scope.key(column)
    return [Restriction(frozenset({key}), strength)] if key and strength else []


def comparison(node: exp.Expr, scope: Scope, negated: bool) -> Restrictions:
    """What `=`, `<>`, `<` and their kin restrict; equal tuples count for each pair."""
    op = OPPOSITE[type(node)] if negated else type(node)
    left, right = node.this, node.expression
    if isinstance(left, exp.Tuple) and isinstance(right, exp.Tuple) and op in _EQUAL:
        pairs = zip(left.expressions, right.expressions, strict=False)
        return [one for pair in pairs for one in _compare(exp.EQ, *pair, scope)]
    return _compare(op, left, right, scope)


def _compare(op: type[exp.Expr], left: exp.Expr, right: exp.Expr, scope: Scope) -> Restrictions:
    one, other = subject(left, scope), subject(right, scope)
    if one and other:
        return columns_compared(op, one[0], other[0], scope)
    if other:
        one, right, op = other, left, _MIRROR.get(op, op)
    if not one:
        return []
    column, plain = one
    return on_column(scope, column, _strength(op, column, plain, right, scope))


def _strength(
    op: type[exp.Expr], column: exp.Column, plain: bool, value: exp.Expr, scope: Scope
) -> int:
    equal = op in _EQUAL
    if isinstance(value, (exp.Subquery, exp.Select)):
        return PIN if equal and _is_scalar(value, scope) else 0
    of_no_use = (value.find(exp.Any) and not equal) or (not plain and text_of(value) == "")
    if of_no_use or not is_fixed(value, scope) or _is_own_text(column, value):
        return 0
    if equal or op in _UNEQUAL:
        return PIN if equal else WEAK
    return bound_strength(op, column, plain, value)


def _is_own_text(column: exp.Column, value: exp.Expr) -> bool:
    # SQLite reads "active" as the text 'active' when there is no such column
    return bool(column.this.args.get("quoted")) and text_of(value) == column.name


def columns_compared(
    op: type[exp.Expr], left: exp.Column, right: exp.Column, scope: Scope
) -> Restrictions:
    """What comparing two columns restricts: a join of two tables nothing by itself."""
    owners = scope.owner(left), scope.owner(right)
    if None in owners:
        return []
    if owners[0] != owners[1]:
        return _joined_to_constant(op, left, right, scope)
    keys = scope.key(left), scope.key(right)
    if keys[0] is None or keys[1] is None or keys[0] == keys[1]:
        return []
    strength = PIN if op in _EQUAL else WEAK if op in _UNEQUAL else RANGE
    return [Restriction(frozenset({keys[0], keys[1]}), strength)]


def _joined_to_constant(
    op: type[exp.Expr], left: exp.Column, right: exp.Column, scope: Scope
) -> Restrictions:
    """A join with rows that the script writes out pins the other table's column."""
    if op is not exp.EQ:
        return []
    for column, partner in ((left, right), (right, left)):
        alias = scope.owner(partner)
        if alias and scope.sources[alias].constant:
            return on_column(scope, column, PIN)
    return []


def _is_scalar(query: exp.Expr, scope: Scope) -> bool:
    """Whether the subquery gives one value for all rows: it reads a table, and not this row."""
    select = query.unnest() if isinstance(query, exp.Subquery) else query
    if not isinstance(select, exp.Select) or not select.args.get("from_"):
        return False
    return not any(_mentions(column, scope) for column in query.find_all(exp.Column))


def _mentions(column: exp.Column, scope: Scope) -> bool:
    own = column.parent_select
    aliases = {table.alias_or_name.lower() for table in own.find_all(exp.Table)} if own else set()
    alias = column.table.lower()
    return bool(alias) and alias not in aliases and alias in scope.sources

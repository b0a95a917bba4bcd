"""Counts what really restricts: conditions of a statement into independent restrictions."""

from collections.abc import Callable, Iterator, Sequence

from sqlglot import exp

from shared.domain.sql_check.comparisons import (
    OPPOSITE,
    Restrictions,
    columns_compared,
    comparison,
    on_column,
)
from shared.domain.sql_check.literals import (
    between_strength,
    is_fixed,
    is_id,
    like_strength,
    subject,
)
from shared.domain.sql_check.sources import PIN, RANGE, WEAK, Restriction, Scope, operands

_MOST_COMPARED = 300


def restrictions(node: exp.Expr, scope: Scope, negated: bool = False) -> Restrictions:
    """What the condition restricts, as a list of predicates that all hold.

    An OR counts as one predicate on all its columns when every branch names values; as two when
    every branch by itself has two independent predicates; else as none. NOT is carried inwards.
    Anything that is not plainly a restriction counts as none.
    """
    while isinstance(node, (exp.Paren, exp.Not)):
        negated ^= isinstance(node, exp.Not)
        node = node.this
    negated ^= bool(node.args.get("negate"))  # how some dialects mark IS NOT and NOT LIKE
    for kind, all_hold in ((exp.And, not negated), (exp.Or, negated)):
        if isinstance(node, kind):
            parts = [restrictions(part, scope, negated) for part in operands(node, kind)]
            return [one for part in parts for one in part] if all_hold else _either(parts)
    reader = _READERS.get(type(node))
    return reader(node, scope, negated) if reader else []


def _either(branches: Sequence[Restrictions]) -> Restrictions:
    if not all(any(one.strength == PIN for one in branch) for branch in branches):
        return []
    columns = frozenset(name for branch in branches for one in branch for name in one.columns)
    group = Restriction(columns, PIN)
    if all(is_enough(branch) for branch in branches):
        return [group, Restriction(frozenset({f"either({','.join(sorted(columns))})"}), PIN)]
    return [group]


def is_enough(found: Sequence[Restriction]) -> bool:
    """Whether two of the predicates are independent: no column in common, not both WEAK."""
    firm: dict[frozenset[str], int] = {}
    for one in found:
        firm[one.columns] = max(one.strength, firm.get(one.columns, 0))
    pairs = list(firm.items())[:_MOST_COMPARED]
    return any(
        not (left & right) and max(strong, other) > WEAK
        for at, (left, strong) in enumerate(pairs)
        for right, other in pairs[:at]
    )


def _like(node: exp.Expr, scope: Scope, negated: bool) -> Restrictions:
    escape = None
    if isinstance(node, exp.Escape):
        node, escape = node.this, node.expression
    one = subject(node.this, scope)
    pattern = node.expression
    if not isinstance(node, (exp.Like, exp.ILike, exp.Glob)) or not one:
        return []
    if not is_fixed(pattern, scope):
        return []
    strength = like_strength(pattern, escape)
    return on_column(scope, one[0], min(strength, WEAK) if negated else strength)


def _in(node: exp.Expr, scope: Scope, negated: bool) -> Restrictions:
    query = node.args.get("query")
    if query is not None:
        return _in_query(node.this, query, scope, negated)
    unnest = node.args.get("unnest")
    values = node.expressions or ([unnest] if unnest is not None else [])
    tuples = isinstance(node.this, exp.Tuple)
    if not values or not all(is_fixed(value, scope) for value in values):
        return []
    found = []
    for part in node.this.expressions if tuples else [node.this]:
        if one := subject(part, scope):
            found += on_column(scope, one[0], WEAK if negated else PIN)
    return found[:1] if negated else found


def _in_query(left: exp.Expr, query: exp.Expr, scope: Scope, negated: bool) -> Restrictions:
    from shared.domain.sql_check.subqueries import in_query_restricts  # noqa: PLC0415 mutual recursion

    parts = left.expressions if isinstance(left, exp.Tuple) else [left]
    found = [one for part in parts if (one := subject(part, scope))]
    keys = frozenset(key for column, _ in found if (key := scope.key(column)))
    if not keys or not in_query_restricts(query, scope, negated):
        return []
    return [Restriction(keys, WEAK if negated else PIN)]


def _equality(node: exp.Expr, scope: Scope, negated: bool) -> Restrictions:
    """`=` and `<>`; `= ANY (SELECT ...)` is IN, `<> ALL (SELECT ...)` is NOT IN."""
    negated_form = isinstance(node, exp.NEQ)
    all_or_any = node.expression
    if isinstance(all_or_any, exp.All if negated_form else exp.Any):
        query = all_or_any.this
        while isinstance(query, exp.Paren):
            query = query.this
        if isinstance(query, exp.Query):
            return _in_query(node.this, query, scope, negated != negated_form)
    return comparison(node, scope, negated)


def _exists(node: exp.Expr, scope: Scope, negated: bool) -> Restrictions:
    from shared.domain.sql_check.subqueries import exists_restricts  # noqa: PLC0415 mutual recursion

    keys = exists_restricts(node.this, scope, negated)
    return [Restriction(keys, WEAK if negated else PIN)] if keys else []


def _between(node: exp.Expr, scope: Scope, negated: bool) -> Restrictions:
    low, high = node.args["low"], node.args["high"]
    one = subject(node.this, scope)
    if one and is_fixed(low, scope) and is_fixed(high, scope):
        strength = between_strength(*one, low, high)
        return on_column(scope, one[0], min(strength, WEAK) if negated else strength)
    since, until = subject(low, scope), subject(high, scope)
    if since and until and is_fixed(node.this, scope) and not negated:
        return columns_compared(exp.LTE, since[0], until[0], scope)
    return []


def _is(node: exp.Expr, scope: Scope, negated: bool) -> Restrictions:
    one = subject(node.this, scope)
    if not one or (isinstance(node.expression, exp.Null) and not one[1]):
        return []
    if isinstance(node.expression, exp.Boolean):
        return on_column(scope, one[0], RANGE)
    if not isinstance(node.expression, exp.Null):
        return []
    owner = scope.owner(one[0])
    unmatched = owner is not None and scope.sources[owner].optional
    return on_column(scope, one[0], WEAK if negated or unmatched else PIN)


def _flag(node: exp.Expr, scope: Scope, negated: bool) -> Restrictions:
    one = subject(node, scope)
    return on_column(scope, one[0], RANGE) if one and not is_id(one[0].name) else []


_READERS: dict[type[exp.Expr], Callable[[exp.Expr, Scope, bool], Restrictions]] = {
    **dict.fromkeys(OPPOSITE, comparison),
    exp.EQ: _equality,
    exp.NEQ: _equality,
    exp.Like: _like,
    exp.ILike: _like,
    exp.Glob: _like,
    exp.Escape: _like,
    exp.In: _in,
    exp.Exists: _exists,
    exp.Between: _between,
    exp.Is: _is,
    exp.Column: _flag,
}


def of_scope(scope: Scope) -> Iterator[Restriction]:
    """All that a scope's WHERE and inner joins restrict, with restricted subqueries joined in."""
    yielded: set[str] = set()
    for condition, holds in scope.conditions:
        if not holds:
            continue
        yield from restrictions(condition, scope)
        for part in operands(condition, exp.And):
            yield from _through_subquery(part, scope, yielded)


def _through_subquery(part: exp.Expr, scope: Scope, seen: set[str]) -> Iterator[Restriction]:
    """An inner join with a subquery that restricts its own rows counts once for each subquery."""
    if not isinstance(part, exp.EQ):
        return
    sides = subject(part.this, scope), subject(part.expression, scope)
    if not sides[0] or not sides[1]:
        return
    for one, partner in (sides, sides[::-1]):
        alias = scope.owner(partner[0]) if partner else None
        source = scope.sources[alias] if alias else None
        if one and source and alias not in seen and source.restricted and not source.constant:
            if scope.owner(one[0]) == alias:
                continue
            seen.add(alias or "")
            yield from on_column(scope, one[0], PIN)


def weakened_by_or(conditions: Sequence[tuple[exp.Expr, bool]], scope: Scope) -> bool:
    """Whether an OR (or NOT over AND) is among the conditions and counts for nothing."""
    for condition, _ in conditions:
        for part in operands(condition, exp.And):
            bare = part
            while isinstance(bare, (exp.Paren, exp.Not)):
                bare = bare.this
            if isinstance(bare, (exp.Or, exp.And)) and not restrictions(part, scope):
                return True
    return False

"""Judges IN (SELECT ...) and EXISTS (SELECT ...) as one predicate of the statement around them."""

from collections.abc import Iterator

from sqlglot import exp

from shared.domain.sql_check.literals import subject
from shared.domain.sql_check.predicates import of_scope
from shared.domain.sql_check.queries import query_restricts, select_scope
from shared.domain.sql_check.sources import RANGE, Scope, Source, operands, tables_in


def in_query_restricts(query: exp.Expr, scope: Scope, negated: bool) -> bool:
    """Whether `x IN (query)` restricts; `NOT IN` does when the query can have rows."""
    bare = query.unnest() if isinstance(query, exp.Subquery) else query
    if any(_projects_outer(select, scope) for select in _branches(bare)):
        return False
    if negated:
        return all(_can_have_rows(select) for select in _branches(bare))
    return query_restricts(bare, scope.ctes, scope.variables, scope)


def _projects_outer(select: exp.Select, outer: Scope) -> bool:
    """Whether the subquery gives back a column of the row itself, which it always equals."""
    # not through a scope: building one judges all nested subqueries, and twice at every level
    # would double the work with each level
    from_ = select.args.get("from_")
    roots = [from_.this] if from_ is not None else []
    roots += [join.this for join in select.args.get("joins") or ()]
    own = {node.alias_or_name.lower(): Source("") for root in roots for node, _ in tables_in(root)}
    names = Scope(own, {}, outer.variables, outer)
    columns = (column for item in select.expressions for column in item.find_all(exp.Column))
    return any(names.is_outer(column) for column in columns)


def _branches(query: exp.Expr) -> Iterator[exp.Select]:
    waiting = [query]
    while waiting:
        node = waiting.pop()
        if isinstance(node, exp.SetOperation):
            waiting += [node.this, node.expression]
        elif isinstance(node, exp.Subquery):
            waiting.append(node.unnest())
        elif isinstance(node, exp.Select):
            yield node


def _can_have_rows(select: exp.Select) -> bool:
    """False when a condition without any column could hold back all rows (`WHERE 1 = 0`)."""
    where = select.args.get("where")
    parts = operands(where.this, exp.And) if where is not None else ()
    return all(part.find(exp.Column) is not None for part in parts)


def exists_restricts(query: exp.Expr, scope: Scope, negated: bool) -> frozenset[str]:
    """The target's columns that tie `EXISTS (query)` to each row; empty when it restricts none.

    EXISTS needs a tie by equality and a firm predicate on its own tables; NOT EXISTS the tie.
    """
    select = query.unnest() if isinstance(query, exp.Subquery) else query
    nothing: frozenset[str] = frozenset()
    if not isinstance(select, exp.Select) or not _can_have_rows(select):
        return nothing
    inner = select_scope(select, scope.ctes, scope.variables, scope)
    keys, tied = _ties(inner, scope)
    inner.reached.clear()
    inner.reach(tied)
    if not keys or negated:
        return keys
    firm = any(one.strength >= RANGE for one in of_scope(inner))
    known = any(inner.sources[alias].restricted for alias in tied)
    return keys if firm or known else nothing


def _ties(inner: Scope, outer: Scope) -> tuple[frozenset[str], set[str]]:
    """Equalities between a row of the statement and the subquery: outer keys, inner aliases."""
    keys, tied = set(), set()
    for condition, holds in inner.conditions:
        for part in operands(condition, exp.And) if holds else ():
            if not isinstance(part, exp.EQ):
                continue
            sides = [subject(part.this, inner), subject(part.expression, inner)]
            for own, other in (sides, sides[::-1]):
                if not own or not other or not inner.is_outer(other[0]):
                    continue
                alias, key = inner.owner(own[0]), outer.key(other[0])
                if alias and key and not inner.is_outer(own[0]):
                    keys.add(key)
                    tied.add(alias)
    return frozenset(keys), tied

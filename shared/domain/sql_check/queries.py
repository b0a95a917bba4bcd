"""Builds scopes from FROM lists and judges whether a subquery restricts its rows."""

from collections.abc import Sequence

from sqlglot import exp

from shared.domain.sql_check.literals import subject
from shared.domain.sql_check.predicates import of_scope
from shared.domain.sql_check.sources import (
    RANGE,
    Ctes,
    Scope,
    Source,
    columns_of,
    is_inner,
    operands,
    tables_in,
)

_WRITES = (exp.Insert, exp.Update, exp.Delete, exp.Merge)
_ROWNUMBER = (exp.RowNumber, exp.Rank, exp.DenseRank)


def build_scope(
    roots: Sequence[exp.Expr],
    conditions: Sequence[exp.Expr],
    ctes: Ctes,
    variables: frozenset[str],
    outer: Scope | None = None,
    joins: Sequence[exp.Join] = (),
) -> Scope:
    """The scope of the tables under `roots` (a table carries its joins) and of the conditions."""
    scope = Scope({}, ctes, variables, outer)
    for root in roots:
        for node, join in tables_in(root):
            _add_source(scope, node, join)
    for join in joins:
        for node, nested in tables_in(join.this):
            _add_source(scope, node, nested or join)
    scope.conditions += [(condition, True) for condition in conditions]
    _link_by_conditions(scope)
    return scope


def _add_source(scope: Scope, node: exp.Expr, join: exp.Join | None) -> None:
    alias = node.alias_or_name.lower() or f"({len(scope.sources)})"
    if alias in scope.sources:
        return  # DELETE FROM t USING t JOIN u names the target twice
    outer_join = join is not None and not is_inner(join)
    earlier = list(scope.sources)
    source = describe(node, alias, scope.ctes, scope.variables, scope.outer)
    if outer_join:
        source = _optional(source)
    scope.sources[alias] = source
    if join is None:
        return
    if join.args.get("using") or join.method == "NATURAL":
        scope.links += [(other, alias) for other in earlier]
        for column in join.args.get("using") or []:
            for other in earlier:
                name = column.name.lower()
                scope.equate(scope.raw(other, name), scope.raw(alias, name))
    if condition := join.args.get("on"):
        scope.conditions.append((condition, not outer_join))


def _optional(source: Source) -> Source:
    return Source(
        source.name,
        constant=source.constant,
        derived=source.derived,
        optional=True,
        star=source.star,
        meanings=source.meanings,
    )


def _link_by_conditions(scope: Scope) -> None:
    """Links sources that an equality joins; equal columns become one identity."""
    if len(scope.sources) > 1:
        scope.bare |= {
            column.name.lower()
            for condition, _ in scope.conditions
            for column in columns_of(condition, scope)
            if not column.table
        }
    for condition, _ in scope.conditions:
        for part in operands(condition, exp.And):
            _link_by_equality(part, scope)


def _link_by_equality(part: exp.Expr, scope: Scope) -> None:
    if not isinstance(part, (exp.EQ, exp.NullSafeEQ)):
        return
    left, right = subject(part.this, scope), subject(part.expression, scope)
    if not left or not right:
        return
    owners = scope.owner(left[0]), scope.owner(right[0])
    if owners[0] is None or owners[1] is None or owners[0] == owners[1]:
        return
    scope.links.append((owners[0], owners[1]))
    names = left[0].name.lower(), right[0].name.lower()
    scope.equate(scope.raw(owners[0], names[0]), scope.raw(owners[1], names[1]))


def describe(
    node: exp.Expr, alias: str, ctes: Ctes, variables: frozenset[str], outer: Scope | None
) -> Source:
    """What a FROM item is: a table, a CTE, rows written in the script, or a subquery."""
    if isinstance(node, exp.Values):
        return Source(alias, constant=True, restricted=True)
    if isinstance(node, exp.Table) and not node.db and node.name.lower() in ctes:
        return ctes[node.name.lower()]
    if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
        return Source(node.name.lower())
    query = node.unnest() if isinstance(node, exp.Subquery) else node
    if isinstance(query, exp.Values):
        return Source(alias, constant=True, restricted=True)
    if isinstance(query, exp.Query):
        renamed = bool(node.args.get("alias") and node.args["alias"].args.get("columns"))
        return of_query(query, alias, ctes, variables, outer, renamed)
    return Source(alias, derived=True)


def of_query(
    query: exp.Expr,
    alias: str,
    ctes: Ctes,
    variables: frozenset[str],
    outer: Scope | None,
    renamed: bool,
) -> Source:
    """A subquery as a source: whether it restricts, and what its output columns mean."""
    if is_constant(query):
        return Source(alias, constant=True, restricted=True)
    if isinstance(query, _WRITES):
        return Source(alias, restricted=True, derived=True)  # its own rule has been applied
    if not isinstance(query, exp.Select):
        return Source(
            alias, restricted=query_restricts(query, ctes, variables, outer), derived=True
        )
    scope = select_scope(query, ctes, variables, outer)
    found = tuple(of_scope(scope))
    meanings, star = ({}, None) if renamed else _projections(query, scope)
    return Source(
        alias,
        restricted=any(one.strength >= RANGE for one in found),
        derived=True,
        star=star,
        meanings=meanings,
        restrictions=found,
    )


def _projections(select: exp.Select, scope: Scope) -> tuple[dict[str, str | None], str | None]:
    meanings: dict[str, str | None] = {}
    star = None
    for item in select.expressions:
        inner = item.unalias()
        if isinstance(inner, exp.Star) or (
            isinstance(inner, exp.Column) and isinstance(inner.this, exp.Star)
        ):
            star = next(iter(scope.sources), None) if len(scope.sources) == 1 else None
            star = star or (inner.table.lower() if isinstance(inner, exp.Column) else None)
        elif isinstance(inner, exp.Column):
            meanings[item.alias_or_name.lower()] = scope.key(inner)
        elif isinstance(inner, exp.Window) and isinstance(inner.this, _ROWNUMBER):
            meanings[item.alias_or_name.lower()] = f"window.{item.alias_or_name.lower()}"
        else:
            meanings[item.alias_or_name.lower()] = None
    return meanings, star


def ctes_of(
    node: exp.Expr, known: Ctes, variables: frozenset[str], outer: Scope | None = None
) -> Ctes:
    """The CTEs that the node's own WITH adds; a later one sees those before it."""
    with_ = node.args.get("with_")
    found = dict(known)
    for cte in with_.expressions if with_ is not None else ():
        name = cte.alias.lower()
        renamed = bool(cte.args["alias"].args.get("columns"))
        found.pop(name, None)
        found[name] = of_query(cte.this, name, found, variables, outer, renamed)
    return found


def select_scope(
    select: exp.Select, ctes: Ctes, variables: frozenset[str], outer: Scope | None
) -> Scope:
    """The scope of a SELECT, with every source that joins connect to its first one reached."""
    known = ctes_of(select, ctes, variables, outer)
    from_ = select.args.get("from_")
    where = select.args.get("where")
    scope = build_scope(
        [from_.this] if from_ is not None else [],
        [where.this] if where is not None else [],
        known,
        variables,
        outer,
        select.args.get("joins") or (),
    )
    scope.reach(list(scope.sources)[:1])
    return scope


def query_restricts(
    query: exp.Expr, ctes: Ctes, variables: frozenset[str], outer: Scope | None
) -> bool:
    """Whether at least one firm predicate holds back rows of the query (of each UNION part)."""
    query = query.unnest() if isinstance(query, exp.Subquery) else query
    if is_constant(query):
        return True
    if isinstance(query, exp.SetOperation):
        known = ctes_of(query, ctes, variables, outer)
        parts = [query.this] if isinstance(query, exp.Except) else [query.this, query.expression]
        judged = (query_restricts(part, known, variables, outer) for part in parts)
        return any(judged) if isinstance(query, exp.Intersect) else all(judged)
    if not isinstance(query, exp.Select):
        return False
    scope = select_scope(query, ctes, variables, outer)
    firm = any(one.strength >= RANGE for one in of_scope(scope))
    first = next(iter(scope.sources.values()), None)
    return firm or (first is not None and first.restricted)


def is_constant(query: exp.Expr) -> bool:
    """Whether the query only lists values that are written in the script."""
    reads = query.find(exp.Table, exp.Column, exp.Star, exp.Unnest) is not None
    return isinstance(query, (exp.Query, exp.Values)) and not reads

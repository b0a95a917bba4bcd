"""Applies the rule of two predicates to every UPDATE, DELETE, MERGE and INSERT of a statement."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from shared.domain.sql_check.codes import Finding, finding
from shared.domain.sql_check.predicates import is_enough, of_scope, weakened_by_or
from shared.domain.sql_check.queries import (
    build_scope,
    ctes_of,
    is_constant,
    query_restricts,
    select_scope,
)
from shared.domain.sql_check.script_text import MYSQL_FAMILY, TSQL_FAMILY
from shared.domain.sql_check.sources import PIN, RANGE, Ctes, Restriction, Scope

_MEND = {
    "no_where": "It changes every row. Add a WHERE with two predicates on different columns.",
    "few_predicates": "Add a predicate on another column that names the rows meant.",
    "or_weakened": "Put the OR in brackets, and predicates on other columns outside with AND.",
}


@dataclass(frozen=True)
class Writes:
    """Checks the writes of one statement; `number` is the statement's."""

    number: int
    dialect: str
    variables: frozenset[str]

    def check(self, tree: exp.Expr) -> Iterator[Finding]:
        """Findings on every write in the tree, those inside CTEs included."""
        for node in tree.find_all(exp.Update, exp.Delete, exp.Merge, exp.Insert):
            if isinstance(node.parent, exp.When):
                continue
            ctes = self._ctes_at(node)
            if isinstance(node, exp.Update):
                yield from self._update(node, ctes)
            elif isinstance(node, exp.Delete):
                yield from self._delete(node, ctes)
            elif isinstance(node, exp.Merge):
                yield from self._merge(node, ctes)
            elif isinstance(node, exp.Insert):
                yield from self._insert(node, ctes)

    def _ctes_at(self, node: exp.Expr) -> Ctes:
        chain = [node]
        while (parent := chain[-1].parent) is not None:
            chain.append(parent)
        ctes: Ctes = {}
        for ancestor in reversed(chain):
            ctes = ctes_of(ancestor, ctes, self.variables)
        return ctes

    def _update(self, node: exp.Update, ctes: Ctes) -> Iterator[Finding]:
        from_ = node.args.get("from_")
        listed = [from_.this] if from_ is not None else []
        where = _conditions(node)
        scope = build_scope(listed, where, ctes, self.variables)
        target = _find(scope, node.this) if self.dialect in TSQL_FAMILY else None
        if target is None:
            scope = build_scope([node.this, *listed], where, ctes, self.variables)
            target = node.this.alias_or_name.lower()
        yield from self._judge("UPDATE", node, scope, self._assigned(node, scope) or [target])

    def _assigned(self, node: exp.Update, scope: Scope) -> list[str]:
        """The tables whose columns SET names; in MySQL a bare name may be of any of them."""
        named = {
            column.table.lower()
            for item in node.expressions
            if isinstance(item, exp.EQ)
            for column in item.this.find_all(exp.Column)
        }
        if "" in named and self.dialect in MYSQL_FAMILY:
            return [alias for alias, source in scope.sources.items() if not source.derived]
        return sorted(named & scope.sources.keys())

    def _delete(self, node: exp.Delete, ctes: Ctes) -> Iterator[Finding]:
        named: list[exp.Expr] = node.args.get("tables") or []
        using: list[exp.Expr] = node.args.get("using") or []
        main = [node.this] if isinstance(node.this, exp.Expr) else []
        scope = build_scope([*using, *main] or named, _conditions(node), ctes, self.variables)
        first = named or [table for table in main if isinstance(table, exp.Table)]
        extra = [join.this for table in first for join in table.args.get("joins") or ()]
        wanted = first + (extra if using and not named else [])
        targets = [_find(scope, table) for table in wanted]
        if None in targets or not targets:
            yield finding("unclear", self.number, "the table of the DELETE is not in its FROM.")
            return
        yield from self._judge("DELETE", node, scope, [each for each in targets if each])

    def _judge(
        self, verb: str, node: exp.Expr, scope: Scope, targets: Sequence[str]
    ) -> Iterator[Finding]:
        for target in targets:
            yield from self._rule(verb, scope, target, bool(node.args.get("where")))
        yield from self._unjoined(verb, scope, targets[-1])

    def _unjoined(self, verb: str, scope: Scope, target: str) -> Iterator[Finding]:
        apart = [
            alias
            for alias, source in scope.sources.items()
            if alias not in scope.reached and not source.constant
        ]
        if apart:
            detail = f"{verb} takes in {', '.join(apart)}, which no equality joins with "
            yield finding(
                "cross_join",
                self.number,
                f"{detail}{target}; join it, or qualify its columns.",
            )

    def _rule(
        self,
        verb: str,
        scope: Scope,
        target: str,
        has_where: bool,
        known: Sequence[Restriction] = (),
    ) -> Iterator[Finding]:
        scope.reached.clear()
        scope.reach([target])
        found = [*known, *of_scope(scope), *_within(scope, target)]
        if is_enough(found):
            return
        code = "few_predicates"
        if not found and not has_where:
            code = "no_where"
        elif weakened_by_or(scope.conditions, scope):
            code = "or_weakened"
        table = scope.sources[target].name or target
        yield finding(code, self.number, f"{verb} {table}: {_counted(found)} {_MEND[code]}")

    def _merge(self, node: exp.Merge, ctes: Ctes) -> Iterator[Finding]:
        on = _expressions(node.args.get("on"))
        roots = [node.this, *_expressions(node.args.get("using"))]
        target = node.this.alias_or_name.lower()
        for when in (each for whens in _expressions(node.args.get("whens")) for each in whens):
            then = when.args.get("then")
            deletes = isinstance(then, exp.Var) and then.name.upper() == "DELETE"
            if not isinstance(then, exp.Update) and not deletes:
                continue
            verb = "MERGE ... UPDATE" if isinstance(then, exp.Update) else "MERGE ... DELETE"
            extra = _expressions(when.args.get("condition")) + _conditions(when.args["then"])
            if not when.args.get("matched"):  # by source: the rows that ON did not find
                scope = build_scope([node.this], extra, ctes, self.variables)
                yield from self._rule(verb, scope, target, bool(extra))
                continue
            scope = build_scope(roots, [*on, *extra], ctes, self.variables)
            if not self._is_matched(roots, on, ctes, target):
                detail = "MERGE joins no column of its target; write ON target.x = source.x."
                yield finding("merge_unmatched", self.number, detail)
                return
            yield from self._rule(verb, scope, target, has_where=True)

    def _is_matched(
        self, roots: Sequence[exp.Expr], on: Sequence[exp.Expr], ctes: Ctes, target: str
    ) -> bool:
        scope = build_scope(roots, on, ctes, self.variables)
        scope.reach([target])
        return bool(scope.links) or any(True for _ in of_scope(scope))

    def _insert(self, node: exp.Insert, ctes: Ctes) -> Iterator[Finding]:
        table = _table_name(node.this)
        source = node.expression
        if node.args.get("overwrite"):
            yield finding("truncate", self.number, f"INSERT OVERWRITE empties {table} first.")
        limited = True
        if isinstance(source, exp.Expr) and not is_constant(source):
            limited = query_restricts(source, ctes, self.variables, None)
            if not limited:
                detail = f"INSERT INTO {table} takes every row of its SELECT; add a WHERE to it."
                yield finding("insert_unrestricted", self.number, detail)
        if isinstance(source, exp.Select):
            scope = select_scope(source, ctes, self.variables, None)
            yield from self._unjoined("INSERT", scope, next(iter(scope.sources), table))
        conflict = node.args.get("conflict")
        replaces = str(node.args.get("alternative") or "").upper() == "REPLACE"
        updates = conflict is not None and bool(conflict.expressions)
        if replaces or updates:
            yield from self._upsert(node, table, limited)

    def _upsert(self, node: exp.Insert, table: str, limited: bool) -> Iterator[Finding]:
        """The key columns of rows that are written out, or chosen by WHERE, each count as one."""
        conflict = node.args.get("conflict")
        root = node.this.this if isinstance(node.this, exp.Schema) else node.this
        where = _conditions(conflict) if conflict is not None else []
        scope = build_scope([root], where, {}, self.variables)
        target = next(iter(scope.sources))
        keys = conflict.args.get("conflict_keys") or [] if conflict is not None else []
        names = {column.name.lower() for key in keys for column in key.find_all(exp.Column)}
        names = names or {"(its key)"}
        known = [Restriction(frozenset({f"{target}.{name}"}), PIN) for name in sorted(names)]
        yield from self._rule("INSERT ... UPDATE", scope, target, True, known if limited else ())


def _conditions(node: exp.Expr) -> list[exp.Expr]:
    where = node.args.get("where")
    return _expressions(where.this if isinstance(where, exp.Where) else where)


def _expressions(value: object) -> list[exp.Expr]:
    # sqlglot leaves False or None where a clause is missing
    return [value] if isinstance(value, exp.Expr) else []


def _table_name(node: exp.Expr) -> str:
    table = node.find(exp.Table)
    return table.name if table is not None else "the table"


def _find(scope: Scope, table: exp.Expr) -> str | None:
    """The alias under which a table stands in the FROM list, by alias first, else by name."""
    alias = table.alias_or_name.lower()
    if alias in scope.sources:
        return alias
    named = [key for key, source in scope.sources.items() if source.name == table.name.lower()]
    return named[0] if len(named) == 1 else None


def _within(scope: Scope, target: str) -> list[Restriction]:
    """What a CTE that is itself the target has restricted already (T-SQL)."""
    return [
        replace(one, columns=frozenset(f"{target}.{name}" for name in one.columns))
        for one in scope.sources[target].restrictions
    ]


def _counted(found: Sequence[Restriction]) -> str:
    """What counted, for the author: how many of two, and on which columns."""
    seen: set[str] = set()
    count = 0
    for one in sorted(found, key=lambda each: (-each.strength, len(each.columns))):
        if not seen & one.columns:
            count += 1
            seen |= one.columns
    names = sorted({name.rsplit(".", 1)[-1] for name in seen})
    weak = found and max(one.strength for one in found) < RANGE
    listed = f" ({', '.join(names)}{'; negative only' if weak else ''})" if names else ""
    return f"{min(count, 2) if weak else min(count, 1)} of 2 independent predicates count{listed}."

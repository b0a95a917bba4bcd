"""The tables that take part in a statement: their names, what joins them, what a column means."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sqlglot import exp


@dataclass(frozen=True)
class Restriction:
    """One predicate that holds rows back: the columns it looks at, and how firmly.

    PIN names values (`=`, `IN`, `IS NULL`), RANGE bounds them, WEAK only excludes some (`<>`).
    """

    columns: frozenset[str]
    strength: int


WEAK, RANGE, PIN = 1, 2, 3


@dataclass(frozen=True)
class Source:
    """One table of a FROM list.

    `constant`: rows written in the script. `restricted`: a subquery or CTE that restricts its
    own rows, `restrictions` says how. `meanings`: for a subquery,
    each output name and the column behind it, None where there is none; `star`: the alias whose
    columns pass through unnamed.
    """

    name: str
    constant: bool = False
    restricted: bool = False
    derived: bool = False
    optional: bool = False
    star: str | None = None
    meanings: Mapping[str, str | None] = field(default_factory=dict)
    restrictions: tuple[Restriction, ...] = ()

    def meaning(self, column: str) -> str | None:
        """The column behind this source's output column, None when no table column is."""
        if not self.derived:
            return column
        fallback = f"{self.star}.{column}" if self.star is not None else None
        return self.meanings.get(column, fallback)


Ctes = Mapping[str, Source]


@dataclass
class Scope:
    """What the names in one statement or subquery stand for."""

    sources: dict[str, Source]
    ctes: Ctes
    variables: frozenset[str]
    outer: "Scope | None" = None
    conditions: list[tuple[exp.Expr, bool]] = field(default_factory=list)
    """Joins' ON and the WHERE, each with whether it holds for every row (inner join)."""
    links: list[tuple[str, str]] = field(default_factory=list)
    reached: set[str] = field(default_factory=set)
    twins: dict[str, str] = field(default_factory=dict)
    bare: set[str] = field(default_factory=set)

    def owner(self, column: exp.Column) -> str | None:
        """The alias of the source that the column belongs to, None when that is not certain."""
        if column.table:
            alias = column.table.lower()
            return alias if alias in self.sources else None
        return next(iter(self.sources)) if len(self.sources) == 1 else None

    def is_outer(self, column: exp.Column) -> bool:
        """Whether the column belongs to the statement around this subquery."""
        alias = column.table.lower()
        if not alias:
            return not self.sources and self.outer is not None
        scope = self.outer
        while scope is not None and alias not in self.sources:
            if alias in scope.sources:
                return True
            scope = scope.outer
        return False

    def is_variable(self, column: exp.Column) -> bool:
        """Whether the name is a script variable (BigQuery's and Snowflake's have no mark)."""
        return not column.table and column.name.lower() in self.variables

    def key(self, column: exp.Column) -> str | None:
        """The column's identity; None when it is none of the target's or of a joined table's.

        Columns that a join equates share one identity. Without a qualifier among several tables
        the bare name is the identity, for all columns of that name.
        """
        name = column.name.lower()
        # a bare table name is the whole row in PostgreSQL, and ROWNUM counts what Oracle found
        if not column.table and (name in self.sources or name in {"rownum", "level"}):
            return None
        alias = self.owner(column)
        if alias is None:
            plain = not any(each.derived or each.constant for each in self.sources.values())
            known = plain and not column.table and self.sources.keys() <= self.reached
            return self.twin(f"?.{name}") if known else None
        return self.twin(raw) if alias in self.reached and (raw := self.raw(alias, name)) else None

    def raw(self, alias: str, name: str) -> str | None:
        """The identity of a source's column before joins equate it; None for a made-up one."""
        source = self.sources[alias]
        meaning = source.meaning(name)
        if meaning is None or source.constant:
            return None
        return f"?.{name}" if name in self.bare else f"{alias}.{meaning}"

    def twin(self, key: str) -> str:
        """The identity shared by all columns that joins equate with this one."""
        while key in self.twins:
            key = self.twins[key]
        return key

    def equate(self, left: str | None, right: str | None) -> None:
        """Records that a join condition makes two columns equal."""
        if left and right and (first := self.twin(left)) != (second := self.twin(right)):
            self.twins[first] = second

    def reach(self, start: Iterable[str]) -> None:
        """Marks the sources that joins connect, over any number of steps, with the start."""
        self.reached |= set(start)
        growing = True
        while growing:
            before = len(self.reached)
            for left, right in self.links:
                if left in self.reached or right in self.reached:
                    self.reached |= {left, right}
            growing = len(self.reached) > before


def columns_of(node: exp.Expr, scope: Scope) -> Iterator[exp.Column]:
    """The columns in an expression, without the names of script variables."""
    return (column for column in node.find_all(exp.Column) if not scope.is_variable(column))


def operands(node: exp.Expr, kind: type[exp.Expr]) -> Iterator[exp.Expr]:
    """The parts of a chain of AND or of OR, however it is bracketed, left to right."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        while isinstance(current, exp.Paren):
            current = current.this
        if isinstance(current, kind):
            waiting += [current.expression, current.this]
        else:
            yield current


def tables_in(root: exp.Expr | None) -> Iterator[tuple[exp.Expr, exp.Join | None]]:
    """Every table, subquery or row list in a FROM, each with the join that brings it in."""
    waiting: list[tuple[exp.Expr | None, exp.Join | None]] = [(root, None)]
    while waiting:
        node, join = waiting.pop()
        if not isinstance(node, exp.Expr):
            continue
        if isinstance(node, exp.Paren) or (
            isinstance(node, exp.Subquery) and not isinstance(node.this, exp.Query)
        ):
            waiting.append((node.this, join))
        else:
            yield node, join
        joins = node.args.get("joins") or []
        waiting += [(each.this, each) for each in reversed(joins)]


def is_inner(join: exp.Join | None) -> bool:
    """Whether the join drops rows without a partner (or is a plain list)."""
    return join is None or (not join.side and join.kind in {"", "INNER", "CROSS", "STRAIGHT"})

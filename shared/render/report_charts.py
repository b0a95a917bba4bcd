"""Which chart shows which table of a report."""

from __future__ import annotations

from collections.abc import Callable

from markupsafe import Markup

from shared.domain.report_tables import Table
from shared.render.charts import Series, bars


def chart(table: Table) -> Markup:
    """The table as a drawing; '' when it is empty."""
    return _CHARTS[table.id](table) if table.rows else Markup("")


def _number(table: Table, row: int, column: int) -> float:
    value = table.rows[row][column]
    return float(value) if isinstance(value, int | float) else 0.0


def _column(table: Table, column: int, name: str = "") -> Series:
    values = [_number(table, row, column) for row in range(len(table.rows))]
    return Series(name or table.columns[column], values)


def _service_levels(table: Table) -> Markup:
    """For each clock its months, and the severities of the latest."""
    latest = max(str(row[0]) for row in table.rows)
    drawn = Markup("")
    for clock, at in (("First response", 2), ("Resolution", 5)):
        months, severities = _summed(table, 0, at), _summed(table, 1, at, latest)
        for name, sums in (("by month", months), (f"by severity, {latest}", severities)):
            series = [Series("Met", [s[0] for s in sums.values()]),
                      Series("Missed", [s[1] for s in sums.values()])]  # fmt: skip
            chart_ = bars(f"{clock} {name}, met and missed", list(sums), series)
            if chart_:
                drawn += Markup("<h3>{} {}</h3>").format(clock, name) + chart_
    return drawn


def _summed(table: Table, by: int, at: int, month: str = "") -> dict[str, tuple[float, float]]:
    """Met and missed of the columns at `at`, by the names in column `by`."""
    sums: dict[str, tuple[float, float]] = {}
    for n, row in enumerate(table.rows):
        if month and row[0] != month:
            continue
        met, missed = sums.get(str(row[by]), (0.0, 0.0))
        sums[str(row[by])] = met + _number(table, n, at), missed + _number(table, n, at + 1)
    return sums


def _times(table: Table) -> Markup:
    labels = [f"{row[0]}, {str(row[1]).lower()}" for row in table.rows]
    return Markup("").join(
        Markup("<h3>{}</h3>").format(name) + bars(name, labels, [_column(table, at)], " h")
        for name, at in (("Half took no longer (p50)", 3), ("Nine of ten took no longer (p90)", 4))
    )


def _throughput(table: Table) -> Markup:
    labels = [str(row[0]) for row in table.rows]
    return Markup("").join(
        Markup("<h3>{}</h3>").format(table.columns[at])
        + bars(f"{table.columns[at]} by month", labels, [_column(table, at)])
        for at in (1, 2)
        if any(_number(table, n, at) for n in range(len(labels)))
    )


def _backlog(table: Table) -> Markup:
    series = [_column(table, at) for at in range(1, len(table.columns) - 2)]
    return bars(table.title, [str(row[0]) for row in table.rows], series)


def _states(table: Table) -> Markup:
    labels = [f"{row[1]} ({row[0]})" for row in table.rows]
    return bars("Mean time in each state", labels, [_column(table, 3)], " h")


def _escalations(table: Table) -> Markup:
    return bars(table.title, [str(row[0]) for row in table.rows], [_column(table, 1)])


_CHARTS: dict[str, Callable[[Table], Markup]] = {
    "service_levels": _service_levels,
    "times": _times,
    "throughput": _throughput,
    "backlog": _backlog,
    "states": _states,
    "escalations": _escalations,
}

"""A desk's reports by month: charts with their tables, and each table as CSV."""

from __future__ import annotations

import azure.functions as func

from functions.console import enter
from functions.pages import HEADERS, page, render
from functions.visit import Visit
from shared.domain.errors import NotFound
from shared.render.report_charts import chart
from shared.service.reports import as_csv, report


@page
async def desk_reports(visit: Visit) -> func.HttpResponse:
    """One month; this month when none is asked for."""
    desk, _, shell = enter(visit, "reports")
    found = await report(visit.deps, desk, visit.query("month"))
    return render(
        visit,
        "console/reports.html",
        shell=shell,
        desk=desk,
        report=found,
        charts={table.id: chart(table) for table in found.tables},
        now=visit.now,
    )


@page
async def desk_reports_file(visit: Visit) -> func.HttpResponse:
    """One table, as `<table>.csv`."""
    desk, _, _ = enter(visit, "reports")
    name, dot, kind = visit.route("file").rpartition(".")
    found = await report(visit.deps, desk, visit.query("month"))
    table = found.table(name)
    if table is None or (dot, kind) != (".", "csv"):
        names = ", ".join(f"{t.id}.csv" for t in found.tables)
        raise NotFound(f"there is no such table; there are {names}")
    file = f"{desk.id}-{table.id}-{found.month}.csv"
    return func.HttpResponse(
        as_csv(table),
        headers={**HEADERS, "Content-Disposition": f'attachment; filename="{file}"'},
        mimetype="text/csv",
        charset="utf-8",
    )

"""What the system does for those who run it: the nightly backup, and measures for alerts."""

from __future__ import annotations

import logging

import azure.functions as func

from shared.context import get_app
from shared.service import observe
from shared.service.backup import back_up

blueprint = func.Blueprint()
log = logging.getLogger(__name__)


@blueprint.timer_trigger(arg_name="timer", schedule="0 45 3 * * *", use_monitor=True)
async def back_up_tables(timer: func.TimerRequest) -> None:
    """Writes all rows to blobs, after the night's archiving."""
    del timer
    deps = get_app().deps
    with observe.sweeping("backup", "all"):
        made = await back_up(deps)
    log.info("backup written", extra={"backup": made.name, "rows": made.rows})


@blueprint.timer_trigger(arg_name="timer", schedule="40 */5 * * * *", use_monitor=True)
async def measure_undelivered(timer: func.TimerRequest) -> None:
    """Measures how old the oldest effect that waits is, and how many rows were given up."""
    del timer
    deps = get_app().deps
    for desk in deps.desks:
        await observe.measure_outbox(deps, desk)

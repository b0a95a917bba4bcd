"""What the system does for those who run it: the nightly backup, and measures for alerts."""

from __future__ import annotations

import logging

from shared import telemetry
from shared.context import get_app
from shared.service import observe
from shared.service.backup import back_up

log = logging.getLogger(__name__)


async def back_up_tables() -> None:
    """Writes all rows to blobs, after the night's archiving."""
    deps = get_app().deps
    with telemetry.sweeping("backup", "all"):
        made = await back_up(deps)
    log.info("backup written", extra={"backup": made.name, "rows": made.rows})


async def measure_undelivered() -> None:
    """Measures how old the oldest effect that waits is, and how many rows were given up."""
    deps = get_app().deps
    for desk in deps.desks:
        await observe.measure_outbox(deps, desk)

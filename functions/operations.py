"""What the system does for those who run it: the nightly backup, and measures for alerts."""

from __future__ import annotations

import logging

from functions.turns import turns
from shared import telemetry
from shared.context import get_app
from shared.service import backup, observe
from shared.service.backup_shelf import Manifest

SECONDS = 200.0  # of one run at a backup: host.json ends a function after 300
log = logging.getLogger(__name__)


async def back_up_tables() -> None:
    """Writes all rows to blobs, after the night's archiving; what takes longer goes on later."""
    with telemetry.sweeping("backup", "all"):
        _tell(await backup.begin(get_app().deps, SECONDS))


async def measure_undelivered() -> None:
    """Measures how old the oldest effect that waits is, and how many rows were given up.

    It goes on with an unfinished backup, too: no other function comes by as often and has time.
    """
    deps = get_app().deps
    with turns() as turn:
        for desk in deps.desks:
            with turn("measure", desk):
                await observe.measure_outbox(deps, desk)
        with turn("backup", "all"):
            _tell(await backup.go_on(deps, SECONDS))


def _tell(made: Manifest | None) -> None:
    if made is not None:
        log.info("backup written", extra={"backup": made.name, "rows": made.rows})

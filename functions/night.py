"""What is done once a night."""

from __future__ import annotations

import logging
import time

from functions.turns import turns
from shared.context import get_app
from shared.service.archive import archive
from shared.service.passing import forget

SECONDS = 200.0  # of one run: host.json ends a function after 300
log = logging.getLogger(__name__)


async def archive_closed() -> None:
    """Moves tickets that were closed weeks ago out of the live partition, as time allows.

    What is of no use any more goes first: how long addresses are kept is a promise.
    """
    deps, end = get_app().deps, time.monotonic() + SECONDS
    with turns() as turn:
        for desk in deps.desks.values():
            with turn("forget", desk.id):
                gone = await forget(deps, desk, end - time.monotonic())
                log.info("rows of no more use removed", extra={"desk": desk.id, "rows": gone})
        for desk in deps.desks.values():
            with turn("archive", desk.id):
                moved = await archive(deps, desk, end - time.monotonic())
                log.info("closed tickets archived", extra={"desk": desk.id, "moved": moved})

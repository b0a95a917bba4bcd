"""What is done once a night."""

from __future__ import annotations

import logging
import time

from shared.context import get_app
from shared.service.archive import AT_ONCE, archive

SECONDS = 200.0  # of one run: host.json ends a function after 300
log = logging.getLogger(__name__)


async def archive_closed() -> None:
    """Moves tickets that were closed weeks ago out of the live partition, as time allows."""
    deps, began = get_app().deps, time.monotonic()
    for desk in deps.desks.values():
        moved, last = 0, AT_ONCE
        while last == AT_ONCE and time.monotonic() - began < SECONDS:
            last = await archive(deps, desk)
            moved += last
        log.info("closed tickets archived", extra={"desk": desk.id, "moved": moved})

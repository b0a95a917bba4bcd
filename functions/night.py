"""What is done once a night."""

from __future__ import annotations

import logging

from shared.context import get_app
from shared.service.archive import archive

log = logging.getLogger(__name__)


async def archive_closed() -> None:
    """Moves tickets that were closed weeks ago out of the live partition."""
    deps = get_app().deps
    for desk in deps.desks.values():
        moved = await archive(deps, desk)
        log.info("closed tickets archived", extra={"desk": desk.id, "moved": moved})

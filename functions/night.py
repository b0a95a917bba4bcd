"""What is done once a night."""

from __future__ import annotations

import logging

import azure.functions as func

from shared.context import get_app
from shared.service.archive import archive

blueprint = func.Blueprint()
log = logging.getLogger(__name__)


@blueprint.timer_trigger(arg_name="timer", schedule="0 15 3 * * *", use_monitor=True)
async def archive_closed(timer: func.TimerRequest) -> None:
    """Moves tickets that were closed weeks ago out of the live partition."""
    del timer
    deps = get_app().deps
    for desk in deps.desks.values():
        moved = await archive(deps, desk)
        log.info("closed tickets archived", extra={"desk": desk.id, "moved": moved})

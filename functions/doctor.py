"""The doctor: looks at every connection of a desk, live, and warns of what is about to fail."""

from __future__ import annotations

import logging

import azure.functions as func

from functions.console import enter
from functions.pages import page, render
from functions.visit import Visit
from shared.context import get_app
from shared.domain.errors import DocketError, Forbidden
from shared.domain.people import Role
from shared.probing import examine_desk, poison
from shared.service.doctor import warn_of_endings

log = logging.getLogger(__name__)
MAY = frozenset({Role.ADMIN, Role.LEAD})


@page
async def desk_doctor(visit: Visit) -> func.HttpResponse:
    """Each connection with what was found, why it fails, and how to mend it."""
    desk, actor, shell = enter(visit, "doctor")
    if not actor.has_role(MAY):
        raise Forbidden("the doctor is for the desk's lead and for administrators")
    findings = await examine_desk(visit.app, desk)
    wrong = sum(f.state == "wrong" for f in findings)
    return render(
        visit, "console/doctor.html", shell=shell, desk=desk, findings=findings, wrong=wrong
    )


async def watch_connections() -> None:
    """Says what will need a hand before anybody notices: alerts wait for these words."""
    app = get_app()
    await warn_of_endings(app.mail_room)
    try:
        for queue, messages in (await poison(app)).items():
            extra = {"queue": queue, "messages": messages}
            log.warning("messages lie in a poison queue", extra=extra)
    except DocketError as error:
        log.warning("queues could not be looked at", extra={"failure": type(error).__name__})

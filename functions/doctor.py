"""The doctor: looks at every connection of a desk, live, and warns of what is about to fail."""

from __future__ import annotations

import logging

import azure.functions as func

from functions.console import OPEN, enter
from functions.pages import page, render
from functions.visit import Visit
from shared.context import get_app
from shared.domain.errors import DocketError, Forbidden
from shared.domain.people import Role

blueprint = func.Blueprint()
log = logging.getLogger(__name__)
MAY = frozenset({Role.ADMIN, Role.LEAD})


@blueprint.route("desk/{desk}/doctor", methods=["GET"], auth_level=OPEN)
@page
async def desk_doctor(visit: Visit) -> func.HttpResponse:
    """Each connection with what was found, why it fails, and how to mend it."""
    from shared.probing import examine_desk  # noqa: PLC0415  # the doctor comes seldom

    desk, actor, shell = enter(visit, "doctor")
    if not actor.has_role(MAY):
        raise Forbidden("the doctor is for the desk's lead and for administrators")
    findings = await examine_desk(visit.app, desk)
    wrong = sum(f.state == "wrong" for f in findings)
    return render(
        visit, "console/doctor.html", shell=shell, desk=desk, findings=findings, wrong=wrong
    )


@blueprint.timer_trigger(arg_name="timer", schedule="0 25 * * * *", use_monitor=True)
async def watch_connections(timer: func.TimerRequest) -> None:
    """Says what will need a hand before anybody notices: alerts wait for these words."""
    from shared.probing import poison  # noqa: PLC0415
    from shared.service.doctor import warn_of_endings  # noqa: PLC0415

    del timer
    app = get_app()
    await warn_of_endings(app.mail_room)
    try:
        for queue, messages in (await poison(app)).items():
            extra = {"queue": queue, "messages": messages}
            log.warning("messages lie in a poison queue", extra=extra)
    except DocketError as error:
        log.warning("queues could not be looked at", extra={"failure": type(error).__name__})

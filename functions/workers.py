"""What runs without a visitor: the queue that delivers, the timers that sweep."""

from __future__ import annotations

import json
import logging

import azure.functions as func

from shared.context import get_app
from shared.service import observe
from shared.service.deliver import deliver
from shared.service.policy import apply_policy
from shared.service.sweep import sweep_due, sweep_outbox

blueprint = func.Blueprint()
log = logging.getLogger(__name__)


@blueprint.queue_trigger(arg_name="msg", queue_name="docket-outbox", connection="DocketStorage")
async def deliver_outbox(msg: func.QueueMessage) -> None:
    """Delivers the effects of one command. A failure leaves the message for the host to repeat."""
    message = json.loads(msg.get_body())
    again = (msg.dequeue_count or 1) > 1
    await deliver(get_app().deps, message["desk"], message["row"], message["claim"], again=again)


@blueprint.timer_trigger(arg_name="timer", schedule="5 * * * * *", use_monitor=True)
async def sweep_undelivered(timer: func.TimerRequest) -> None:
    """Rings again for what was committed but not delivered."""
    del timer
    deps = get_app().deps
    for desk in deps.desks:
        with observe.sweeping("outbox", desk):
            rung = await sweep_outbox(deps, desk)
        if rung:
            log.info("outbox swept", extra={"desk": desk, "rung": rung})


@blueprint.timer_trigger(arg_name="timer", schedule="20 * * * * *", use_monitor=True)
async def sweep_service_levels(timer: func.TimerRequest) -> None:
    """Lets the clock look at every ticket that is due."""
    del timer
    deps = get_app().deps
    for desk in deps.desks:
        with observe.sweeping("due", desk):
            looked = await sweep_due(deps, desk)
        if looked:
            log.info("due tickets swept", extra={"desk": desk, "looked": looked})


@blueprint.timer_trigger(arg_name="timer", schedule="40 * * * * *", use_monitor=True)
async def apply_changed_rules(timer: func.TimerRequest) -> None:
    """Counts open tickets again, some at a time, when a desk's targets or escalations changed."""
    del timer
    deps = get_app().deps
    for desk in deps.desks.values():
        with observe.sweeping("policy", desk.id):
            counted = await apply_policy(deps, desk)
        if counted:
            log.info("rules applied anew", extra={"desk": desk.id, "counted": counted})

"""What runs without a visitor: the queue that delivers, the timers that sweep."""

from __future__ import annotations

import json
import logging

import azure.functions as func

from functions.turns import turns
from shared.context import get_app
from shared.service.deliver import deliver
from shared.service.policy import apply_policy
from shared.service.sweep import sweep_due, sweep_outbox
from shared.service.thread_news import listen

log = logging.getLogger(__name__)


async def deliver_outbox(msg: func.QueueMessage) -> None:
    """Delivers the effects of one command. A failure leaves the message for the host to repeat."""
    message = json.loads(msg.get_body())
    again = (msg.dequeue_count or 1) > 1
    await deliver(get_app().deps, message["desk"], message["row"], message["claim"], again=again)


async def sweep_undelivered() -> None:
    """Rings again for what was committed but not delivered."""
    deps = get_app().deps
    with turns() as turn:
        for desk in deps.desks:
            with turn("outbox", desk):
                if rung := await sweep_outbox(deps, desk):
                    log.info("outbox swept", extra={"desk": desk, "rung": rung})


async def sweep_service_levels() -> None:
    """Lets the clock look at every ticket that is due; then into the team's threads."""
    deps = get_app().deps
    with turns() as turn:
        for desk in deps.desks:
            with turn("due", desk):
                if looked := await sweep_due(deps, desk):
                    log.info("due tickets swept", extra={"desk": desk, "looked": looked})
        for desk in deps.desks:
            with turn("threads", desk):
                if heard := await listen(deps, desk):
                    log.info("answers in threads noted", extra={"desk": desk, "heard": heard})


async def apply_changed_rules() -> None:
    """Counts open tickets again, some at a time, when a desk's targets or escalations changed."""
    deps = get_app().deps
    with turns() as turn:
        for desk in deps.desks.values():
            with turn("policy", desk.id):
                if counted := await apply_policy(deps, desk):
                    log.info("rules applied anew", extra={"desk": desk.id, "counted": counted})

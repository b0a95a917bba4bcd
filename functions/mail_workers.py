"""What reads the mailboxes: a queue that notifications ring, and timers that need none."""

from __future__ import annotations

import datetime as dt
import json

import azure.functions as func

from shared.context import get_app
from shared.service import mail_subscription

# Parsing mail takes a tenth of a second to import, so what needs it is imported in use.

blueprint = func.Blueprint()


@blueprint.queue_trigger(arg_name="msg", queue_name="docket-mail", connection="DocketStorage")
async def look_at_mailbox(msg: func.QueueMessage) -> None:
    """Reads the mailbox that a notification was about. The message names a desk, nothing else."""
    from shared.service.mailbox import look  # noqa: PLC0415

    message = json.loads(msg.get_body())
    room = get_app().mail_room
    desk = room.deps.desk(message["desk"])
    if message.get("renew"):
        await mail_subscription.ensure_all(room, renew=True)
    await look(room, desk)


@blueprint.timer_trigger(arg_name="timer", schedule="35 * * * * *", use_monitor=True)
async def poll_mailboxes(timer: func.TimerRequest) -> None:
    """Notifications may be lost, late or never subscribed to: mail comes in all the same."""
    from shared.service.mailbox import look_at_all  # noqa: PLC0415

    del timer
    room = get_app().mail_room
    await mail_subscription.ensure_all(room, renew=False)
    await look_at_all(room)


@blueprint.timer_trigger(arg_name="timer", schedule="50 7 * * * *", use_monitor=True)
async def renew_subscriptions(timer: func.TimerRequest) -> None:
    """A subscription that went silently is created again within the hour."""
    del timer
    await mail_subscription.ensure_all(get_app().mail_room, renew=True)


@blueprint.timer_trigger(arg_name="timer", schedule="0 20 0 * * *", use_monitor=True)
async def reconcile_mail(timer: func.TimerRequest) -> None:
    """Yesterday's mails against what the mailboxes hold."""
    from shared.service.reconciliation import reconcile_all  # noqa: PLC0415

    del timer
    room = get_app().mail_room
    await reconcile_all(room, room.deps.clock.now().date() - dt.timedelta(days=1))

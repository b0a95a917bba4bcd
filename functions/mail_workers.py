"""What reads the mailboxes: a queue that notifications ring, and timers that need none."""

from __future__ import annotations

import datetime as dt
import json

import azure.functions as func

from shared.context import get_app
from shared.service import mail_subscription
from shared.service.mailbox import look, look_at_all
from shared.service.reconciliation import reconcile_all


async def look_at_mailbox(msg: func.QueueMessage) -> None:
    """Reads the mailbox that a notification was about. The message names a desk, nothing else."""
    message = json.loads(msg.get_body())
    room = get_app().mail_room
    desk = room.deps.desk(message["desk"])
    if message.get("renew"):
        await mail_subscription.ensure_all(room, renew=True)
    await look(room, desk)


async def poll_mailboxes() -> None:
    """Notifications may be lost, late or never subscribed to: mail comes in all the same.

    Mail that nobody announced raises the question whether the subscriptions are still there.
    """
    room = get_app().mail_room
    await mail_subscription.ensure_all(room, renew=False)
    if await look_at_all(room):
        await mail_subscription.ensure_all(room, renew=True)


async def renew_subscriptions() -> None:
    """A subscription that went silently is created again within the hour."""
    await mail_subscription.ensure_all(get_app().mail_room, renew=True)


async def reconcile_mail() -> None:
    """Yesterday's mails against what the mailboxes hold."""
    room = get_app().mail_room
    await reconcile_all(room, room.deps.clock.now().date() - dt.timedelta(days=1))

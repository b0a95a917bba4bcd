"""What reads the mailboxes: a queue that notifications ring, and timers that need none."""

from __future__ import annotations

import datetime as dt
import json

import azure.functions as func

from functions.turns import Turn, turns
from shared.context import get_app
from shared.service import mail_ledger, mail_subscription
from shared.service.mail_room import MailRoom
from shared.service.mailbox import look, look_at_all
from shared.service.my_link import Ask, mail_link
from shared.service.quarantine_news import tell_leads
from shared.service.reconciliation import reconcile


async def look_at_mailbox(msg: func.QueueMessage) -> None:
    """Reads the mailbox that a notification was about: the message names a desk, nothing else.

    Or mails somebody the link to their requests, of whom the message holds the digest.
    """
    message = json.loads(msg.get_body())
    room = get_app().mail_room
    if "my_link" in message:
        again = (msg.dequeue_count or 1) > 1
        await mail_link(room, Ask(**message["my_link"]), again=again)
        return
    desk = room.deps.desk(message["desk"])
    with turns() as turn:
        if message.get("renew"):
            await _subscribe(room, turn, renew=True)
        await look(room, desk)


async def poll_mailboxes() -> None:
    """Notifications may be lost, late or never subscribed to: mail comes in all the same.

    Mail that nobody announced raises the question whether the subscriptions are still there. And
    leads hear of what was put aside, mails and forms.
    """
    room = get_app().mail_room
    with turns() as turn:
        await _subscribe(room, turn, renew=False)
        if await look_at_all(room):
            await _subscribe(room, turn, renew=True)
        for desk in room.deps.desks.values():
            with turn("quarantine", desk.id):
                await tell_leads(room, desk)


async def renew_subscriptions() -> None:
    """A subscription that went silently is created again within the hour."""
    with turns() as turn:
        await _subscribe(get_app().mail_room, turn, renew=True)


async def _subscribe(room: MailRoom, turn: Turn, *, renew: bool) -> None:
    for desk in room.deps.desks.values():
        with turn("subscription", desk.id):
            await mail_subscription.ensure_if_possible(room, desk, renew=renew)


async def reconcile_mail() -> None:
    """Yesterday's mails against what the mailboxes hold; and what the ledger forgets by now."""
    room = get_app().mail_room
    yesterday = room.deps.clock.now().date() - dt.timedelta(days=1)
    with turns() as turn:
        for desk in room.deps.desks.values():
            with turn("mail_balance", desk.id):
                await reconcile(room, desk, yesterday)
            with turn("mail_ledger", desk.id):
                await mail_ledger.forget_old(room.deps, desk)

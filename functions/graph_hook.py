"""Microsoft Graph calls: a mailbox changed, or a subscription is in trouble.

https://learn.microsoft.com/graph/change-notifications-delivery-webhooks
"""

from __future__ import annotations

import hmac
import html
import json
from typing import Any

import azure.functions as func

from functions.visit import Visit, api, json_body
from shared.domain.errors import Forbidden, Invalid
from shared.service import mail_subscription

_RENEWING = frozenset({"subscriptionRemoved", "reauthorizationRequired"})
_TOKEN_LENGTH = 2000


@api
async def hook_graph(visit: Visit) -> func.HttpResponse:
    """Answers at once: a notification only wakes the worker that reads the mailbox itself."""
    token = visit.query("validationToken")
    if token:
        return _handshake(token)
    proved = [n for n in _notifications(visit) if _is_ours(n, visit.app.settings.graph_state)]
    if not proved:
        raise Forbidden("no notification carries the subscription's clientState")
    room = visit.app.mail_room
    names = frozenset(str(n.get("subscriptionId")) for n in proved)
    renew = any(n.get("lifecycleEvent") in _RENEWING for n in proved)
    for desk in await mail_subscription.desks_of(room, names):
        await room.bell.ring(json.dumps({"desk": desk.id, "renew": renew}))
    return func.HttpResponse(status_code=202)


def _handshake(token: str) -> func.HttpResponse:
    """The token as plain text that no browser takes for a page."""
    return func.HttpResponse(
        html.escape(token[:_TOKEN_LENGTH], quote=False),
        status_code=200,
        headers={"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"},
        mimetype="text/plain",
        charset="utf-8",
    )


def _notifications(visit: Visit) -> list[dict[str, Any]]:
    found = json_body(visit.req, limit=2_000_000).get("value")
    if not isinstance(found, list) or not all(isinstance(n, dict) for n in found):
        raise Invalid.of("value", "send a list of notifications")
    return found


def _is_ours(notification: dict[str, Any], state: str) -> bool:
    given = str(notification.get("clientState") or "")
    return bool(state) and hmac.compare_digest(given.encode(), state.encode())

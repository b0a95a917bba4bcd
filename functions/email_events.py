"""Event Grid tells what became of mail that left through Azure Communication Services.

https://learn.microsoft.com/azure/event-grid/communication-services-email-events
https://learn.microsoft.com/azure/event-grid/end-point-validation-event-grid-events-schema
"""

from __future__ import annotations

import json
from typing import Any

import azure.functions as func

from functions.visit import Visit, answer, api
from shared.adapters.marks import uuid_of
from shared.domain.errors import Invalid
from shared.service import mail_reports
from shared.service.mail_reports import Undelivered

_VALIDATION = "Microsoft.EventGrid.SubscriptionValidationEvent"
_REPORT = "Microsoft.Communication.EmailDeliveryReportReceived"
_WELL = frozenset({"", "delivered", "expanded", "pending", "outfordelivery"})


@api
async def hook_email_events(visit: Visit) -> func.HttpResponse:
    """Notes what was not delivered on its ticket. Both of Event Grid's schemas are understood."""
    if visit.req.method == "OPTIONS":
        return _consent(visit)
    noted = 0
    for event in _events(visit):
        kind = event.get("eventType") or event.get("type")
        data = event.get("data")
        if not isinstance(data, dict):
            continue
        if kind == _VALIDATION:
            return answer({"validationResponse": str(data.get("validationCode") or "")})
        if kind == _REPORT:
            noted += await _report(visit, str(event.get("id") or ""), data)
    return answer({"noted": noted})


def _consent(visit: Visit) -> func.HttpResponse:
    """The handshake of CloudEvents 1.0 (HTTP webhooks, section 4)."""
    origin = visit.req.headers.get("webhook-request-origin", "")
    headers = {"WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": "120"} if origin else {}
    return func.HttpResponse(status_code=200, headers=headers)


def _events(visit: Visit) -> list[dict[str, Any]]:
    try:
        found = json.loads(visit.req.get_body())
    except (ValueError, RecursionError) as error:
        raise Invalid.of("body", "send events as JSON") from error
    events = found if isinstance(found, list) else [found]
    if not all(isinstance(event, dict) for event in events):
        raise Invalid.of("body", "send an event, or a list of events")
    return events


async def _report(visit: Visit, event: str, data: dict[str, Any]) -> bool:
    """Whether the report told of a mail of ours that did not arrive."""
    status = str(data.get("status") or "")
    if status.lower() in _WELL:
        return False
    details = data.get("deliveryStatusDetails")
    said = details.get("statusMessage") if isinstance(details, dict) else ""
    failed = Undelivered(
        event=event or f"{data.get('messageId')}:{data.get('recipient')}",
        recipient=str(data.get("recipient") or "").lower(),
        reason=f"{status} ({said})"[:300] if said else status,
    )
    return bool(await mail_reports.note(visit.deps, failed, _teller(str(data.get("messageId")))))


def _teller(operation: str) -> Any:
    """Tells a mail by the operation that its key was sent under."""
    return lambda key: uuid_of(key) == operation.lower()

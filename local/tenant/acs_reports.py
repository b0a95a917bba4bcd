"""Delivery reports of ACS Email by way of Event Grid.

https://learn.microsoft.com/azure/event-grid/communication-services-email-events
"""

import uuid
from typing import Any

from local.tenant.core import Tenant

_TOPIC = (
    "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/docket/providers"
    "/Microsoft.Communication/communicationServices/docket"
)


def _url(tenant: Tenant) -> str:
    return f"{tenant.config.host_url}/api/hooks/email-events?code={tenant.config.function_key}"


async def turn_on(tenant: Tenant) -> bool:
    """Subscribes with the validation handshake; False when the endpoint did not pass it."""
    code = str(uuid.uuid4())
    event = _event(
        tenant,
        "Microsoft.EventGrid.SubscriptionValidationEvent",
        "",
        {"validationCode": code, "validationUrl": f"{tenant.config.base_url}/eventgrid/{code}"},
    )
    answer = await tenant.call_host(
        "POST",
        _url(tenant),
        json=[event],
        headers={"aeg-event-type": "SubscriptionValidation"},
        kind="eventgrid-validation",
    )
    passed = answer is not None and answer.status_code == 200 and code in answer.text
    tenant.store.collection("settings")["acs"] = {"reports": "on" if passed else "off"}
    return passed


def turn_off(tenant: Tenant) -> None:
    tenant.store.collection("settings")["acs"] = {"reports": "off"}


def send_reports(
    tenant: Tenant, operation: str, sender: str, recipients: list[str], refused: list[str]
) -> None:
    """One report for each recipient, when reports are on."""
    if tenant.store.collection("settings").get("acs", {}).get("reports") != "on":
        return
    for recipient in recipients:
        bounced = recipient.lower() in refused
        data = {
            "sender": sender,
            "recipient": recipient,
            "messageId": operation,
            "status": "Bounced" if bounced else "Delivered",
            "deliveryAttemptTimeStamp": tenant.now().isoformat(),
            "deliveryStatusDetails": {
                "statusMessage": "550 5.1.1 recipient unknown" if bounced else "No error."
            },
        }
        event = _event(
            tenant,
            "Microsoft.Communication.EmailDeliveryReportReceived",
            f"sender/{sender}/message/{operation}",
            data,
        )
        tenant.deliver(
            "POST",
            _url(tenant),
            json=[event],
            headers={"aeg-event-type": "Notification"},
            kind="acs-email-delivery-report",
        )


def _event(tenant: Tenant, kind: str, subject: str, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "topic": _TOPIC,
        "subject": subject,
        "data": data,
        "eventType": kind,
        "dataVersion": "1.0",
        "metadataVersion": "1",
        "eventTime": tenant.now().isoformat(),
    }

"""Change and lifecycle notifications, in the moods that the control API orders.

https://learn.microsoft.com/graph/change-notifications-lifecycle-events
"""

import asyncio
from typing import Any

from local.tenant.channels import ChannelMessage
from local.tenant.core import Tenant
from local.tenant.graph.http import tenant_id
from local.tenant.graph.sending import settings
from local.tenant.graph.subscriptions import subscriptions, watching
from local.tenant.mailbox import Mailbox
from local.tenant.store import Document

MOODS = ("normal", "missing", "double", "delayed")
LIFECYCLE = ("missed", "subscriptionRemoved", "reauthorizationRequired")
_DELAY = 3.0  # seconds


class Notifier:
    """Listens to what happens in mailboxes and channels."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        tenant.listen("mail", self._mail)
        tenant.listen("channel", self._channel)

    def _mail(self, mailbox: Mailbox, message: Document, change: str) -> None:
        person = self._tenant.person(mailbox.address)
        names = (mailbox.address, person.aad_id, "me", message["folder"])
        for entry in watching(self._tenant, "mail", names, change):
            item = mailbox.id_of(message, immutable=entry["immutable"])
            resource = f"Users/{person.aad_id}@{tenant_id()}/Messages/{item}"
            data = {
                "@odata.type": "#Microsoft.Graph.Message",
                "@odata.id": resource,
                "@odata.etag": f'W/"{message["uid"][:8]}{message["version"]:06}"',
                "id": item,
            }
            self._send(entry, change, resource, data)

    def _channel(self, message: ChannelMessage) -> None:
        names = (message["team"], message["channel"])
        for entry in watching(self._tenant, "channel", names, "created"):
            place = f"teams('{names[0]}')/channels('{names[1]}')/messages"
            resource = (
                f"{place}('{message['replyToId']}')/replies('{message['id']}')"
                if message["replyToId"]
                else f"{place}('{message['id']}')"
            )
            data = {
                "@odata.type": "#Microsoft.Graph.chatMessage",
                "@odata.id": resource,
                "id": message["id"],
            }
            self._send(entry, "created", resource, data)

    def _send(self, entry: Document, change: str, resource: str, data: dict[str, Any]) -> None:
        wanted = settings(self._tenant)
        mood = wanted.get("notifications", "normal")
        if mood == "missing":
            return
        notice = {
            "changeType": change,
            "resource": resource,
            "resourceData": data,
            **_about(entry),
        }
        delay = float(wanted.get("delay", _DELAY)) if mood == "delayed" else 0
        for _ in range(2 if mood == "double" else 1):
            self._tenant.run(self._post(entry["notificationUrl"], notice, delay))

    async def _post(self, url: str, notice: dict[str, Any], delay: float) -> None:
        await asyncio.sleep(delay)
        self._tenant.deliver(
            "POST", url, json={"value": [notice]}, headers={}, kind="graph-change-notification"
        )


def _about(entry: Document) -> dict[str, Any]:
    return {
        "subscriptionId": entry["id"],
        "subscriptionExpirationDateTime": entry["expirationDateTime"],
        "clientState": entry["clientState"],
        "tenantId": tenant_id(),
    }


def raise_lifecycle(tenant: Tenant, event: str) -> int:
    """Tells every subscription with a lifecycle address; returns how many were told."""
    if event not in LIFECYCLE:
        raise ValueError(f"event: must be one of {', '.join(LIFECYCLE)}")
    told = 0
    for entry in subscriptions(tenant):
        if event == "subscriptionRemoved":
            del tenant.store.collection("subscriptions")[entry["id"]]
        if entry["lifecycleNotificationUrl"]:
            told += 1
            tenant.deliver(
                "POST",
                entry["lifecycleNotificationUrl"],
                json={"value": [{"lifecycleEvent": event, **_about(entry)}]},
                headers={},
                kind="graph-lifecycle-notification",
            )
    return told

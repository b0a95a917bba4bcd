"""Reads a mailbox through Graph: delta for what is new, raw MIME, and subscriptions that wake us.

https://learn.microsoft.com/graph/api/message-delta
https://learn.microsoft.com/graph/api/subscription-post-subscriptions
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from shared.adapters.graph_wire import IMMUTABLE, GraphWire, user_path
from shared.adapters.http import diagnosis, document, failure
from shared.domain.errors import NotFound, Unavailable
from shared.ports import Clock, MailboxChange

if TYPE_CHECKING:
    import httpx

_PREFER = {"Prefer": f"odata.maxpagesize=50, {IMMUTABLE}"}
_EXPIRED = ("syncStateNotFound", "syncStateInvalid", "resyncRequired")
_FIRST_REACH = dt.timedelta(days=1)
# A cursor that expired means that nobody read for long: look further back than one day, since
# messages that come again are recognised, and messages that never come are not.
_RESTART_REACH = dt.timedelta(days=7)


class GraphReader:
    """MailReader of inboxes that the app may read (Mail.Read or Mail.ReadWrite)."""

    def __init__(self, wire: GraphWire, clock: Clock) -> None:
        self._wire = wire
        self._clock = clock

    async def changes(self, mailbox: str, cursor: str) -> tuple[list[MailboxChange], str, bool]:
        """One page of arrivals; the cursor is Graph's own link, kept verbatim."""
        answer = await self._delta(mailbox, cursor or self._start(mailbox, _FIRST_REACH))
        if answer is None:
            answer = await self._delta(mailbox, self._start(mailbox, _RESTART_REACH))
        if answer is None:
            raise Unavailable("Graph: a fresh delta query was refused as expired")
        arrived = [_change(m) for m in answer["value"] if "@removed" not in m]
        following = answer.get("@odata.nextLink")
        return arrived, str(following or answer["@odata.deltaLink"]), following is not None

    async def raw(self, mailbox: str, message_id: str) -> bytes:
        """The message as RFC 5322 bytes. Raises NotFound when it is gone."""
        path = user_path(mailbox, "messages", message_id, "$value")
        async with self._wire.slot(mailbox):
            answer = await self._wire.call(
                "read message", "GET", path,
                headers={"Prefer": IMMUTABLE}, missing=NotFound, timeout=120,
            )  # fmt: skip
        return bytes(answer.content)

    async def subscribe(self, mailbox: str, url: str, secret: str, until: dt.datetime) -> str:
        """A subscription for new mail; one that is already there is renewed."""
        wanted = {
            "changeType": "created",
            "notificationUrl": url,
            "lifecycleNotificationUrl": url,
            "resource": f"/users/{mailbox}/mailFolders('inbox')/messages",
            "expirationDateTime": _utc(until),
            "clientState": secret,
            "latestSupportedTlsVersion": "v1_2",
        }
        answer = await self._create(wanted, accept=(409,))
        if answer.status_code == 409:  # one for each resource
            kept = await self._make_room(wanted, until)
            if kept:
                return kept
            answer = await self._create(wanted)
        return str(document("Graph", "subscribe", answer)["id"])

    async def renew(self, subscription: str, until: dt.datetime) -> bool:
        """False when the subscription is gone."""
        answer = await self._wire.call(
            "renew", "PATCH", f"/subscriptions/{quote(subscription, safe='')}",
            json={"expirationDateTime": _utc(until)}, accept=(404,),
        )  # fmt: skip
        return answer.status_code != 404

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._wire.aclose()

    def _start(self, mailbox: str, reach: dt.timedelta) -> str:
        since = quote(f"receivedDateTime ge {_utc(self._clock.now() - reach)}", safe="")
        path = user_path(mailbox, "mailFolders", "inbox", "messages", "delta")
        return f"{path}?$select=internetMessageId,receivedDateTime&$filter={since}"

    async def _delta(self, mailbox: str, link: str) -> dict[str, Any] | None:
        """The page, or None when the link has expired."""
        async with self._wire.slot(mailbox):
            answer = await self._wire.call(
                "delta", "GET", link, headers=_PREFER, accept=range(400, 500)
            )
        if answer.is_success:
            return document("Graph", "delta", answer)
        if answer.status_code == 410 or _expired(answer):
            return None
        raise failure("Graph", "delta", answer)

    async def _create(self, wanted: dict[str, str], accept: tuple[int, ...] = ()) -> httpx.Response:
        # notifications carry plain ids, which nobody reads: they only say that there is mail
        return await self._wire.call(
            "subscribe", "POST", "/subscriptions", json=wanted, accept=accept
        )

    async def _make_room(self, wanted: dict[str, str], until: dt.datetime) -> str:
        """Renews the subscription in the way when it is ours, and gives its id; else deletes it."""
        found = await self._wire.fetch("list subscriptions", "/subscriptions")
        for other in found["value"]:
            if other["resource"].strip("/") != wanted["resource"].strip("/"):
                continue
            same = other["notificationUrl"] == wanted["notificationUrl"]
            if same and await self.renew(other["id"], until):
                return str(other["id"])
            path = f"/subscriptions/{quote(other['id'], safe='')}"
            await self._wire.call("unsubscribe", "DELETE", path, accept=(404,))
        return ""


def _expired(answer: httpx.Response) -> bool:
    return diagnosis(answer).lower() in (code.lower() for code in _EXPIRED)


def _change(message: dict[str, Any]) -> MailboxChange:
    return MailboxChange(
        id=str(message["id"]),
        internet_message_id=str(message.get("internetMessageId") or ""),
        received_at=dt.datetime.fromisoformat(message["receivedDateTime"]),
    )


def _utc(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

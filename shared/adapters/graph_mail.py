"""Mail through Graph: a draft that carries our key, its attachments, then send.

Graph has no idempotency key for mail. The draft's extended property can be filtered by, and the
copy in Sent Items keeps it, so a second attempt can see how far the first one came.
https://learn.microsoft.com/graph/api/user-post-messages
https://learn.microsoft.com/graph/api/resources/singlevaluelegacyextendedproperty
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from shared.adapters.graph_files import Attachments, file_attachment, fit_inline
from shared.adapters.graph_wire import GraphWire, user_path
from shared.domain.errors import DocketError, Rejected, Unavailable
from shared.ports import File, Mail

DOCKET_KEY = "String {5b3c7f5e-3f0e-4b0a-8f0d-6f1d2f9c7a31} Name DocketKey"
"""The extended property with our key, in a property set of its own."""

# MAPI properties for what Graph's JSON cannot set ([MS-OXPROPS]).
_MESSAGE_ID = "String 0x1035"
_REFERENCES = "String 0x1039"
_IN_REPLY_TO = "String 0x1042"
# A named property of PS_INTERNET_HEADERS becomes a header of that name ([MS-OXCMAIL]).
_HEADER = "String {00020386-0000-0000-C000-000000000046} Name "
_DRAFT_TIMEOUT = 40.0  # with files in it; a delivery waits for little longer
_MOST_HEADERS = 5  # more: InvalidInternetMessageHeaderCollection


class GraphMailer:
    """Mailer. `mail.sender` is a mailbox that the app may use (Mail.ReadWrite and Mail.Send).

    `mail.headers`: five `X-` headers at most; others (`Auto-Submitted`) travel as MAPI properties.
    """

    def __init__(self, wire: GraphWire, *, confirm: bool = False) -> None:
        """`confirm` reads each sent copy for its Message-ID.

        Only needed where Exchange gives a new one on submission: one more call for each mail.
        """
        self._wire = wire
        self._confirm = confirm
        self._attachments = Attachments(wire)

    async def send(self, mail: Mail, key: str, *, again: bool) -> str:
        """Sends once per key; the Message-ID as the mailbox has it, else the given one."""
        async with self._wire.slot(mail.sender):
            found = await self._find(mail.sender, key) if again else None
            if found is None:
                found = await self._prepare(mail, key)
            elif found["isDraft"]:
                await self._attachments.complete(mail.sender, found["id"], mail.files)
            if found["isDraft"]:
                await self._submit(mail.sender, found["id"])
                found = await self._sent_copy(mail.sender, key) or found
            return str(found.get("internetMessageId") or mail.message_id)

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._wire.aclose()

    async def _find(self, mailbox: str, key: str) -> dict[str, Any] | None:
        """The message with our key in whatever folder; one that left goes before a draft."""
        value = key.replace("'", "''")
        condition = (
            "singleValueExtendedProperties/Any(ep: "
            f"ep/id eq '{DOCKET_KEY}' and ep/value eq '{value}')"
        )
        path = user_path(mailbox, "messages")
        query = f"$filter={quote(condition, safe='')}&$select=id,isDraft,internetMessageId"
        found = await self._wire.fetch("find message", f"{path}?{query}")
        messages = sorted(found["value"], key=lambda m: bool(m["isDraft"]))
        return messages[0] if messages else None

    async def _prepare(self, mail: Mail, key: str) -> dict[str, Any]:
        inline, later = fit_inline(mail.files)
        path = user_path(mail.sender, "messages")
        draft = await self._wire.submit(
            "create draft", "POST", path, _draft(mail, key, inline), timeout=_DRAFT_TIMEOUT
        )
        for file in later:
            await self._attachments.add(mail.sender, draft["id"], file)
        return draft

    async def _sent_copy(self, mailbox: str, key: str) -> dict[str, Any] | None:
        if not self._confirm:
            return None
        try:
            return await self._find(mailbox, key)
        except DocketError:  # the mail is on its way; its id is a nicety
            return None

    async def _submit(self, mailbox: str, draft: str) -> None:
        # 404: the draft is not to be seen yet, or has just left; looking again will tell
        path = user_path(mailbox, "messages", draft, "send")
        await self._wire.call("send draft", "POST", path, missing=Unavailable)


def _draft(mail: Mail, key: str, inline: list[File]) -> dict[str, Any]:
    x_headers = [(n, v) for n, v in mail.headers if n.lower().startswith("x-")]
    if len(x_headers) > _MOST_HEADERS:
        raise Rejected(f"Graph: {len(x_headers)} X- headers, {_MOST_HEADERS} at most")
    properties = {
        DOCKET_KEY: key,
        _MESSAGE_ID: mail.message_id,
        _IN_REPLY_TO: mail.in_reply_to,
        _REFERENCES: " ".join(mail.references),
        **{_HEADER + n: v for n, v in mail.headers if not n.lower().startswith("x-")},
    }
    draft: dict[str, Any] = {
        "subject": mail.subject,
        "body": {"contentType": "html", "content": mail.html},
        "from": _address(mail.sender, mail.sender_name),
        "toRecipients": [_address(address, name) for address, name in mail.to],
        "internetMessageId": mail.message_id,
        "singleValueExtendedProperties": [
            {"id": name, "value": value} for name, value in properties.items() if value
        ],
    }
    if x_headers:
        draft["internetMessageHeaders"] = [{"name": n, "value": v} for n, v in x_headers]
    if mail.reply_to:
        draft["replyTo"] = [_address(mail.reply_to)]
    if inline:
        draft["attachments"] = [file_attachment(file) for file in inline]
    return draft


def _address(address: str, name: str = "") -> dict[str, Any]:
    return {"emailAddress": {"address": address, **({"name": name} if name else {})}}

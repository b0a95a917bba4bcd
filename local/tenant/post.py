"""The post office: delivers mail between mailboxes, bounces it, answers automatically."""

import base64
import uuid
from typing import Any

from local.tenant.automatic import answer_to, bounce_for
from local.tenant.core import Tenant
from local.tenant.mailbox import Mailbox
from local.tenant.mime import address_of, body_parts, headers, iso, parse, read_mail
from local.tenant.store import Document

_MOST_ANSWERS = 100  # a loop between two machines must end somewhere


def new_message_id(domain: str) -> str:
    return f"<{uuid.uuid4().hex.upper()}@{domain}>"


class PostOffice:
    """Moves raw mails; keeps no state of its own."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._settings = tenant.store.collection("post")

    def submit(self, raw: bytes, *, sender: str, recipients: list[str], via: str) -> list[str]:
        """Delivers one mail to all recipients; returns the addresses that refused it.

        `via` graph or acs also lists the mail as sent; with acs no bounce comes back by mail.
        """
        if via:
            self._list_as_sent(raw, recipients, via)
        refused = []
        for address in dict.fromkeys(entry.lower() for entry in recipients if entry):
            if self._settings.get(f"bounce:{address}"):
                refused.append(address)
                if via != "acs":
                    self.deliver(sender, bounce_for(raw, sender, address, self._tenant.now()))
            else:
                self.deliver(address, raw)
        return refused

    def deliver(self, address: str, raw: bytes) -> Document:
        """Puts a raw mail into the inbox of an address, exactly as it is."""
        mailbox = Mailbox(self._tenant, address)
        fields = read_mail(raw)
        if not fields["internetMessageId"]:
            fields["internetMessageId"] = new_message_id("mail.tenant.example")
        fields["raw"] = base64.b64encode(raw).decode()
        message = mailbox.add("inbox", fields)
        self._answer(mailbox.address, message)
        return message

    # -- what has left

    def _list_as_sent(self, raw: bytes, recipients: list[str], via: str) -> None:
        message = parse(raw)
        fields = read_mail(raw)
        text, html = body_parts(message)
        visible = [*fields["toRecipients"], *fields["ccRecipients"]]
        shown = {address_of(entry) for entry in visible}
        number = self._tenant.store.next_number("sent")
        self._tenant.store.collection("sent")[str(number)] = {
            "via": via,
            "from": address_of(fields["from"]),
            "to": [address_of(entry) for entry in fields["toRecipients"]],
            "cc": [address_of(entry) for entry in fields["ccRecipients"]],
            "bcc": [entry.lower() for entry in recipients if entry.lower() not in shown],
            "subject": fields["subject"],
            "text": text or "",
            "html": html or "",
            "headers": {entry["name"]: entry["value"] for entry in headers(message)},
            "message_id": fields["internetMessageId"],
            "attachments": [
                {name: file[name] for name in ("name", "contentType", "size", "isInline")}
                for file in fields["attachments"]
            ],
            "at": iso(self._tenant.now()),
        }

    def sent(self, to: str = "") -> list[Document]:
        """Every mail that left, oldest first; `to` keeps those to one address."""
        mails = self._tenant.store.collection("sent").values()
        wanted = to.strip().lower()
        return [
            mail
            for mail in mails
            if not wanted or wanted in [*mail["to"], *mail["cc"], *mail["bcc"]]
        ]

    # -- habits of mailboxes

    def set_bounce(self, address: str, kind: str) -> None:
        """`kind` hard refuses mail to the address for good; off takes it again."""
        if kind not in ("hard", "off"):
            raise ValueError("kind: must be hard or off")
        self._set(f"bounce:{address.lower()}", {} if kind == "off" else {"kind": kind})

    def set_responder(self, address: str, kind: str) -> None:
        """`kind` naive answers everything, polite follows RFC 3834, off answers nothing."""
        if kind not in ("naive", "polite", "off"):
            raise ValueError("kind: must be naive, polite or off")
        entry = {"kind": kind, "answered": [], "count": 0}
        self._set(f"responder:{address.lower()}", {} if kind == "off" else entry)

    def _set(self, key: str, value: dict[str, Any]) -> None:
        if value:
            self._settings[key] = value
        else:
            self._settings.pop(key, None)

    def _answer(self, address: str, message: Document) -> None:
        habit = self._settings.get(f"responder:{address}")
        if not habit or habit["count"] >= _MOST_ANSWERS:
            return
        answer = answer_to(message, address, habit, self._tenant.now())
        if answer is None:
            return
        to, raw = answer
        habit["count"] += 1
        habit["answered"] = sorted({*habit["answered"], to})
        self._settings[f"responder:{address}"] = habit
        self._tenant.run(self._send_answer(address, to, raw))

    async def _send_answer(self, address: str, to: str, raw: bytes) -> None:
        self.submit(raw, sender=address, recipients=[to], via="")

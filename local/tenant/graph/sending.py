"""Turns a draft into mail: builds the raw form, delivers it, keeps the sent copy."""

import base64
import re
from email.policy import SMTP

from local.tenant.core import Tenant
from local.tenant.graph.errors import GraphError
from local.tenant.mailbox import Mailbox
from local.tenant.mime import address_of, headers, iso, parse, read_mail, write_mail
from local.tenant.post import PostOffice, new_message_id
from local.tenant.store import Document

_ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")


def send(tenant: Tenant, mailbox: Mailbox, message: Document, *, keep: bool = True) -> None:
    """Sends a stored draft; the sent copy lands in Sent Items unless `keep` is false."""
    recipients = [
        address_of(entry)
        for name in ("toRecipients", "ccRecipients", "bccRecipients")
        for entry in message[name]
    ]
    if not recipients or not all(_ADDRESS.fullmatch(address) for address in recipients):
        raise GraphError(400, "ErrorInvalidRecipients", "At least one recipient isn't valid.")
    if settings(tenant).get("message_ids") == "replaced":
        message["internetMessageId"] = new_message_id("eurprd01.prod.outlook.com")
        _forget_raw(message)
    message["sentDateTime"] = message["receivedDateTime"] = iso(tenant.now())
    raw = _raw(message)
    _become_sent(tenant, mailbox, message, raw)
    if not keep:
        mailbox.remove(message)
    PostOffice(tenant).submit(raw, sender=mailbox.address, recipients=recipients, via="graph")


def settings(tenant: Tenant) -> Document:
    """How this tenant's Graph behaves where the vendor leaves it open."""
    return tenant.store.collection("settings").get("graph", {})


def _forget_raw(message: Document) -> None:
    if message["raw"]:
        raw = parse(base64.b64decode(message["raw"]))
        del raw["Message-ID"]
        raw["Message-ID"] = message["internetMessageId"]
        message["raw"] = base64.b64encode(raw.as_bytes(policy=SMTP)).decode()


def _raw(message: Document) -> bytes:
    """What goes over the wire: a MIME draft as it was written, without its Bcc."""
    if not message["raw"]:
        try:
            return write_mail(message)
        except ValueError as error:
            raise GraphError(400, "ErrorInvalidRequest", str(error)) from error
    raw = parse(base64.b64decode(message["raw"]))
    del raw["Bcc"]
    for name, value in (
        ("Message-ID", message["internetMessageId"]),
        ("From", message["from"]["emailAddress"]["address"]),
        ("Date", ""),
    ):
        if name not in raw and value:
            raw[name] = value
    return raw.as_bytes()


def _become_sent(tenant: Tenant, mailbox: Mailbox, message: Document, raw: bytes) -> None:
    message["raw"] = base64.b64encode(raw).decode()
    message["isDraft"] = False
    message["attachments"] = read_mail(raw)["attachments"]
    message["internetMessageHeaders"] = headers(parse(raw))
    if settings(tenant).get("immutable_ids") == "changed":
        mailbox.remove(message)
        message.pop("uid")
        mailbox.add("sentitems", {**message, "folder": "sentitems"})
        return
    mailbox.move(message, "sentitems")

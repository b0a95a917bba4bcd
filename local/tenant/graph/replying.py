"""Drafts that answer a message: recipients, subject, threading, quoted text.

https://learn.microsoft.com/graph/api/message-createreply
"""

from html import escape

from local.tenant.graph import drafts
from local.tenant.graph.errors import GraphError
from local.tenant.graph.http import Call
from local.tenant.mailbox import Mailbox
from local.tenant.mime import Recipient, address_of
from local.tenant.store import Document


def reply_draft(call: Call, mailbox: Mailbox, original: Document, *, to_all: bool) -> Document:
    """The fields of a reply, with what the caller wrote into it."""
    if not call.is_json:
        fields = drafts.mime_draft(call, mailbox)
        return {**fields, **_threading(original)}
    parameters = call.action()
    comment, written = parameters.get("comment"), parameters.get("message") or {}
    if comment and written.get("body"):
        raise GraphError(
            400, "ErrorInvalidArgument", "The parameters 'Comment' and 'Body' exclude each other."
        )
    fields = drafts.empty_draft(call.tenant, mailbox)
    fields.update(_threading(original), extended={})
    fields["subject"] = _subject(original["subject"])
    fields["toRecipients"] = original["replyTo"] or [entry for entry in [original["from"]] if entry]
    if to_all:
        _add_everyone(fields, original, mailbox.address)
    fields["body"] = {"contentType": "html", "content": _quoted(original, comment or "")}
    drafts.apply(fields, written, mailbox)
    return fields


def _threading(original: Document) -> Document:
    own = original["internetMessageId"]
    return {
        "inReplyTo": own,
        "references": [*original.get("references", []), own],
        "conversationId": original["conversationId"],
    }


def _subject(subject: str) -> str:
    return subject if subject.lower().startswith("re:") else f"Re: {subject}"


def _add_everyone(fields: Document, original: Document, own: str) -> None:
    seen = {own, *(address_of(entry) for entry in fields["toRecipients"])}

    def unseen(entries: list[Recipient]) -> list[Recipient]:
        fresh = [entry for entry in entries if address_of(entry) not in seen]
        seen.update(address_of(entry) for entry in fresh)
        return fresh

    fields["toRecipients"] = [*fields["toRecipients"], *unseen(original["toRecipients"])]
    fields["ccRecipients"] = unseen(original["ccRecipients"])


def _quoted(original: Document, comment: str) -> str:
    sender = (original["from"] or {}).get("emailAddress", {})
    body = original["body"]
    inner = (
        body["content"]
        if body["contentType"] == "html"
        else f"<pre>{escape(body['content'])}</pre>"
    )
    return (
        f"<html><body><div>{escape(comment)}</div><hr>"
        f"<div><b>From:</b> {escape(sender.get('name', ''))}"
        f" &lt;{escape(sender.get('address', ''))}&gt;<br>"
        f"<b>Sent:</b> {original['sentDateTime']}<br>"
        f"<b>Subject:</b> {escape(original['subject'])}</div><br>{inner}</body></html>"
    )

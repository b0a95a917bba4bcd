"""Writing mail as anybody: the way to play the client."""

import base64
from datetime import datetime
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from local.tenant.core import Tenant
from local.tenant.graph.message_view import plain_body
from local.tenant.mailbox import Mailbox
from local.tenant.mime import address_of, iso, read_mail, recipient, write_mail
from local.tenant.post import PostOffice, new_message_id
from local.tenant.store import Document
from local.tenant.viewer.page import render, see_other

_LARGEST_PART = 20 * 1024 * 1024


def routes(tenant: Tenant) -> list[BaseRoute]:
    """`/compose`, with `from`, `to`, and `reply` (a message) or `all`."""

    async def form(request: Request) -> Response:
        return render(request, "compose.html", "mail", **_facts(tenant, request))

    async def post(request: Request) -> Response:
        return await _post(tenant, request)

    return [
        Route("/compose", form, methods=["GET"]),
        Route("/compose", post, methods=["POST"]),
    ]


def _facts(tenant: Tenant, request: Request) -> dict[str, Any]:
    query = request.query_params
    own = query.get("from", "")
    facts: dict[str, Any] = {
        "own": own,
        "to": query.get("to", ""),
        "cc": "",
        "subject": "",
        "text": "",
        "reply": "",
        "addresses": sorted({*tenant.store.collection("mailboxes"), *tenant.seed.mailboxes}),
        "mistake": "",
    }
    original = Mailbox(tenant, own).messages.get(query.get("reply", "")) if own else None
    if original is not None:
        facts |= _reply_facts(original, own.lower(), to_all=bool(query.get("all")))
    return facts


def _reply_facts(original: Document, own: str, *, to_all: bool) -> dict[str, Any]:
    """What a mail program fills in for an answer."""
    to = [address_of(entry) for entry in original["replyTo"] or [original["from"]]]
    others = [address_of(entry) for entry in [*original["toRecipients"], *original["ccRecipients"]]]
    if to == [own]:  # answering one's own mail goes to whom it went
        to, others = [address_of(entry) for entry in original["toRecipients"]], []
    cc = [address for address in others if address not in (own, *to)] if to_all else []
    subject = original["subject"]
    quoted = "\n".join(f"> {line}" for line in plain_body(original).splitlines())
    who = address_of(original["from"])
    sent = datetime.fromisoformat(original["sentDateTime"])
    return {
        "to": ", ".join(to),
        "cc": ", ".join(cc),
        "subject": subject if subject.lower().startswith("re:") else f"Re: {subject}",
        "text": f"\n\nOn {sent:%a, %d %b %Y at %H:%M}, {who} wrote:\n{quoted}\n",
        "reply": original["uid"],
    }


async def _post(tenant: Tenant, request: Request) -> Response:
    async with request.form(max_part_size=_LARGEST_PART) as form:
        own, to = _line(form, "from").lower(), _addresses(form, "to")
        if "@" not in own or not to:
            facts = _facts(tenant, request) | {
                name: _line(form, name) for name in ("to", "cc", "subject", "reply")
            }
            facts |= {"own": own, "text": str(form.get("text", ""))}
            facts["mistake"] = "A mail needs a sender and at least one recipient."
            return render(request, "compose.html", "mail", **facts)
        raw = write_mail(await _fields(tenant, form, own, to))
    return see_other(_send(tenant, own, raw, to + _addresses(form, "cc")))


def _line(form: FormData, name: str) -> str:
    return " ".join(str(form.get(name, "")).split())


def _addresses(form: FormData, name: str) -> list[str]:
    parts = _line(form, name).replace(";", ",").split(",")
    return [part.strip() for part in parts if "@" in part]


async def _fields(tenant: Tenant, form: FormData, own: str, to: list[str]) -> dict[str, Any]:
    original = Mailbox(tenant, own).messages.get(_line(form, "reply"))
    threading: dict[str, Any] = {"inReplyTo": "", "references": []}
    if original is not None:
        identity = original["internetMessageId"]
        threading = {
            "inReplyTo": identity,
            "references": [*original.get("references", []), identity],
        }
    return {
        "from": recipient(own, tenant.person(own).name),
        "toRecipients": [recipient(address) for address in to],
        "ccRecipients": [recipient(address) for address in _addresses(form, "cc")],
        "subject": _line(form, "subject"),
        "body": {"contentType": "text", "content": str(form.get("text", ""))},
        "sentDateTime": iso(tenant.now()),
        "internetMessageId": new_message_id(f"mail.{own.rpartition('@')[2]}"),
        "attachments": [await _file(part) for part in form.getlist("files") if _is_file(part)],
        **threading,
    }


def _is_file(part: UploadFile | str) -> bool:
    return isinstance(part, UploadFile) and bool(part.filename)


async def _file(part: UploadFile | str) -> dict[str, Any]:
    assert isinstance(part, UploadFile)  # noqa: S101 - for the type checker
    return {
        "name": part.filename,
        "contentType": part.content_type,
        "contentBytes": base64.b64encode(await part.read()).decode(),
    }


def _send(tenant: Tenant, own: str, raw: bytes, recipients: list[str]) -> str:
    """Keeps the sender's copy, delivers, and returns where to look at it."""
    mailbox = Mailbox(tenant, own)
    kept = {**read_mail(raw), "raw": base64.b64encode(raw).decode()}
    copy = mailbox.add("sentitems", kept)
    PostOffice(tenant).submit(raw, sender=own, recipients=recipients, via="")
    return f"/mail/{own}?c={copy['conversationId'].replace('+', '%2B')}"

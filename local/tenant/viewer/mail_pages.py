"""Mailboxes as a person sees them: conversations, messages, attachments, source."""

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from local.tenant.core import Tenant
from local.tenant.graph.message_view import attachment_content, plain_body
from local.tenant.mailbox import Mailbox, all_mailboxes, raw_of
from local.tenant.mime import body_parts, parse, write_mail
from local.tenant.store import Document
from local.tenant.viewer.page import render, see_other

_FOLDERS = {
    "conversations": ("Conversations", ("inbox", "sentitems")),
    "drafts": ("Drafts", ("drafts",)),
    "deleted": ("Deleted", ("deleteditems",)),
}
# Foreign HTML: no scripts, no forms, nothing from elsewhere.
_HTML_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:;"
    " sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox"
)
_HTML_HEAD = (
    "<!doctype html><meta charset=utf-8><base target=_blank>"
    "<style>body{margin:0;font:15px/1.5 'Segoe UI',system-ui,sans-serif;color:#201f1e;"
    "overflow-wrap:anywhere}img{max-width:100%;height:auto}</style>"
)


def routes(tenant: Tenant) -> list[BaseRoute]:
    """`/`, `/mail/{address}` and what belongs to one message."""
    pages = _Pages(tenant)
    one = "/mail/{address}/{uid}"
    return [
        Route("/", pages.mailboxes),
        Route("/mail/{address}", pages.mailbox),
        Route(f"{one}/html", pages.html),
        Route(f"{one}/raw", pages.raw),
        Route(f"{one}/files/{{number:int}}", pages.file),
        Route(f"{one}/delete", pages.delete, methods=["POST"]),
    ]


class _Pages:
    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant

    async def mailboxes(self, request: Request) -> Response:
        return render(request, "mailboxes.html", "mail", mailboxes=self._list())

    def _list(self) -> list[dict[str, Any]]:
        """Every mailbox with its unread count; the desks' own come first."""
        desks = self._tenant.seed.mailboxes
        boxes = {box.address: box for box in all_mailboxes(self._tenant)}
        for address in (*desks, *self._tenant.seed.people):
            boxes.setdefault(address, Mailbox(self._tenant, address))
        rows = [
            {
                "address": address,
                "name": desks.get(address) or self._tenant.person(address).name,
                "is_desk": address in desks,
                "is_known": address in self._tenant.seed.people,
                "unread": sum(not message["isRead"] for message in box.in_folder("inbox")),
                "count": len(box.messages),
                "last": max((m["receivedDateTime"] for m in box), default=""),
            }
            for address, box in boxes.items()
        ]
        by_time = sorted(rows, key=lambda row: str(row["last"]), reverse=True)
        return sorted(by_time, key=lambda row: not row["is_desk"])

    async def mailbox(self, request: Request) -> Response:
        mailbox = Mailbox(self._tenant, request.path_params["address"])
        folder = request.query_params.get("folder", "conversations")
        _, places = _FOLDERS.get(folder, _FOLDERS["conversations"])
        found = conversations(mailbox, places)
        wanted = request.query_params.get("c")
        chosen = next((entry for entry in found if entry["id"] == wanted), None)
        if chosen is not None:
            self._mark_read(mailbox, chosen["messages"])
            chosen["unread"] = 0
        return render(
            request,
            "mailbox.html",
            "mail",
            mailboxes=self._list(),
            mailbox=mailbox.address,
            name=self._tenant.person(mailbox.address).name,
            folders=[(key, shown) for key, (shown, _) in _FOLDERS.items()],
            folder=folder,
            conversations=found,
            chosen=chosen,
            messages=[_shown(m) for m in (chosen or {"messages": []})["messages"]],
        )

    def _mark_read(self, mailbox: Mailbox, messages: list[Document]) -> None:
        for message in messages:
            if not message["isRead"]:
                message["isRead"] = True
                mailbox.put(message)

    def _message(self, request: Request) -> tuple[Mailbox, Document]:
        mailbox = Mailbox(self._tenant, request.path_params["address"])
        return mailbox, mailbox.messages[request.path_params["uid"]]

    async def html(self, request: Request) -> Response:
        mailbox, message = self._message(request)
        content = message["body"]["content"]
        for number, file in enumerate(message["attachments"]):
            if file.get("contentId"):
                source = f"/mail/{mailbox.address}/{message['uid']}/files/{number}"
                pattern = re.escape(f"cid:{file['contentId']}")
                content = re.sub(pattern, source, content, flags=re.IGNORECASE)
        return Response(
            _HTML_HEAD + content,
            media_type="text/html",
            headers={"Content-Security-Policy": _HTML_POLICY, "X-Content-Type-Options": "nosniff"},
        )

    async def raw(self, request: Request) -> Response:
        _, message = self._message(request)
        text = (raw_of(message) or write_mail(message)).decode("utf-8", "replace")
        return PlainTextResponse(text, headers={"X-Content-Type-Options": "nosniff"})

    async def file(self, request: Request) -> Response:
        _, message = self._message(request)
        number = request.path_params["number"]
        file = message["attachments"][number]
        kind = file["contentType"] if file["contentType"].startswith("image/") else ""
        name = re.sub(r"[^\w. -]", "_", file["name"], flags=re.ASCII)
        return Response(
            attachment_content(message, number),
            media_type=kind or "application/octet-stream",
            headers={
                "Content-Disposition": f'{"inline" if kind else "attachment"}; filename="{name}"',
                "Content-Security-Policy": "default-src 'none'; sandbox",
                "X-Content-Type-Options": "nosniff",
            },
        )

    async def delete(self, request: Request) -> Response:
        mailbox, message = self._message(request)
        mailbox.move(message, "deleteditems")
        return see_other(f"/mail/{mailbox.address}")


def conversations(mailbox: Mailbox, folders: tuple[str, ...]) -> list[dict[str, Any]]:
    """The conversations of these folders, the latest first; messages oldest first."""
    groups: dict[str, list[Document]] = {}
    shown = [message for message in mailbox if message["folder"] in folders]
    for message in sorted(shown, key=lambda m: str(m["receivedDateTime"])):
        # The conversation with the latest message moves to the end.
        messages = groups.pop(message["conversationId"], [])
        groups[message["conversationId"]] = [*messages, message]
    return [_conversation(key, messages) for key, messages in reversed(groups.items())]


def _conversation(key: str, messages: list[Document]) -> dict[str, Any]:
    last = messages[-1]
    return {
        "id": key,
        "messages": messages,
        "subject": messages[0]["subject"] or "(no subject)",
        "people": list(dict.fromkeys(_sender_name(m) for m in reversed(messages))),
        "preview": " ".join(plain_body(last).split())[:140],
        "last": last["receivedDateTime"],
        "unread": sum(not m["isRead"] for m in messages),
        "has_files": any(m["attachments"] for m in messages),
    }


def _sender_name(message: Document) -> str:
    pair = (message["from"] or {}).get("emailAddress", {})
    return str(pair.get("name") or pair.get("address") or "(unknown sender)")


def _shown(message: Document) -> dict[str, Any]:
    """One message for the reading pane."""
    raw = raw_of(message)
    text = body_parts(parse(raw))[0] if raw else None
    is_html = message["body"]["contentType"] == "html"
    return {
        **message,
        "sender_name": _sender_name(message),
        "sender_address": (message["from"] or {}).get("emailAddress", {}).get("address", ""),
        "is_html": is_html,
        "text": text if is_html else message["body"]["content"],
        "to": _names(message["toRecipients"]),
        "cc": _names(message["ccRecipients"]),
    }


def _names(entries: list[dict[str, dict[str, str]]]) -> str:
    return "; ".join(
        entry["emailAddress"].get("name") or entry["emailAddress"]["address"] for entry in entries
    )

"""Teams channels: threads with their replies, mentions and cards."""

import json
from html import escape
from typing import Any

from local.tenant.core import Tenant
from local.tenant.mime import iso
from local.tenant.plain_text import html_to_text
from local.tenant.store import Document

ChannelMessage = Document
CARD = "application/vnd.microsoft.card.adaptive"
WORKFLOWS_TEAM = "workflows"


class Channels:
    """All channels of the tenant; keeps no state of its own."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._messages = tenant.store.collection("channel-messages")

    def post(
        self,
        team: str,
        channel: str,
        *,
        sender: dict[str, str],
        content: str,
        reply_to: str = "",
        **more: Any,
    ) -> ChannelMessage:
        """Adds a message (HTML) or a reply; `sender` has id, name and email."""
        message: ChannelMessage = {
            "id": self._new_id(),
            "team": team,
            "channel": channel,
            "replyToId": reply_to or None,
            "sender": sender,
            "subject": None,
            "content": content,
            "contentType": "html",
            "attachments": [],
            "mentions": [],
            "importance": "normal",
            "createdDateTime": iso(self._tenant.now()),
            **more,
        }
        self._messages[f"{team}|{channel}|{message['id']}"] = message
        self._tenant.emit("channel", message)
        return message

    def _new_id(self) -> str:
        """Milliseconds, as Teams numbers messages, but never twice the same."""
        numbers = self._tenant.store.collection("channel-numbers")
        last = numbers.get("last", {}).get("id", 0)
        fresh = max(int(self._tenant.now().timestamp() * 1000), last + 1)
        numbers["last"] = {"id": fresh}
        return str(fresh)

    def get(self, team: str, channel: str, message: str) -> ChannelMessage | None:
        return self._messages.get(f"{team}|{channel}|{message}")

    def in_channel(self, team: str, channel: str) -> list[ChannelMessage]:
        return [
            message
            for message in list(self._messages.values())
            if message["team"] == team and message["channel"] == channel
        ]

    def threads(self, team: str, channel: str) -> list[ChannelMessage]:
        return [m for m in self.in_channel(team, channel) if not m["replyToId"]]

    def replies(self, message: ChannelMessage) -> list[ChannelMessage]:
        among = self.in_channel(message["team"], message["channel"])
        return [other for other in among if other["replyToId"] == message["id"]]

    # -- names

    def places(self) -> list[dict[str, str]]:
        """Every channel: those that the desks name, then those that were posted to."""
        found: dict[tuple[str, str], dict[str, str]] = {}
        for desk in self._tenant.seed.desks.values():
            for entry in desk.get("channels") or ():
                place = _seeded_place(entry, str(desk.get("name") or ""))
                found.setdefault((place["team"], place["channel"]), place)
        for message in list(self._messages.values()):
            team, channel = message["team"], message["channel"]
            names = {"team_name": team, "channel_name": channel}
            found.setdefault((team, channel), {"team": team, "channel": channel, **names})
        return list(found.values())

    def place(self, team: str, channel: str) -> tuple[str, str]:
        """The ids behind ids or display names."""
        for known in self.places():
            if team in (known["team"], known["team_name"]) and channel in (
                known["channel"],
                known["channel_name"],
            ):
                return known["team"], known["channel"]
        return team, channel

    def answer_as(
        self, team: str, channel: str, message: str, email: str, text: str
    ) -> ChannelMessage:
        """Someone answers in a thread; KeyError when there is no such message."""
        team, channel = self.place(team, channel)
        root = self.get(team, channel, message)
        if root is None:
            raise KeyError(message)
        return self.post(
            team,
            channel,
            sender=self.sender(email),
            content=f"<div>{escape(text).replace('\n', '<br>')}</div>",
            reply_to=root["replyToId"] or root["id"],
        )

    def sender(self, email: str) -> dict[str, str]:
        person = self._tenant.person(email)
        return {"id": person.aad_id, "name": person.name, "email": person.email}

    # -- for the control API

    def as_json(self) -> list[dict[str, Any]]:
        return [
            {
                **place,
                "messages": [
                    {**_summary(root), "replies": [_summary(m) for m in self.replies(root)]}
                    for root in self.threads(place["team"], place["channel"])
                ],
            }
            for place in self.places()
        ]


def _seeded_place(entry: dict[str, Any], desk: str) -> dict[str, str]:
    name = str(entry.get("name") or entry.get("id") or "channel")
    if entry.get("via") == "workflow":
        workflow = str(entry.get("workflow_id") or entry.get("id") or name)
        return {
            "team": WORKFLOWS_TEAM,
            "channel": workflow,
            "team_name": "Workflows",
            "channel_name": name,
        }
    return {
        "team": str(entry.get("team_id") or "team"),
        "channel": str(entry.get("channel_id") or name),
        "team_name": str(entry.get("team_name") or desk or entry.get("team_id")),
        "channel_name": name,
    }


def cards_of(message: ChannelMessage) -> list[Any]:
    """The Adaptive Cards of a message as objects."""
    return [
        json.loads(entry["content"]) if isinstance(entry["content"], str) else entry["content"]
        for entry in message["attachments"]
        if entry.get("contentType") == CARD
    ]


def _summary(message: ChannelMessage) -> dict[str, Any]:
    cards = cards_of(message)
    return {
        "id": message["id"],
        "from": message["sender"]["email"] or message["sender"]["name"],
        "subject": message["subject"],
        "text": html_to_text(message["content"]),
        "html": message["content"],
        "card": cards[0] if cards else None,
        "mentions": [
            (entry.get("mentioned") or {}).get("user", {}).get("id") or entry.get("mentionText")
            for entry in message["mentions"]
        ],
        "at": message["createdDateTime"],
    }

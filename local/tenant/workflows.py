"""The Teams Workflows trigger "When a Teams webhook request is received".

https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook
"""

import json
from typing import Any
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from local.tenant.channels import CARD, WORKFLOWS_TEAM, Channels
from local.tenant.core import Tenant

_LARGEST = 28_672
_FLOW_BOT = {"id": "flow-bot", "name": "Workflows", "email": ""}


def routes(tenant: Tenant) -> list[BaseRoute]:
    """`/{id}?sig=...`; the card appears in the channel of that id in the team of workflows."""

    async def trigger(request: Request) -> Response:
        if not request.query_params.get("sig"):
            return _refuse(401, "DirectApiAuthorizationRequired", "The request needs its sig.")
        body = await request.body()
        if len(body) > _LARGEST:
            return _refuse(413, "RequestEntityTooLarge", "The message has 28 KB at most.")
        try:
            attachments = _read(body)
        except ValueError as error:
            return _refuse(400, "InvalidRequestContent", str(error))
        Channels(tenant).post(
            WORKFLOWS_TEAM,
            request.path_params["workflow"],
            sender=_FLOW_BOT,
            content="".join(
                f'<attachment id="{entry["id"]}"></attachment>' for entry in attachments
            ),
            attachments=attachments,
        )
        return Response(status_code=202)

    return [Route("/{workflow}", trigger, methods=["POST"])]


def _read(body: bytes) -> list[dict[str, Any]]:
    """The cards of the envelope; ValueError says what the trigger does not take."""
    message = json.loads(body)
    if not isinstance(message, dict) or message.get("type") != "message":
        raise ValueError('The envelope needs "type": "message".')
    entries = message.get("attachments")
    if not isinstance(entries, list) or not entries:
        raise ValueError("The envelope needs attachments.")
    return [_read_card(entry) for entry in entries]


def _read_card(entry: Any) -> dict[str, Any]:
    if not isinstance(entry, dict) or entry.get("contentType") != CARD:
        raise ValueError(f"An attachment's contentType must be {CARD}.")
    card = entry.get("content")
    if not isinstance(card, dict) or card.get("type") != "AdaptiveCard" or "version" not in card:
        raise ValueError("An attachment's content must be an AdaptiveCard object with a version.")
    return {"id": str(uuid4()), "contentType": CARD, "content": json.dumps(card)}


def _refuse(status: int, code: str, message: str) -> Response:
    return JSONResponse({"error": {"code": code, "message": message}}, status)

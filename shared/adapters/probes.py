"""Harmless questions to each vendor that show whether a connection works: they change nothing."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import quote

from azure.core.rest import HttpRequest

from shared.adapters.acs_mail import AcsMailer
from shared.adapters.graph_wire import GraphWire, user_path
from shared.adapters.http import Wire
from shared.adapters.jenkins import job_path
from shared.adapters.jira import AGILE, API
from shared.adapters.storage_account import StorageAccount
from shared.adapters.storage_limits import check_queue_name
from shared.adapters.storage_wire import Wire as StorageWire
from shared.domain.errors import Rejected
from shared.ports import BacklogPlace, ChatPlace

_QUEUE_VERSION = "2021-12-02"
_SECONDS = 10.0


class QueueDepths:
    """How many messages lie in queues of the account."""

    def __init__(self, account: StorageAccount) -> None:
        self._account = account
        self._wire = StorageWire(account, version=_QUEUE_VERSION, read_seconds=_SECONDS)

    async def depth(self, queue: str) -> int | None:
        """About how many messages; None when there is no such queue. Raises Unavailable.

        https://learn.microsoft.com/rest/api/storageservices/get-queue-metadata
        """
        url = f"{self._account.queues}/{check_queue_name(queue)}?comp=metadata"
        answer = await self._wire.ask("queue.metadata", lambda: HttpRequest("GET", url))
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise Rejected(f"queue.metadata: {answer.status} {answer.code}")
        return int(answer.headers.get("x-ms-approximate-messages-count", "0"))

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._wire.aclose()


async def read_mailbox(wire: GraphWire, mailbox: str) -> None:
    """Whether the identity may read the mailbox. Raises Unavailable, Rejected."""
    path = f"{user_path(mailbox, 'messages')}?$top=1&$select=id"
    async with wire.slot(mailbox):
        await wire.fetch("read mailbox", path)


async def read_channel(wire: GraphWire, place: ChatPlace) -> None:
    """Whether the service account sees the channel; posting asks for the same membership."""
    team, channel = quote(place.team_id, safe=""), quote(place.channel_id, safe="")
    await wire.fetch("read channel", f"/teams/{team}/channels/{channel}/messages?$top=1")


class AcsProbe(AcsMailer):
    """Asks Communication Services for a mail that never was."""

    async def look(self) -> None:
        """Raises Unavailable when the resource or our right to send is missing."""
        await self._is_known(str(uuid.uuid4()))


async def devops_types(wire: Wire, place: BacklogPlace) -> frozenset[str]:
    """The names of the project's work item types. Raises Unavailable, Rejected."""
    project = f"{quote(place.organisation)}/{quote(place.project)}"
    path = f"/{project}/_apis/wit/workitemtypes?api-version=7.1"
    return frozenset(_names(await wire.fetch("list work item types", path), "value"))


async def jira_account(wire: Wire) -> str:
    """The display name of the account whose token we hold. Raises Unavailable, Rejected."""
    return str((await wire.fetch("read account", f"{API}/myself")).get("displayName") or "")


async def jira_board(wire: Wire, board: int) -> str:
    """The board's name. Raises Unavailable, Rejected."""
    found = await wire.fetch("read board", f"{AGILE}/board/{board}")
    return str(found.get("name") or "")


async def jenkins_job(wire: Wire, job: str) -> bool:
    """Whether the job can be built. Raises Unavailable, Rejected."""
    return bool((await wire.fetch("read job", f"{job_path(job)}/api/json")).get("buildable"))


def _names(document: dict[str, Any], member: str) -> list[str]:
    return [str(entry["name"]) for entry in document.get(member) or ()]

"""Attachments of a draft: in the draft itself, one by one, or through an upload session.

https://learn.microsoft.com/graph/outlook-large-attachments
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Sequence
from typing import Any

from shared.adapters.graph_wire import GraphWire, user_path
from shared.domain.errors import Rejected
from shared.ports import File

_INLINE = 2_500_000  # bytes in all; base64 and the text around must stay below 4 MB of JSON
_SMALL = 3 * 1024 * 1024  # from here on only a session will do
_LARGEST = 150 * 1024 * 1024
_CHUNK = 12 * 320 * 1024  # the largest multiple of 320 KiB below 4 MB
_CHUNK_TIMEOUT = 40.0


def fit_inline(files: Sequence[File]) -> tuple[list[File], list[File]]:
    """What travels inside the draft, and what has to follow. Raises Rejected beyond 150 MB."""
    if any(len(file.content) > _LARGEST for file in files):
        raise Rejected("Graph: an attachment is larger than 150 MB")
    inline: list[File] = []
    later: list[File] = []
    room = _INLINE
    for file in files:
        if len(file.content) <= room:
            inline.append(file)
            room -= len(file.content)
        else:
            later.append(file)
    return inline, later


def file_attachment(file: File) -> dict[str, Any]:
    """The file as Graph's JSON."""
    return {
        "@odata.type": "#microsoft.graph.fileAttachment",
        "name": file.name,
        "contentType": file.content_type,
        "contentBytes": base64.b64encode(file.content).decode(),
    }


class Attachments:
    """Adds files to drafts."""

    def __init__(self, wire: GraphWire) -> None:
        self._wire = wire

    async def complete(self, mailbox: str, draft: str, files: Sequence[File]) -> None:
        """Adds those files that an interrupted attempt did not come to."""
        if not files:
            return
        path = user_path(mailbox, "messages", draft, "attachments")
        found = await self._wire.fetch("list attachments", f"{path}?$select=name")
        present = Counter(str(a["name"]) for a in found["value"])
        for file in files:
            if present[file.name]:
                present[file.name] -= 1
            else:
                await self.add(mailbox, draft, file)

    async def add(self, mailbox: str, draft: str, file: File) -> None:
        """Adds one file of up to 150 MB."""
        if len(file.content) < _SMALL:
            path = user_path(mailbox, "messages", draft, "attachments")
            await self._wire.submit("add attachment", "POST", path, file_attachment(file))
        else:
            await self._upload(mailbox, draft, file)

    async def _upload(self, mailbox: str, draft: str, file: File) -> None:
        path = user_path(mailbox, "messages", draft, "attachments", "createUploadSession")
        size = len(file.content)
        item = {
            "attachmentType": "file",
            "name": file.name,
            "contentType": file.content_type,
            "size": size,
        }
        session = await self._wire.submit(
            "create upload session", "POST", path, {"AttachmentItem": item}
        )
        for start in range(0, size, _CHUNK):
            chunk = file.content[start : start + _CHUNK]
            await self._wire.call_secret(
                "upload",
                "PUT",
                session["uploadUrl"],
                chunk,
                {
                    "Content-Type": "application/octet-stream",
                    "Content-Range": f"bytes {start}-{start + len(chunk) - 1}/{size}",
                },
                _CHUNK_TIMEOUT,
            )

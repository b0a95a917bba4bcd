"""Blobs in one container of Azure Blob storage."""

from __future__ import annotations

from urllib.parse import quote

from azure.core.rest import HttpRequest

from shared.adapters.retrying import Backoff
from shared.adapters.storage_account import StorageAccount
from shared.adapters.storage_limits import check_blob_name, check_queue_name
from shared.adapters.storage_wire import Answer, OnCall, Wire, unobserved, upload
from shared.domain.errors import NotFound, Rejected, Unavailable

API_VERSION = "2021-12-02"
READ_SECONDS = 60.0  # a large attachment takes its time


class BlobStore:
    """The port Blobs over one container, which is created when first written to.

    `on_call` hears of each round trip: blob.put, blob.get, blob.delete, blob.create.
    """

    def __init__(
        self,
        account: StorageAccount,
        container: str = "docket",
        *,
        on_call: OnCall = unobserved,
        backoff: Backoff | None = None,
    ) -> None:
        """ValueError for a name that no container may have."""
        self._url = f"{account.blobs}/{check_queue_name(container)}"
        self._wire = Wire(
            account,
            version=API_VERSION,
            on_call=on_call,
            read_seconds=READ_SECONDS,
            backoff=backoff,
        )

    async def put(self, name: str, content: bytes, content_type: str) -> None:
        """Stores the content, over what the name held. Raises Unavailable."""
        headers = {
            "x-ms-blob-type": "BlockBlob",
            "x-ms-blob-content-type": content_type,
            "Content-Type": "application/octet-stream",
            "Content-Length": str(len(content)),
        }
        answer = await self._ask("put", "PUT", name, headers, content)
        if answer.code == "ContainerNotFound":
            await self._create()
            answer = await self._ask("put", "PUT", name, headers, content)
        _require(answer, 201, "blob.put")

    async def get(self, name: str) -> bytes:
        """The content. Raises NotFound, Unavailable."""
        answer = await self._ask("get", "GET", name)
        if answer.status == 404:
            raise NotFound(f"no blob {name!r}")
        _require(answer, 200, "blob.get")
        return answer.content

    async def delete(self, name: str) -> None:
        """The content goes; a missing one is no error. Raises Unavailable."""
        answer = await self._ask("delete", "DELETE", name)
        if answer.status != 404:
            _require(answer, 202, "blob.delete")

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._wire.aclose()

    async def _ask(
        self,
        call: str,
        method: str,
        name: str,
        headers: dict[str, str] | None = None,
        content: bytes = b"",
    ) -> Answer:
        check_blob_name(name)
        url = f"{self._url}/{quote(name, safe='/')}"
        return await self._wire.ask(
            f"blob.{call}",
            lambda: HttpRequest(method, url, headers=headers, content=upload(content)),
        )

    async def _create(self) -> None:
        url = f"{self._url}?restype=container"
        answer = await self._wire.ask("blob.create", lambda: HttpRequest("PUT", url))
        if answer.status >= 300 and answer.code != "ContainerAlreadyExists":
            raise Unavailable(f"blob.create: {answer.status} {answer.code}")


def _require(answer: Answer, status: int, call: str) -> None:
    if answer.status != status:
        raise Rejected(f"{call}: {answer.status} {answer.code}")

"""Rows in Azure Table storage."""

from __future__ import annotations

import json
from collections.abc import Sequence
from urllib.parse import quote
from uuid import uuid4

from azure.core.exceptions import AzureError
from azure.core.rest import HttpRequest

from shared.adapters import storage_limits as limits
from shared.adapters import table_wire
from shared.adapters.retrying import Backoff
from shared.adapters.storage_account import StorageAccount
from shared.adapters.storage_wire import (
    READ_SECONDS,
    Answer,
    OnCall,
    Wire,
    away,
    unobserved,
    upload,
)
from shared.adapters.table_wire import Refusal
from shared.domain.errors import Conflict, Rejected, Unavailable, Unknown
from shared.ports import Row, Write

API_VERSION = "2020-12-06"  # the latest that azure-data-tables knows
PAGE = 1000  # rows that the service answers at most

_ODATA = {
    "DataServiceVersion": "3.0",
    "MaxDataServiceVersion": "3.0;NetFx",
    "Accept": "application/json;odata=minimalmetadata",  # the least that has odata.etag
}


class TableRows:
    """The port Rows over one table, which is created when first written to.

    `on_call` hears of each round trip: table.get, table.scan, table.commit, table.create,
    table.ping.
    """

    def __init__(
        self,
        account: StorageAccount,
        table: str,
        *,
        on_call: OnCall = unobserved,
        read_seconds: float = READ_SECONDS,
        backoff: Backoff | None = None,
    ) -> None:
        """ValueError for a name that no table may have."""
        self._name = limits.check_table_name(table)
        self._service = account.tables
        self._credential = account.credential
        self._on_call = on_call
        self._url = f"{account.tables}/{table}"
        self._wire = Wire(
            account,
            version=API_VERSION,
            tables=True,
            on_call=on_call,
            read_seconds=read_seconds,
            backoff=backoff,
        )

    async def get(self, partition: str, key: str) -> Row | None:
        """The row, or None. Raises Unavailable."""
        url = self._entity_url(partition, key)
        answer = await self._wire.ask("table.get", lambda: HttpRequest("GET", url, headers=_ODATA))
        if answer.status == 404:
            return None
        _require(answer, 200, "table.get")
        return table_wire.row_of(json.loads(answer.content))

    async def scan(
        self, partition: str, low: str, high: str, *, limit: int | None = None
    ) -> list[Row]:
        """Rows with low <= key < high, in order, `limit` at most. Raises Unavailable."""
        limits.check_key("partition", partition)
        rows: list[Row] = []
        token = ""
        while limit is None or len(rows) < limit:
            wanted = None if limit is None else min(limit - len(rows), PAGE)
            query = table_wire.range_query(partition, low, high, wanted)
            page, token = await self._page(f"{self._url}()?{query}{token}")
            rows += page
            if not token:
                break
        return rows

    async def commit(self, partition: str, writes: Sequence[Write]) -> list[str]:
        """All or none; the new etags in order ('' for a Delete). No writes: no call.

        Raises Conflict (its key empty should the service not say which row), Unknown when the
        answer was lost, Unavailable, ValueError beyond the service's limits.
        """
        limits.check_writes(partition, writes)
        if not writes:
            return []
        outcome = await self._commit_once(partition, writes)
        if isinstance(outcome, Refusal) and outcome.code == "TableNotFound":
            await self._create()
            outcome = await self._commit_once(partition, writes)
        if isinstance(outcome, Refusal):
            raise _failure(outcome, writes)
        return outcome

    async def ping(self) -> None:
        """Raises Unavailable when storage does not answer; a missing row or table is an answer."""
        request = HttpRequest("GET", self._entity_url("ping", "ping"), headers=_ODATA)
        try:
            await self._wire.send("table.ping", request)
        except Unknown as error:
            raise Unavailable(str(error)) from error

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._wire.aclose()

    def _entity_url(self, partition: str, key: str) -> str:
        limits.check_key("partition", partition)
        limits.check_key("row", key)
        return table_wire.entity_url(self._url, partition, key)

    async def _page(self, url: str) -> tuple[list[Row], str]:
        answer = await self._wire.ask("table.scan", lambda: HttpRequest("GET", url, headers=_ODATA))
        if answer.status == 404:
            return [], ""
        _require(answer, 200, "table.scan")
        entities = json.loads(answer.content)["value"]
        return [table_wire.row_of(entity) for entity in entities], _continuation(answer)

    async def _commit_once(self, partition: str, writes: Sequence[Write]) -> list[str] | Refusal:
        boundary = f"batch_{uuid4().hex}"
        body = table_wire.transaction(self._url, partition, writes, boundary)
        limits.check_request(len(body))
        headers = {**_ODATA, "Content-Type": f"multipart/mixed; boundary={boundary}"}
        url = f"{self._service}/$batch"
        request = HttpRequest("POST", url, headers=headers, content=upload(body))
        answer = await self._wire.send("table.commit", request)
        if answer.status != 202:
            return Refusal(answer.status, answer.code)
        try:
            return table_wire.etags(answer.content, writes)
        except ValueError as error:
            raise Unknown(f"table.commit: {error}") from error

    async def _create(self) -> None:
        """Through Microsoft's own client: this happens once, and is imported for that once."""
        from azure.data.tables.aio import TableServiceClient  # noqa: PLC0415

        self._on_call("table.create")
        try:
            async with TableServiceClient(
                self._service, credential=self._credential, retry_total=2
            ) as service:
                # Another instance may be faster: that is no error here.
                await service.create_table_if_not_exists(self._name)
        except AzureError as error:
            raise Unavailable(f"table.create: {type(error).__name__}") from error


def _continuation(answer: Answer) -> str:
    # A page may be empty and yet not be the last: only these headers tell.
    # https://learn.microsoft.com/rest/api/storageservices/query-timeout-and-pagination
    token = ""
    for name in ("NextPartitionKey", "NextRowKey"):
        if value := answer.headers.get(f"x-ms-continuation-{name}"):
            token += f"&{name}={quote(value, safe='')}"
    return token


def _require(answer: Answer, status: int, call: str) -> None:
    if answer.status != status:
        raise Rejected(f"{call}: {answer.status} {answer.code}")


def _failure(refusal: Refusal, writes: Sequence[Write]) -> Exception:
    status, code = refusal.status, refusal.code
    known = refusal.index is not None and refusal.index < len(writes)
    key = writes[refusal.index or 0].key if known else ""
    if code in ("TableNotFound", "TableBeingDeleted"):
        return Unavailable(f"table.commit: {code}")
    if status in (404, 412):
        return Conflict(key, exists=False)
    if status == 409:
        return Conflict(key, exists=True)
    if status in (401, 403, 408, 429) or status >= 500:
        return away("table.commit", status, code)
    return Rejected(f"table.commit: {status} {code} at row {key!r}")

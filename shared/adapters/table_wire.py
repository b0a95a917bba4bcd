"""Table requests and answers as text: addresses, entities, transactions.

https://learn.microsoft.com/rest/api/storageservices/performing-entity-group-transactions
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from shared.adapters.storage_limits import parts
from shared.ports import Delete, Insert, Put, Replace, Row, Write

_ENTITY_HEADERS = (
    "Content-Type: application/json\r\n"
    "Accept: application/json;odata=nometadata\r\n"
    "Prefer: return-no-content\r\n"
)
_PART = re.compile(rb"^HTTP/1\.[01] (\d{3})", re.MULTILINE)
_ETAG = re.compile(rb"^etag: *([^\r\n]+)", re.MULTILINE | re.IGNORECASE)
_INDEX = re.compile(r"(\d+):")


@dataclass(frozen=True)
class Refusal:
    """Why a transaction did not happen. `index` of the write to blame; None if it does not say."""

    status: int
    code: str
    index: int | None = None


def entity_url(table_url: str, partition: str, key: str) -> str:
    """The address of one row."""
    return f"{table_url}(PartitionKey='{_quoted(partition)}',RowKey='{_quoted(key)}')"


def range_query(partition: str, low: str, high: str, top: int | None) -> str:
    """The query string for low <= RowKey < high in a partition, `top` rows a page."""
    wanted = (
        f"PartitionKey eq '{_doubled(partition)}'"
        f" and RowKey ge '{_doubled(low)}' and RowKey lt '{_doubled(high)}'"
    )
    return f"$filter={quote(wanted, safe='')}" + ("" if top is None else f"&$top={top}")


def row_of(entity: dict[str, str]) -> Row:
    """The Row that an entity (JSON with minimal metadata) stores."""
    pieces: list[str] = []
    while (piece := entity.get(f"body{len(pieces)}")) is not None:
        pieces.append(piece)
    return Row(entity["RowKey"], "".join(pieces), entity["odata.etag"])


def transaction(table_url: str, partition: str, writes: Sequence[Write], boundary: str) -> bytes:
    """The body of a `$batch` request, of type multipart/mixed with `boundary`."""
    head = f"--changeset_{boundary}\r\nContent-Type: application/http\r\n"
    head += "Content-Transfer-Encoding: binary\r\n\r\n"
    pieces = [
        f"--{boundary}\r\nContent-Type: multipart/mixed; boundary=changeset_{boundary}\r\n\r\n",
        *(head + _operation(table_url, partition, write) for write in writes),
        f"--changeset_{boundary}--\r\n--{boundary}--\r\n",
    ]
    return "".join(pieces).encode()


def etags(answer: bytes, writes: Sequence[Write]) -> list[str] | Refusal:
    """The new etags in the order of the writes ('' for a Delete), or why nothing happened.

    ValueError when the answer is not one to these writes.
    """
    starts = [*_PART.finditer(answer)]
    if len(starts) == 1 and not starts[0][1].startswith(b"2"):
        return _refusal(int(starts[0][1]), answer[starts[0].end() :])
    if len(starts) != len(writes):
        raise ValueError(f"{len(starts)} answers to {len(writes)} writes")
    ends = [start.start() for start in starts[1:]] + [len(answer)]
    found = [
        _ETAG.search(answer, start.end(), end) for start, end in zip(starts, ends, strict=True)
    ]
    return [
        "" if isinstance(write, Delete) or etag is None else etag[1].decode()
        for write, etag in zip(writes, found, strict=True)
    ]


def _operation(table_url: str, partition: str, write: Write) -> str:
    url = entity_url(table_url, partition, write.key)
    match write:
        case Insert(key, body):
            return f"POST {table_url} HTTP/1.1\r\n{_with_entity(partition, key, body)}"
        case Put(key, body):
            return f"PUT {url} HTTP/1.1\r\n{_with_entity(partition, key, body)}"
        case Replace(key, body, etag):
            entity = _with_entity(partition, key, body)
            return f"PUT {url} HTTP/1.1\r\nIf-Match: {etag}\r\n{entity}"
        case Delete(_, etag):
            return f"DELETE {url} HTTP/1.1\r\nIf-Match: {etag}\r\n\r\n\r\n"


def _with_entity(partition: str, key: str, body: str) -> str:
    entity = {"PartitionKey": partition, "RowKey": key}
    entity.update((f"body{number}", piece) for number, piece in enumerate(parts(body)))
    return f"{_ENTITY_HEADERS}\r\n{json.dumps(entity, ensure_ascii=False)}\r\n"


def _refusal(status: int, part: bytes) -> Refusal:
    try:
        error = json.loads(part[part.find(b"{") : part.rfind(b"}") + 1])["odata.error"]
        code, message = error["code"], error["message"]["value"]
    except (ValueError, KeyError, TypeError):
        return Refusal(status, "")
    # The message begins with the number of the write that failed, as in "3:The specified …".
    index = _INDEX.match(message)
    return Refusal(status, code, int(index[1]) if index else None)


def _doubled(text: str) -> str:
    return text.replace("'", "''")


def _quoted(text: str) -> str:
    return quote(_doubled(text), safe="")

"""What Azure Storage accepts, checked here because its emulator accepts more.

https://learn.microsoft.com/azure/storage/tables/scalability-targets
https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Sequence

from shared.ports import Delete, Replace, Write

MAX_WRITES = 100
MAX_TRANSACTION = 4 * 1024 * 1024  # bytes of the request's body
MAX_ROW = 1024 * 1024  # bytes as the service counts them: two for each UTF-16 code unit
MAX_KEY = 512  # UTF-16 code units
MAX_MESSAGE = 48 * 1024  # bytes of UTF-8; base64 makes 64 KiB of them
MAX_DELAY = dt.timedelta(days=7)
PART = 32_000  # UTF-16 code units; a property holds 32,767 at most

_NO_KEY = re.compile(r"[/\\#?\x00-\x1f\x7f-\x9f]")
_NO_BLOB = re.compile(r"[\\\x00-\x1f\x7f-\x9f]|//|(^|/)\.{1,2}(/|$)")
_TABLE = re.compile(r"[A-Za-z][A-Za-z0-9]{2,62}")
_QUEUE = re.compile(r"(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*")
_ROW_OVERHEAD = 4 + 8 + 2 * len("Timestamp") + 8
_PART_OVERHEAD = 8 + 2 * len("body00") + 4


def utf16_units(text: str) -> int:
    """UTF-16 code units. ValueError for half a surrogate pair, which no storage can hold."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def parts(body: str) -> list[str]:
    """The body in pieces that fit a property each; always at least one."""
    # Slices are of whole characters, so no surrogate pair is cut; one may count double.
    if len(body) <= PART // 2:
        return [body]
    step = PART if max(body) <= "\uffff" else PART // 2
    return [body[start : start + step] for start in range(0, len(body), step)]


def check_key(name: str, key: str) -> None:
    """ValueError unless the key may be a PartitionKey or RowKey."""
    if not key or _NO_KEY.search(key):
        raise ValueError(
            rf"{name} {key!r}: must be given and free of / \ # ? and control characters"
        )
    if (units := utf16_units(key)) > MAX_KEY:
        raise ValueError(f"{name} {key[:40]!r}…: {units} UTF-16 code units, at most {MAX_KEY}")


def check_writes(partition: str, writes: Sequence[Write]) -> None:
    """ValueError when a transaction breaks a limit; the size of its request is checked apart."""
    if len(writes) > MAX_WRITES:
        raise ValueError(f"transaction of {len(writes)} writes, at most {MAX_WRITES}")
    check_key("partition", partition)
    seen: set[str] = set()
    for write in writes:
        check_key("row", write.key)
        if write.key in seen:
            raise ValueError(f"row {write.key!r}: twice in one transaction")
        seen.add(write.key)
        if isinstance(write, Replace | Delete) and not write.etag:
            raise ValueError(f"row {write.key!r}: {type(write).__name__} needs an etag")
        if not isinstance(write, Delete):
            _check_row(partition, write.key, write.body)


def check_request(size: int) -> None:
    """ValueError when a transaction's request body has more bytes than the service takes."""
    if size > MAX_TRANSACTION:
        raise ValueError(f"transaction of {size} bytes, at most {MAX_TRANSACTION}")


def check_message(message: str, delay: dt.timedelta) -> int:
    """The delay in whole seconds, rounded up, never negative. ValueError beyond the limits."""
    if (size := len(message.encode())) > MAX_MESSAGE:
        raise ValueError(f"message of {size} bytes, at most {MAX_MESSAGE}")
    if delay > MAX_DELAY:
        raise ValueError(f"delay of {delay}, at most {MAX_DELAY}")
    return max(0, math.ceil(delay.total_seconds()))


def check_blob_name(name: str) -> None:
    """ValueError unless the name is one that every client can address."""
    if not 1 <= len(name) <= 1024 or name[-1] in "/." or name[0] == "/" or _NO_BLOB.search(name):
        raise ValueError(f"blob name {name[:80]!r}: not storable")


def check_table_name(name: str) -> str:
    """The name. ValueError unless a table may have it."""
    return _checked(_TABLE, name, "table name", "3 to 63 letters and digits, a letter first")


def check_queue_name(name: str) -> str:
    """The name. ValueError unless a queue or a container may have it."""
    return _checked(_QUEUE, name, "name", "3 to 63 of a-z, 0-9 and single inner hyphens")


def _checked(rule: re.Pattern[str], name: str, what: str, mend: str) -> str:
    if not rule.fullmatch(name):
        raise ValueError(f"{what} {name!r}: must be {mend}")
    return name


def _check_row(partition: str, key: str, body: str) -> None:
    names = 2 * (utf16_units(partition) + utf16_units(key))
    texts = 2 * utf16_units(body) + len(parts(body)) * _PART_OVERHEAD
    if (size := _ROW_OVERHEAD + names + texts) > MAX_ROW:
        raise ValueError(f"row {key!r}: {size} bytes, at most {MAX_ROW} (two for each UTF-16 unit)")

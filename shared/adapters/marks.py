"""What is derived from an effect's key so that a vendor's copy of the effect can be found again."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import uuid

from shared.domain.errors import NotYet

_SPACE = uuid.UUID("4f3c2a8e-7a51-4b0c-9d2e-1c6f0f6d8b7a")
_PLAIN = re.compile(r"[A-Za-z0-9._-]{1,80}")


def uuid_of(key: str) -> str:
    """The same UUID for the same key, always."""
    return str(uuid.uuid5(_SPACE, key))


def is_ours(text: str) -> bool:
    """Whether `uuid_of` may have made it: UUIDs of version 5 are rare, and vendors' are not."""
    try:
        return uuid.UUID(text).version == 5
    except ValueError:
        return False


def tag_of(key: str) -> str:
    """`docket-<key>`, fit for a tag or label (no blanks, commas, semicolons)."""
    if _PLAIN.fullmatch(key):
        return f"docket-{key}"
    return f"docket-{hashlib.sha256(key.encode()).hexdigest()[:24]}"


def needs_settled(vendor: str, since: dt.timedelta | None, lag: dt.timedelta) -> None:
    """Raises NotYet while a search that lags so much may miss what an attempt made `since` ago."""
    if since is not None and since < lag:
        wait = (lag - since).total_seconds()
        raise NotYet(f"{vendor}: its search may not show yet what an earlier attempt made", wait)

"""What is derived from an effect's key so that a vendor's copy of the effect can be found again."""

from __future__ import annotations

import hashlib
import re
import uuid

_SPACE = uuid.UUID("4f3c2a8e-7a51-4b0c-9d2e-1c6f0f6d8b7a")
_PLAIN = re.compile(r"[A-Za-z0-9._-]{1,80}")


def uuid_of(key: str) -> str:
    """The same UUID for the same key, always."""
    return str(uuid.uuid5(_SPACE, key))


def tag_of(key: str) -> str:
    """`docket-<key>`, fit for a tag or label (no blanks, commas, semicolons)."""
    if _PLAIN.fullmatch(key):
        return f"docket-{key}"
    return f"docket-{hashlib.sha256(key.encode()).hexdigest()[:24]}"

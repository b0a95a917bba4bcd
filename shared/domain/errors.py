"""Failures, each named for what the caller does next.

DocketError
├── Refused        the request cannot be carried out as it stands: show it, change nothing
│   ├── Invalid        422  a field is wrong; names field and mend
│   ├── Forbidden      403  this person may not
│   ├── FlowForbids    409  the flow or the ticket's state does not allow it now
│   ├── Stale          412  somebody else changed the ticket first
│   └── NotFound       404
├── Conflict       two writers met in storage: reload and decide again
├── Unknown        a commit's answer was lost: read back by our own key
├── Unavailable    a vendor or the storage is away: try again later
│   └── NotYet         it is too early to tell what an earlier attempt did: nothing was tried
└── Rejected       a vendor says no for good: record it and tell staff
"""

from __future__ import annotations

from dataclasses import dataclass


class DocketError(Exception):
    """Any failure that Docket itself raises."""


class Refused(DocketError):
    """The request cannot be carried out; nothing was changed."""


@dataclass(frozen=True)
class FieldError:
    """One wrong field and how to mend it."""

    field: str
    message: str


class Invalid(Refused):
    """At least one field is wrong."""

    def __init__(self, *errors: FieldError) -> None:
        super().__init__("; ".join(f"{e.field}: {e.message}" for e in errors))
        self.errors = errors

    @classmethod
    def of(cls, field: str, message: str) -> Invalid:
        """The common case of one wrong field."""
        return cls(FieldError(field, message))


class Forbidden(Refused):
    """This person may not do that."""


class FlowForbids(Refused):
    """The flow does not allow it now; says what it does allow."""

    def __init__(self, message: str, allowed: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.allowed = allowed


class Stale(Refused):
    """The ticket changed since it was read."""


class NotFound(Refused):
    """No such thing, or none that this person may see."""


class Conflict(DocketError):
    """Another writer was faster. `exists`: a row to be inserted is there; else a row changed."""

    def __init__(self, key: str, *, exists: bool) -> None:
        super().__init__(f"row {key!r} {'exists' if exists else 'changed'}")
        self.key = key
        self.exists = exists


class Unknown(DocketError):
    """The answer to a commit was lost: it may or may not have happened."""


class Unavailable(DocketError):
    """Something outside is away for now. `retry_after` in seconds when it told us."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class NotYet(Unavailable):
    """Whether an earlier attempt worked cannot be seen yet; nothing was done. Has `retry_after`."""


class Rejected(DocketError):
    """Something outside refuses for good."""

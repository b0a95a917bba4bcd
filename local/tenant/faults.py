"""Failures that a test or a developer orders for the next matching vendor calls."""

from fnmatch import fnmatchcase
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

SERVICES = ("graph", "acs", "azure-devops", "jira", "jenkins", "teams-webhook", "*")
_ALIASES = {"workflows": "teams-webhook", "devops": "azure-devops", "teams": "graph"}


class Fault(BaseModel):
    """One order: the next `times` calls that match fail as described.

    `path` is a glob over the path below the service's root; `delay` and `retry_after` in seconds.
    """

    model_config = ConfigDict(extra="forbid")

    service: str
    method: str = "*"
    path: str = "*"
    times: int = Field(default=1, ge=1)
    status: int | None = Field(default=None, ge=100, le=599)
    retry_after: float | None = Field(default=None, ge=0)
    drop: bool = False
    delay: float = Field(default=0, ge=0)
    after_effect: bool = False

    @field_validator("service")
    @classmethod
    def _known_name(cls, name: str) -> str:
        service = _ALIASES.get(name, name)
        if service not in SERVICES:
            raise ValueError(f"use one of {', '.join(SERVICES)}")
        return service

    @field_validator("method")
    @classmethod
    def _in_capitals(cls, method: str) -> str:
        return method.upper() or "*"

    @property
    def keeps_answer(self) -> bool:
        """Whether the call is only slowed down."""
        return bool(self.delay) and not (self.status or self.drop or self.after_effect)

    def hits(self, service: str, method: str, paths: tuple[str, ...]) -> bool:
        return (
            self.service in ("*", service)
            and self.method in ("*", method)
            and any(fnmatchcase(path, self.path) for path in paths)
        )


class Faults:
    """The orders that are still open, oldest first."""

    def __init__(self) -> None:
        self._orders: list[Fault] = []

    def add(self, fault: Fault) -> None:
        self._orders.append(fault)

    def take(self, service: str, method: str, paths: tuple[str, ...]) -> Fault | None:
        """The fault for this call, used up by one; `paths` are the spellings of its path."""
        for fault in self._orders:
            if fault.hits(service, method, paths):
                fault.times -= 1
                if fault.times <= 0:
                    self._orders.remove(fault)
                return fault
        return None

    def clear(self) -> None:
        self._orders.clear()

    def as_json(self) -> list[dict[str, Any]]:
        return [fault.model_dump() for fault in self._orders]

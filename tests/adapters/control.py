"""The simulated tenant with the questions that the adapters' tests ask it."""

from __future__ import annotations

import json
from typing import Any

from tests.support.tenant import TenantProcess


class Control(TenantProcess):
    """A tenant process; shared by a session, so it is never reset."""

    def clear_faults(self) -> None:
        self.control("DELETE", "/faults")

    def order(self, what: str, order: dict[str, Any]) -> None:
        """Changes how a vendor behaves where it may behave in several ways."""
        self.control("POST", f"/{what}", json=order)

    def messages(self, team: str, channel: str) -> list[dict[str, Any]]:
        found = [c for c in self.teams() if (c["team"], c["channel"]) == (team, channel)]
        return list(found[0]["messages"]) if found else []

    def work_items(self, word: str, system: str = "azure_devops") -> list[dict[str, Any]]:
        """The items that hold the word somewhere."""
        found = self.control("GET", "/work-items", params={"system": system})
        return [item for item in found if word in json.dumps(item)]

    def calls(self, service: str, word: str) -> list[dict[str, Any]]:
        """Journalled calls that hold the word, with answers that a fault made up, in order."""
        lines = (self.control("GET", "/journal", params={"faults": "1"}) or "").split("\n")
        entries = [json.loads(line) for line in lines if word in line]
        return [entry for entry in entries if entry["service"] == service]

"""The doors over an app in memory, as the worker calls them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from shared.context import use_app
from tests.support.app import MemoryApp, memory_app
from tests.support.page_client import Page, PageClient

HOLLY = "holly@mytc.example"
BASIC = "Basic " + base64.b64encode(b"docket:local").decode()


class _Caller(PageClient):
    async def send(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Page:
        return await self._send(method, url, body, headers)


@dataclass
class Doors:
    """`call` sends any bytes, or JSON, to a door of the app."""

    app: MemoryApp

    async def call(
        self, url: str, body: Any = None, *, by: str = "", method: str = "POST", **headers: str
    ) -> Page:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await _Caller(self.app, by).send(method, url, raw, headers)

    def stored(self) -> dict[str, str]:
        """Every row of every desk, and the names of all blobs."""
        found = {
            f"{partition}/{key}": row.body
            for partition, held in self.app.rows._partitions.items()  # all there is
            for key, row in held.rows.items()
        }
        blobs: Any = self.app.deps.blobs
        return found | dict.fromkeys(blobs.stored, "blob")


@pytest.fixture
async def doors(monkeypatch: pytest.MonkeyPatch) -> Doors:
    monkeypatch.setenv("WEBSITE_AUTH_ENABLED", "True")
    app = memory_app()
    use_app(app.app)
    return Doors(app)

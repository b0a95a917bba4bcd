"""The limit of four concurrent requests per app and mailbox, enforced as Outlook does.

https://learn.microsoft.com/graph/throttling-limits#outlook-service-limits
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from local.tenant.core import Tenant
from local.tenant.graph.errors import GraphError

_MOST_CONCURRENT = 4
_LATENCY_MS = 10  # an answer that took no time could never be concurrent with another


class Throttle:
    """Counts the requests under way for each mailbox."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._under_way: Counter[str] = Counter()

    @asynccontextmanager
    async def slot(self, mailbox: str) -> AsyncIterator[None]:
        if self._under_way[mailbox] >= _MOST_CONCURRENT:
            raise GraphError(
                429,
                "ApplicationThrottled",
                "Application is over its MailboxConcurrency limit.",
                {"Retry-After": "1"},
            )
        self._under_way[mailbox] += 1
        try:
            settings = self._tenant.store.collection("settings").get("graph", {})
            await asyncio.sleep(settings.get("latency_ms", _LATENCY_MS) / 1000)
            yield
        finally:
            self._under_way[mailbox] -= 1

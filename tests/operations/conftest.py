"""Apps whose storage is in memory, or the emulator's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from uuid import uuid4

import pytest

from shared.adapters.blobs import BlobStore
from shared.adapters.storage_account import StorageAccount
from shared.adapters.tables import TableRows
from shared.service.numbers import Numbers
from tests.support.app import MemoryApp, memory_app
from tests.support.azurite import Azurite


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    with Azurite() as storage:
        yield storage


@pytest.fixture(params=["memory", "azurite"])
async def make_app(request: pytest.FixtureRequest) -> AsyncIterator[Callable[[], MemoryApp]]:
    """Makes apps with empty tables of their own, over one account's blobs."""
    if request.param == "memory":
        first = memory_app()

        def in_memory() -> MemoryApp:
            made = memory_app()
            made.app = replace(made.app, deps=replace(made.deps, blobs=first.deps.blobs))
            return made

        yield in_memory
        return
    storage = request.getfixturevalue("azurite")
    account = StorageAccount.from_connection_string(storage.connection_string)
    async with AsyncExitStack() as stack:
        blobs = BlobStore(account, f"t{uuid4().hex}")
        stack.push_async_callback(blobs.aclose)

        def on_emulator() -> MemoryApp:
            made = memory_app()
            rows, archive = (TableRows(account, f"t{uuid4().hex}") for _ in range(2))
            stack.push_async_callback(rows.aclose)
            stack.push_async_callback(archive.aclose)
            deps = replace(
                made.deps, rows=rows, archive=archive, blobs=blobs, numbers=Numbers(rows)
            )
            made.app = replace(made.app, deps=deps)
            return made

        yield on_emulator

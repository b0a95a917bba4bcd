"""For all tests: one running system a session, and properties judged by what holds, not by time."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.support.stack import Stack

settings.register_profile("here", deadline=None)
# The same examples at each run: a red build must be reproducible.
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Everything running; suites share it, so each test works with tickets of its own."""
    with Stack(tmp_path_factory.mktemp("stack")) as running:
        yield running

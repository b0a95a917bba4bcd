"""What every suite may share: one running system a session, started when first asked for."""

from collections.abc import Iterator

import pytest

from tests.support.stack import Stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Everything running; suites share it, so each test works with tickets of its own."""
    with Stack(tmp_path_factory.mktemp("stack")) as running:
        yield running

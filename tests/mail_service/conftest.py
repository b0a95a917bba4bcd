"""A door desk with an empty mailbox for each test, and a running system for the live ones."""

from collections.abc import Iterator

import pytest

from tests.mail_service.desk_mail import DeskMail
from tests.support.stack import Stack


@pytest.fixture
def post() -> DeskMail:
    return DeskMail()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Everything running; each test writes as a client of its own."""
    with Stack(tmp_path_factory.mktemp("stack")) as running:
        yield running

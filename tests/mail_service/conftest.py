"""A door desk with an empty mailbox for each test."""

import pytest

from tests.mail_service.desk_mail import DeskMail


@pytest.fixture
def post() -> DeskMail:
    return DeskMail()

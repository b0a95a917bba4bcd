"""A desk at work, in memory, for the console's tests."""

import pytest

from shared.context import use_app
from tests.pages.console_stage import Stage
from tests.support.app import memory_app


@pytest.fixture
async def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setenv("WEBSITE_AUTH_ENABLED", "True")
    app = memory_app()
    use_app(app.app)
    return Stage(app)

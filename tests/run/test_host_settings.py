"""App settings that override host.json, as the real host lets them."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from local.host.host_json import read_host_json

PREFIX = "AzureFunctionsJobHost__extensions__"


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """An app whose host.json sets one value."""
    content = {"version": "2.0", "extensions": {"queues": {"batchSize": 8}}}
    (tmp_path / "host.json").write_text(json.dumps(content))
    return tmp_path


def test_an_app_setting_stands_for_the_value_of_the_file(app: Path) -> None:
    settings = {
        f"{PREFIX}queues__batchSize": "4",
        f"{PREFIX}queues__maxPollingInterval": "00:00:00.1000000",
        f"{PREFIX}http__routePrefix": "",
    }
    read = read_host_json(app, settings)
    assert read.queues.batch_size == 4
    assert read.queues.max_polling_interval == dt.timedelta(milliseconds=100)
    assert read.route_prefix == ""


def test_other_settings_change_nothing(app: Path) -> None:
    settings = {"DOCKET_PORT": "1", "AzureFunctionsJobHost": "x", "queues__batchSize": "4"}
    assert read_host_json(app, settings) == read_host_json(app, {})

"""Starting Core Tools instead of the built-in host."""

import json
import sys
from pathlib import Path

import pytest

from local.host.core_tools import CoreToolsMissingError, command, environment, local_settings


def test_a_missing_func_is_explained(tmp_path: Path) -> None:
    with pytest.raises(CoreToolsMissingError, match="azure-functions-core-tools@4"):
        command(7071, path=str(tmp_path))


def test_func_is_started_on_the_port(tmp_path: Path) -> None:
    func = tmp_path / "func"
    func.touch(0o755)
    assert command(7075, path=str(tmp_path)) == [str(func), "start", "--port", "7075"]


def test_func_gets_storage_settings_and_this_python() -> None:
    found = environment("connection", {"A": "1"})
    assert (found["AzureWebJobsStorage"], found["A"]) == ("connection", "1")
    assert found["FUNCTIONS_WORKER_RUNTIME"] == "python"
    assert found["PATH"].startswith(str(Path(sys.executable).parent))


def test_the_settings_file_holds_the_same_values() -> None:
    found = json.loads(local_settings("connection", {"A": "1"}, 7075))
    assert found["Values"]["AzureWebJobsStorage"] == "connection"
    assert found["Host"] == {"LocalHttpPort": 7075}

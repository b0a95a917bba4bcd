"""Starting Core Tools instead of the built-in host."""

import sys
from pathlib import Path

import pytest

from local.host.core_tools import CoreToolsMissingError, command, settings


def func_that_says(version: str, folder: Path) -> Path:
    func = folder / "func"
    func.write_text(f"#!/bin/sh\necho '{version}'\n")
    func.chmod(0o755)
    return func


def test_a_missing_func_is_explained(tmp_path: Path) -> None:
    with pytest.raises(CoreToolsMissingError, match="azure-functions-core-tools@4"):
        command(7071, path=str(tmp_path))


@pytest.mark.parametrize("version", ["4.13.0", "4.15.1", "5.0.0-preview.1"])
def test_func_is_started_on_the_port_of_this_machine_alone(tmp_path: Path, version: str) -> None:
    func = func_that_says(version, tmp_path)
    wanted = [str(func), "start", "--port", "7075", "--address", "127.0.0.1"]
    assert command(7075, path=str(tmp_path)) == wanted


@pytest.mark.parametrize("version", ["4.12.1", "4.9.0", "3.0.5542", ""])
def test_a_func_that_other_machines_could_reach_is_refused(tmp_path: Path, version: str) -> None:
    func_that_says(version, tmp_path)
    with pytest.raises(CoreToolsMissingError, match=r"4\.13\.0 or newer"):
        command(7075, path=str(tmp_path))


def test_func_gets_storage_settings_and_this_python() -> None:
    found = settings("connection", {"A": "1"})
    assert (found["AzureWebJobsStorage"], found["A"]) == ("connection", "1")
    assert found["FUNCTIONS_WORKER_RUNTIME"] == "python"
    assert found["PATH"].startswith(str(Path(sys.executable).parent))

"""What is in the way is said in one line, and nothing is touched."""

from __future__ import annotations

import fcntl
import socket
import sys
import sysconfig
from pathlib import Path

import pytest

from local.state import LOCK, MARK, CannotRunError, prepare
from tests.run.launched import Launched


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A state folder that a run has made before."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / MARK).touch()
    return folder


def refused(run: Launched) -> str:
    """The one line that it ends with."""
    with run:
        code, said = run.ended()
    assert code == 1
    assert said.startswith("make run: ")
    assert len(said.splitlines()) == 1
    return said


@pytest.mark.parametrize("name", ["DOCKET_PORT", "DOCKET_TENANT_PORT", "DOCKET_AZURITE_PORT"])
def test_a_taken_port_is_named_with_the_setting_that_chooses_another(data: Path, name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        said = refused(Launched(data, **{name: port}))
    assert f"port {port} is taken" in said
    assert f"{name}=" in said


def test_one_port_for_two_servers_is_named_with_both_settings(data: Path) -> None:
    said = refused(Launched(data, DOCKET_PORT="7099", DOCKET_TENANT_PORT="7099"))
    assert "DOCKET_PORT and DOCKET_TENANT_PORT both take port 7099" in said


def test_a_port_that_is_no_number_is_refused(data: Path) -> None:
    assert "DOCKET_PORT=seven is no port" in refused(Launched(data, DOCKET_PORT="seven"))


def test_a_folder_of_somebody_else_is_left_alone_even_when_it_shall_be_emptied(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "cat.png").touch()
    said = refused(Launched(folder, RESET="1"))
    assert f"{folder} holds something else" in said
    assert [entry.name for entry in folder.iterdir()] == ["cat.png"]


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    assert "cannot be used" in refused(Launched(tmp_path / "data"))


def test_a_folder_that_cannot_be_made_is_refused() -> None:
    with pytest.raises(CannotRunError, match="cannot be used"):
        prepare(Path("/proc/nowhere"), reset=False)


def test_a_second_run_on_the_same_folder_is_refused_and_empties_nothing(data: Path) -> None:
    (data / "tenant.sqlite").touch()
    with (data / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        said = refused(Launched(data, RESET="1"))
    assert "Docket is running already" in said
    assert (data / "tenant.sqlite").exists()


def test_without_node_it_is_said_how_to_get_it(data: Path, tmp_path: Path) -> None:
    """An interpreter in a folder of its own, so that no Node lies beside it."""
    python = tmp_path / "bin" / "python3.13"
    python.parent.mkdir()
    python.symlink_to(Path(sys.executable).resolve())
    packages = sysconfig.get_paths()["purelib"]
    words = {"PATH": str(python.parent), "PYTHONPATH": packages}
    said = refused(Launched(data, str(python), **words))
    assert "Node 20 or newer is needed" in said
    assert "install" in said


def test_a_full_disk_is_said_without_a_traceback(data: Path) -> None:
    (data / "clock.json.new").symlink_to("/dev/full")
    assert "the disk is full" in refused(Launched(data, DEMO="1"))


def test_a_month_of_demonstration_is_not_played_on_core_tools(data: Path) -> None:
    assert "leave HOST=func out" in refused(Launched(data, DEMO="1", HOST="func"))

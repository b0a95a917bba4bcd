"""The deployment package holds what runs on Azure, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from scripts import package


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("package") / "docket.zip"
    package.build(out, compiled=True)
    return out


def names(path: Path) -> list[str]:
    with ZipFile(path) as made:
        return made.namelist()


def test_nothing_is_in_it_that_azure_does_not_run(built: Path) -> None:
    top = {name.split("/")[0] for name in names(built)}
    assert top == {
        "function_app.py", "host.json", "requirements.txt",
        "functions", "shared", "web", "desks", "__pycache__",
    }  # fmt: skip


def test_it_has_every_desk_template_and_page(built: Path) -> None:
    found = set(names(built))
    for folder in ("desks", "web"):
        files = {p for p in (package.ROOT / folder).rglob("*") if p.is_file()}
        assert {p.relative_to(package.ROOT).as_posix() for p in files} <= found


def test_the_same_files_give_the_same_package(tmp_path: Path) -> None:
    for name in ("a.zip", "b.zip"):
        package.build(tmp_path / name)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    assert not [name for name in names(tmp_path / "a.zip") if name.endswith(".pyc")]


def test_the_app_starts_from_the_unpacked_package_with_its_compiled_files(
    built: Path, tmp_path: Path
) -> None:
    with ZipFile(built) as made:
        made.extractall(tmp_path)
    code = (
        "import function_app, shared.domain.ticket as t, shared.config as c, shared.context as x;"
        "c.load_desks(x.ROOT / 'desks'); print(t.__cached__, function_app.__file__)"
    )
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-v", "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.count(str(tmp_path)) == 2
    assert f"matches {tmp_path}/shared/domain/ticket.py" in done.stderr


def test_the_size_of_each_part_is_reported(built: Path) -> None:
    lines = list(package.report(built))
    assert [line for line in lines if line.startswith("shared/")]
    assert lines[-1].startswith("docket.zip: ")
    assert "MB zipped" in lines[-1]

"""Every kind of mistake in a desk's file is found at its line, with the name that was meant."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.config import DeskFileError, load_desks
from shared.config_check import check_desks

DESKS = Path(__file__).resolve().parents[2] / "desks"


@dataclass(frozen=True)
class Slip:
    """`old` of that desk's file becomes `new`; the mistake is said `lines` below its beginning."""

    desk: str
    old: str
    new: str
    field: str
    says: str
    lines: int | None = 0  # None: somewhere else altogether


SLIPS = {
    entry.pop("name"): Slip(**entry)
    for entry in yaml.safe_load(Path(__file__).with_name("slips.yaml").read_text("utf-8"))
}


def _slipped(folder: Path, slip: Slip) -> int:
    """Copies the desks with the slip in one of them; the line at which it begins."""
    for desk in ("mytc", "door"):
        (folder / desk).mkdir()
        shutil.copy(DESKS / desk / "desk.yaml", folder / desk / "desk.yaml")
    path = folder / slip.desk / "desk.yaml"
    text = path.read_text("utf-8")
    assert slip.old in text
    path.write_text(text.replace(slip.old, slip.new, 1), encoding="utf-8")
    return text[: text.index(slip.old)].count("\n") + 1


@pytest.mark.parametrize("slip", SLIPS.values(), ids=SLIPS.keys())
def test_a_mistake_is_said_with_its_line_its_field_and_the_nearest_name(
    slip: Slip, tmp_path: Path
) -> None:
    line = _slipped(tmp_path, slip)

    found = check_desks(tmp_path, mails=False)

    said = [m for m in found if m.field.startswith(slip.field) and slip.says in m.message]
    assert said, "\n".join(map(str, found)) or "nothing was found"
    if slip.lines is not None:
        assert line + slip.lines in {m.line for m in said}, "\n".join(map(str, said))
    assert all(m.file.parent.name == slip.desk for m in said)


def test_the_message_names_file_line_and_field(tmp_path: Path) -> None:
    line = _slipped(tmp_path, SLIPS["state of a move"])

    (mistake,) = check_desks(tmp_path, mails=False)

    assert str(mistake) == (
        f"{tmp_path}/mytc/desk.yaml:{line}: request_types[0].moves[0].to: 'in_planing' is no state "
        "of production_issue; did you mean 'in_planning'?"
    )


def test_a_folder_without_desks_is_a_mistake(tmp_path: Path) -> None:
    (mistake,) = check_desks(tmp_path)

    assert "no desk here" in mistake.message


def test_loading_names_the_file_that_cannot_be_used(tmp_path: Path) -> None:
    _slipped(tmp_path, SLIPS["field"])

    with pytest.raises(DeskFileError, match=r"(?s)mytc/desk\.yaml.*need_triage.*make desk-check"):
        load_desks(tmp_path)


def test_loading_refuses_a_folder_without_desks(tmp_path: Path) -> None:
    with pytest.raises(DeskFileError, match="no desk here"):
        load_desks(tmp_path)


def test_loading_refuses_a_desk_in_a_folder_of_another_name(tmp_path: Path) -> None:
    _slipped(tmp_path, SLIPS["id of another folder"])

    with pytest.raises(DeskFileError, match="must be the folder's name"):
        load_desks(tmp_path)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_whatever_is_cut_out_of_a_desk_the_check_answers(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = (DESKS / "door" / "desk.yaml").read_text("utf-8")
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 400)))
    put = data.draw(st.sampled_from(["", "null", "7", "[]", "{}", "x: y", "\t", "- ", "\x00"]))
    folder = tmp_path_factory.mktemp("cut")
    (folder / "door").mkdir()
    path = folder / "door" / "desk.yaml"
    path.write_text(text[:start] + put + text[end:], encoding="utf-8")

    found = check_desks(folder, mails=False)

    lines = path.read_text("utf-8").count("\n") + 1
    assert all(1 <= mistake.line <= lines for mistake in found)

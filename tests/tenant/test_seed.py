"""What the tenant learns from the desks' files."""

from pathlib import Path

import pytest

from local.tenant.seed import read_seed

DESK = """
name: Example
mail: {address: Support@desk.example, sender_name: Example support}
backlog: {system: azure_devops}
people:
  - {email: Ann@desk.example, name: Ann Lee, roles: [lead], aad_id: aad-1, backlog_id: ado-1}
  - {email: bo.berg@desk.example}
hours: {on: 17:00, label: What is it?, note: a}
"""


def write(folder: Path, text: str) -> Path:
    (folder / "example").mkdir()
    (folder / "example" / "desk.yaml").write_text(text, encoding="utf-8")
    return folder


def test_people_keep_their_ids_and_get_lasting_ones_where_none_is_given(tmp_path: Path) -> None:
    folder = write(tmp_path, DESK)
    people, again = read_seed(folder).people, read_seed(folder).people
    assert people == again
    ann, bo = people["ann@desk.example"], people["bo.berg@desk.example"]
    assert (ann.aad_id, ann.devops_id, ann.roles) == ("aad-1", "ado-1", ("lead",))
    assert ann.jira_id
    assert (bo.name, len(bo.aad_id)) == ("Bo Berg", 36)


def test_a_desks_mailbox_carries_the_desks_sender_name(tmp_path: Path) -> None:
    assert read_seed(write(tmp_path, DESK)).mailboxes == {"support@desk.example": "Example support"}


def test_a_desk_that_cannot_be_read_is_left_out_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert read_seed(write(tmp_path, "people: [")).desks == {}
    assert "left out" in capsys.readouterr().err


def test_no_desks_at_all_is_an_empty_tenant(tmp_path: Path) -> None:
    assert read_seed(tmp_path / "nowhere").people == {}

"""Four eyes on a data change: what counts, and what an edit takes away."""

from __future__ import annotations

import pytest

from shared.domain import commands as cm
from shared.domain.errors import FlowForbids, Forbidden, Invalid, Refused
from shared.domain.people import Actor
from shared.domain.rules import decide
from tests.domain.rules.world import DESKS, World, people

DRAFT = {
    "title": "Close fund 5", "target": "door", "dialect": "tsql", "expected_rows": 1,
    "script": "UPDATE funds SET is_open = 0 WHERE id = 5 AND client = 7",
    "rollback": "UPDATE funds SET is_open = 1 WHERE id = 5 AND client = 7",
}  # fmt: skip


class Desk:
    """A service request with one change, and the people who work on it."""

    def __init__(self) -> None:
        self.world = World(DESKS["door"])
        self.number = self.world.open("service_request")
        self.nora, self.tom, self.amelie = people(self.world.desk)[:3]
        self.give(self.tom, "draft_change", **DRAFT)

    @property
    def sha(self) -> str:
        return self.world.tickets[self.number].changes[0].script_sha256

    @property
    def state(self) -> str:
        return self.world.tickets[self.number].changes[0].state.value

    def give(self, actor: Actor, name: str, **fields: object) -> None:
        """The command, which must be accepted."""
        command = cm.STAFF_COMMAND.validate_python({"command": name, **fields})
        decide(self.world.case(self.number, actor), command)
        self.world.give(self.number, command, actor)

    def verified(self, outcome: str = "as_expected", where: str = "preprod") -> None:
        run = {"change": "C1", "environment": where, "rows": 1, "outcome": outcome}
        self.give(self.tom, "verify_change", **run)

    def approved(self, by: Actor | None = None, sha: str = "") -> None:
        by = by or self.amelie
        self.give(by, "approve_change", change="C1", script_sha256=sha or self.sha)

    def applied(self, sha: str = "") -> None:
        sha = sha or self.sha
        self.give(self.tom, "apply_change", change="C1", script_sha256=sha, rows=1)


def test_the_straight_way_ends_applied() -> None:
    desk = Desk()
    desk.verified()
    desk.approved()
    desk.applied()
    assert desk.state == "applied"


def test_without_a_run_there_is_no_approval() -> None:
    with pytest.raises(FlowForbids):
        Desk().approved()


def test_after_a_bad_run_there_is_no_approval() -> None:
    desk = Desk()
    desk.verified()
    desk.verified("not_as_expected")
    with pytest.raises(FlowForbids):
        desk.approved()


def test_a_run_in_production_is_no_run_before_production() -> None:
    with pytest.raises(Invalid):
        Desk().verified(where="production")


def test_the_author_cannot_approve() -> None:
    desk = Desk()
    desk.verified()
    with pytest.raises(Forbidden):
        desk.approved(by=desk.tom)


def test_who_edited_last_cannot_approve() -> None:
    desk = Desk()
    desk.give(desk.amelie, "edit_change", change="C1", **DRAFT)
    desk.verified()
    with pytest.raises(Forbidden):
        desk.approved(by=desk.amelie)


def test_another_hash_is_neither_approved_nor_applied() -> None:
    desk = Desk()
    desk.verified()
    with pytest.raises(Refused):
        desk.approved(sha="0" * 64)
    desk.approved()
    with pytest.raises(Refused):
        desk.applied(sha="0" * 64)


@pytest.mark.parametrize("edit", [{}, {"script": DRAFT["rollback"]}, {"title": "Else"}])
@pytest.mark.parametrize("approved", [False, True])
def test_any_edit_voids_run_and_approval_even_one_that_changes_nothing(
    edit: dict[str, object], approved: bool
) -> None:
    desk = Desk()
    desk.verified()
    if approved:
        desk.approved()
    desk.give(desk.tom, "edit_change", change="C1", **{**DRAFT, **edit})
    change = desk.world.tickets[desk.number].changes[0]
    assert (change.state.value, change.verifications, change.approval) == ("draft", (), None)
    with pytest.raises(FlowForbids):
        desk.approved(by=desk.nora)
    with pytest.raises(FlowForbids):
        desk.applied()


def test_an_applied_change_stays_as_it_was_applied() -> None:
    desk = Desk()
    desk.verified()
    desk.approved()
    desk.applied()
    with pytest.raises(FlowForbids):
        desk.give(desk.tom, "edit_change", change="C1", **DRAFT)
    with pytest.raises(FlowForbids):
        desk.applied()

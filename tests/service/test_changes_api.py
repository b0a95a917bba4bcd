"""Whatever members send to the API, no change counts as applied that four eyes have not seen."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.context import use_app
from tests.pages.console_stage import GRACE, LENA, NORA, TOM, Stage
from tests.support.app import memory_app
from tests.support.page_client import Page, PageClient

AMELIE = "amelie.durand@doorfunds.example"
PEOPLE = [TOM, AMELIE, NORA, LENA, GRACE]
TYPES = ["service_request", "information_request", "bug", "feature_request"]
STATES = ["in_progress", "in_analysis", "resolved", "closed", "third_line_triage"]
type Json = dict[str, Any]


class Caller(PageClient):
    """A member's program."""

    async def call(self, url: str, body: Json) -> Page:
        headers: Mapping[str, str] = {"content-type": "application/json"}
        return await self._send("POST", url, json.dumps(body).encode(), headers)


def draft(variant: int) -> Json:
    """Scripts that are in order, that need an answer, and that are refused."""
    scripts = [
        "UPDATE funds SET a = 1 WHERE id = 5 AND b = 2",
        "UPDATE funds SET a = 1 WHERE id = 6 AND b = 3",
        "UPDATE funds SET a = 1 WHERE id = 5",
        "DELETE FROM funds",
        "TRUNCATE TABLE funds",
    ]
    return {
        "title": "Change", "target": f"db{variant % 2}", "dialect": "mysql", "expected_rows": 1,
        "script": scripts[variant % 5], "rollback": scripts[variant % 2],
        "lint_override_reason": "the id is unique" if variant % 3 == 0 else "",
    }  # fmt: skip


def body(ticket: Json, kind: int, variant: int) -> Json:
    """The command of that kind against the ticket as it stands."""
    changes = ticket["changes"] or [{"id": "C1", "script_sha256": "0" * 64}]
    one = changes[variant % len(changes)]
    named = {"change": one["id"]}
    sha = {"script_sha256": changes[0]["script_sha256"] if variant % 5 else "0" * 64}
    where = ["preprod", "support", "uat", "production"][variant % 4]
    ran = {"rows": 1, "outcome": "not_as_expected" if variant % 7 == 6 else "as_expected"}
    made: list[Json] = [
        {"command": "draft_change", **draft(variant)},
        {"command": "edit_change", **named, **draft(variant)},
        {"command": "verify_change", **named, "environment": where, **ran},
        {"command": "approve_change", **named, **sha, "accept_findings": variant % 2 == 0},
        {"command": "apply_change", **named, **sha, "rows": variant},
        {"command": "reject_change", **named, "reason": "no"},
        {"command": "set_type", "type": TYPES[variant % 4]},
        {"command": "move", "to": STATES[variant % 5]},
        {"command": "note", "text": "Steps"},
        {"command": "decide", "decision": "not_our_problem", "reason": "no"},
        {"command": "set_environment", "environment": where},
    ]
    return made[kind % len(made)]


class Play:
    """Members giving commands over the API to one service request."""

    async def begin(self) -> None:
        app = memory_app()
        use_app(app.app)
        self.stage = Stage(app)
        self.number = await self.stage.opened("door", type="service_request")
        await self.stage.give(self.number, TOM, "move", to="in_progress")
        self.members = {person: Caller(app, person) for person in PEOPLE}
        self.ticket = await self.read()

    async def read(self) -> Json:
        page = await self.members[NORA].get(f"/api/tickets/{self.number}")
        found: Json = json.loads(page.body)
        return found

    async def give(self, person: int, kind: int, variant: int) -> int:
        who = self.members[PEOPLE[person % len(PEOPLE)]]
        wanted = body(self.ticket, kind, variant)
        answer = await who.call(f"/api/tickets/{self.number}/commands", wanted)
        assert answer.status in (200, 403, 409, 422), answer.body
        if answer.status == 200:
            self.ticket = json.loads(answer.body)
        return answer.status


async def play(steps: Sequence[tuple[int, int, int]]) -> Json:
    """The ticket after these commands."""
    game = Play()
    await game.begin()
    for step in steps:
        await game.give(*step)
    assert await game.read() == {**game.ticket, "commands": (await game.read())["commands"]}
    return game.ticket


def seen_by_four_eyes(history: Sequence[Json], change: str, applied: int) -> None:
    """The application at that place follows a good run and another person's word for its script."""
    before = [h for h in history[:applied] if change in (h.get("change"), _drafted(h))]
    drafts = [i for i, h in enumerate(before) if h["kind"] == "change_drafted"]
    writers = {before[i]["by"] for i in drafts}
    script = before[drafts[-1]]["change"]
    since = before[drafts[-1] :]
    approvals = [i for i, h in enumerate(since) if h["kind"] == "change_approved"]
    approval = since[approvals[-1]]["approval"]
    runs = [h["verification"] for h in since[: approvals[-1]] if h["kind"] == "change_verified"]
    assert approval["script_sha256"] == script["script_sha256"]
    assert approval["by"] not in writers
    assert runs[-1]["outcome"] == "as_expected"
    assert {run["environment"] for run in runs} <= {"preprod", "support"}
    assert all(finding["overridden"] for finding in script["findings"])
    assert all(h["kind"] != "change_rejected" for h in since)


def _drafted(entry: Json) -> str:
    change = entry.get("change")
    return str(change["id"]) if isinstance(change, dict) else ""


def check(ticket: Json) -> None:
    history = ticket["history"]
    for place, entry in enumerate(history):
        if entry["kind"] == "change_applied":
            seen_by_four_eyes(history, entry["change"], place)
        if entry["kind"] in ("change_drafted", "change_verified", "change_approved",
                             "change_rejected", "change_applied"):  # fmt: skip
            note = history[place + 1]
            assert (note["kind"], note["automatic"], note["public"]) == ("noted", True, False)
    under_way = [c for c in ticket["changes"] if c["state"] in ("draft", "verified", "approved")]
    if under_way:
        assert ticket["type"] in ("service_request", "bug")
        assert ticket["state"] not in ("resolved", "closed")


@pytest.fixture(scope="module", autouse=True)
def signed_in() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WEBSITE_AUTH_ENABLED", "True")
        yield


PROPER = [(0, 0, 0), (0, 2, 0), (1, 3, 2), (0, 4, 1)]
"""Tom drafts, runs it on Preprod, Amelie approves, Tom applies."""


def test_the_proper_way_leads_to_an_applied_change() -> None:
    ticket = asyncio.run(play(PROPER))
    check(ticket)
    assert [c["state"] for c in ticket["changes"]] == ["applied"]


@given(
    st.lists(
        st.one_of(
            st.tuples(st.integers(0, 4), st.integers(0, 10), st.integers(0, 34)),
            st.sampled_from(PROPER),
        ),
        min_size=6,
        max_size=24,
    )
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_no_order_of_commands_goes_around_four_eyes(steps: list[tuple[int, int, int]]) -> None:
    check(asyncio.run(play(steps)))

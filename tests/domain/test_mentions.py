"""Who a text mentions, and how the mention reads to others."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from shared.config import load_desks
from shared.domain import commands as cm
from shared.domain import events as ev
from shared.domain.desk import Desk, Member
from shared.domain.evolve import evolve
from shared.domain.mentions import mentioned, spelled_out
from shared.domain.people import ActorKind, Person, Role
from shared.domain.rules.opening import open_ticket
from shared.domain.ticket import Ticket

CLIENT = "frank.client@contoso.example"
NAMES = {
    "sam@desk.example": "Sam Okafor",
    "helene@desk.example": "Hélène Roy",
    "amy@desk.example": "Amy de la Cruz",
    "amy.stone@desk.example": "Amy Stone",
}


def _desk() -> Desk:
    people = tuple(
        Member(email=email, name=name, roles=frozenset({Role.LEAD}))
        for email, name in NAMES.items()
    )
    return load_desks(Path("desks"))["mytc"].model_copy(update={"people": people})


def _ticket(desk: Desk) -> Ticket:
    request = cm.Open(
        type="question",
        title="Help",
        description="Please",
        environment="production",
        severity="low",
        requester=Person(email=CLIENT, name="Frank Client"),
        source="api",
    )
    [opened] = open_ticket(desk, "MYTC-1", request)
    by = ev.By(kind=ActorKind.CLIENT, email=CLIENT)
    at = dt.datetime(2026, 11, 23, 15, 0, tzinfo=dt.UTC)
    ticket = evolve(None, ev.Recorded(seq=1, at=at, by=by, event=opened))
    assert ticket is not None
    return ticket


@pytest.mark.parametrize(
    ("text", "reads", "whom"),
    [
        ("@sam will look", "@Sam Okafor will look", "sam@desk.example"),
        ("@Sam Okafor will look", "@Sam Okafor will look", "sam@desk.example"),
        ("ask @SAM  OKAFOR.", "ask @Sam Okafor.", "sam@desk.example"),
        ("(@sam.okafor)", "(@Sam Okafor)", "sam@desk.example"),
        ("@Sam Okaforson writes", "@Sam Okafor Okaforson writes", "sam@desk.example"),
        ("@Hélène?", "@Hélène Roy?", "helene@desk.example"),
        ("@hélène.roy", "@Hélène Roy", "helene@desk.example"),
        ("@Amy de la Cruz and I", "@Amy de la Cruz and I", "amy@desk.example"),
        ("@Amy Stone and I", "@Amy Stone and I", "amy.stone@desk.example"),
        (f"@{CLIENT} hears", "@Frank Client hears", CLIENT),
    ],
)
def test_a_mention_is_read_whole_and_said_once(text: str, reads: str, whom: str) -> None:
    desk = _desk()
    ticket = _ticket(desk)
    assert mentioned(desk, ticket, text) == (whom,)
    assert spelled_out(desk, ticket, text) == reads


@pytest.mark.parametrize("text", ["@nobody", "sam@desk.example", "me@@sam", "@Frank Client", "@"])
def test_what_names_no_member_mentions_nobody_and_stays(text: str) -> None:
    desk = _desk()
    ticket = _ticket(desk)
    assert mentioned(desk, ticket, text) == ()
    assert spelled_out(desk, ticket, text) == text

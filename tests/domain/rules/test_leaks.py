"""No internal word reaches a client, whatever happened on the ticket."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings

from functions.ticket_json import public_json
from shared.domain import effects as ef
from shared.domain import events as ev
from shared.domain.desk import Desk
from shared.domain.people import Person
from shared.domain.public import public_ticket
from shared.domain.ticket import Ticket
from shared.render.links import Links
from shared.render.texts import DeskTexts
from tests.domain.rules.world import DESKS, MARK, REQUESTER, ROOT, START, Step, World, play
from tests.domain.rules.world import STEPS as ANY_STEPS

LANGUAGES = ("en", "fr")


@dataclass(frozen=True)
class Still:
    """A clock that stands."""

    def now(self) -> object:
        return START


@cache
def texts() -> DeskTexts:
    links = Links("http://docket.test", "a-key-for-tests-that-is-long-enough-0123")
    return DeskTexts(ROOT / "desks", ROOT / "web" / "mail", links, Still())  # type: ignore[arg-type]


def bound_for_clients(world: World, number: str) -> Iterator[tuple[str, str]]:
    """Everything that a client may come to see of the ticket: (what it is, its whole text)."""
    ticket, history = world.tickets[number], tuple(world.histories[number])
    public = public_ticket(world.desk, ticket, history)
    yield "the client's page", public.model_dump_json()
    yield "the API's answer", json.dumps(public_json(public, ticket, "http://docket.test/r/x"))
    for commit in world.commits:
        if commit.number == number:
            yield from _mails(world.desk, commit.ticket, commit.new, commit.effects)
    for notice in world.desk.notices:
        if notice.audience == "client":
            yield from _every_way(world.desk, ticket, history, notice.id)


def _mails(
    desk: Desk,
    ticket: Ticket,
    history: tuple[ev.Recorded, ...],
    effects: tuple[ef.Effect, ...],
) -> Iterator[tuple[str, str]]:
    for effect in effects:
        if isinstance(effect, ef.MailOwed) and effect.audience == "client":
            yield _mail(desk, ticket, history, effect)


def _every_way(
    desk: Desk, ticket: Ticket, history: tuple[ev.Recorded, ...], notice: str
) -> Iterator[tuple[str, str]]:
    """The notice about the opening and the last event, in each language."""
    for language in LANGUAGES:
        for seq in (1, history[-1].seq):
            owed = ef.MailOwed(
                seq=seq,
                notice=notice,
                to=Person(email=REQUESTER, name="Casey"),
                audience="client",
                language=language,
            )
            yield _mail(desk, ticket.model_copy(update={"language": language}), history, owed)


def _mail(
    desk: Desk, ticket: Ticket, history: tuple[ev.Recorded, ...], owed: ef.MailOwed
) -> tuple[str, str]:
    return f"the mail {owed.notice} ({owed.language})", repr(
        texts().mail(desk, ticket, history, owed, "key")
    )


@pytest.mark.parametrize("desk_id", DESKS)
@given(steps=ANY_STEPS)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_internal_word_is_in_anything_that_a_client_gets(
    desk_id: str, steps: list[Step]
) -> None:
    world = play(DESKS[desk_id], steps)
    for number in world.tickets:
        for what, text in bound_for_clients(world, number):
            assert MARK not in text.lower(), what


@pytest.mark.parametrize("desk_id", DESKS)
@given(steps=ANY_STEPS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_client_mail_goes_to_clients_only_and_staff_mail_to_members_only(
    desk_id: str, steps: list[Step]
) -> None:
    desk = DESKS[desk_id]
    for commit in play(desk, steps).commits:
        for effect in commit.effects:
            if isinstance(effect, ef.MailOwed):
                is_member = effect.to.email in desk.member_by_email
                assert is_member == (effect.audience == "staff"), effect.notice


def test_every_event_is_either_public_or_internal() -> None:
    public = {event.__name__ for event in ev.PublicEvent.__subclasses__()}
    assert public == {"Opened", "Replied", "Moved", "TypeSet", "SeveritySet", "EnvironmentSet"}

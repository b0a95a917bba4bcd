"""Who hears of what."""

from __future__ import annotations

import datetime as dt

from shared.domain import commands as cm
from shared.domain import effects as ef
from shared.domain import events as ev
from shared.domain.people import SYSTEM
from tests.domain.rules.world import DESKS, Commit, World, people


def asked(late: dt.timedelta) -> Commit:
    """A production issue that the team was asked about, looked at so long afterwards."""
    world = World(DESKS["mytc"])
    number = world.open("production_issue")
    holly = next(a for a in people(world.desk) if a.email.startswith("holly"))
    world.give(number, cm.AskTeam(command="ask_team"), holly)
    world.now += late
    world.give(number, cm.TimePassed(seen=frozenset({"holly@mytc.example"})), SYSTEM)
    return world.commits[-1]


def told(commit: Commit, email: str) -> list[str]:
    """The steps of which that person gets a mail."""
    steps = {r.seq: r.event.step for r in commit.new if isinstance(r.event, ev.Escalated)}
    mails = (e for e in commit.effects if isinstance(e, ef.MailOwed) and e.to.email == email)
    return [steps[mail.seq] for mail in mails]


def test_who_has_not_read_is_reminded_even_when_a_rung_speaks_to_them_in_the_same_look() -> None:
    commit = asked(dt.timedelta(hours=5))
    assert "unread" in told(commit, "priya.nair@mytc.example")
    assert len(told(commit, "priya.nair@mytc.example")) == 2
    assert told(commit, "dana.kim@mytc.example") == ["unread"]
    assert "unread" not in told(commit, "holly@mytc.example")


def test_missed_rungs_and_other_reminders_are_one_mail_a_person() -> None:
    commit = asked(dt.timedelta(days=3))
    assert len(told(commit, "holly@mytc.example")) == 1


def test_a_member_who_watches_hears_of_answers_and_of_the_end() -> None:
    world = World(DESKS["mytc"])
    number = world.open("production_issue")
    holly, sam = (
        next(a for a in people(world.desk) if a.email.startswith(name)) for name in ("holly", "sam")
    )
    world.give(number, cm.Watch(command="watch", email=sam.email), sam)
    for command in (
        cm.Reply(command="reply", text="We look into it."),
        cm.Move(command="move", to="in_planning"),
        cm.Move(command="move", to="resolved"),
    ):
        world.give(number, command, holly)
    mails = [e for c in world.commits for e in c.effects if isinstance(e, ef.MailOwed)]
    assert [m.notice for m in mails if m.to.email == sam.email] == [
        "replied_staff",
        "resolved_staff",
    ]

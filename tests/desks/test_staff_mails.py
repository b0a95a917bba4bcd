"""What members read in their mails: where an answer goes, which clock speaks, and what is known."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from shared.config import load_desks
from shared.desk_check.mails import sample_texts
from shared.desk_check.samples import NOW, Sample, samples
from shared.domain import events as ev
from shared.domain.desk import Desk, Notice
from shared.domain.effects import Bound
from shared.ports import Mail
from shared.render.cards import item_text, ticket_card
from tests.desks.test_mails import DESKS, Page

TEXTS = sample_texts(DESKS)
ALL = load_desks(DESKS)
STAFF = [(d, n) for d in ALL.values() for n in d.notices if n.audience == "staff"]


def mail(desk: Desk, sample: Sample, bound: Bound = "inside") -> Mail:
    """The sample's mail, an answer to it meant for that side."""
    owed = sample.owed.model_copy(update={"bound": bound})
    return TEXTS.mail(desk, sample.ticket, sample.history, owed, "key")


def in_order(found: Mail) -> list[str]:
    """The words of the HTML twin."""
    return [word.strip() for word in Page(found.html).words if word.strip()]


@pytest.mark.parametrize(("desk", "notice"), STAFF, ids=[f"{d.id}-{n.id}" for d, n in STAFF])
def test_each_staff_mail_says_first_where_its_answer_goes(desk: Desk, notice: Notice) -> None:
    said: dict[Bound, str] = {
        "either": "Your answer to this mail goes to the client, Alex Client.",
        "inside": "Your answer to this mail becomes a work note; the client does not read it.",
    }
    for sample in samples(desk, notice):
        for bound, words in said.items():
            found = mail(desk, sample, bound)
            assert found.text.startswith(f"** {words} **\n\n")
            shown = in_order(found)
            assert shown.index(words) < shown.index(sample.ticket.number)


def _rung(desk: Desk, step: str, at: dt.datetime) -> Mail:
    """The mail about that rung of the resolution's ladder; it is due 14 hours after NOW."""
    notice = next(n for n in desk.notices if n.on == "escalated")
    sample = next(s for s in samples(desk, notice) if s.ticket.type == "production_issue")
    due = NOW + dt.timedelta(hours=14)
    event = ev.Escalated(step=step, fired=step, clock="resolution", due_at=due)
    last = sample.history[-1].model_copy(update={"event": event, "at": at})
    return mail(desk, Sample(sample.ticket, (*sample.history[:-1], last), sample.owed))


def test_the_subject_of_an_escalation_says_clock_due_time_on_site_and_rung() -> None:
    desk = ALL["mytc"]
    before, after = NOW + dt.timedelta(hours=8), NOW + dt.timedelta(hours=20)
    steps = (
        ("resolution_half", before, "Resolution due Thu 12 Mar 00:05 (50 % used)"),
        ("resolution_soon", before, "Resolution due Thu 12 Mar 00:05 (80 % used)"),
        ("resolution_missed", after, "Resolution missed (due Thu 12 Mar 00:05)"),
        ("resolution_late", after, "Resolution missed by 4 hours (due Thu 12 Mar 00:05)"),
    )
    for step, at, words in steps:
        subject = _rung(desk, step, at).subject
        assert subject == f"[MYTC-42] [PRODUCTION] {words}: Sign-in fails with error 500"


@pytest.mark.parametrize("notice", ["new_request", "assigned", "escalated"])
def test_a_mail_names_no_environment_that_nobody_was_asked_for(notice: str) -> None:
    desk = ALL["mytc"]
    told = next(n for n in desk.notices if n.id == notice)
    for sample in samples(desk, told):
        found = mail(desk, sample)
        is_asked = sample.ticket.type not in ("question", "enhancement")
        words = " ".join(in_order(found)).replace("Production support", "")
        assert ("Environment:" in found.text, "Production" in words) == (is_asked, is_asked)
        assert ", ," not in words


@pytest.mark.parametrize("kind", ["question", "production_issue"])
def test_a_channels_card_and_a_work_item_name_the_environment_only_where_it_was_asked(
    kind: str,
) -> None:
    desk = ALL["mytc"]
    notice = next(n for n in desk.notices if n.on == "escalated")
    sample = next(s for s in samples(desk, notice) if s.ticket.type == kind)
    card = json.dumps(ticket_card(desk, sample.ticket, (), "https://docket.example"))
    is_asked = kind == "production_issue"
    assert ("Environment" in card) == is_asked
    assert ("Environment: Production" in item_text(desk, sample.ticket)) == is_asked

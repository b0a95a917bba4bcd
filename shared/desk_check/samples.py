"""A believable ticket for each notice, so that its mail can be tried before it is needed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from shared.domain import commands as cm
from shared.domain import effects as ef
from shared.domain import events as ev
from shared.domain.desk import Desk, Notice, RequestType
from shared.domain.evolve import replay
from shared.domain.flow import Category, Trigger
from shared.domain.form import Form
from shared.domain.people import ActorKind, Person
from shared.domain.rules.case import entering
from shared.domain.rules.opening import open_ticket
from shared.domain.ticket import Attachment, Opinion, Ticket, Urgency
from shared.domain.words import Language

NOW = dt.datetime(2026, 3, 11, 14, 5, tzinfo=dt.UTC)
CLIENT = Person(email="alex.client@example.org", name="Alex Client")


@dataclass(frozen=True)
class Wording:
    """What the sample's people write."""

    title: str = "Sign-in fails with error 500"
    text: str = "Since this morning nobody in our office can sign in.\n\nWe see error 500."
    answer: str = "Thank you for the details. We look into it and come back to you."


@dataclass(frozen=True)
class Sample:
    """What a mail is made from."""

    ticket: Ticket
    history: tuple[ev.Recorded, ...]
    owed: ef.MailOwed


def samples(desk: Desk, notice: Notice, wording: Wording | None = None) -> Iterator[Sample]:
    """One for each request type that the notice can be about, and for each language it is in."""
    languages = desk.languages if notice.audience == "client" else ("en",)
    for kind in desk.request_types:
        if notice.types and kind.id not in notice.types:
            continue
        for language in languages:
            found = _sample(desk, notice, kind, language, wording or Wording())
            if found is not None:
                yield found


def _sample(
    desk: Desk, notice: Notice, kind: RequestType, language: Language, wording: Wording
) -> Sample | None:
    opening = open_ticket(desk, f"{desk.prefix}-42", _opening(desk, kind, language, wording))
    event = _event(desk, notice, kind, wording)
    if event is None:
        return None
    happened: list[ev.Event] = [*opening, *_between(desk, kind, notice, wording), *event]
    by_client = notice.on in ("opened", "client_replied", "reopened")
    actor = CLIENT if by_client else Person(email=desk.people[0].email, name=desk.people[0].name)
    history = tuple(
        ev.Recorded(seq=number, at=_at(number, len(opening)), by=_by(actor, by_client), event=each)
        for number, each in enumerate(happened, 1)
    )
    about = len(opening) if notice.on == "opened" else len(history)
    if notice.on == "not_our_problem":
        about -= 1  # the reason follows as a public reply
    to = (
        CLIENT
        if notice.audience == "client"
        else Person.model_validate(desk.people[0].model_dump(include={"email", "name"}))
    )
    owed = ef.MailOwed(
        seq=about, notice=notice.id, to=to, audience=notice.audience, language=language
    )
    return Sample(replay(history), history, owed)


def _at(number: int, opening: int) -> dt.datetime:
    """The opening at once, the rest an hour later in one command."""
    return NOW if number <= opening else NOW + dt.timedelta(hours=1)


def _by(person: Person, by_client: bool) -> ev.By:
    kind = ActorKind.CLIENT if by_client else ActorKind.STAFF
    return ev.By(kind=kind, email=person.email, name=person.name)


def _opening(desk: Desk, kind: RequestType, language: Language, wording: Wording) -> cm.Open:
    form = desk.forms[0] if desk.forms else None
    image = Attachment(
        id="1", name="error 500.png", size=184_320, content_type="image/png", blob="sample"
    )
    return cm.Open(
        title=wording.title,
        description=wording.text,
        type=kind.id,
        environment=desk.environments[0].id,
        requester=CLIENT,
        language=language,
        fields=_answers(form, wording) if form else {},
        attachments=(image,),
        source="form",
    )


def _answers(form: Form, wording: Wording) -> dict[str, str | list[str]]:
    """An answer to each question that fills no part of the request."""
    found: dict[str, str | list[str]] = {}
    for field in form.fields:
        if field.part or field.kind == "files":
            continue
        option = field.options[0].id if field.options else ""
        plain = NOW.date().isoformat() if field.kind == "date" else wording.answer
        found[field.id] = [option] if field.kind == "choices" else option or plain
    return found


def _between(desk: Desk, kind: RequestType, notice: Notice, wording: Wording) -> Iterator[ev.Event]:
    """What has happened before: the mirror is known, and work was answered or has ended."""
    if desk.backlog and desk.backlog.mirror:
        item = desk.backlog.mirror.item_type
        yield ev.ItemLinked(
            system=desk.backlog.system,
            id="1234",
            item_kind=item,
            url="https://backlog.example/1234",
            mirror=True,
        )
    if notice.on == "reopened":
        yield from _moved(kind, Category.CLOSED)
        yield ev.Replied(text=wording.answer, by_client=True)
    if notice.on in ("resolved", "closed"):
        yield ev.Replied(text=wording.answer)


def _moved(kind: RequestType, *wanted: Category) -> Iterator[ev.Event]:
    state = next((s for s in kind.states if s.category in wanted), None)
    if state is not None:
        yield ev.Moved(frm=kind.initial_state, to=state.id, **entering(state))


def _done(kind: RequestType) -> Iterator[ev.Event]:
    done = (auto for auto in kind.auto if auto.on is Trigger.ITEM_DONE and auto.from_ != "*")
    for auto in done:
        state, frm = kind.state(auto.to), auto.from_[0]
        if not state.has_ended:
            yield ev.Moved(frm=frm, to=state.id, cause=auto.on, **entering(state))
            return


def _open_again(desk: Desk) -> Iterator[ev.Event]:
    if desk.backlog:
        text = "Bug 1235: Dana set the state to In Progress"
        yield ev.ItemChanged(
            system=desk.backlog.system, id="1235", state="In Progress", text=text, alert="reopened"
        )


def _event(
    desk: Desk, notice: Notice, kind: RequestType, wording: Wording
) -> list[ev.Event] | None:
    """What the notice is about; None when it cannot happen to such a request."""
    me = desk.people[0].email
    told = ev.Replied(text=wording.answer)
    made: dict[str, list[ev.Event]] = {
        "opened": [],
        "replied": [told],
        "client_replied": [ev.Replied(text=wording.answer, by_client=True)],
        "mentioned": [ev.Noted(text=f"{wording.answer} @{me}", mentions=(me,))],
        "assigned": [ev.Assigned(assignee=me)],
        "resolved": [*_moved(kind, Category.RESOLVED)],
        "closed": [*_moved(kind, Category.CLOSED)],
        "reopened": [*_moved(kind, Category.ACTIVE, Category.NEW)],
        "not_our_problem": [*_decided(Opinion.NOT_OUR_PROBLEM, wording), told],
        "bug_or_feature": _decided(Opinion.BUG_OR_FEATURE, wording),
        "proceed": _decided(Opinion.PROCEED, wording),
        "escalated": _escalated(desk),
        "merged": [ev.Merged(into=f"{desk.prefix}-7")],
        "item_done": [*_done(kind)],
        "item_alert": [*_open_again(desk)],
    }
    event = made[notice.on]
    return None if not event and notice.on != "opened" else event


def _decided(decision: Opinion, wording: Wording) -> list[ev.Event]:
    proceeds = decision is Opinion.PROCEED
    urgency = Urgency.URGENT if proceeds else None
    items = (ev.PlannedItem(kind="pbi", title=wording.title),) if proceeds else ()
    reason = wording.answer
    return [ev.Decided(decision=decision, reason=reason, urgency=urgency, work_items=items)]


def _escalated(desk: Desk) -> list[ev.Event]:
    step = next(iter(desk.escalations), None)
    name, clock = (step.id, step.clock.value) if step else ("unassigned", "")
    due = NOW + dt.timedelta(hours=2) if clock else None
    return [ev.Escalated(step=name, fired=name, clock=clock, due_at=due)]

"""What a client can see. Client pages and client mail take these values and nothing else."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterable

from shared.domain import events as ev
from shared.domain.desk import Desk
from shared.domain.flow import Category, Trigger
from shared.domain.form import FormField
from shared.domain.mentions import spelled_out
from shared.domain.past import state_of, type_of, typed
from shared.domain.people import Frozen
from shared.domain.policy import ClockName, Duration
from shared.domain.sla import calendar_of, target_of, ticket_calendar
from shared.domain.ticket import Attachment, Ticket
from shared.domain.words import Language, Words, say

type Answered = str | dt.date
"""What was answered to a question of a form: the options' names, a text, or a day."""

MERGED: Words = {"en": "Merged", "fr": "Fusionnée"}
"""What clients read instead of a state where a request goes on as another one."""


class PublicFile(Frozen):
    """An attachment that a client may fetch."""

    id: str
    name: str
    size: int


class PublicMessage(Frozen):
    """One message of the conversation. `author` is the client's name, or the desk's."""

    seq: int
    at: dt.datetime
    author: str
    by_client: bool
    text: str
    files: tuple[PublicFile, ...] = ()


class PublicStep(Frozen):
    """A change of state."""

    at: dt.datetime
    state: str


class PublicTicket(Frozen):
    """A ticket in its client's eyes; names are in the client's language.

    `sent_by`: who wrote it for the requester, '' when the requester did. `round_the_clock`:
    whether the targets count all hours. `goes_on_as`: the ticket that it was merged into.
    """

    number: str
    reference: str  # the work item that mirrors it, '' when there is none (yet)
    title: str
    description: str
    desk_name: str
    type: str
    state: str
    category: Category
    environment: str
    severity: str
    severity_definition: str
    response_target: Duration
    resolution_target: Duration
    round_the_clock: bool = False
    requester: str
    sent_by: str = ""
    created_at: dt.datetime
    updated_at: dt.datetime
    language: Language
    answers: tuple[tuple[str, Answered], ...] = ()
    files: tuple[PublicFile, ...] = ()
    messages: tuple[PublicMessage, ...] = ()
    steps: tuple[PublicStep, ...] = ()
    has_ended: bool = False
    goes_on_as: str = ""


def public_ticket(desk: Desk, ticket: Ticket, history: Iterable[ev.Recorded]) -> PublicTicket:
    """The client's view. Only public events of the history are looked at."""
    shown = [r for r in history if r.event.public]
    is_merged = ticket.merged_into is not None
    language = ticket.language
    kind, severity = type_of(desk, ticket), desk.severity_by_id[ticket.severity]
    state = kind.state(ticket.state)
    return PublicTicket(
        number=ticket.number,
        reference=ticket.mirror.id if ticket.mirror else "",
        title=ticket.title,
        description=ticket.description,
        desk_name=say(desk.name, language),
        type=say(kind.name, language),
        state=say(MERGED if is_merged else state.public_name or state.name, language),
        category=Category.CLOSED if is_merged else state.category,
        environment=environment_asked(desk, ticket, language),
        severity=say(severity.name, language),
        severity_definition=say(severity.definition, language),
        response_target=target_of(desk, ticket, ClockName.FIRST_RESPONSE) or dt.timedelta(),
        resolution_target=target_of(desk, ticket, ClockName.RESOLUTION) or dt.timedelta(),
        round_the_clock=calendar_of(desk, ticket_calendar(desk, ticket)).always,
        requester=ticket.requester.label,
        sent_by=_sent_by(desk, ticket),
        created_at=ticket.created_at,
        updated_at=max((r.at for r in shown), default=ticket.created_at),
        language=language,
        answers=form_answers(desk, ticket, language),
        files=public_files(a for a in ticket.attachments if a.public),
        messages=tuple(_messages(desk, ticket, shown)),
        steps=tuple(_steps(desk, ticket, shown)),
        has_ended=is_merged or state.has_ended,
        goes_on_as=ticket.merged_into or "",
    )


def environment_asked(desk: Desk, ticket: Ticket, language: Language) -> str:
    """The environment's name, '' where nobody asked for it and it is merely the desk's first."""
    environment = desk.environment_by_id[ticket.environment]
    if environment.production and not desk.concerns_production(ticket.type, ticket.environment):
        return ""
    return say(environment.name, language)


def _sent_by(desk: Desk, ticket: Ticket) -> str:
    """Who wrote the request for its requester; a member of the desk has no address here."""
    by = ticket.submitted_by
    if by is None or by.email == ticket.requester.email:
        return ""
    is_internal = by.email in desk.member_by_email or by.domain in desk.mail.internal_domains
    return by.name or (say(desk.name, ticket.language) if is_internal else by.email)


def public_files(attachments: Iterable[Attachment]) -> tuple[PublicFile, ...]:
    """The public ones among the attachments."""
    return tuple(PublicFile(id=a.id, name=a.name, size=a.size) for a in attachments if a.public)


def _messages(desk: Desk, ticket: Ticket, shown: list[ev.Recorded]) -> Iterable[PublicMessage]:
    for recorded in shown:
        event = recorded.event
        if isinstance(event, ev.Replied):
            author = recorded.by.name or recorded.by.email
            yield PublicMessage(
                seq=recorded.seq,
                at=recorded.at,
                author=author if event.by_client else say(desk.name, ticket.language),
                by_client=event.by_client,
                text=event.text if event.by_client else spelled_out(desk, ticket, event.text, ""),
                files=public_files(event.attachments),
            )


def _steps(desk: Desk, ticket: Ticket, shown: list[ev.Recorded]) -> Iterable[PublicStep]:
    for recorded, type_id in typed(shown, ticket.type):
        event = recorded.event
        if not isinstance(event, ev.Moved):
            continue
        state = state_of(desk, type_id, event.to)
        if event.cause == Trigger.MERGED:
            yield PublicStep(at=recorded.at, state=say(MERGED, ticket.language))
        elif state is not None:
            name = say(state.public_name or state.name, ticket.language)
            yield PublicStep(at=recorded.at, state=name)


def form_answers(
    desk: Desk, ticket: Ticket, language: Language
) -> tuple[tuple[str, Answered], ...]:
    """The form's other answers under their questions."""
    fields = {f.id: f for form in desk.forms for f in form.fields}
    found: list[tuple[str, Answered]] = []
    for field_id, value in ticket.fields.items():
        field = fields.get(field_id)
        texts = value if isinstance(value, list) else [value]
        if field is None:
            found.append((field_id, ", ".join(texts)))
        else:
            found.append((say(field.label, language), _answered(field, texts, language)))
    return tuple(found)


def _answered(field: FormField, texts: list[str], language: Language) -> Answered:
    if field.kind == "date":
        with contextlib.suppress(ValueError):  # an import may bring anything
            return dt.date.fromisoformat("".join(texts))
    options = [(text, field.option(text)) for text in texts]
    return ", ".join(say(option.label, language) if option else text for text, option in options)

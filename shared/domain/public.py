"""What a client can see. Client pages and client mail take these values and nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from shared.domain import events as ev
from shared.domain.desk import Desk
from shared.domain.flow import Category
from shared.domain.people import Frozen
from shared.domain.policy import ClockName, Duration
from shared.domain.sla import target_of
from shared.domain.ticket import Attachment, Ticket
from shared.domain.words import Language, say


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
    """A ticket in its client's eyes; names are in the client's language."""

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
    requester: str
    created_at: dt.datetime
    updated_at: dt.datetime
    language: Language
    answers: tuple[tuple[str, str], ...] = ()
    files: tuple[PublicFile, ...] = ()
    messages: tuple[PublicMessage, ...] = ()
    steps: tuple[PublicStep, ...] = ()
    has_ended: bool = False


def public_ticket(desk: Desk, ticket: Ticket, history: Iterable[ev.Recorded]) -> PublicTicket:
    """The client's view. Only public events of the history are looked at."""
    shown = [r for r in history if r.event.public]
    language = ticket.language
    kind, severity = desk.types[ticket.type], desk.severity_by_id[ticket.severity]
    state = kind.state(ticket.state)
    return PublicTicket(
        number=ticket.number,
        reference=ticket.mirror.id if ticket.mirror else "",
        title=ticket.title,
        description=ticket.description,
        desk_name=say(desk.name, language),
        type=say(kind.name, language),
        state=say(state.public_name or state.name, language),
        category=state.category,
        environment=say(desk.environment_by_id[ticket.environment].name, language),
        severity=say(severity.name, language),
        severity_definition=say(severity.definition, language),
        response_target=target_of(desk, ticket, ClockName.FIRST_RESPONSE) or dt.timedelta(),
        resolution_target=target_of(desk, ticket, ClockName.RESOLUTION) or dt.timedelta(),
        requester=ticket.requester.label,
        created_at=ticket.created_at,
        updated_at=max((r.at for r in shown), default=ticket.created_at),
        language=language,
        answers=_answers(desk, ticket),
        files=public_files(a for a in ticket.attachments if a.public),
        messages=tuple(_messages(desk, shown, language)),
        steps=tuple(_steps(desk, ticket, shown, language)),
        has_ended=state.has_ended,
    )


def public_files(attachments: Iterable[Attachment]) -> tuple[PublicFile, ...]:
    """The public ones among the attachments."""
    return tuple(PublicFile(id=a.id, name=a.name, size=a.size) for a in attachments if a.public)


def _messages(desk: Desk, shown: list[ev.Recorded], language: Language) -> Iterable[PublicMessage]:
    for recorded in shown:
        event = recorded.event
        if isinstance(event, ev.Replied):
            author = recorded.by.name or recorded.by.email
            yield PublicMessage(
                seq=recorded.seq,
                at=recorded.at,
                author=author if event.by_client else say(desk.name, language),
                by_client=event.by_client,
                text=event.text,
                files=public_files(event.attachments),
            )


def _steps(
    desk: Desk, ticket: Ticket, shown: list[ev.Recorded], language: Language
) -> Iterable[PublicStep]:
    states = {s.id: s for kind in desk.request_types for s in kind.states}
    states |= desk.types[ticket.type].by_id
    for recorded in shown:
        event = recorded.event
        if isinstance(event, ev.Moved) and event.to in states:
            state = states[event.to]
            yield PublicStep(at=recorded.at, state=say(state.public_name or state.name, language))


def _answers(desk: Desk, ticket: Ticket) -> tuple[tuple[str, str], ...]:
    """The form's other answers under their questions."""
    labels = {f.id: f for form in desk.forms for f in form.fields}
    found = []
    for field_id, value in ticket.fields.items():
        field = labels.get(field_id)
        texts = value if isinstance(value, list) else [value]
        if field is not None:
            options = [field.option(text) for text in texts]
            texts = [
                say(option.label, ticket.language) if option else text
                for option, text in zip(options, texts, strict=True)
            ]
        label = say(field.label, ticket.language) if field else field_id
        found.append((label, ", ".join(texts)))
    return tuple(found)

"""A request comes in."""

from __future__ import annotations

from shared.domain import commands as cm
from shared.domain import events as ev
from shared.domain.desk import Desk
from shared.domain.errors import FieldError, Invalid
from shared.domain.rules.case import Events, entering

LONGEST_NAME = 200


def open_ticket(desk: Desk, number: str, command: cm.Open) -> Events:
    """The opening, checked against the desk. Raises Invalid naming every wrong field."""
    severity = command.severity or desk.default_severity
    check(desk, command)
    kind = desk.types[command.type]
    opened = ev.Opened(
        number=number,
        desk=desk.id,
        title=command.title,
        description=command.description,
        type=command.type,
        state=kind.initial_state,
        environment=command.environment,
        claimed_severity=severity,
        severity=desk.effective_severity(severity, command.environment),
        requester=command.requester,
        submitted_by=command.submitted_by,
        source=command.source,
        language=command.language if command.language in desk.languages else desk.languages[0],
        fields=command.fields,
        external_refs=command.external_refs,
        watchers=_watchers(command),
        attachments=command.attachments,
        policy=desk.policy_version,
        message_id=command.message_id,
        raw=command.raw,
        raw_form=command.raw_form,
        **entering(kind.state(kind.initial_state)),
    )
    return [opened, *(ev.Linked(to=to, link_kind=kind_) for to, kind_ in command.links)]


def _watchers(command: cm.Open) -> tuple[str, ...]:
    """Whoever submitted on behalf of somebody follows along."""
    by = command.submitted_by
    others = [by.email] if by and by.email != command.requester.email else []
    return tuple(dict.fromkeys([*others, *command.watchers]))


def check(desk: Desk, command: cm.Open) -> None:
    """Raises Invalid naming every value that the desk does not know."""
    severity = command.severity or desk.default_severity
    wrong = [
        FieldError(field, f"{value!r} is not known here; use one of {', '.join(known)}")
        for field, value, known in (
            ("type", command.type, desk.types),
            ("environment", command.environment, desk.environment_by_id),
            ("severity", severity, desk.severity_by_id),
        )
        if value not in known
    ]
    people = (("requester", command.requester), ("submitted_by", command.submitted_by))
    wrong += [
        FieldError(f"{field}.name", f"shorten this to {LONGEST_NAME} characters")
        for field, person in people
        if person and len(person.name) > LONGEST_NAME
    ]
    if wrong:
        raise Invalid(*wrong)

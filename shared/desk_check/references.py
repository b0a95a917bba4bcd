"""Names that must exist elsewhere on the desk, and ids that must be given once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from shared.desk_check.found import Place, Problem, unknown
from shared.domain.desk import Desk
from shared.domain.errors import Invalid
from shared.domain.flow import Trigger
from shared.domain.notices import OCCASIONS
from shared.domain.people import Role
from shared.domain.policy import ClockName, Watch

_STAFF_ONLY = frozenset({"assignee", "mentioned", "author", "unread"})


def reference_problems(desk: Desk) -> Iterator[Problem]:
    """Everything but flows, forms and mails."""
    yield from _twice(desk)
    yield from _zone(desk)
    yield from _severities(desk)
    yield from _mail_policy(desk)
    yield from _notices(desk)
    yield from _timing(desk)
    yield from _channels(desk)
    yield from _backlog(desk)
    yield from _third_line(desk)


def repeated(ids: Iterable[str], place: Place, key: str) -> Iterator[Problem]:
    """Ids that were given before."""
    seen: set[str] = set()
    for number, name in enumerate(ids):
        if name in seen:
            yield Problem((*place, number, key), f"{name!r} is given twice")
        seen.add(name)


def among(names: Sequence[str], known: Iterable[str], place: Place, what: str) -> Iterator[Problem]:
    """Names of a list that nothing on the desk has."""
    known = list(known)
    for number, name in enumerate(names):
        if name not in known:
            yield unknown((*place, number), name, what, known)


def one(name: str | None, known: Iterable[str], place: Place, what: str) -> Iterator[Problem]:
    """A name that nothing on the desk has; None is fine."""
    known = list(known)
    if name is not None and name not in known:
        yield unknown(place, name, what, known)


def _twice(desk: Desk) -> Iterator[Problem]:
    for part in (
        "calendars", "environments", "severities", "request_types", "forms", "channels",
        "notices", "escalations", "reminders",
    ):  # fmt: skip
        yield from repeated((item.id for item in getattr(desk, part)), (part,), "id")
    yield from repeated((member.email for member in desk.people), ("people",), "email")
    for number, kind in enumerate(desk.request_types):
        states = (state.id for state in kind.states)
        yield from repeated(states, ("request_types", number, "states"), "id")


def _zone(desk: Desk) -> Iterator[Problem]:
    from zoneinfo import available_timezones  # noqa: PLC0415  # a tool's; reads a directory

    zones = available_timezones()
    yield from one(desk.timezone, sorted(zones), ("timezone",), "time zone")
    for number, config in enumerate(desk.calendars):
        try:
            config.calendar.verify()
        except Invalid as wrong:
            for error in wrong.errors:
                parts = error.field.replace("[", ".").replace("]", "").split(".")
                here = tuple(int(p) if p.isdigit() else p for p in parts if p)
                yield Problem(("calendars", number, *here), error.message)


def _severities(desk: Desk) -> Iterator[Problem]:
    known, calendars = desk.severity_by_id, [c.id for c in desk.calendars]
    yield from one(desk.default_severity, known, ("default_severity",), "severity")
    for number, severity in enumerate(desk.severities):
        place: Place = ("severities", number)
        yield from one(severity.calendar, calendars, (*place, "calendar"), "calendar")
        if severity.response_target > severity.resolution_target:
            yield Problem((*place, "resolution_target"), "is shorter than the response target")
    for number, environment in enumerate(desk.environments):
        place = ("environments", number, "severity_cap")
        yield from one(environment.severity_cap, known, place, "severity")
    for number, target in enumerate(desk.targets):
        place = ("targets", number)
        yield from among(target.types, desk.types, (*place, "types"), "request type")
        yield from among(target.severities, known, (*place, "severities"), "severity")
        where = (*place, "environments")
        yield from among(target.environments, desk.environment_by_id, where, "environment")
        yield from one(target.calendar, calendars, (*place, "calendar"), "calendar")


def _mail_policy(desk: Desk) -> Iterator[Problem]:
    mail = desk.mail
    yield from one(mail.new_ticket_type, desk.types, ("mail", "new_ticket_type"), "request type")
    place = ("mail", "new_ticket_environment")
    yield from one(mail.new_ticket_environment, desk.environment_by_id, place, "environment")
    place = ("mail", "new_ticket_severity")
    yield from one(mail.new_ticket_severity, desk.severity_by_id, place, "severity")


def _receivers(desk: Desk, receivers: Sequence[str], place: Place) -> Iterator[Problem]:
    for number, receiver in enumerate(receivers):
        here = (*place, number)
        word, _, rest = receiver.partition(":")
        if word == "role" and rest not in list(Role):
            yield unknown(here, rest, "role", [role.value for role in Role])
        elif word == "role" and not desk.members_with(Role(rest)):
            yield Problem(here, f"nobody on this desk is {rest}")
        elif word == "person" and rest.lower() not in desk.member_by_email:
            yield unknown(here, rest, "member of this desk", desk.member_by_email)
        elif word == "channel":
            yield from one(rest, [c.id for c in desk.channels], here, "channel")


def _notices(desk: Desk) -> Iterator[Problem]:
    for number, notice in enumerate(desk.notices):
        place: Place = ("notices", number)
        yield from one(notice.on, OCCASIONS, (*place, "on"), "occasion")
        yield from among(notice.types, desk.types, (*place, "types"), "request type")
        yield from _receivers(desk, notice.to, (*place, "to"))
        if not notice.to and notice.on != "escalated":
            yield Problem((*place, "to"), "names nobody, so nobody hears of it")
        for n, receiver in enumerate(notice.to):
            internal = receiver in _STAFF_ONLY or ":" in receiver
            if notice.audience == "client" and internal:
                yield Problem(
                    (*place, "to", n),
                    f"{receiver} is inside the desk, so a notice with audience client skips it",
                )


def _timing(desk: Desk) -> Iterator[Problem]:
    for number, step in enumerate(desk.escalations):
        place: Place = ("escalations", number)
        yield from _receivers(desk, step.to, (*place, "to"))
        channels = [c.id for c in desk.channels]
        yield from one(step.channel, channels, (*place, "channel"), "channel")
        yield from among(step.severities, desk.severity_by_id, (*place, "severities"), "severity")
        if not step.to and step.channel is None:
            yield Problem((*place, "to"), "names nobody and no channel")
        if not _has_target(desk, step.clock):
            yield Problem((*place, "clock"), f"no severity has a {step.clock}_target")
    if (desk.escalations or desk.reminders) and "escalated" not in {n.on for n in desk.notices}:
        yield Problem(("notices",), "escalations need a notice with `on: escalated`")
    yield from _reminders(desk)


def _reminders(desk: Desk) -> Iterator[Problem]:
    for number, reminder in enumerate(desk.reminders):
        place: Place = ("reminders", number)
        yield from _receivers(desk, reminder.to, (*place, "to"))
        calendars = [c.id for c in desk.calendars]
        yield from one(reminder.calendar, calendars, (*place, "calendar"), "calendar")
        if reminder.watch is Watch.AUTO_CLOSE:
            if not any(a.on is Trigger.AUTO_CLOSE for t in desk.request_types for a in t.auto):
                yield Problem((*place, "watch"), "no flow has an auto move `on: auto_close`")
        elif not reminder.to:
            yield Problem((*place, "to"), "names nobody, so nobody is reminded")
        if reminder.watch is Watch.UNREAD and desk.team_channel is None:
            yield Problem((*place, "watch"), "the team is never asked: there is no team_channel")


def _has_target(desk: Desk, clock: ClockName) -> bool:
    field = {"first_response": "response_target"}.get(clock.value, f"{clock.value}_target")
    return any(getattr(each, field) for each in (*desk.severities, *desk.targets))


def _channels(desk: Desk) -> Iterator[Problem]:
    known = [channel.id for channel in desk.channels]
    yield from one(desk.team_channel, known, ("team_channel",), "channel")
    for number, channel in enumerate(desk.channels):
        needed = ("team_id", "channel_id") if channel.via == "graph" else ("url_setting",)
        for name in needed:
            if not getattr(channel, name):
                yield Problem(("channels", number), f"a channel via {channel.via} needs {name}")
    if desk.team_channel and not desk.ask_team_text:
        yield Problem(("team_channel",), "write the question to the team under ask_team_text")


def _backlog(desk: Desk) -> Iterator[Problem]:
    backlog = desk.backlog
    if backlog is None:
        return
    for kind in ("pbi", "bug", "feature", "task"):
        if kind not in backlog.kinds:
            yield Problem(("backlog", "kinds"), f"say what a {kind} is called in the backlog tool")
    if backlog.system == "azure_devops" and not backlog.organisation:
        yield Problem(("backlog",), "azure_devops needs organisation")
    if backlog.system == "jira" and desk.third_line and backlog.board_id is None:
        yield Problem(("backlog",), "the third line needs board_id, the board with the sprints")
    if backlog.mirror:
        place: Place = ("backlog", "mirror")
        yield from among(backlog.mirror.types, desk.types, (*place, "types"), "request type")
        states = sorted({state.id for kind in desk.request_types for state in kind.states})
        for name in backlog.mirror.states:
            yield from one(name, states, (*place, "states", name), "state of any request type")


def _third_line(desk: Desk) -> Iterator[Problem]:
    if desk.third_line is None:
        return
    rota = desk.third_line.rota
    place: Place = ("third_line", "rota")
    people: list[tuple[Place, str]] = [(("people", n), e) for n, e in enumerate(rota.people)]
    people += [(("swaps", n, "person"), swap.person) for n, swap in enumerate(rota.swaps)]
    for where, email in people:
        member = desk.member_by_email.get(email)
        if member is None:
            yield unknown((*place, *where), email, "member of this desk", desk.member_by_email)
        elif Role.DEVELOPER not in member.roles:
            yield Problem((*place, *where), f"{email} has not the role developer")
    if not any(desk.members_with(role) for role in desk.third_line.roles_that_rank):
        yield Problem(("third_line", "roles_that_rank"), "nobody on this desk has such a role")

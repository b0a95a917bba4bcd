"""A desk: everything that makes one support team different from another, as data."""

from __future__ import annotations

import datetime as dt
import hashlib
from functools import cached_property
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from shared.domain.flow import Flow
from shared.domain.form import Form
from shared.domain.people import Email, Frozen, Role
from shared.domain.policy import (
    CalendarConfig,
    Duration,
    Environment,
    EscalationStep,
    Receiver,
    Reminder,
    Rota,
    Severity,
    TargetOverride,
)
from shared.domain.words import Id, Language, Words


class Member(Frozen):
    """A member of the desk; the ids let Teams and the backlog tool mention them."""

    email: Email
    name: str
    roles: frozenset[Role]
    aad_id: str | None = None
    backlog_id: str | None = None


class Runbook(Frozen):
    """A page with instructions, for those whose role may see it."""

    title: str
    url: str
    roles: frozenset[Role] = frozenset(Role)


class RequestType(Flow):
    """A kind of request with its own flow."""

    id: Id
    name: Words
    description: Words | None = None
    purpose: str = ""  # for staff and docs: why the flow looks as it does
    offered: bool = True  # whether a client may choose it
    needs_triage: bool = False  # the team is asked what to do with it
    third_line: bool = False  # its bugs go over the third-line board
    data_changes: bool = False  # four-eyes changes may be drafted
    item_kind: Literal["pbi", "bug", "feature", "task"] | None = None
    runbooks: tuple[Runbook, ...] = ()


class Channel(Frozen):
    """A Teams channel. `workflow`: a webhook whose secret address is in the setting named."""

    id: Id
    name: str
    via: Literal["graph", "workflow"] = "graph"
    team_id: str = ""
    channel_id: str = ""
    url_setting: str = ""


class Mirror(Frozen):
    """Every new request also becomes a work item of this type."""

    item_type: str
    wait: Duration = Field(validate_default=True, default="2m")
    types: tuple[Id, ...] = ()  # none: all types
    states: dict[Id, str] = {}  # the ticket's state -> the item's; others leave the item alone
    done_states: tuple[str, ...] = ("Closed", "Done", "Removed")


class Backlog(Frozen):
    """The team's development backlog."""

    system: Literal["azure_devops", "jira"]
    organisation: str = ""
    project: str
    team: str = ""
    area_path: str = ""
    board_id: int | None = None
    kinds: dict[Literal["pbi", "bug", "feature", "task"], str]
    mirror: Mirror | None = None
    done_states: tuple[str, ...] = ("Done", "Closed")
    dropped_states: tuple[str, ...] = ("Removed",)  # ended without having been done
    deployed_states: tuple[str, ...] = ()
    in_progress_state: str = "In Progress"
    waiting_state: str = ""  # of an item whose ticket was taken back from development


class Notice(Frozen):
    """Who hears of what. The mail's texts are in mail/<id>/ of the desk's folder."""

    id: Id
    on: Id  # a name from notices.OCCASIONS
    to: tuple[Receiver, ...]
    audience: Literal["client", "staff"] = "staff"
    types: tuple[Id, ...] = ()


class MailPolicy(Frozen):
    """How the desk's mailbox behaves."""

    address: Email
    sender_name: str
    outgoing: Literal["graph", "acs"] = "graph"
    internal_domains: tuple[str, ...] = ()  # whose forwards are believed
    copied_may_join: bool = True
    new_ticket_type: Id | None = None  # None: mail makes no tickets
    new_ticket_environment: Id | None = None
    new_ticket_severity: Id | None = None
    sender_cap_per_hour: int = Field(default=20, ge=1)


class Build(Frozen):
    """The job that loads the latest production data into pre-production."""

    job: str


class ThirdLine(Frozen):
    """The board with one dedicated developer and one ticket at a time."""

    rota: Rota
    roles_that_rank: frozenset[Role] = frozenset({Role.PRODUCT_OWNER})


class Desk(Frozen):
    """One support team."""

    id: Id
    name: Words
    prefix: str = Field(pattern=r"^[A-Z][A-Z0-9]{1,9}$")
    intro: Words | None = None
    timezone: str = "UTC"
    languages: tuple[Language, ...] = ("en",)
    mail: MailPolicy
    people: tuple[Member, ...] = Field(min_length=1)
    calendars: tuple[CalendarConfig, ...] = Field(min_length=1)
    environments: tuple[Environment, ...] = Field(min_length=1)
    severities: tuple[Severity, ...] = Field(min_length=1)
    default_severity: Id
    targets: tuple[TargetOverride, ...] = ()
    request_types: tuple[RequestType, ...] = Field(min_length=1)
    forms: tuple[Form, ...] = ()
    channels: tuple[Channel, ...] = ()
    team_channel: Id | None = None  # where the team is asked and decisions are posted
    backlog: Backlog | None = None
    notices: tuple[Notice, ...] = ()
    escalations: tuple[EscalationStep, ...] = ()
    reminders: tuple[Reminder, ...] = ()
    digest_above: int = Field(default=10, ge=1)
    reopen_within: Duration = Field(validate_default=True, default="14d")
    archive_after: Duration = Field(validate_default=True, default="42d")
    third_line: ThirdLine | None = None
    preprod_build: Build | None = None
    ask_team_text: str = ""
    proceed_text: str = ""
    roles_that_decide: tuple[Role, ...] = (Role.LEAD, Role.SCRUM_MASTER)  # the triage
    canned_replies: tuple[Words, ...] = ()

    @cached_property
    def types(self) -> dict[str, RequestType]:
        """Request types by id."""
        return {t.id: t for t in self.request_types}

    @cached_property
    def severity_by_id(self) -> dict[str, Severity]:
        """Severities by id, worst first."""
        return {s.id: s for s in self.severities}

    @cached_property
    def environment_by_id(self) -> dict[str, Environment]:
        """Environments by id."""
        return {e.id: e for e in self.environments}

    @property
    def rehearsals(self) -> tuple[str, ...]:
        """The environments in which a data change is tried before production."""
        others = [e for e in self.environments if not e.production]
        marked = [e for e in others if e.rehearsal]
        return tuple(e.id for e in marked or others)

    def concerns_production(self, type_id: str, environment: str) -> bool:
        """Whether a ticket of that type there is to be marked as a production matter.

        Types that nobody asks the environment of (questions, ideas, mail that nobody has
        classified) merely carry the desk's first one, which says nothing about them.
        """
        if not self.environment_by_id[environment].production:
            return False
        kind = self.types.get(type_id)
        asked = any(form.asks_environment(type_id) for form in self.forms)
        return asked or (kind is not None and (kind.needs_triage or kind.third_line))

    @cached_property
    def member_by_email(self) -> dict[str, Member]:
        """Members by address."""
        return {m.email: m for m in self.people}

    @cached_property
    def calendar_by_id(self) -> dict[str, CalendarConfig]:
        """Calendars by id."""
        return {c.id: c for c in self.calendars}

    @cached_property
    def policy_version(self) -> str:
        """A short hash of everything that decides due times and who hears of them; not of names."""
        rules = self.model_dump_json(
            include={"severities", "targets", "calendars", "environments", "escalations",
                     "reminders"},
            exclude={"severities": {"__all__": {"name", "definition"}},
                     "environments": {"__all__": {"name", "production", "rehearsal"}}},
        )  # fmt: skip
        return hashlib.sha256(rules.encode()).hexdigest()[:12]

    def today(self, now: dt.datetime) -> dt.date:
        """The day on the desk's own calendar sheet, by which its sprints begin and end."""
        return now.astimezone(ZoneInfo(self.timezone)).date()

    def members_with(self, role: Role) -> tuple[Member, ...]:
        """The members who hold that role."""
        return tuple(m for m in self.people if role in m.roles)

    def channel(self, channel_id: str) -> Channel:
        """The channel of that id. Raises KeyError when there is none."""
        return {c.id: c for c in self.channels}[channel_id]

    def form(self, form_id: str) -> Form | None:
        """The form of that id, if any."""
        return next((f for f in self.forms if f.id == form_id), None)

    def effective_severity(self, claimed: str, environment: str) -> str:
        """The claimed severity, held down by what the environment allows at worst."""
        order = list(self.severity_by_id)
        cap = self.environment_by_id[environment].severity_cap
        if cap is None:
            return claimed
        return order[max(order.index(claimed), order.index(cap))]

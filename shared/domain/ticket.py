"""A ticket as it is now: the sum of its history."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator

from shared.domain.people import Email, Frozen, Person
from shared.domain.words import Language, Line

Source = Literal["form", "portal", "mail", "api"]


class Opinion(StrEnum):
    """What a member thinks should happen; also what is decided."""

    NOT_OUR_PROBLEM = "not_our_problem"
    BUG_OR_FEATURE = "bug_or_feature"
    PROCEED = "proceed"


class Urgency(StrEnum):
    """When a ticket that proceeds is worked."""

    URGENT = "urgent"
    HANDLE_DURING_SPRINT = "handle_during_sprint"


class Attachment(Frozen):
    """A stored file. Its content lies in the blob `blob`; `id` is unique on its ticket."""

    id: str
    name: str
    size: int
    content_type: str
    blob: str
    public: bool = True
    active: bool = False  # could run in a browser: only ever served as a neutral download


def _web_address(text: str) -> str:
    if text and not text.lower().startswith(("https://", "http://")):
        raise ValueError("give an address that begins with https:// or http://")
    return text


class ExternalRef(Frozen):
    """The same matter in another system, such as ORION."""

    system: Line
    ref: Line
    url: Annotated[str, AfterValidator(_web_address)] = ""


class WorkItem(Frozen):
    """An item in the backlog tool. The mirror stands for the ticket itself."""

    system: str
    id: str
    kind: str
    url: str
    title: str = ""
    mirror: bool = False
    state: str = ""
    in_sprint: bool = False


class Link(Frozen):
    """Another ticket that belongs to this one."""

    to: str
    kind: str


class OpinionGiven(Frozen):
    """One member's opinion; the latest of each member counts."""

    by: Email
    opinion: Opinion
    comment: str = ""
    at: dt.datetime


class Triage(Frozen):
    """What the team was asked, thinks, and decided."""

    asked_at: dt.datetime | None = None
    asked_by: str = ""
    thread: str = ""  # the chat message's id, for replies
    channel: str = ""
    opinions: tuple[OpinionGiven, ...] = ()
    decision: Opinion | None = None
    reason: str = ""
    urgency: Urgency | None = None
    decided_by: str = ""
    decided_at: dt.datetime | None = None


class Span(Frozen):
    """A stretch of time; an open one has no end yet."""

    start: dt.datetime
    end: dt.datetime | None = None


class Fired(Frozen):
    """A step of the escalation ladder, or a reminder, that has happened."""

    step: str
    at: dt.datetime


class Facts(Frozen):
    """What the clocks need to know; everything else about time follows from these."""

    first_response_at: dt.datetime | None = None
    pauses: tuple[Span, ...] = ()  # waiting states
    ended: tuple[Span, ...] = ()  # resolved or closed
    client_wrote_at: dt.datetime | None = None  # not yet answered
    state_since: dt.datetime
    spent: dict[str, int] = {}  # whole seconds in each state before the current one
    touched_at: dt.datetime
    reopened: int = 0
    fired: tuple[Fired, ...] = ()


class Verification(Frozen):
    """A run of a change before production."""

    environment: str
    by: Email
    at: dt.datetime
    rows: int
    outcome: Literal["as_expected", "not_as_expected"]
    note: str = ""


class Approval(Frozen):
    """The second person's word, bound to the script's hash."""

    by: Email
    at: dt.datetime
    script_sha256: str


class Application(Frozen):
    """The run in production."""

    by: Email
    at: dt.datetime
    rows: int
    note: str = ""


class ScriptFinding(Frozen):
    """What the check found in a script."""

    code: str
    statement: int
    message: str
    overridden: bool = False


class ChangeState(StrEnum):
    """How far a data change has come."""

    DRAFT = "draft"
    VERIFIED = "verified"
    APPROVED = "approved"
    REJECTED = "rejected"
    APPLIED = "applied"


class Change(Frozen):
    """A four-eyes change to production data."""

    id: str
    title: str
    target: str
    dialect: str
    script: str
    rollback: str
    expected_rows: int
    state: ChangeState
    author: Email  # of the latest draft
    written_by: tuple[Email, ...] = ()  # everybody who wrote some draft of it
    script_sha256: str
    lint_override_reason: str = ""
    findings: tuple[ScriptFinding, ...] = ()
    verifications: tuple[Verification, ...] = ()
    approval: Approval | None = None
    rejection: str = ""
    application: Application | None = None

    @property
    def writers(self) -> frozenset[str]:
        """Who cannot be the second person."""
        return frozenset({self.author, *self.written_by})


class Ticket(Frozen):
    """The current state. `version` is the number of the last event."""

    number: str
    desk: str
    title: str
    description: str
    type: str
    state: str
    environment: str
    claimed_severity: str
    severity: str
    requester: Person
    submitted_by: Person | None = None
    source: Source
    language: Language = "en"
    fields: dict[str, str | list[str]] = {}
    assignee: str | None = None
    watchers: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    external_refs: tuple[ExternalRef, ...] = ()
    created_at: dt.datetime
    updated_at: dt.datetime
    version: int = 0
    policy: str = ""
    facts: Facts
    triage: Triage = Triage()
    work_items: tuple[WorkItem, ...] = ()
    links: tuple[Link, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    changes: tuple[Change, ...] = ()
    notes: int = 0  # how many work notes were written
    resolution_noted: bool = False  # a person's work note stands since the last (re)opening
    merged_into: str | None = None
    mail_refs: tuple[str, ...] = ()  # Message-IDs of the conversation, latest last, bounded

    @property
    def mirror(self) -> WorkItem | None:
        """The work item that stands for the ticket itself, once it exists."""
        return next((item for item in self.work_items if item.mirror), None)

    @property
    def discussed_in(self) -> WorkItem | None:
        """The work item that carries the talk with the developers."""
        return self.mirror or self.backlog_item

    @property
    def backlog_item(self) -> WorkItem | None:
        """The item that the ticket follows besides its mirror; tasks are parts of it."""
        own = (item for item in self.work_items if not item.mirror and item.kind != "task")
        return next(own, None)

    @property
    def participants(self) -> frozenset[str]:
        """Clients who take part: requester, submitter, watchers."""
        submitter = {self.submitted_by.email} if self.submitted_by else set()
        return frozenset({self.requester.email, *submitter, *self.watchers})

    def has_link(self, to: str, kind: str) -> bool:
        """Whether that ticket is linked in that way."""
        return any((link.to, link.kind) == (to, kind) for link in self.links)

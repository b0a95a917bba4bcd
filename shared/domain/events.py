"""What can happen to a ticket. A public event may be shown to its clients; others never."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from shared.domain.people import Actor, ActorKind, Email, Frozen, Person
from shared.domain.ticket import (
    Application,
    Approval,
    Attachment,
    Change,
    ExternalRef,
    Opinion,
    Source,
    Urgency,
    Verification,
)
from shared.domain.words import Language, Line


class PublicEvent(Frozen):
    """Clients of the ticket may see it."""

    public: ClassVar[bool] = True


class InternalEvent(Frozen):
    """Never leaves the desk."""

    public: ClassVar[bool] = False


class Opened(PublicEvent):
    """A request came in."""

    kind: Literal["opened"] = "opened"
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
    external_refs: tuple[ExternalRef, ...] = ()
    watchers: tuple[Email, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    policy: str = ""
    message_id: str = ""
    raw: str = ""  # the blob with the whole mail, or with a long form response
    raw_form: str = ""  # a form response as it came in: {"form", "response"}
    pauses: bool = False  # what the state means is part of the event, so that a replay
    ended: bool = False  # needs nothing but the history


class Replied(PublicEvent):
    """A public message, by a client or by the desk."""

    kind: Literal["replied"] = "replied"
    text: str
    attachments: tuple[Attachment, ...] = ()
    by_client: bool = False
    mentions: tuple[Email, ...] = ()
    message_id: str = ""
    raw: str = ""  # the blob with the whole mail, for staff
    via: str = ""  # the tool that it was written in, where it stands already


class Noted(InternalEvent):
    """A work note. `automatic` ones were written by Docket itself."""

    kind: Literal["noted"] = "noted"
    text: str
    attachments: tuple[Attachment, ...] = ()
    mentions: tuple[Email, ...] = ()
    automatic: bool = False
    via: str = ""  # the tool that it was said in, so it does not count as a documented step


class Moved(PublicEvent):
    """Another state. `cause` is a trigger's name when it followed by itself."""

    kind: Literal["moved"] = "moved"
    frm: str
    to: str
    cause: str = ""
    pauses: bool = False
    ended: bool = False


class Assigned(InternalEvent):
    """Somebody has it, or nobody."""

    kind: Literal["assigned"] = "assigned"
    assignee: Email | None


class TypeSet(PublicEvent):
    """Another type, with the state that the new flow gives it."""

    kind: Literal["type_set"] = "type_set"
    frm: str
    to: str
    state_from: str
    state_to: str
    why: str = ""  # why that state, in words
    pauses: bool = False
    ended: bool = False


class SeveritySet(PublicEvent):
    """Another severity. `severity` is what counts after the environment's cap."""

    kind: Literal["severity_set"] = "severity_set"
    claimed: str
    severity: str
    frm: str
    reason: str = ""  # internal: never part of a public view


class EnvironmentSet(PublicEvent):
    """Another environment; the cap may change the severity."""

    kind: Literal["environment_set"] = "environment_set"
    environment: str
    frm: str
    severity: str


class Watched(InternalEvent):
    """Somebody follows from now on."""

    kind: Literal["watched"] = "watched"
    email: Email


class Unwatched(InternalEvent):
    """Somebody follows no longer."""

    kind: Literal["unwatched"] = "unwatched"
    email: Email


class TeamAsked(InternalEvent):
    """The thread in the team's channel was started."""

    kind: Literal["team_asked"] = "team_asked"
    message: str
    channel: str


class ThreadPosted(InternalEvent):
    """The chat tool told us where the thread is."""

    kind: Literal["thread_posted"] = "thread_posted"
    thread: str


class Opined(InternalEvent):
    """A member's opinion in triage."""

    kind: Literal["opined"] = "opined"
    opinion: Opinion
    comment: str = ""


class PlannedItem(Frozen):
    """A backlog item that a decision calls for."""

    kind: Literal["pbi", "bug", "feature", "task"]
    title: Line


class Decided(InternalEvent):
    """What the desk does with the ticket."""

    kind: Literal["decided"] = "decided"
    decision: Opinion
    reason: str
    urgency: Urgency | None = None
    work_items: tuple[PlannedItem, ...] = ()


class ItemLinked(InternalEvent):
    """A work item exists for the ticket. `related`: the items it was created linked with."""

    kind: Literal["item_linked"] = "item_linked"
    system: str
    id: str
    item_kind: str
    url: str
    title: str = ""
    mirror: bool = False
    in_sprint: bool = False
    related: tuple[str, ...] = ()


class ItemChanged(InternalEvent):
    """Somebody changed the work item in its own tool.

    `alert`: what it means for a ticket that counted on its items: one is open again although all
    were finished, or all are dropped and none is left to wait for. `moved_to`: its id from now on,
    if that changed, and with it `url`. `put_back`: the ticket could not follow its mirror there, so
    the mirror goes back; `state` is then where it goes, if the desk names that.
    """

    kind: Literal["item_changed"] = "item_changed"
    system: str
    id: str
    state: str = ""
    text: str
    alert: Literal["", "reopened", "dropped"] = ""
    moved_to: str = ""
    url: str = ""
    put_back: bool = False


class Linked(InternalEvent):
    """Another ticket belongs to this one."""

    kind: Literal["linked"] = "linked"
    to: str
    link_kind: str


class Escalated(InternalEvent):
    """A rung of the ladder, or a reminder, has happened.

    `told_as`: the later rung that speaks for this one, which says nothing itself.
    """

    kind: Literal["escalated"] = "escalated"
    step: str
    fired: str
    clock: str = ""
    due_at: dt.datetime | None = None
    to: tuple[str, ...] = ()
    channel: str = ""
    told_as: str = ""


class PolicyApplied(InternalEvent):
    """The desk's rules changed; due times were computed again from the start."""

    kind: Literal["policy_applied"] = "policy_applied"
    policy: str
    frm: str
    cause: str = "the desk's targets, calendars or escalations were changed"


class ChangeDrafted(InternalEvent):
    """A data change was drafted, or its draft edited: earlier runs and approvals are void."""

    kind: Literal["change_drafted"] = "change_drafted"
    change: Change
    edited: bool = False


class ChangeVerified(InternalEvent):
    """The script ran before production."""

    kind: Literal["change_verified"] = "change_verified"
    change: str
    verification: Verification


class ChangeApproved(InternalEvent):
    """A second person approved exactly that script."""

    kind: Literal["change_approved"] = "change_approved"
    change: str
    approval: Approval


class ChangeRejected(InternalEvent):
    """A second person refused."""

    kind: Literal["change_rejected"] = "change_rejected"
    change: str
    reason: str


class ChangeApplied(InternalEvent):
    """The script ran in production."""

    kind: Literal["change_applied"] = "change_applied"
    change: str
    application: Application


class BuildAsked(InternalEvent):
    """The job that refreshes pre-production was asked for."""

    kind: Literal["build_asked"] = "build_asked"
    job: str


class BuildSeen(InternalEvent):
    """How the job went."""

    kind: Literal["build_seen"] = "build_seen"
    job: str
    build: int | None = None
    result: str = ""
    url: str = ""


class BoardMoved(InternalEvent):
    """The ticket's place on the third-line board changed."""

    kind: Literal["board_moved"] = "board_moved"
    action: Literal["accepted", "ranked", "pulled", "deployed"]
    position: int | None = None
    developer: Email | None = None
    sprint: int | None = None


class Merged(InternalEvent):
    """The ticket goes on as another one."""

    kind: Literal["merged"] = "merged"
    into: str


Event = Annotated[
    Opened | Replied | Noted | Moved | Assigned | TypeSet | SeveritySet | EnvironmentSet
    | Watched | Unwatched | TeamAsked | ThreadPosted | Opined | Decided | ItemLinked | ItemChanged
    | Linked | Escalated | PolicyApplied | ChangeDrafted | ChangeVerified | ChangeApproved
    | ChangeRejected | ChangeApplied | BuildAsked | BuildSeen | BoardMoved | Merged,
    Field(discriminator="kind"),
]  # fmt: skip


class By(Frozen):
    """Who did it, as the history remembers."""

    kind: ActorKind
    email: str
    name: str = ""

    @classmethod
    def actor(cls, actor: Actor) -> By:
        """The actor of a command, without the roles held at the time."""
        return cls(kind=actor.kind, email=actor.email, name=actor.name)


class Recorded(Frozen):
    """An event with its place in the history."""

    seq: int
    at: dt.datetime
    by: By
    event: Event

"""What people and the clock may ask of a ticket."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints, TypeAdapter

from shared.domain.events import PlannedItem
from shared.domain.people import Email, Frozen, Person
from shared.domain.ticket import Attachment, ExternalRef, Opinion, Source, Urgency
from shared.domain.words import Language, Line

TEXT_LIMIT = 100_000
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=TEXT_LIMIT)]
Maybe = Annotated[str, StringConstraints(strip_whitespace=True, max_length=TEXT_LIMIT)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Open(Frozen):
    """A new request. `severity` is as claimed; None takes the desk's default."""

    title: Line
    description: Text
    type: str
    environment: str
    severity: str | None = None
    requester: Person
    submitted_by: Person | None = None
    language: Language = "en"
    fields: dict[str, str | list[str]] = {}
    external_refs: tuple[ExternalRef, ...] = Field(default=(), max_length=10)
    watchers: tuple[Email, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    source: Source = "api"
    message_id: str = ""
    raw: str = ""  # the blob with the whole mail, or with a long form response
    raw_form: str = ""
    links: tuple[tuple[str, str], ...] = ()  # (other ticket, kind)


class Reply(Frozen):
    """A public message to the clients, or from one of them."""

    command: Literal["reply"]
    text: Text
    attachments: tuple[Attachment, ...] = ()
    message_id: str = ""
    raw: str = ""  # the blob with the whole mail
    mentions: tuple[Email, ...] = ()


class Note(Frozen):
    """A work note."""

    command: Literal["note"]
    text: Text
    attachments: tuple[Attachment, ...] = ()
    mentions: tuple[Email, ...] = ()


class Move(Frozen):
    """To another state."""

    command: Literal["move"]
    to: str


class Assign(Frozen):
    """To a member, or to nobody."""

    command: Literal["assign"]
    assignee: Email | None


class SetType(Frozen):
    """Another type; the new flow's state is found by name, then by category."""

    command: Literal["set_type"]
    type: str


class SetSeverity(Frozen):
    """Another severity, before the environment's cap."""

    command: Literal["set_severity"]
    severity: str
    reason: Line


class SetEnvironment(Frozen):
    """Another environment."""

    command: Literal["set_environment"]
    environment: str


class Watch(Frozen):
    """Follow from now on."""

    command: Literal["watch"]
    email: Email


class Unwatch(Frozen):
    """Follow no longer."""

    command: Literal["unwatch"]
    email: Email


class Seen(Frozen):
    """This member has read the ticket."""

    command: Literal["seen"]


class AskTeam(Frozen):
    """Start a thread in the team's channel."""

    command: Literal["ask_team"]
    message: Maybe = ""


class Opine(Frozen):
    """An opinion in triage."""

    command: Literal["opine"]
    opinion: Opinion
    comment: Maybe = ""


class Decide(Frozen):
    """What the desk does with the ticket."""

    command: Literal["decide"]
    decision: Opinion
    reason: Text
    urgency: Urgency | None = None
    work_items: tuple[PlannedItem, ...] = Field(default=(), max_length=20)


class LinkTicket(Frozen):
    """Another ticket belongs to this one."""

    command: Literal["link"]
    to: Line
    kind: Line = "related"


class Merge(Frozen):
    """The ticket goes on as another one."""

    command: Literal["merge"]
    into: Line


class DraftChange(Frozen):
    """A data change to be checked by a second person."""

    command: Literal["draft_change"]
    title: Line
    target: Line
    dialect: Line
    script: Text
    rollback: Text
    expected_rows: int = Field(ge=0)
    lint_override_reason: Maybe = ""


class EditChange(DraftChange):
    """Another draft of the same change; voids runs and approval."""

    command: Literal["edit_change"]  # type: ignore[assignment]
    change: str


class VerifyChange(Frozen):
    """The script ran before production."""

    command: Literal["verify_change"]
    change: str
    environment: str
    rows: int = Field(ge=0)
    outcome: Literal["as_expected", "not_as_expected"]
    note: Maybe = ""


class ApproveChange(Frozen):
    """The second person's word."""

    command: Literal["approve_change"]
    change: str
    script_sha256: Sha256
    # The hash covers the script that the findings are about, so repeating it accepts them;
    # the page asks with a box of its own and says False when it is not ticked.
    accept_findings: bool = True


class RejectChange(Frozen):
    """The second person refuses."""

    command: Literal["reject_change"]
    change: str
    reason: Text


class ApplyChange(Frozen):
    """The script ran in production."""

    command: Literal["apply_change"]
    change: str
    script_sha256: Sha256
    rows: int = Field(ge=0)
    note: Maybe = ""


class RefreshPreprod(Frozen):
    """Load the latest production data into pre-production."""

    command: Literal["refresh_preprod"]


class AcceptForSprint(Frozen):
    """Triage -> Ready for sprint, at the end of the order."""

    command: Literal["accept_for_sprint"]


class Rank(Frozen):
    """Another place in Ready for sprint: before or after another ticket."""

    command: Literal["rank"]
    before: str | None = None
    after: str | None = None


class PullNext(Frozen):
    """The sprint's developer takes the first one."""

    command: Literal["pull_next"]


class MarkDeployed(Frozen):
    """The fix is on the development environment; the slot is free."""

    command: Literal["mark_deployed"]


type StaffCommand = (
    Reply | Note | Move | Assign | SetType | SetSeverity | SetEnvironment | Watch | Unwatch | Seen
    | AskTeam | Opine | Decide | LinkTicket | Merge | DraftChange | EditChange | VerifyChange
    | ApproveChange | RejectChange | ApplyChange | RefreshPreprod | AcceptForSprint | Rank
    | PullNext | MarkDeployed
)  # fmt: skip
STAFF_COMMAND: TypeAdapter[StaffCommand] = TypeAdapter(
    Annotated[StaffCommand, Field(discriminator="command")], config=ConfigDict(defer_build=True)
)


class TimePassed(Frozen):
    """The clock looks at the ticket. `seen`: members who have read it.

    `speaks` off: only a change of the desk's rules is applied; what is due waits for the sweep.
    """

    seen: frozenset[str] = frozenset()
    speaks: bool = True


class TakeOver(Frozen):
    """Another ticket goes on as this one. `clients`: who takes part in that one."""

    number: str
    clients: tuple[Email, ...] = ()


class LinkedFrom(Frozen):
    """Another ticket was linked to this one; `kind`: what that one is to this one."""

    number: str
    kind: str


class ItemCreated(Frozen):
    """The backlog tool created an item for us. `related`: the items it was created linked with."""

    system: str
    id: str
    item_kind: str
    url: str
    title: str = ""
    mirror: bool = False
    in_sprint: bool = False
    related: tuple[str, ...] = ()


class ThreadStarted(Frozen):
    """The chat tool posted our thread."""

    thread: str


class ThreadAnswered(Frozen):
    """Somebody answered in our thread. `text` says who and when."""

    text: str


class ItemReported(Frozen):
    """The backlog tool tells of a change that somebody made there. `moved_to`: its new id."""

    system: str
    id: str
    state: str = ""
    text: str = ""
    by: str = ""
    public: bool = False
    moved_to: str = ""


class BuildReported(Frozen):
    """How the refresh job goes."""

    job: str
    build: int | None = None
    result: str = ""
    url: str = ""


class DeliveryFailed(Frozen):
    """A mail could not be delivered (a bounce, a dead effect): staff must know."""

    text: str


class Remark(Frozen):
    """Something that staff must know, noted by Docket itself."""

    text: str


type Command = (
    Open | StaffCommand | TimePassed | TakeOver | LinkedFrom | ItemCreated
    | ThreadStarted | ThreadAnswered
    | ItemReported | BuildReported | DeliveryFailed | Remark
)  # fmt: skip

"""Replies, work notes, and who follows."""

from __future__ import annotations

from shared.domain import commands as cm
from shared.domain import events as ev
from shared.domain.errors import FlowForbids, Forbidden, Invalid
from shared.domain.flow import Trigger
from shared.domain.mentions import mentioned
from shared.domain.people import ActorKind
from shared.domain.rules.case import Case, Events, follow
from shared.domain.ticket import Ticket

# What a linked ticket is, seen from the other one; kinds that are missing read the same.
_OTHER_END = {
    "duplicate": "duplicated_by",
    "caused_by": "causes",
    "blocks": "blocked_by",
    "follows": "followed_by",
}


def reply(case: Case, command: cm.Reply) -> Events:
    """A public message. A client's one may end a wait or reopen; the desk's one may not."""
    if case.actor.kind is ActorKind.CLIENT:
        return _client_reply(case, command)
    if case.actor.kind is ActorKind.STAFF:
        case.needs_staff()
        case.needs_open()
    named = mentioned(case.desk, case.ticket, command.text)
    return [
        ev.Replied(
            text=command.text,
            attachments=tuple(a.model_copy(update={"public": True}) for a in command.attachments),
            mentions=tuple(dict.fromkeys([*command.mentions, *named])),
            message_id=command.message_id,
            raw=command.raw,
        )
    ]


def _client_reply(case: Case, command: cm.Reply) -> Events:
    said = ev.Replied(
        text=command.text,
        attachments=command.attachments,
        by_client=True,
        message_id=command.message_id,
        raw=command.raw,
    )
    if not case.state.has_ended:
        return [said, *follow(case, Trigger.CLIENT_REPLIED)]
    if not may_reopen(case):
        raise FlowForbids(f"{case.ticket.number} ended too long ago; open a new request")
    return [said, *follow(case, Trigger.REOPENED)]


def may_reopen(case: Case) -> bool:
    """Whether an answer still reopens the ticket: its flow says so, and the window is open."""
    ended = case.ticket.facts.ended
    if not ended or case.type.follow(Trigger.REOPENED, case.ticket.state) is None:
        return False
    return case.now - ended[-1].start <= case.desk.reopen_within


def note(case: Case, command: cm.Note) -> Events:
    """A work note: staff only, at any time, and never public."""
    case.needs_staff()
    named = mentioned(case.desk, case.ticket, command.text)
    members = tuple(m for m in (*command.mentions, *named) if m in case.desk.member_by_email)
    return [
        ev.Noted(
            text=command.text,
            attachments=tuple(a.model_copy(update={"public": False}) for a in command.attachments),
            mentions=tuple(dict.fromkeys(members)),
        )
    ]


def watch(case: Case, command: cm.Watch) -> Events:
    """Following: members by staff; a client by staff too, since watchers get public mail.

    Docket itself lets in whoever was in copy and answers by mail, where the desk wants that.
    """
    if case.actor.kind is not ActorKind.SYSTEM:
        case.needs_staff()
    return [] if command.email in case.ticket.watchers else [ev.Watched(email=command.email)]


def unwatch(case: Case, command: cm.Unwatch) -> Events:
    """Anybody may stop following; only staff may stop it for others."""
    if case.actor.email != command.email:
        case.needs_staff()
    if command.email not in case.ticket.watchers:
        raise Invalid.of("email", f"{command.email} does not follow {case.ticket.number}")
    return [ev.Unwatched(email=command.email)]


def link(case: Case, command: cm.LinkTicket) -> Events:
    """Another ticket of any desk; that it exists is the service's to check."""
    case.needs_staff()
    if command.to == case.ticket.number:
        raise Invalid.of("to", "a ticket cannot be linked to itself")
    return _linked(case.ticket, command.to, command.kind)


def linked_from(case: Case, command: cm.LinkedFrom) -> Events:
    """The other end of a link, so that either ticket leads to the other."""
    return _linked(case.ticket, command.number, _OTHER_END.get(command.kind, command.kind))


def _linked(ticket: Ticket, to: str, kind: str) -> Events:
    return [] if ticket.has_link(to, kind) else [ev.Linked(to=to, link_kind=kind)]


def seen(case: Case, command: cm.Seen) -> Events:
    """Reading is recorded beside the history; only members read tickets."""
    del command
    if not case.actor.is_staff:
        raise Forbidden("only members of the desk are recorded as readers")
    return []

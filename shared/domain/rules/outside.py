"""What vendors report back."""

from __future__ import annotations

from shared.domain import commands as cm
from shared.domain import events as ev
from shared.domain.errors import Refused
from shared.domain.flow import Trigger
from shared.domain.rules.case import Case, Events, follow
from shared.domain.rules.moving import move
from shared.domain.rules.thirdline import deployed, has_slot
from shared.domain.ticket import WorkItem


def item_created(case: Case, command: cm.ItemCreated) -> Events:
    """The item that we asked for exists; known ones change nothing."""
    if any((i.system, i.id) == (command.system, command.id) for i in case.ticket.work_items):
        return []
    return [ev.ItemLinked(**command.model_dump())]


def thread_started(case: Case, command: cm.ThreadStarted) -> Events:
    """Where answers and the decision go."""
    if not command.thread or case.ticket.triage.thread == command.thread:
        return []
    return [ev.ThreadPosted(thread=command.thread)]


def thread_answered(case: Case, command: cm.ThreadAnswered) -> Events:
    """What the team says among itself is a work note, never public."""
    del case
    return [ev.Noted(text=command.text, via="teams")]


def item_reported(case: Case, command: cm.ItemReported) -> Events:
    """A change made in the backlog tool: a public reply when it speaks to the client."""
    item = next(
        (i for i in case.ticket.work_items if (i.system, i.id) == (command.system, command.id)),
        None,
    )
    if item is None:
        return []
    events: Events = []
    if command.public:
        events.append(ev.Replied(text=command.text, via=command.system))
    elif command.text or command.state:
        who = command.by or "somebody"
        text = command.text or f"{item.kind} {item.id}: {who} set the state to {command.state}"
        events.append(
            ev.ItemChanged(system=item.system, id=item.id, state=command.state, text=text)
        )
    return [*events, *_follow_item(case, item, command.state)]


def _follow_mirror(case: Case, item: WorkItem, state: str) -> Events:
    """A member who moves the mirror in its tool moves the ticket, where the flow lets them."""
    mirror = case.desk.backlog.mirror if case.desk.backlog else None
    if mirror is None or not item.mirror or not case.actor.is_staff:
        return []
    wanted = [to for to, name in mirror.states.items() if name == state]
    if case.ticket.state in wanted:
        return []
    for to in wanted:
        try:
            return move(case, cm.Move(command="move", to=to))
        except Refused:
            continue  # the work note tells of it; the flow stays the flow
    return []


def _follow_item(case: Case, item: WorkItem, state: str) -> Events:
    backlog = case.desk.backlog
    if backlog is None or not state:
        return []
    if item.mirror:
        return [] if state == item.state else _follow_mirror(case, item, state)
    if state in backlog.deployed_states and has_slot(case):
        return deployed(case)  # a fact, whoever moved the item there
    others = [i.state for i in case.ticket.work_items if not i.mirror and i.id != item.id]
    left = {state, *others}.difference(backlog.dropped_states)
    # All that was dropped was not done: people decide what becomes of the ticket.
    if left and left.issubset(backlog.done_states):
        return follow(case, Trigger.ITEM_DONE)
    return []


def build_reported(case: Case, command: cm.BuildReported) -> Events:
    """How the refresh of pre-production went, as a work note."""
    result = command.result or "running"
    build = f"build {command.build}" if command.build else "build"  # no number before it starts
    text = f"{command.job} {build}: {result}"
    return [
        ev.BuildSeen(job=command.job, build=command.build, result=command.result, url=command.url),
        ev.Noted(text=text, automatic=True),
    ]


def delivery_failed(case: Case, command: cm.DeliveryFailed) -> Events:
    """Staff must know that somebody was not reached."""
    del case
    return [ev.Noted(text=command.text, automatic=True)]


def remark(case: Case, command: cm.Remark) -> Events:
    """A work note that no person wrote."""
    del case
    return [ev.Noted(text=command.text, automatic=True)]

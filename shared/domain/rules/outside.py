"""What vendors report back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from shared.domain import commands as cm
from shared.domain import events as ev
from shared.domain.desk import Backlog
from shared.domain.errors import Refused
from shared.domain.flow import Trigger
from shared.domain.item_effects import GONE
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
    if item is None or command.state == item.state == GONE:
        return []
    events: Events = []
    alert = _alert(case, item, command.state)
    followed, refusal = _follow_mirror(case, item, command.state)
    if command.public:
        events.append(ev.Replied(text=command.text, via=command.system))
    elif command.text or command.state or command.moved_to:
        events.append(
            ev.ItemChanged(
                system=item.system,
                id=item.id,
                state=(refusal and _state_of_mirror(case)) or command.state,
                text=(command.text or _done_there(item, command)) + _set_back(refusal),
                alert=alert,
                moved_to=command.moved_to,
                url=item.url.removesuffix(item.id) + command.moved_to if command.moved_to else "",
                put_back=bool(refusal),
            )
        )
    if alert == "reopened":
        return [*events, *follow(case, Trigger.ITEM_REOPENED)]
    return [*events, *followed, *_follow_item(case, item, command.state)]


def _set_back(refusal: str) -> str:
    return f". The ticket cannot follow, and the item is set back: {refusal}" if refusal else ""


def _done_there(item: WorkItem, command: cm.ItemReported) -> str:
    done = (
        f"moved it, and it is {command.moved_to} now" if command.moved_to else "",
        f"set the state to {command.state}" if command.state else "",
    )
    return f"{item.kind} {item.id}: {command.by or 'somebody'} {'; '.join(filter(None, done))}"


def _alert(case: Case, item: WorkItem, state: str) -> Literal["", "reopened", "dropped"]:
    """Whether the item's new state takes from the ticket what it counted on (`ItemChanged`)."""
    backlog = case.desk.backlog
    if backlog is None or not state or item.mirror or case.ticket.merged_into:
        return ""
    others = _states_beside(case, item)
    was, now = (_standing(backlog, [one, *others]) for one in (item.state, state))
    if was == now:
        return ""
    if now == "dropped":
        return "" if case.state.has_ended else "dropped"
    brought = {auto.to for auto in case.type.auto if auto.on is Trigger.ITEM_DONE}
    counted = case.state.has_ended or case.ticket.state in brought
    return "reopened" if now == "open" and counted else ""


def _states_beside(case: Case, item: WorkItem) -> list[str]:
    """The states of the ticket's other items."""
    return [i.state for i in case.ticket.work_items if not i.mirror and i.id != item.id]


def _standing(backlog: Backlog, states: Iterable[str]) -> Literal["open", "done", "dropped"]:
    """What the states of a ticket's items come to: dropped ones do not count beside others."""
    left = set(states).difference(backlog.dropped_states, {GONE})
    if not left:
        return "dropped"
    return "done" if left.issubset(backlog.done_states) else "open"


def _follow_mirror(case: Case, item: WorkItem, state: str) -> tuple[Events, str]:
    """A member who moves the mirror in its tool moves the ticket, where the flow lets them.

    Else why it does not: then the flow stays the flow, and the mirror goes back. What others and
    machines do to the mirror is left alone, so that no machine and Docket undo each other for ever.
    """
    mirror = case.desk.backlog.mirror if case.desk.backlog else None
    if mirror is None or not item.mirror or not case.actor.is_staff:
        return [], ""
    wanted = [to for to, name in mirror.states.items() if name == state]
    refusals = []
    for to in wanted if case.ticket.state not in wanted else ():
        try:
            return move(case, cm.Move(command="move", to=to)), ""
        except Refused as error:
            refusals.append(str(error))
    return [], next(iter(refusals), "")


def _state_of_mirror(case: Case) -> str:
    """How the ticket's state is called on its mirror, '' where the desk names none."""
    mirror = case.desk.backlog.mirror if case.desk.backlog else None
    return mirror.states.get(case.ticket.state, "") if mirror else ""


def _follow_item(case: Case, item: WorkItem, state: str) -> Events:
    backlog = case.desk.backlog
    if backlog is None or not state or item.mirror:
        return []
    if state in backlog.deployed_states and has_slot(case):
        return deployed(case)  # a fact, whoever moved the item there
    # All that was dropped was not done: people decide what becomes of the ticket.
    if _standing(backlog, [state, *_states_beside(case, item)]) == "done":
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

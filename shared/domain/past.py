"""What a ticket was when something happened to it: states are named by the type of that time.

And what it is though its type or state was taken out of the desk's file since.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shared.domain import events as ev
from shared.domain.desk import Desk, RequestType
from shared.domain.flow import Category, State
from shared.domain.sla import open_span
from shared.domain.ticket import Ticket


def typed(history: Sequence[ev.Recorded], type_now: str) -> Iterable[tuple[ev.Recorded, str]]:
    """Each event with the type that the ticket had just before it; any end of a history will do."""
    found: list[tuple[ev.Recorded, str]] = []
    kind = type_now
    for recorded in reversed(history):
        if isinstance(recorded.event, ev.TypeSet):
            kind = recorded.event.frm
        found.append((recorded, kind))
    return reversed(found)


def state_of(desk: Desk, type_id: str, state_id: str) -> State | None:
    """The state in that type's flow; where the desk has it there no more, in any flow's."""
    flows = [desk.types[type_id]] if type_id in desk.types else []
    found = (flow.by_id.get(state_id) for flow in (*flows, *desk.request_types))
    return next((state for state in found if state is not None), None)


def type_of(desk: Desk, ticket: Ticket) -> RequestType:
    """The ticket's type with the ticket's state in it.

    Where the desk's file has lost either there is a stand-in, so that the ticket can be read,
    listed, delivered and archived. Its clocks tell what the state was; one that has ended is
    closed, since no flow leads on from there.
    """
    if open_span(ticket.facts.ended):
        category = Category.CLOSED
    elif open_span(ticket.facts.pauses):
        category = Category.WAITING
    else:
        category = Category.ACTIVE
    return _with_state(desk, ticket.type, ticket.state, category)


def lost(desk: Desk, ticket: Ticket) -> str:
    """What of the ticket's flow the desk's file does not have any more, '' when it is whole."""
    kind = desk.types.get(ticket.type)
    if kind is None:
        return f"request type {ticket.type} is no longer part of this desk"
    if ticket.state not in kind.by_id:
        return f"state {ticket.state} is no longer part of request type {kind.id}"
    return ""


def type_listed(desk: Desk, type_id: str, state_id: str) -> RequestType:
    """The same for a ticket in a list, of which less is known."""
    found = state_of(desk, type_id, state_id)
    return _with_state(desk, type_id, state_id, found.category if found else Category.ACTIVE)


def _with_state(desk: Desk, type_id: str, state_id: str, category: Category) -> RequestType:
    kind = desk.types.get(type_id)
    if kind is not None and state_id in kind.by_id:
        return kind
    known = state_of(desk, type_id, state_id)
    state = State(
        id=state_id,
        name=known.name if known else {"en": _readable(state_id)},
        category=category,
        pauses_clock=category is Category.WAITING,
        public_name=known.public_name if known else None,
    )
    if kind is None:
        name = {"en": _readable(type_id)}
        return RequestType(id=type_id, name=name, initial_state=state_id, states=(state,), moves=())
    own = {field: getattr(kind, field) for field in RequestType.model_fields}
    return RequestType.model_validate(own | {"states": (*kind.states, state)})


def _readable(name: str) -> str:
    return name.replace("_", " ").capitalize()

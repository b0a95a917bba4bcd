"""What a ticket was when something happened to it: states are named by the type of that time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shared.domain import events as ev
from shared.domain.desk import Desk
from shared.domain.flow import State


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

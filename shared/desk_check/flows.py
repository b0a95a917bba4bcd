"""Whether a request type's flow leads anywhere, and only where it may."""

from __future__ import annotations

from collections.abc import Iterator

from shared.desk_check.found import Place, Problem, unknown
from shared.domain.desk import Desk, RequestType
from shared.domain.flow import Category, Column, Need, Trigger

_BOARD_TRIGGERS = {
    Trigger.ACCEPTED: Column.READY,
    Trigger.PULLED: Column.IN_PROGRESS,
    Trigger.DEPLOYED: Column.DEPLOYED,
}
_DECISIONS = frozenset({Trigger.NOT_OUR_PROBLEM, Trigger.BUG_OR_FEATURE, Trigger.PROCEED})


def flow_problems(desk: Desk) -> Iterator[Problem]:
    """All of the desk's flows."""
    for number, kind in enumerate(desk.request_types):
        place: Place = ("request_types", number)
        broken = list(_references(kind, place))
        yield from broken
        yield from _roles(desk, kind, place)
        yield from _needs(desk, kind, place)
        yield from _board(desk, kind, place)
        if not broken:
            yield from _merging(kind, place)
            yield from _reach(kind, place)
            yield from _exits(desk, kind, place)


def _references(kind: RequestType, place: Place) -> Iterator[Problem]:
    what, known = f"state of {kind.id}", kind.by_id
    if kind.initial_state not in known:
        yield unknown((*place, "initial_state"), kind.initial_state, what, known)
    for here, sources, to in _ends(kind):
        if to not in known:
            yield unknown((*place, *here, "to"), to, what, known)
        for n, state in enumerate(sources):
            if state not in known:
                yield unknown((*place, *here, "from", n), state, what, known)
            elif state == to:
                yield Problem((*place, *here, "from", n), f"leads from {state} to itself")


def _ends(kind: RequestType) -> Iterator[tuple[Place, tuple[str, ...], str]]:
    for number, move in enumerate(kind.moves):
        yield ("moves", number), move.from_, move.to
    for number, auto in enumerate(kind.auto):
        yield ("auto", number), auto.from_ if auto.from_ != "*" else (), auto.to


def _roles(desk: Desk, kind: RequestType, place: Place) -> Iterator[Problem]:
    held = {role for member in desk.people for role in member.roles}
    for number, move in enumerate(kind.moves):
        here = (*place, "moves", number, "roles")
        if not move.roles:
            yield Problem(here, "name at least one role that may do this")
        elif not move.roles & held:
            names = ", ".join(sorted(move.roles))
            yield Problem(here, f"nobody on this desk is {names}, so nobody can do this")


def _needs(desk: Desk, kind: RequestType, place: Place) -> Iterator[Problem]:
    triggers = {auto.on for auto in kind.auto}
    deciders = any(desk.members_with(role) for role in desk.roles_that_decide)
    for number, move in enumerate(kind.moves):
        here = (*place, "moves", number, "needs")
        if Need.DECISION in move.needs and not (triggers & _DECISIONS and deciders):
            yield Problem(here, f"a decision is needed, but nothing in {kind.id} can be decided")
        if Need.CHANGES_DONE in move.needs and not any(t.data_changes for t in desk.request_types):
            yield Problem(here, "changes_done is needed, but no type here has data_changes")


def _board(desk: Desk, kind: RequestType, place: Place) -> Iterator[Problem]:
    columns = {state.id: state.board for state in kind.states}
    has_board = any(columns.values())
    if has_board and not kind.third_line:
        yield Problem((*place, "states"), "board columns need third_line: true on the type")
    if kind.third_line and desk.third_line is None:
        yield Problem((*place, "third_line"), "the desk has no third_line with a rota")
    if kind.third_line and not has_board:
        yield Problem((*place, "third_line"), "no state of this type has a board column")
    for number, move in enumerate(kind.moves):
        if columns.get(move.to) not in (None, Column.TRIAGE):
            yield Problem(
                (*place, "moves", number, "to"),
                f"{move.to} is a column of the third-line board: only accepted, pulled and "
                "deployed (under auto) may lead there",
            )
    yield from _board_autos(kind, place, columns)


def _merging(kind: RequestType, place: Place) -> Iterator[Problem]:
    for number, auto in enumerate(kind.auto):
        if auto.on is Trigger.MERGED and kind.state(auto.to).category is not Category.CLOSED:
            yield Problem((*place, "auto", number, "to"), "merged must lead to a closed state")


def _board_autos(
    kind: RequestType, place: Place, columns: dict[str, Column | None]
) -> Iterator[Problem]:
    for number, auto in enumerate(kind.auto):
        here = (*place, "auto", number, "to")
        wanted, column = _BOARD_TRIGGERS.get(auto.on), columns.get(auto.to)
        if wanted is not None and column is not wanted:
            yield Problem(here, f"{auto.on} must lead to a state with board: {wanted}")
        if wanted is None and column not in (None, Column.TRIAGE):
            yield Problem(here, f"{auto.on} cannot lead to the board column {column}")


def _edges(kind: RequestType) -> Iterator[tuple[str, str]]:
    for move in kind.moves:
        yield from ((state, move.to) for state in move.from_)
    for auto in kind.auto:
        if auto.on is Trigger.MERGED:
            continue  # it ends a ticket that goes on elsewhere, and is no way for the others
        sources = tuple(kind.by_id) if auto.from_ == "*" else auto.from_
        yield from ((state, auto.to) for state in sources if state != auto.to)


def _reach(kind: RequestType, place: Place) -> Iterator[Problem]:
    edges = list(_edges(kind))
    reached, waiting = {kind.initial_state}, [kind.initial_state]
    while waiting:
        here = waiting.pop()
        fresh = {to for source, to in edges if source == here} - reached
        reached |= fresh
        waiting.extend(fresh)
    for number, state in enumerate(kind.states):
        if state.id not in reached:
            yield Problem((*place, "states", number), f"no move leads to {state.id}")


def _exits(desk: Desk, kind: RequestType, place: Place) -> Iterator[Problem]:
    """From every state a closed one can be reached, by people or by itself."""
    edges = list(_edges(kind))
    good = {state.id for state in kind.states if state.category is Category.CLOSED}
    if not good:
        yield Problem((*place, "states"), f"{kind.id} has no state of category closed")
        return
    while fresh := {source for source, to in edges if to in good} - good:
        good |= fresh
    for number, state in enumerate(kind.states):
        if state.id not in good:
            yield Problem((*place, "states", number), f"{state.id} is a dead end: no way to closed")
    if desk.backlog is None:
        for number, auto in enumerate(kind.auto):
            if auto.on in (Trigger.ITEM_DONE, Trigger.ITEM_REOPENED):
                yield Problem((*place, "auto", number, "on"), f"{auto.on} needs a backlog")

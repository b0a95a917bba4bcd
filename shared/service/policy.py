"""A change of a desk's rules is applied to every open ticket once.

The row `policy` says which version of the rules was applied last. While the desk's differs, each
run of a timer looks at some of the open list's rows, from where the run before stopped, until a
walk through the whole list has changed nothing: a ticket that fails each time is left to the log.
Then it walks once through the ended tickets: what was promised on them is settled, but those that
are resolved may close earlier or later now.
"""

from __future__ import annotations

import logging

from shared.domain import commands as cm
from shared.domain.desk import Desk
from shared.domain.errors import Conflict, Unknown
from shared.domain.flow import Category
from shared.domain.people import SYSTEM, Frozen
from shared.ports import Insert, Replace, Row, Write
from shared.service import layout as ly
from shared.service import store
from shared.service.deps import Deps
from shared.service.handle import Order, handle, load
from shared.service.sweep import each

log = logging.getLogger(__name__)
ROWS = 1000  # of the open list that one run reads
TICKETS = 300  # that one run counts again
_ENDED = "closed|"


class Applied(Frozen):
    """How far the desk's rules have been applied. `cursor`: '' before and after a walk.

    A cursor among the `closed|` rows says that the walk through the open ones is over.
    """

    version: str = ""  # of the rules that all open tickets follow
    walking: str = ""  # the version that is being applied
    cursor: str = ""
    counted: int = 0  # tickets that this walk has counted again, or may if it comes again


async def apply_policy(deps: Deps, desk: Desk) -> int:
    """Counts some tickets again if the desk's rules changed; how many. One call if they did not."""
    row = await deps.rows.get(desk.id, ly.POLICY)
    state = Applied.model_validate_json(row.body) if row else Applied()
    version = desk.policy_version
    if state.version == version:
        return 0
    if state.walking != version:
        state = Applied(version=state.version, walking=version)
    if state.cursor.startswith(_ENDED):
        state, done = await _time_ended(deps, desk, state)
    else:
        state, done = await _count_open(deps, desk, state)
    await _keep(deps, desk, row, state)
    return done


async def _count_open(deps: Deps, desk: Desk, state: Applied) -> tuple[Applied, int]:
    """A step through the open list; at its end, the first step through the ended tickets."""
    version = desk.policy_version
    rows = await deps.rows.scan(desk.id, state.cursor or "open|", f"open{ly.END}", limit=ROWS)
    old: list[Row] = [r for r in rows if ly.Summary.model_validate_json(r.body).policy != version]
    batch = old[:TICKETS]

    unchanged: list[str] = []

    async def count_again(row: Row) -> None:
        order = Order(_number(row), (cm.TimePassed(speaks=False),), SYSTEM)
        loaded = await load(deps, desk, order)
        if await handle(deps, order, loaded) is loaded:
            unchanged.append(row.key)

    failed = await each(batch, count_again, _number)
    counted = len(batch) - len(failed) - len(unchanged)
    if len(old) > TICKETS:
        state = _at(state, batch[-1].key, counted)
    elif len(rows) == ROWS:
        state = _at(state, rows[-1].key, counted)
    elif state.counted or counted:  # what people changed meanwhile may stand before the cursor
        state = Applied(version=state.version, walking=version)
    else:
        return await _time_ended(deps, desk, state.model_copy(update={"cursor": _ENDED}))
    return state, counted


async def _time_ended(deps: Deps, desk: Desk, state: Applied) -> tuple[Applied, int]:
    """A step through the ended tickets: when the clock looks at each resolved one next."""
    rows = await deps.rows.scan(desk.id, state.cursor, f"closed{ly.END}", limit=ROWS)
    resolved = [row for row in rows if _is_resolved(desk, row)]
    batch = resolved[:TICKETS]
    changed: list[str] = []

    async def time(row: Row) -> None:
        loaded = await store.load(deps.rows, desk.id, _number(row))
        now, threads = deps.clock.now(), loaded.row.threads
        timed, writes = store.indexed(desk, loaded, loaded.ticket, now, threads)
        if timed.due != loaded.row.due:
            await deps.rows.commit(desk.id, writes)
            changed.append(row.key)

    await each(batch, time, _number)
    if len(resolved) > TICKETS:
        return _at(state, batch[-1].key, len(batch)), len(changed)
    if len(rows) == ROWS:
        return _at(state, rows[-1].key, len(batch)), len(changed)
    return Applied(version=desk.policy_version), len(changed)


def _is_resolved(desk: Desk, row: Row) -> bool:
    """Whether it may still close by itself; types and states may have gone meanwhile."""
    summary = ly.Summary.model_validate_json(row.body)
    kind = desk.types.get(summary.type)
    state = kind.by_id.get(summary.state) if kind else None
    return state is not None and state.category is Category.RESOLVED


def _number(row: Row) -> str:
    return row.key.rpartition("|")[2]


def _at(state: Applied, key: str, more: int) -> Applied:
    return state.model_copy(update={"cursor": f"{key} ", "counted": state.counted + more})


async def _keep(deps: Deps, desk: Desk, row: Row | None, state: Applied) -> None:
    body = ly.body(state)
    write: Write = Replace(ly.POLICY, body, row.etag) if row else Insert(ly.POLICY, body)
    try:
        await deps.rows.commit(desk.id, [write])
    except (Conflict, Unknown):
        log.info("another run applies the desk's rules", extra={"desk": desk.id})

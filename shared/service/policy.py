"""A change of a desk's rules is applied to every open ticket once.

The row `policy` says which version of the rules was applied last. While the desk's differs, each
run of a timer looks at some of the open list's rows, from where the run before stopped, until a
walk through the whole list has found nothing to do.
"""

from __future__ import annotations

import logging

from shared.domain import commands as cm
from shared.domain.desk import Desk
from shared.domain.errors import Conflict, Unknown
from shared.domain.people import SYSTEM, Frozen
from shared.ports import Insert, Replace, Row, Write
from shared.service import layout as ly
from shared.service.deps import Deps
from shared.service.handle import Order, handle
from shared.service.sweep import each

log = logging.getLogger(__name__)
ROWS = 1000  # of the open list that one run reads
TICKETS = 300  # that one run counts again


class Applied(Frozen):
    """How far the desk's rules have been applied. `cursor`: '' before and after a walk."""

    version: str = ""  # of the rules that all open tickets follow
    walking: str = ""  # the version that is being applied
    cursor: str = ""
    counted: int = 0  # tickets that this walk through the list has counted again


async def apply_policy(deps: Deps, desk: Desk) -> int:
    """Counts some tickets again if the desk's rules changed; how many. One call if they did not."""
    row = await deps.rows.get(desk.id, ly.POLICY)
    state = Applied.model_validate_json(row.body) if row else Applied()
    version = desk.policy_version
    if state.version == version:
        return 0
    if state.walking != version:
        state = Applied(version=state.version, walking=version)
    rows = await deps.rows.scan(desk.id, state.cursor or "open|", f"open{ly.END}", limit=ROWS)
    old: list[Row] = [r for r in rows if ly.Summary.model_validate_json(r.body).policy != version]
    batch = old[:TICKETS]

    async def count_again(row: Row) -> None:
        command = cm.TimePassed(speaks=False)
        await handle(deps, Order(_number(row), (command,), SYSTEM))

    await each(batch, count_again, _number)
    if len(old) > TICKETS:
        state = _at(state, batch[-1].key, len(batch))
    elif len(rows) == ROWS:
        state = _at(state, rows[-1].key, len(batch))
    elif (
        state.counted or batch
    ):  # what people changed meanwhile may have moved to before the cursor
        state = Applied(version=state.version, walking=version)
    else:
        state = Applied(version=version)
    await _keep(deps, desk, row, state)
    return len(batch)


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

"""`python -m shared.flow_docs`: writes docs/flows.md from the desks' own definitions."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from shared.config import load_desks
from shared.domain.desk import Desk, RequestType
from shared.domain.flow import AutoMove, Column, Move, Need, State, Trigger
from shared.domain.people import Role
from shared.domain.words import say

TRIGGERS = {
    Trigger.CLIENT_REPLIED: "the client answers",
    Trigger.REOPENED: "the client answers after the end",
    Trigger.NOT_OUR_PROBLEM: "triage: not our problem",
    Trigger.BUG_OR_FEATURE: "triage: bug or feature request",
    Trigger.PROCEED: "triage: proceed",
    Trigger.ITEM_DONE: "its backlog items are done",
    Trigger.ITEM_REOPENED: "a finished backlog item is open again",
    Trigger.ACCEPTED: "accepted on the board",
    Trigger.PULLED: "pulled on the board",
    Trigger.DEPLOYED: "deployed to development",
    Trigger.AUTO_CLOSE: "resolved for long enough",
    Trigger.MERGED: "merged into another ticket",
}
NEEDS = {
    Need.RESOLUTION_NOTE: "the steps stand in a work note",
    Need.CHANGES_DONE: "no data change is half way",
    Need.ASSIGNEE: "somebody is assigned",
    Need.DECISION: "the triage is decided",
}
COLUMNS = {
    Column.TRIAGE: "Triage",
    Column.READY: "Ready for sprint",
    Column.IN_PROGRESS: "In progress",
    Column.DEPLOYED: "deployed, which frees the slot",
}
_INTRO = """\
# Process flows

Written by `python -m shared.flow_docs` from `desks/*/desk.yaml`; change those instead of this page.
Solid arrows are moves that people make, dotted ones follow by themselves. Grey states stop the
resolution clock.
"""


def flow_docs(desks: dict[str, Desk]) -> str:
    """The whole page, in Markdown."""
    parts = [_INTRO]
    for desk in desks.values():
        parts.append(f"## {say(desk.name, 'en')} (`{desk.id}`)\n")
        parts.extend("\n".join(_section(kind)) for kind in desk.request_types)
    return "\n".join(parts)


def _section(kind: RequestType) -> Iterator[str]:
    yield f"### {say(kind.name, 'en')} (`{kind.id}`)\n"
    if kind.description:
        yield f"*{say(kind.description, 'en')}*\n"
    if kind.purpose:
        yield f"{kind.purpose.strip()}\n"
    yield "```mermaid"
    yield from diagram(kind)
    yield "```\n"
    yield from _table_of_moves(kind)
    yield ""
    yield from _table_of_autos(kind)
    yield ""
    yield from _traits(kind)


def diagram(kind: RequestType) -> Iterator[str]:
    """The flow as lines of a Mermaid flowchart (https://mermaid.js.org/syntax/flowchart.html)."""
    yield "flowchart TD"
    for state in kind.states:
        yield f"  {_node(state)}"
    for move in kind.moves:
        label = _quoted(say(move.name, "en")) if move.name else ""
        arrow = f'-->|"{label}"|' if label else "-->"
        for source in move.from_:
            yield f"  s_{source} {arrow} s_{move.to}"
    for auto in kind.auto:
        for source in (
            auto.from_ if auto.from_ != "*" else ()
        ):  # the table has it; it hides the rest
            yield f'  s_{source} -.->|"{TRIGGERS[auto.on]}"| s_{auto.to}'
    yield "  classDef pausing fill:#e6e8eb,stroke:#6b7680,color:#1b2733"
    paused = [f"s_{state.id}" for state in kind.states if state.pauses_clock]
    if paused:
        yield f"  class {','.join(paused)} pausing"


def _node(state: State) -> str:
    name = _quoted(say(state.name, "en"))
    return f's_{state.id}(["{name}"])' if state.has_ended else f's_{state.id}["{name}"]'


def _quoted(text: str) -> str:
    return text.replace('"', "#quot;")


def _sources(kind: RequestType, auto: AutoMove) -> tuple[str, ...]:
    if auto.from_ != "*":
        return auto.from_
    return tuple(state for state in kind.by_id if state != auto.to)


def _table_of_moves(kind: RequestType) -> Iterator[str]:
    yield "| Move | From | To | Who | Only when |"
    yield "|---|---|---|---|---|"
    for move in kind.moves:
        cells = (
            say(move.name, "en") if move.name else "",
            _names(kind, move.from_),
            _names(kind, (move.to,)),
            _roles(move),
            "; ".join(NEEDS[need] for need in sorted(move.needs)),
        )
        yield _row(cells)


def _table_of_autos(kind: RequestType) -> Iterator[str]:
    yield "| By itself, when | From | To |"
    yield "|---|---|---|"
    for auto in kind.auto:
        yield _row(
            (TRIGGERS[auto.on], _names(kind, _sources(kind, auto)), _names(kind, (auto.to,)))
        )


def _row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _names(kind: RequestType, states: tuple[str, ...]) -> str:
    return ", ".join(say(kind.state(state).name, "en") for state in states)


def _roles(move: Move) -> str:
    return ", ".join(role.replace("_", " ") for role in Role if role in move.roles)


def _traits(kind: RequestType) -> Iterator[str]:
    seen = {
        say(s.name, "en"): say(s.public_name, "en")
        for s in kind.states
        if s.public_name is not None
    }
    if seen:
        said = "; ".join(f"{name} as “{public}”" for name, public in seen.items())
        yield f"Clients read {said}.\n"
    columns = [f"{say(s.name, 'en')}: {COLUMNS[s.board]}" for s in kind.states if s.board]
    if columns:
        yield f"On the third-line board: {'; '.join(columns)}.\n"


def main() -> int:
    """Writes the page."""
    page = flow_docs(load_desks(Path("desks")))
    Path("docs/flows.md").write_text(page, encoding="utf-8")
    sys.stdout.write("docs/flows.md is written\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

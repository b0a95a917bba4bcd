"""A flow as a drawing: layers from top to bottom, our own SVG, styled by the page."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from markupsafe import Markup

from shared.domain.flow import Category, Flow, State
from shared.domain.words import say

WIDE, HIGH = 168, 46  # a state's box
ACROSS, DOWN = 42, 40  # space between boxes
EDGE = 74  # room at both sides for moves that skip layers or lead back
_RANK = {
    Category.NEW: 0,
    Category.ACTIVE: 1,
    Category.WAITING: 1,
    Category.RESOLVED: 2,
    Category.CLOSED: 3,
}


@dataclass(frozen=True)
class Place:
    """Where a state stands: its layer, and the top left corner of its box."""

    layer: int
    x: float
    y: float


def _depths(flow: Flow) -> dict[str, int]:
    """Steps from the first state along people's moves, then along what follows by itself."""
    depths = {flow.initial_state: 0}
    for automatic in (False, True):
        queue = deque(sorted(depths, key=lambda state_id: depths[state_id]))
        while queue:
            here = queue.popleft()
            for frm, to, is_auto in arrows(flow):
                if frm == here and to not in depths and is_auto <= automatic:
                    depths[to] = depths[here] + 1
                    queue.append(to)
    return depths


def arrows(flow: Flow) -> list[tuple[str, str, bool]]:
    """(from, to, whether it follows by itself), each pair once, people's moves first.

    What follows from any state would hide the rest; the table of moves has it.
    """
    found: dict[tuple[str, str], bool] = {}
    for move in flow.moves:
        for frm in move.from_:
            found.setdefault((frm, move.to), False)
    for auto in flow.auto:
        for frm in auto.from_ if auto.from_ != "*" else ():
            if frm != auto.to:
                found.setdefault((frm, auto.to), True)
    return [(frm, to, is_auto) for (frm, to), is_auto in found.items()]


def layers(flow: Flow) -> list[list[State]]:
    """States that stand beside each other: by what they mean, then by how far they are."""
    depths = _depths(flow)
    groups: dict[tuple[int, int], list[State]] = {}
    for state in flow.states:
        rank = _RANK[state.category]
        far = depths.get(state.id, len(flow.states)) if rank == 1 else 0
        groups.setdefault((rank, far), []).append(state)
    return [groups[key] for key in sorted(groups)]


def _places(rows: list[list[State]]) -> tuple[dict[str, Place], float, float]:
    widest = max(len(row) for row in rows)
    inner = widest * WIDE + (widest - 1) * ACROSS
    found: dict[str, Place] = {}
    for layer, row in enumerate(rows):
        used = len(row) * WIDE + (len(row) - 1) * ACROSS
        for index, state in enumerate(row):
            x = EDGE + (inner - used) / 2 + index * (WIDE + ACROSS)
            found[state.id] = Place(layer, x, 8 + layer * (HIGH + DOWN))
    return found, inner + 2 * EDGE, 16 + len(rows) * HIGH + (len(rows) - 1) * DOWN


def _path(frm: Place, to: Place, width: float, lane: int) -> str:
    """A curve: straight down to the next layer, at the nearer side past layers, at the left up."""
    if to.layer == frm.layer + 1:
        x1, x2 = frm.x + WIDE / 2, to.x + WIDE / 2
        y1, y2 = frm.y + HIGH, to.y
        return f"M{x1:g} {y1:g} C{x1:g} {y1 + DOWN / 2:g} {x2:g} {y2 - DOWN / 2:g} {x2:g} {y2:g}"
    if to.layer == frm.layer:
        return _beside(frm, to)
    goes_down = to.layer > frm.layer
    is_right = goes_down and frm.x + WIDE / 2 >= width / 2 - 1
    inset = 10 + 12 * (lane % 5)
    edge = width - inset if is_right else inset
    x1, x2 = (frm.x + WIDE, to.x + WIDE) if is_right else (frm.x, to.x)
    shift = (5 if goes_down else -5) * (1 + lane % 3)
    y1, y2 = frm.y + HIGH / 2 + shift, to.y + HIGH / 2 - shift
    return f"M{x1:g} {y1:g} C{edge:g} {y1:g} {edge:g} {y2:g} {x2:g} {y2:g}"


def _beside(frm: Place, to: Place) -> str:
    """Between neighbours a line; past a box between them a bow."""
    side = 1 if to.x > frm.x else -1
    x1, x2 = (frm.x + WIDE, to.x) if side > 0 else (frm.x, to.x + WIDE)
    y = frm.y + HIGH / 2 + side * 7
    if abs(x2 - x1) <= ACROSS:
        return f"M{x1:g} {y:g} L{x2:g} {y:g}"
    x1, x2, y = frm.x + WIDE / 2, to.x + WIDE / 2, frm.y + HIGH
    return f"M{x1:g} {y:g} C{x1:g} {y + DOWN:g} {x2:g} {y + DOWN:g} {x2:g} {y:g}"


def _box(state: State, place: Place, *, is_current: bool) -> Markup:
    name = say(state.name, "en")
    more = " · clock paused" if state.pauses_clock else ""
    kind = f"now · {state.category.value}" if is_current else f"{state.category.value}{more}"
    looks = f"flow-state flow-{state.category.value}" + (" flow-current" if is_current else "")
    middle = place.x + WIDE / 2
    return Markup(
        '<g class="{}"><rect x="{}" y="{}" width="{}" height="{}" rx="8"/>'
        '<text x="{}" y="{}" class="flow-name">{}</text>'
        '<text x="{}" y="{}" class="flow-kind">{}</text></g>'
    ).format(
        looks, f"{place.x:g}", f"{place.y:g}", WIDE, HIGH,
        f"{middle:g}", f"{place.y + 20:g}", name if len(name) <= 24 else f"{name[:23]}…",
        f"{middle:g}", f"{place.y + 36:g}", kind,
    )  # fmt: skip


def draw(flow: Flow, title: str, key: str, current: str = "") -> Markup:
    """The diagram. `key` makes the ids of its parts unique on the page."""
    places, width, height = _places(layers(flow))
    parts = [
        Markup(
            '<svg class="flow" role="img" aria-label="{}" viewBox="0 0 {} {}" width="{}" '
            'height="{}"><defs><marker id="arrow-{}" viewBox="0 0 8 8" refX="7" refY="4" '
            'markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z"/>'
            "</marker></defs>"
        ).format(title, f"{width:g}", f"{height:g}", f"{width:g}", f"{height:g}", key)
    ]
    for lane, (frm, to, is_auto) in enumerate(arrows(flow)):
        looks = "flow-move flow-auto" if is_auto else "flow-move"
        path = _path(places[frm], places[to], width, lane)
        parts.append(
            Markup('<path class="{}" d="{}" marker-end="url(#arrow-{})"><title>{}</title></path>')
            .format(looks, path, key, f"{_name(flow, frm)} to {_name(flow, to)}")
        )  # fmt: skip
    parts += [_box(s, places[s.id], is_current=s.id == current) for s in flow.states]
    return Markup("").join([*parts, Markup("</svg>")])


def _name(flow: Flow, state_id: str) -> str:
    return say(flow.state(state_id).name, "en")

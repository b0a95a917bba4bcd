"""Charts as inline SVG, made on the server: bars with their numbers, not by colour alone.

The page's style sheet colours the classes `s0` to `s6`; each series also has its own pattern of
edges, its name in the legend and its number at the bar.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

WIDE = 720
LABEL = 240  # room for the names at the left
NAME = 34  # characters that fit there
BAR, GAP = 20, 8
LEGEND, IN_A_ROW = 24, 4  # height of a row of the legend, and its entries
PLOT = WIDE - LABEL - 56  # room for the number at the right


@dataclass(frozen=True)
class Series:
    """One kind of number, for each of the chart's labels."""

    name: str
    values: Sequence[float]


def bars(title: str, labels: Sequence[str], series: Sequence[Series], unit: str = "") -> Markup:
    """Horizontal bars, the series stacked in each; '' when there is nothing to show."""
    totals = [sum(s.values[n] for s in series) for n in range(len(labels))]
    most = max(totals, default=0)
    if not most:
        return Markup("")
    top = LEGEND * -(-len(series) // IN_A_ROW) + 4 if len(series) > 1 else 4
    height = top + len(labels) * (BAR + GAP)
    parts = [_legend(series)] if len(series) > 1 else []
    for n, label in enumerate(labels):
        y = top + n * (BAR + GAP)
        parts.append(_bar(label, y, [s.values[n] for s in series], most, unit))
    shape = Markup(
        '<svg class="chart" role="img" aria-label="{}" viewBox="0 0 {} {}" width="{}" height="{}">'
    ).format(f"{title}. The table below says the same.", WIDE, height, WIDE, height)
    return shape + Markup("").join(parts) + Markup("</svg>")


def _bar(label: str, y: int, values: Sequence[float], most: float, unit: str) -> Markup:
    parts = [
        Markup('<text class="name" x="{}" y="{}" text-anchor="end">{}</text>').format(
            LABEL - 8, y + 15, label if len(label) <= NAME else f"{label[: NAME - 1]}…"
        )
    ]
    x = float(LABEL)
    for index, value in enumerate(values):
        width = PLOT * value / most
        if not value:
            continue
        parts.append(
            Markup('<rect class="s{}" x="{}" y="{}" width="{}" height="{}"/>').format(
                index % 7, f"{x:.1f}", y, f"{max(width, 1):.1f}", BAR
            )
        )
        if len(values) > 1 and width > 24:
            parts.append(
                Markup('<text class="inside i{}" x="{}" y="{}" text-anchor="middle">{}</text>')
                .format(index % 7, f"{x + width / 2:.1f}", y + 15, f"{value:g}")
            )  # fmt: skip
        x += width
    parts.append(
        Markup('<text class="number" x="{}" y="{}">{}</text>').format(
            f"{x + 6:.1f}", y + 15, f"{round(sum(values), 2):g}{unit}"
        )
    )
    return Markup("").join(parts)


def _legend(series: Sequence[Series]) -> Markup:
    step = (WIDE - 8) // IN_A_ROW
    parts = []
    for index, each in enumerate(series):
        x, y = 8 + index % IN_A_ROW * step, 3 + index // IN_A_ROW * LEGEND
        parts.append(
            Markup(
                '<rect class="s{}" x="{}" y="{}" width="12" height="12"/>'
                '<text class="name" x="{}" y="{}">{}</text>'
            ).format(index % 7, x, y, x + 18, y + 11, each.name)
        )
    return Markup("").join(parts)

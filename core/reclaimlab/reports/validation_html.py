"""A page of the recordings: measured and simulated series of each on one plot, in plain SVG."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Final, NamedTuple

from reclaimlab.reports.validation import TARGET_HEAD, target_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reclaimlab.validate.compare import Result
    from reclaimlab.validate.observation import Observation

WIDTH: Final = 460
HEIGHT: Final = 190
LEFT, RIGHT, TOP, BOTTOM = 58, 10, 26, 34
"""Margins around the plotting area, for titles and numbers of the axes."""
COLOURS: Final = {"measured": "#555555", "simulated": "#0072b2"}
"""Grey and blue: told apart by those who see no red or green, and in print by the dashes."""


class Line(NamedTuple):
    """One series of a plot; ``name`` is a key of COLOURS."""

    name: str
    times_s: Sequence[float]
    values: Sequence[float]


def validation_html(results: Sequence[Result]) -> str:
    """Return one page without references to anything outside it."""
    rows = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>"
        for row in target_rows(results)
    )
    head = "".join(f"<th>{escape(cell)}</th>" for cell in TARGET_HEAD)
    sections = "".join(_section(result) for result in results)
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Recordings and runs</title>
<style>
body {{ font: 14px sans-serif; margin: 2em; max-width: 1450px }}
table {{ border-collapse: collapse }} td, th {{ border: 1px solid #ccc; padding: 3px 8px }}
svg {{ margin: 2px 8px 2px 0 }} h2 {{ margin-bottom: 0 }}
</style></head><body>
<h1>Recordings of real kernels, and what the simulator makes of them</h1>
<table><tr>{head}</tr>{rows}</table>
<p>Grey and dashed: measured. Blue: simulated.</p>
{sections}</body></html>
"""


def _section(result: Result) -> str:
    killed = [_kill(result.measured), _kill(result.simulated)]
    real, ours = result.blocking
    facts = (
        f"{result.kernel}, {result.filesystem}, cgroup {result.cgroup}; killed: measured "
        f"{killed[0]}, simulated {killed[1]}; blocked in: measured {real or 'nothing'}, "
        f"simulated {ours or 'nothing'}"
    )
    plots = "".join(svg_plot(title, unit, lines) for title, unit, lines in series_of(result))
    return f"<h2>{escape(result.run)}</h2><p>{escape(facts)}</p>{plots}\n"


def _kill(seen: Observation) -> str:
    return f"at {seen.killed.span} s" if seen.killed else "never"


def series_of(result: Result) -> Iterable[tuple[str, str, list[Line]]]:
    """Yield the plots of one recording: title, unit and the measured and simulated line."""
    both = {"measured": result.measured, "simulated": result.simulated}

    def lines(values: dict[str, list[float]]) -> list[Line]:
        return [Line(name, both[name].times_s, values[name]) for name in both]

    mib = 1 << 20
    yield (
        "accepted from the writers",
        "MiB",
        lines({name: [value / mib for value in seen.accepted] for name, seen in both.items()}),
    )
    yield (
        "dirty",
        "MiB",
        lines({name: [value / mib for value in seen.dirty] for name, seen in both.items()}),
    )
    yield (
        "under writeback",
        "MiB",
        lines({name: [value / mib for value in seen.writeback] for name, seen in both.items()}),
    )


def ticks(most: float) -> list[float]:
    """Return round numbers from 0 to ``most`` for an axis: three to six, in steps of 1, 2 or 5."""
    decade = 10.0 ** math.floor(math.log10(most))
    step = next(size * decade for size in (0.2, 0.5, 1, 2) if most <= 5 * size * decade)
    return [float(f"{number * step:.12g}") for number in range(int(most / step + 1e-9) + 1)]


def svg_plot(title: str, unit: str, lines: Sequence[Line]) -> str:
    """Return an SVG element: lines over time in seconds, numbered axes, ``unit`` on the ordinate.

    For any report: it knows nothing of recordings but the names of the lines' colours.
    """
    end = max((line.times_s[-1] for line in lines if line.times_s), default=1.0) or 1.0
    top = max((max(line.values, default=0.0) for line in lines), default=1.0) or 1.0
    across, down = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def x(time: float) -> float:
        return LEFT + across * time / end

    def y(value: float) -> float:
        return TOP + down * (1 - value / top)

    drawn = []
    for line in lines:
        points = " ".join(
            f"{x(t):.1f},{y(v):.1f}" for t, v in zip(line.times_s, line.values, strict=True)
        )
        dash = ' stroke-dasharray="5 3"' if line.name == "measured" else ""
        drawn.append(
            f'<polyline fill="none" stroke="{COLOURS[line.name]}" stroke-width="1.4"{dash} '
            f'points="{points}"/>'
        )
    marks = "".join(
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}"'
        f' stroke="#ddd"/><text x="{LEFT - 5}" y="{y(value) + 4:.1f}" text-anchor="end">'
        f"{value:g}</text>"
        for value in ticks(top)
    ) + "".join(
        f'<text x="{x(time):.1f}" y="{HEIGHT - BOTTOM + 15}" text-anchor="middle">{time:g}</text>'
        for time in ticks(end)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        f'font-family="sans-serif" font-size="11" role="img" aria-label="{escape(title)}">'
        f'{marks}{"".join(drawn)}<text x="{LEFT}" y="14" font-weight="bold">{escape(title)} '
        f'({escape(unit)})</text><text x="{WIDTH - RIGHT}" y="{HEIGHT - 4}" text-anchor="end">'
        f"time (s)</text></svg>"
    )

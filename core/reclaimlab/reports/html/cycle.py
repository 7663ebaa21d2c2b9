"""The wait-for cycle of an incident, drawn: a box a member, an arrow to what it waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reclaimlab.reports.html.markup import Markup, tag

if TYPE_CHECKING:
    from collections.abc import Sequence

_BOX_WIDTH: Final = 420
_BOX: Final = 28
_STEP: Final = 54
_LETTERS: Final = 56


def cycle_figure(cycle: Sequence[str], tasks: frozenset[str]) -> Markup:
    """Return the cycle from top to bottom; the last member waits for the first."""
    height = _STEP * len(cycle)
    members = [_member(place, name, name in tasks) for place, name in enumerate(cycle)]
    arrows = [_arrow(place) for place in range(len(cycle) - 1)]
    told = " waits for ".join([*cycle, cycle[0]])
    svg = tag(
        "svg", tag("title", told), *members, *arrows, _back(len(cycle)),
        viewBox=f"0 0 {_BOX_WIDTH + 60} {height}", role="img", class_="cycle",
    )  # fmt: skip
    caption = tag("figcaption", "Wait-for cycle: each waits for the next (rounded: a task)")
    return tag("figure", caption, svg)


def _member(place: int, name: str, is_task: bool) -> Markup:
    y = place * _STEP + 4
    shown = name if len(name) <= _LETTERS else f"{name[: _LETTERS - 3]}..."
    box = tag(
        "rect", x=2, y=y, width=_BOX_WIDTH, height=_BOX, rx=14 if is_task else 0,
        class_="task" if is_task else "resource",
    )  # fmt: skip
    label = tag("text", shown, x=_BOX_WIDTH / 2, y=y + 19, class_="member")
    return tag("g", tag("title", name), box, label)


def _arrow(place: int) -> Markup:
    x, top = _BOX_WIDTH / 2, place * _STEP + 4 + _BOX
    end = (place + 1) * _STEP + 4
    line = tag("line", x1=x, x2=x, y1=top, y2=end - 7, class_="wait")
    return tag("g", line, tag("polygon", points=f"{x - 5},{end - 8} {x + 5},{end - 8} {x},{end}"))


def _back(members: int) -> Markup:
    start, end = (members - 1) * _STEP + 4 + _BOX / 2, 4 + _BOX / 2
    right, far = _BOX_WIDTH + 2, _BOX_WIDTH + 40
    if members == 1:
        start, end = end + 8, end - 6
    path = f"M{right} {start} H{far} V{end} H{right + 8}"
    head = f"{right + 8},{end - 5} {right + 8},{end + 5} {right},{end}"
    return tag("g", tag("path", d=path, class_="wait"), tag("polygon", points=head))

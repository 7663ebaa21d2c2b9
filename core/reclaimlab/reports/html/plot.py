"""The series of all contenders as lines in SVG: axes with units, a few hundred points a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reclaimlab.reports.html.markup import Markup, tag

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reclaimlab.measure.records import Series

WIDTH: Final = 640
HEIGHT: Final = 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 76, 12, 12, 40
_BUCKETS: Final = 150
_COLOURS: Final = 8
Points = list[tuple[int, int]]


def plot(name: str, lines: Mapping[str, Series]) -> Markup:
    """Return one series of several contenders as a figure with a legend."""
    unit = next(iter(lines.values())).unit
    thin = {contender: thinned(each.times_ns, each.values) for contender, each in lines.items()}
    end = max((points[-1][0] for points in thin.values()), default=0) or 1
    values = [value for points in thin.values() for _, value in points]
    low, high = min(0, *values), max(values)
    high = high if high > low else low + 1
    drawn = [_line(points, (end, low, high), place) for place, points in enumerate(thin.values())]
    svg = tag(
        "svg", tag("title", f"{name} over time, {len(lines)} contenders"),
        *_axes(unit, end, low, high), *drawn,
        viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img", class_="plot",
    )  # fmt: skip
    return tag("figure", tag("figcaption", f"{name} ({unit})"), svg, _legend(list(thin)))


def thinned(times: Sequence[int], values: Sequence[int]) -> Points:
    """Return the points of a line with the same outline: least and greatest of each bucket."""
    points = list(zip(times, values, strict=True))
    if len(points) <= 2 * _BUCKETS:
        return points
    kept = [points[0]]
    for place in range(_BUCKETS):
        start, stop = (len(points) * edge // _BUCKETS for edge in (place, place + 1))
        bucket = points[start:stop]
        low, high = min(bucket, key=lambda p: p[1]), max(bucket, key=lambda p: p[1])
        kept += sorted({low, high})
    return [*kept, points[-1]]


def _line(points: Points, frame: tuple[int, int, int], place: int) -> Markup:
    written = " ".join(f"{_x(t, frame[0]):.1f},{_y(v, *frame[1:]):.1f}" for t, v in points)
    return tag("polyline", points=written, class_=_style(place))


def _style(place: int) -> str:
    return f"line c{place % _COLOURS} d{place // _COLOURS % 3}"


def _x(time_ns: int, end: int) -> float:
    return _LEFT + (WIDTH - _LEFT - _RIGHT) * time_ns / end


def _y(value: float, low: int, high: int) -> float:
    return HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * (value - low) / (high - low)


def _axes(unit: str, end: int, low: int, high: int) -> Iterator[Markup]:
    for share in (0.0, 0.5, 1.0):
        value = low + (high - low) * share
        y = f"{_y(value, low, high):.1f}"
        yield tag("line", x1=_LEFT, x2=WIDTH - _RIGHT, y1=y, y2=y, class_="grid")
        yield tag("text", short(value), x=_LEFT - 6, y=y, class_="tick y")
        x = f"{_x(round(end * share), end):.1f}"
        yield tag("text", f"{end * share / 1e9:.3g}", x=x, y=HEIGHT - _BOTTOM + 16, class_="tick x")
    middle = (WIDTH + _LEFT - _RIGHT) / 2
    yield tag("text", "simulated time (s)", x=middle, y=HEIGHT - 6, class_="tick x")
    yield tag(
        "text", unit, x=0, y=0, class_="tick x", transform=f"translate(12 {HEIGHT / 2}) rotate(-90)"
    )  # fmt: skip


def short(value: float) -> str:
    """Return a number for an axis: three digits and a power of a thousand."""
    for suffix, factor in (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if abs(value) >= factor:
            return f"{value / factor:.3g}{suffix}"
    return f"{value:.3g}"


def _legend(names: list[str]) -> Markup:
    entries = []
    for place, name in enumerate(names):
        stroke = tag("line", x1=0, x2=28, y1=6, y2=6, class_=_style(place))
        key = tag("svg", stroke, viewBox="0 0 28 12", class_="key", aria_hidden="true")
        entries.append(tag("li", key, name))
    return tag("ul", *entries, class_="legend")

"""Heat maps of a sweep over two axes: verdicts in colours that colour-blind eyes tell apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from reclaimlab.measure.records import METRICS, Verdict
from reclaimlab.sweep.export import need
from reclaimlab.sweep.values import SweepError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from reclaimlab.store.sweeps import SweepHead
    from reclaimlab.sweep.table import PointSummary

COLOURS: Final = {
    Verdict.DEADLOCK: "#7a0177",
    Verdict.LIVELOCK: "#c51b8a",
    Verdict.STALL: "#d95f0e",
    Verdict.PREMATURE_OOM: "#fe9929",
    Verdict.OOM: "#8c6d31",
    Verdict.OK: "#a6cee3",
}
_LETTERS: Final = {
    Verdict.DEADLOCK: "D",
    Verdict.LIVELOCK: "L",
    Verdict.STALL: "S",
    Verdict.PREMATURE_OOM: "P",
    Verdict.OOM: "O",
    Verdict.OK: "",
}


def draw(head: SweepHead, points: Sequence[PointSummary], metric: str, path: Path) -> None:
    """Write one map a contender, side by side, as PNG or SVG after the name of ``path``.

    The first axis goes up and the second to the right; over further axes the worst verdict counts
    and a metric's mean is taken.

    Raises:
        SweepError: no matplotlib, no axis, or a design that is no grid.
    """
    need("matplotlib", "a heat map", "tables")
    axes = list(head.spec["axes"])
    if not axes or head.spec["design"] != "grid":
        msg = f"sweep {head.id} is no grid, so there is no map of it; --format csv has its runs"
        raise SweepError(msg)
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    names = list(dict.fromkeys(each.contender for each in points))
    # The same sweep gives the same file: no date, no random ids, text as text.
    with mpl.rc_context({"svg.hashsalt": "reclaimlab", "svg.fonttype": "none"}):
        figure = Figure(figsize=(1.5 + 4.5 * len(names), 4.5), layout="constrained")
        FigureCanvasAgg(figure)
        figure.suptitle(f"{head.scenario}: {metric} (sweep {head.id})")
        for place, name in enumerate(names):
            own = [each for each in points if each.contender == name]
            _panel(figure, figure.add_subplot(1, len(names), place + 1), own, axes, metric)
        if metric == "verdict":
            _legend(figure, {each.verdict for each in points if each.verdict})
        try:
            meta = {"Date": None} if path.suffix == ".svg" else None
            figure.savefig(path, dpi=120, metadata=meta)
        except (OSError, ValueError) as error:
            raise SweepError(f"{path} cannot be written: {error}") from error


def _panel(
    figure: Any, plot: Any, points: Sequence[PointSummary], axes: Sequence[str], metric: str
) -> None:
    up, right = axes[0], axes[1] if len(axes) > 1 else ""
    rows = list(dict.fromkeys(each.settings[up] for each in points))
    columns = list(dict.fromkeys(each.settings.get(right, "") for each in points))
    cells: dict[tuple[int, int], list[PointSummary]] = {}
    for each in points:
        place = rows.index(each.settings[up]), columns.index(each.settings.get(right, ""))
        cells.setdefault(place, []).append(each)
    plot.set_title(points[0].contender, fontsize=9)
    plot.set_yticks(range(len(rows)), rows)
    plot.set_xticks(range(len(columns)), columns, rotation=45, ha="right")
    plot.set_ylabel(up)
    plot.set_xlabel(right)
    size = len(rows), len(columns)
    if metric == "verdict":
        _verdicts(plot, cells, size)
    else:
        _values(figure, plot, cells, size, metric)


def _verdicts(plot: Any, cells: dict[tuple[int, int], list[PointSummary]], size: Any) -> None:
    from matplotlib.colors import to_rgb

    picture = [[(1.0, 1.0, 1.0)] * size[1] for _ in range(size[0])]
    for (row, column), found in cells.items():
        verdict = min(
            (each.verdict for each in found if each.verdict),
            key=lambda each: each.severity,
            default=None,
        )
        if verdict is not None:
            picture[row][column] = to_rgb(COLOURS[verdict])
            plot.text(
                column, row, _LETTERS[verdict], ha="center", va="center", color="white", fontsize=8
            )
    plot.imshow(picture, origin="lower", aspect="auto")


def _values(
    figure: Any,
    plot: Any,
    cells: dict[tuple[int, int], list[PointSummary]],
    size: Any,
    metric: str,
) -> None:
    picture = [[float("nan")] * size[1] for _ in range(size[0])]
    for (row, column), found in cells.items():
        values = [each.metrics[metric] for each in found if metric in each.metrics]
        if values:
            picture[row][column] = sum(values) / len(values)
    image = plot.imshow(picture, origin="lower", aspect="auto", cmap="viridis")
    figure.colorbar(image, ax=plot, label=f"{metric} ({METRICS[metric].unit})")


def _legend(figure: Any, verdicts: set[Verdict]) -> None:
    from matplotlib.patches import Patch

    shown = [each for each in Verdict if each in verdicts]
    handles = [
        Patch(color=COLOURS[each], label=f"{_LETTERS[each]} {each}".strip()) for each in shown
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), fontsize=8)

"""Heat maps of a sweep over two axes: verdicts in colours that colour-blind eyes tell apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from reclaimlab.measure.records import METRICS, Verdict
from reclaimlab.sweep.export import need
from reclaimlab.sweep.maps import maps_of
from reclaimlab.sweep.values import SweepError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from reclaimlab.store.sweeps import SweepHead
    from reclaimlab.sweep.maps import SweepMap
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

    Raises:
        SweepError: no matplotlib, no axis, or a design that is no grid.
    """
    need("matplotlib", "a heat map", "tables")
    maps = maps_of(head, points)
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    # The same sweep gives the same file: no date, no random ids, text as text.
    with mpl.rc_context({"svg.hashsalt": "reclaimlab", "svg.fonttype": "none"}):
        figure = Figure(figsize=(1.5 + 4.5 * len(maps), 4.5), layout="constrained")
        FigureCanvasAgg(figure)
        figure.suptitle(f"{head.scenario}: {metric} (sweep {head.id})")
        for place, each in enumerate(maps):
            _panel(figure, figure.add_subplot(1, len(maps), place + 1), each, metric)
        if metric == "verdict":
            _legend(figure, {each.verdict for each in points if each.verdict})
        try:
            meta = {"Date": None} if path.suffix == ".svg" else None
            figure.savefig(path, dpi=120, metadata=meta)
        except (OSError, ValueError) as error:
            raise SweepError(f"{path} cannot be written: {error}") from error


def _panel(figure: Any, plot: Any, shown: SweepMap, metric: str) -> None:
    plot.set_title(shown.contender, fontsize=9)
    plot.set_yticks(range(len(shown.rows)), shown.rows)
    plot.set_xticks(range(len(shown.columns)), shown.columns, rotation=45, ha="right")
    plot.set_ylabel(shown.up)
    plot.set_xlabel(shown.right)
    if metric == "verdict":
        _verdicts(plot, shown)
    else:
        _values(figure, plot, shown, metric)


def _verdicts(plot: Any, shown: SweepMap) -> None:
    from matplotlib.colors import to_rgb

    picture = [[(1.0, 1.0, 1.0)] * len(shown.columns) for _ in shown.rows]
    for row, column in shown.places():
        verdict = shown.verdict(row, column)
        if verdict is not None:
            picture[row][column] = to_rgb(COLOURS[verdict])
            plot.text(
                column, row, _LETTERS[verdict], ha="center", va="center", color="white", fontsize=8
            )
    plot.imshow(picture, origin="lower", aspect="auto")


def _values(figure: Any, plot: Any, shown: SweepMap, metric: str) -> None:
    picture = [[float("nan")] * len(shown.columns) for _ in shown.rows]
    for row, column in shown.places():
        value = shown.value(row, column, metric)
        if value is not None:
            picture[row][column] = value
    image = plot.imshow(picture, origin="lower", aspect="auto", cmap="viridis")
    figure.colorbar(image, ax=plot, label=f"{metric} ({METRICS[metric].unit})")


def _legend(figure: Any, verdicts: set[Verdict]) -> None:
    from matplotlib.patches import Patch

    shown = [each for each in Verdict if each in verdicts]
    handles = [
        Patch(color=COLOURS[each], label=f"{_LETTERS[each]} {each}".strip()) for each in shown
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), fontsize=8)

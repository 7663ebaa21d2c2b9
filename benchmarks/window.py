"""``python -m benchmarks.window``: how fast the window is, each figure against its target.

Times are those of the processor, so that they can be compared on a machine that has other work;
on an idle one the clock shows the same. It needs the extra ``gui``, and no screen.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Final

import numpy as np

from benchmarks.report import Figure
from reclaimlab.measure.records import Series
from reclaimlab.runs.compare import compare, make_plan
from reclaimlab.runs.run import record_run
from reclaimlab.scenarios.reader import load_scenario
from reclaimlab.store.connection import connect_for_writing
from reclaimlab.store.writer import StoreWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reclaimlab_gui.main_window import MainWindow

RUNS: Final = 10_000
SAMPLES: Final = 1_000_000
COLUMNS: Final = 4
FRAMES: Final = 60
_START: Final = """
from PySide6.QtWidgets import QApplication
from reclaimlab_gui.app import open_window
window = open_window()
window.show()
while window.compare.side_by_side is None:
    QApplication.processEvents()
QApplication.processEvents()
"""
"""A first start, up to the posted hang side by side on the screen; what comes after is no part."""


def start_seconds(folder: Path) -> float:
    """Return the processor time of a first start, interpreter and imports included."""
    code = _START + "import os, time; print(time.process_time(), flush=True); os._exit(0)"
    store = {"RECLAIMLAB_DB": str(folder / f"first-{time.monotonic_ns()}.sqlite")}
    ran = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | store, check=True, capture_output=True
    )
    return float(ran.stdout)


def make_large_store(path: Path) -> None:
    """Write a store of :data:`RUNS` runs: one comparison, many times."""
    scenario = load_scenario("hocko-dd", ["duration=1s"])
    kernels = ("linux-3.5", "linux-3.10", "linux-3.11", "linux-4.2")
    with StoreWriter(path) as writer:
        first = compare(make_plan(scenario, kernels, range(1, 5)), writer, jobs=1)
    database = connect_for_writing(path)
    with database.atomic():
        for number in range(RUNS // first.head.planned_runs - 1):
            _copy(database.conn, first.id, f"{number:08x}")
    database.close()


def _copy(connection: object, old: str, new: str) -> None:
    execute = connection.execute  # type: ignore[attr-defined]  # sqlite3's, not imported for this
    for table, owner in (("comparisons", "id"), ("runs", "comparison_id")):
        names = [row[1] for row in execute(f"PRAGMA table_info({table})")]
        values = [
            f"replace({each}, :old, :new)" if each in ("id", owner) else each for each in names
        ]
        sql = f"INSERT INTO {table} SELECT {', '.join(values)} FROM {table} WHERE {owner} = :old"
        execute(sql, {"old": old, "new": new})
    for table in ("metrics", "incidents", "series"):
        names = [row[1] for row in execute(f"PRAGMA table_info({table})") if row[1] != "id"]
        values = ["replace(run_id, :old, :new)" if each == "run_id" else each for each in names]
        own = "run_id IN (SELECT id FROM runs WHERE comparison_id = :old)"
        sql = (
            f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(values)} "
            f"FROM {table} WHERE {own}"
        )
        execute(sql, {"old": old, "new": new})


@contextmanager
def opened(folder: Path) -> Iterator[MainWindow]:
    """Yield a window on the store that comes with the package."""
    from PySide6.QtCore import QSettings

    from reclaimlab_gui.app import dispose, open_window
    from reclaimlab_gui.first_run import sample_store

    ini = QSettings.Format.IniFormat
    QSettings.setPath(ini, QSettings.Scope.UserScope, str(folder / "settings"))
    store = folder / "sample.sqlite"
    store.write_bytes(sample_store())
    window = open_window(store)
    window.resize(1280, 800)
    window.show()
    wait(lambda: window.plugins.table.order.rowCount() > 0)
    yield window
    dispose(window)


def wait(until: Callable[[], bool]) -> None:
    """Let the window work until something holds."""
    from PySide6.QtWidgets import QApplication

    while not until():
        QApplication.processEvents()
    QApplication.processEvents()


def seconds(call: Callable[[], object]) -> float:
    """Return the processor time of a call, and of all that the window does because of it."""
    from PySide6.QtWidgets import QApplication

    begun = time.process_time()
    call()
    QApplication.processEvents()
    return time.process_time() - begun


def scrub_seconds(window: MainWindow) -> float:
    """Return what a step through the wait-for graph of the posted hang takes."""
    from reclaimlab_gui.session import RunKey

    key = RunKey(window.history.chosen(), "linux-3.10", 1)
    window.session.why_requested.emit((key,))
    wait(lambda: bool(window.why.panes))
    return median(seconds(window.why.previous_event) for _ in range(30))


def pan_seconds(window: MainWindow, store: Path) -> float:
    """Return what a frame takes while four long runs and their differences are panned."""
    before = window.compare.side_by_side
    window.open_path(store)
    window.session.compare_requested.emit("latest")
    wait(lambda: window.compare.side_by_side is not before)
    view = window.compare.board.plots[0].getViewBox()
    low, high = view.viewRange()[0]
    view.setXRange(low, low + (high - low) / 2, padding=0)
    step = (high - low) / 2 / FRAMES
    return median(seconds(partial(view.translateBy, x=step)) for _ in range(FRAMES))


def make_long_store(path: Path) -> None:
    """Write a store of one comparison, whose runs have :data:`SAMPLES` samples each."""
    scenario = load_scenario("hocko-dd", ["duration=1s"])
    kernels = ("linux-3.5", "linux-3.10", "linux-3.11", "linux-4.2")
    plan = make_plan(scenario, kernels, [1])
    with StoreWriter(path) as writer:
        comparison = writer.begin_comparison(plan.head)
        for request in plan.requests:
            record = record_run(request)
            assert record.result is not None
            result = replace(record.result, series=(_long_series(request.number),))
            writer.add_run(comparison, request.number, replace(record, result=result))


def _long_series(place: int) -> Series:
    noise = np.random.default_rng(place).integers(-200, 200, SAMPLES).cumsum()
    values = (noise - noise.min()).tolist()
    return Series("dirty", "pages", tuple(range(0, SAMPLES * 40_000, 40_000)), tuple(values))


def make_stores(folder: Path) -> None:
    """Write both stores; apart, since what it needs of memory is not the window's."""
    make_large_store(folder / "large.sqlite")
    make_long_store(folder / "long.sqlite")


def figures() -> Iterator[Figure]:
    """Measure everything, one after the other."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        start_seconds(folder)
        start = median(start_seconds(folder) for _ in range(3))
        yield Figure("first start, up to the posted hang on the screen", start, "s", "<=", 2)
        maker = get_context("spawn").Process(target=make_stores, args=(folder,))
        maker.start()
        maker.join()
        with opened(folder) as window:
            scrub = scrub_seconds(window)
            yield Figure("a step through the wait-for graph", scrub * 1e3, "ms", "<=", 50)
            frames = 1 / pan_seconds(window, folder / "long.sqlite")
            what = f"pan of {COLUMNS} x {SAMPLES // 1_000_000} M samples and their differences"
            yield Figure(what, frames, "frames/s", ">=", 30)
            large = partial(window.open_path, folder / "large.sqlite")
            opening = median(seconds(large) for _ in range(3))
            yield Figure(f"opening a store of {RUNS:,} runs", opening, "s", "<=", 1)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            yield Figure("memory of all that together, at its peak", peak, "MB", "<=", 500)


def main() -> None:
    """Print the table row by row, as the figures come."""
    sys.stdout.write("| what | measured | target | |\n| --- | ---: | ---: | --- |\n")
    for figure in figures():
        sys.stdout.write(figure.row() + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

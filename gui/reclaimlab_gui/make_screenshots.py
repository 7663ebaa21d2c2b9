"""Pictures of every view: ``python -m reclaimlab_gui.make_screenshots FOLDER [WIDTH HEIGHT %]``.

Made from the store that comes with the package, light and dark; the Makefile runs it under Xvfb.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QElapsedTimer, QSettings
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from reclaimlab.runs.compare import make_plan
from reclaimlab.scenarios.reader import load_scenario
from reclaimlab_gui.app import make_application, open_window
from reclaimlab_gui.dialogs.command_palette import CommandPalette
from reclaimlab_gui.dialogs.export import ExportDialog
from reclaimlab_gui.dialogs.help import HelpWindow
from reclaimlab_gui.dialogs.keys import KeysDialog
from reclaimlab_gui.first_run import sample_store
from reclaimlab_gui.session import RunKey

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget

    from reclaimlab_gui.main_window import MainWindow

_MOST_MS = 60_000


def take_all(folder: Path, width: int, height: int, scale: int) -> None:
    """Write a picture of every view and dialog, in both themes, into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    make_application()
    with tempfile.TemporaryDirectory() as own:
        ini = QSettings.Format.IniFormat
        QSettings.setPath(ini, QSettings.Scope.UserScope, own)
        store = Path(own) / "july-2013.sqlite"
        store.write_bytes(sample_store())
        _explore(store)
        window = open_window(store)
        window.session.settings.export_folder = Path(own)
        window.resize(width, height)
        window.scale_font(scale)
        window.show()
        _fill(window)
        for theme in ("light", "dark"):
            window.use_theme(theme)
            _take_views(window, folder, theme)
            _take_dialogs(window, folder, theme)
        window.run.cancel()
        window.close()


def _explore(store: Path) -> None:
    """Keep an exploration; in a process that has not imported the model yet."""
    what = ["explore", "tiny-completion", "--set", "pages=2", "--store", "--db", str(store)]
    subprocess.run(
        [sys.executable, "-m", "reclaimlab", *what], check=True, capture_output=True, timeout=120
    )


def _fill(window: MainWindow) -> None:
    """Give every view something to show."""
    window.session.compare_requested.emit("latest")
    _wait(lambda: window.compare.side_by_side is not None)
    comparison = window.compare.comparison_id()
    window.session.why_requested.emit((RunKey(comparison, "linux-3.10", window.compare.seed),))
    _wait(lambda: bool(window.why.panes))
    window.why.note("here the cycle closes")
    window.history.tag("july")
    window.history.note("the hang as it was posted, and three cures")
    window.validate.search.setText("a_seq_xfs_20MBps")
    window.validate.start()
    _wait(lambda: not window.validate.running)
    window.validate.search.clear()
    scenario = load_scenario("xfs-softlimit-hang", ["duration=20s"])
    plan = make_plan(scenario, ["linux-3.10", "linux-3.10+may-enter-fs"], range(1, 4))
    window.run.start(plan, scenario.duration, 2)
    _wait(lambda: any(row.cells[4].text for row in window.run.runs.rows))


def _take_views(window: MainWindow, folder: Path, theme: str) -> None:
    for view in window.views:
        window.show_view(view)
        _pause(300)
        name = view.title.lower().replace(" ", "-")
        _save(window, folder / f"{name}-{theme}.png")
    window.show_view(window.compare)
    window.compare.bar.overlay.setChecked(True)
    window.compare.board.put_marker("A", 1.0)
    window.compare.board.put_marker("B", 3.0)
    window.compare.tabs.setCurrentIndex(3)
    _pause(300)
    _save(window, folder / f"compare-overlay-{theme}.png")
    window.compare.bar.overlay.setChecked(False)
    window.compare.clear_markers()
    window.compare.tabs.setCurrentIndex(0)


def _take_dialogs(window: MainWindow, folder: Path, theme: str) -> None:
    for name, dialog in (
        ("commands", CommandPalette(window.commands, window)),
        ("keys", KeysDialog(window.commands, window)),
        ("help", HelpWindow("Compare", window)),
        ("export", ExportDialog(window.compare, window.session, window)),
    ):
        dialog.show()
        _pause(200)
        _save(dialog, folder / f"{name}-{theme}.png")
        dialog.close()
        dialog.deleteLater()


def _save(widget: QWidget, path: Path) -> None:
    _with_palette(widget.grab().toImage()).save(str(path))


def _with_palette(image: QImage) -> QImage:
    """Return a picture in its 256 commonest colours, the others next to one: half of the bytes."""
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), -1)
    colours, places, counts = np.unique(pixels, return_inverse=True, return_counts=True)
    common = colours[np.argsort(-counts, kind="stable")[:256]]
    channels = [(each >> np.arange(0, 24, 8)[:, None]) & 255 for each in (colours, common)]
    distances = sum(
        (one[:, None] - other[None, :]) ** 2
        for one, other in zip(channels[0], channels[1], strict=True)
    )
    nearest = np.argmin(distances, axis=1).astype(np.uint8)
    content = np.ascontiguousarray(nearest[places].reshape(pixels.shape))
    height, width = content.shape
    found = QImage(content.tobytes(), width, height, width, QImage.Format.Format_Indexed8)
    found.setColorTable([int(colour) for colour in common])
    return found.copy()


def _wait(until: Callable[[], bool]) -> None:
    clock = QElapsedTimer()
    clock.start()
    while not until():
        _pause(50)
        if clock.elapsed() > _MOST_MS:
            msg = "the window did not get there within a minute"
            raise TimeoutError(msg)


def _pause(milliseconds: int) -> None:
    clock = QElapsedTimer()
    clock.start()
    while clock.elapsed() < milliseconds:
        QApplication.processEvents()


if __name__ == "__main__":
    wide, high, percent = map(int, sys.argv[2:5] or ("1280", "800", "100"))
    take_all(Path(sys.argv[1]), wide, high, percent)

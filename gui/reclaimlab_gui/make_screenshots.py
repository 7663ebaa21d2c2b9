"""Pictures of every view: ``python -m reclaimlab_gui.make_screenshots FOLDER [WIDTH HEIGHT %]``.

Made from the store that comes with the package, light and dark; the Makefile runs it under Xvfb.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QSettings, Qt
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


def _fill(window: MainWindow) -> None:
    """Give every view something to show."""
    window.session.compare_requested.emit("latest")
    _wait(lambda: window.compare.side_by_side is not None)
    comparison = window.compare.comparison_id()
    window.session.why_requested.emit((RunKey(comparison, "linux-3.10", window.compare.seed),))
    _wait(lambda: bool(window.why.panes))
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
    # Five bits a colour are enough for a window, and fewer bytes.
    plain = Qt.ImageConversionFlag.ThresholdDither | Qt.ImageConversionFlag.AvoidDither
    image = widget.grab().toImage()
    image.convertToFormat(QImage.Format.Format_RGB16, plain).save(str(path))


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

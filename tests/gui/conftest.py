"""A window over a real store: the comparison that comes with the package."""

import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QCoreApplication, QEvent, QSettings
from pytestqt.qtbot import QtBot

from reclaimlab_gui.app import open_window
from reclaimlab_gui.first_run import sample_store
from reclaimlab_gui.main_window import MainWindow

TINY = str(Path(__file__).parents[1] / "core" / "tiny.toml")


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the settings of a test away from those of people."""
    ini = QSettings.Format.IniFormat
    QSettings.setPath(ini, QSettings.Scope.UserScope, str(tmp_path / "settings"))
    monkeypatch.delenv("RECLAIMLAB_DISABLED_PLUGINS", raising=False)


@pytest.fixture(autouse=True)
def garbage_of_this_thread() -> Iterator[None]:
    """Collect what a test leaves before the next one starts its threads."""
    yield
    gc.collect()
    gc.enable()


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "runs.sqlite"
    path.write_bytes(sample_store())
    return path


@pytest.fixture
def make_window(qtbot: QtBot) -> Iterator[Callable[[Path], MainWindow]]:
    del qtbot  # it made the application
    made: list[MainWindow] = []

    def make(database: Path) -> MainWindow:
        window = open_window(database)
        window.resize(1280, 800)
        window.show()
        made.append(window)
        return window

    yield make
    for window in made:
        window.close()
        window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


@pytest.fixture
def window(make_window: Callable[[Path], MainWindow], store: Path) -> MainWindow:
    return make_window(store)


@pytest.fixture
def compared(window: MainWindow, qtbot: QtBot) -> MainWindow:
    """Show the hang of July 2013 side by side."""
    with qtbot.waitSignal(window.compare.shown, timeout=20_000):
        window.session.compare_requested.emit("latest")
    return window

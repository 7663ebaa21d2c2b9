"""The program: Qt, one session, one window."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent, QTimer
from PySide6.QtWidgets import QApplication

from reclaimlab import __version__
from reclaimlab.store.connection import default_path
from reclaimlab_gui.first_run import offer_first_comparison
from reclaimlab_gui.main_window import MainWindow
from reclaimlab_gui.session import Session
from reclaimlab_gui.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


def make_application() -> QApplication:
    """Return the one QApplication of this process."""
    found = QApplication.instance()
    application = found if isinstance(found, QApplication) else QApplication(sys.argv[:1])
    application.setApplicationName("reclaimlab")
    application.setApplicationVersion(__version__)
    if application.style().objectName() != "fusion":
        application.setStyle("Fusion")
    return application


def open_window(database: Path | None = None) -> MainWindow:
    """Return a window on a store, the default one if None; at first run with the posted hang."""
    application = make_application()
    path = database or default_path()
    made = database is None and offer_first_comparison(path)
    settings = Settings()
    base = application.property("points") or application.font().pointSizeF()
    application.setProperty("points", base)
    window = MainWindow(Session(path, settings), base)
    if made:
        window.session.compare_requested.emit("latest")
    return window


def run(database: Path | None = None, path: Path | None = None) -> int:
    """Show the window until it is closed; return the exit code."""
    application = make_application()
    window = open_window(database)
    if path is not None:
        window.open_path(path)
    window.show()
    QTimer.singleShot(0, window.raise_)
    code = application.exec()
    dispose(window)
    return code


def dispose(window: MainWindow) -> None:
    """Delete a window now: left to the end of Python, Qt's objects go in an order that crashes."""
    window.close()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    QApplication.processEvents()

"""Drives a real window by mouse and keys, as a newcomer would; run by test_end_to_end.py."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from reclaimlab_gui.app import dispose, make_application, open_window
from reclaimlab_gui.widgets.column_header import ColumnHeader

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget

    from reclaimlab_gui.main_window import MainWindow

LEFT = Qt.MouseButton.LeftButton
CTRL = Qt.KeyboardModifier.ControlModifier


def wait(what: str, until: Callable[[], bool], most_ms: int = 60_000) -> None:
    clock = QElapsedTimer()
    clock.start()
    while not until():
        assert clock.elapsed() < most_ms, f"never happened: {what}"
        QTest.qWait(20)


def click(widget: QWidget) -> None:
    QTest.mouseMove(widget)
    QTest.mouseClick(widget, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(6, 6))


def first_start_to_explanation(window: MainWindow) -> int:
    """Return how many clicks it took from the first start to the explanation."""
    wait("the posted hang is opened", lambda: window.compare.side_by_side is not None)
    header = window.compare.findChildren(ColumnHeader)[0]
    click(header.why)
    wait("the run is made again", lambda: bool(window.why.panes))
    (pane,) = window.why.panes
    assert pane.layout_shown is not None
    assert pane.layout_shown.cycle, pane.cycle.text()
    assert "wait_on_page_bit" in pane.stack.toPlainText()
    return 1


def step_by_keys(window: MainWindow) -> None:
    window.why.setFocus()
    closed = window.why.time_ns
    QTest.keyClick(window.why, Qt.Key.Key_Comma)
    assert window.why.time_ns < closed
    QTest.keyClick(window.why, Qt.Key.Key_C)
    assert window.why.time_ns == closed


def set_up_and_run(window: MainWindow, scenario: Path) -> None:
    QTest.keyClick(window, Qt.Key.Key_1, CTRL)
    window.open_path(scenario)
    window.set_up.set_seeds(2)
    before = window.compare.comparison_id()
    click(window.set_up.run_button)
    wait("it runs", lambda: window.view is window.run)
    wait("it is opened", lambda: window.compare.comparison_id() not in ("", before))
    assert window.view is window.compare


def zoom_by_wheel_and_mark_by_click(window: MainWindow) -> None:
    board = window.compare.board
    wait("plots are drawn", lambda: bool(board.plots))
    before = board.plots[0].getViewBox().viewRange()[0]
    board.setFocus()
    QTest.keyClick(board, Qt.Key.Key_W)
    after = board.plots[0].getViewBox().viewRange()[0]
    assert after[1] - after[0] < before[1] - before[0]
    QTest.keyClick(board, Qt.Key.Key_1)
    assert board.marker("A", 0) is not None


def main() -> None:
    scenario = Path(sys.argv[1])
    make_application()
    assert QGuiApplication.platformName() == "xcb", QGuiApplication.platformName()
    window = open_window()
    window.show()
    wait("the window is shown", lambda: window.windowHandle().isExposed())
    window.activateWindow()  # there is no window manager that would
    wait("the window has the focus", window.isActiveWindow)
    clicks = first_start_to_explanation(window)
    step_by_keys(window)
    set_up_and_run(window, scenario)
    zoom_by_wheel_and_mark_by_click(window)
    assert window.message.text == "", window.message.text
    dispose(window)
    sys.stdout.write(f"explained after {clicks} click\n")


if __name__ == "__main__":
    main()

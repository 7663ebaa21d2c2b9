"""The History and Matrix views over real stores."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from reclaimlab.store.reader import StoreReader
from reclaimlab.store.records import StoredComparison
from reclaimlab.store.writer import StoreWriter
from reclaimlab_gui.main_window import MainWindow
from reclaimlab_gui.models.history_rows import HISTORY_HEADER, STORED_RUN_HEADER
from reclaimlab_gui.models.table import Table

FATAL = QAbstractItemModelTester.FailureReportingMode.Fatal


def stored(window: MainWindow) -> tuple[StoredComparison, ...]:
    with StoreReader(window.session.database) as reader:
        return reader.comparisons()


def test_the_tables_pass_qts_own_checker_while_they_change(window: MainWindow) -> None:
    tables = (window.history.table, window.history.runs, window.matrix.table)
    testers = [QAbstractItemModelTester(each.order, FATAL, each) for each in tables]
    window.history.note("seen")
    window.history.search.setText("nothing has these words")
    window.history.search.clear()
    window.history.delete()
    window.history.undo()
    assert len(testers) == 3


def test_a_comparison_stands_there_with_its_verdict_and_its_runs(window: MainWindow) -> None:
    order, runs = window.history.table.order, window.history.runs.order
    assert order.index(0, HISTORY_HEADER.index("worst")).data() == "deadlock"
    assert runs.rowCount() == 16
    assert runs.columnCount() == len(STORED_RUN_HEADER)


def test_enter_opens_a_comparison_side_by_side(window: MainWindow, qtbot: QtBot) -> None:
    window.show_view(window.history)
    window.history.table.setFocus()
    with qtbot.waitSignal(window.compare.shown, timeout=20_000):
        QTest.keyClick(window.history.table, Qt.Key.Key_Return)
    assert window.view is window.compare


def test_tags_and_notes_are_stored_found_and_taken_off(window: MainWindow) -> None:
    history = window.history
    history.tag("july")
    history.note("as posted by Dave")
    assert stored(window)[0].tags == ("july",)
    assert stored(window)[0].notes[0].text == "as posted by Dave"
    history.search.setText("posted july")
    assert history.table.order.rowCount() == 1
    history.search.setText("posted august")
    assert history.table.order.rowCount() == 0
    history.search.clear()
    history.table.selectRow(0)
    history.tag("july")
    assert stored(window)[0].tags == ()


def test_undo_brings_a_deleted_comparison_back_with_all_its_bytes(window: MainWindow) -> None:
    history = window.history
    history.tag("july")
    with StoreReader(window.session.database) as reader:
        before = reader.runs(history.chosen(), series=True)
    history.delete()
    assert stored(window) == ()
    history.undo()
    (found,) = stored(window)
    with StoreReader(window.session.database) as reader:
        assert reader.runs(found.id, series=True) == before
    assert found.tags == ("july",)


def test_runs_of_different_comparisons_can_be_compared(window: MainWindow, qtbot: QtBot) -> None:
    history = window.history
    with StoreReader(window.session.database) as reader, StoreWriter(history.session.database) as w:
        one = reader.comparison("latest")
        second = w.begin_comparison(one.head)
        for number, record in enumerate(reader.runs(one.id, series=True)):
            w.add_run(second, number, record)
    history.refresh()
    for comparison in (one.id, second):
        assert history.table.select_key(comparison)
        history.runs.selectRow(0)
        if comparison == one.id:
            history.compare_runs()
    with qtbot.waitSignal(window.compare.shown, timeout=20_000):
        history.compare_runs()
    shown = window.compare.side_by_side
    assert shown is not None
    assert {column.comparison for column in shown.columns} == {one.id, second}


def test_a_comparison_that_a_command_line_writes_appears_by_itself(
    window: MainWindow, qtbot: QtBot
) -> None:
    with StoreWriter(window.session.database) as writer:
        writer.begin_comparison(stored(window)[0].head)
    qtbot.waitUntil(lambda: window.history.table.order.rowCount() == 2, timeout=10_000)


def test_an_empty_store_says_what_to_do(window: MainWindow, tmp_path: Path) -> None:
    with StoreWriter(tmp_path / "empty.sqlite"):
        pass
    window.open_path(tmp_path / "empty.sqlite")
    texts = [label.text() for label in window.history.findChildren(QLabel) if label.isVisible()]
    assert "No comparison is stored yet" in texts


def test_a_cell_of_the_matrix_opens_its_comparison(window: MainWindow, qtbot: QtBot) -> None:
    table = window.matrix.table
    window.show_view(window.matrix)
    cell = table.order.index(0, 1)
    assert cell.data() == "deadlock 3/4"
    with qtbot.waitSignal(window.session.compare_requested):
        QTest.mouseClick(
            table.viewport(), Qt.MouseButton.LeftButton, pos=table.visualRect(cell).center()
        )
    assert isinstance(table.order.sourceModel(), Table)

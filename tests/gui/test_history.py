"""The History view over real stores."""

import csv
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from reclaimlab.store.reader import StoreReader
from reclaimlab.store.records import StoredComparison
from reclaimlab.store.writer import StoreWriter
from reclaimlab_gui.dialogs.export import ExportDialog
from reclaimlab_gui.main_window import MainWindow
from reclaimlab_gui.models.export_formats import SCREEN_CSV
from reclaimlab_gui.models.history_rows import HISTORY_HEADER, STORED_RUN_HEADER
from reclaimlab_gui.session import RunKey

FATAL = QAbstractItemModelTester.FailureReportingMode.Fatal


def stored(window: MainWindow) -> tuple[StoredComparison, ...]:
    with StoreReader(window.session.database) as reader:
        return reader.comparisons()


def test_the_tables_pass_qts_own_checker_while_they_change(window: MainWindow) -> None:
    detail = window.history.detail
    tables = (window.history.table, detail.runs, detail.notes)
    testers = [QAbstractItemModelTester(each.order, FATAL, each) for each in tables]
    window.history.note("seen")
    window.history.search.setText("nothing has these words")
    window.history.search.clear()
    window.history.delete()
    window.session.undo()
    assert len(testers) == 3


def test_a_comparison_stands_there_with_its_verdict_and_its_runs(window: MainWindow) -> None:
    order, runs = window.history.table.order, window.history.runs.order
    assert order.index(0, HISTORY_HEADER.index("worst")).data() == "deadlock"
    assert runs.rowCount() == 16
    assert runs.columnCount() == len(STORED_RUN_HEADER)


def test_what_ctrl_z_brings_back_is_selected_though_ctrl_is_held(window: MainWindow) -> None:
    window.show_view(window.history)
    deleted = window.history.chosen()
    window.history.delete()
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.history.table.selected_keys() == [deleted]


def test_a_search_that_finds_nothing_shows_no_runs_either(window: MainWindow) -> None:
    window.history.search.setText("nothing has these words")
    assert window.history.runs.order.rowCount() == 0
    window.history.search.clear()
    window.history.search.setText("xfs")
    assert window.history.runs.order.rowCount() == 16


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


def test_a_note_on_a_run_is_listed_searched_opened_and_undone(
    window: MainWindow, qtbot: QtBot
) -> None:
    history, detail = window.history, window.history.detail
    detail.runs.selectRow(0)
    detail.note_on_run("the posted hang")
    (note,) = stored(window)[0].notes
    assert (note.contender, note.seed) == ("linux-3.10", 1)
    history.search.setText("posted hang")
    assert history.table.order.rowCount() == 1
    assert detail.tabs.tabText(1) == "Notes (1)"
    detail.notes.selectRow(0)
    with qtbot.waitSignal(window.session.moment_requested) as asked:
        QTest.keyClick(detail.notes, Qt.Key.Key_Return)
    assert asked.args == [RunKey(history.chosen(), "linux-3.10", 1), None]
    detail.delete_note()
    assert stored(window)[0].notes == ()
    window.session.undo()
    assert stored(window)[0].notes == (note,)
    window.session.undo()
    assert stored(window)[0].notes == ()
    assert not history.undo_button.isEnabled()


def test_what_is_listed_is_exported_as_csv(window: MainWindow, tmp_path: Path) -> None:
    window.history.note("as posted")
    window.show_view(window.history)
    dialog = ExportDialog(window.view, window.session, window)
    dialog.list.setCurrentRow([each.name for each in dialog.formats].index(SCREEN_CSV))
    dialog.path.setText(str(tmp_path / "history.csv"))
    dialog.export()
    with (tmp_path / "history.csv").open() as file:
        header, row = csv.reader(file)
    assert header == list(HISTORY_HEADER)
    assert row[header.index("worst")] == "deadlock"
    assert row[header.index("notes")] == "as posted"


def content(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table but for the numbers that only order them."""
    tables = ("comparisons", "runs", "metrics", "incidents", "series", "tags", "notes")
    found = {}
    with closing(sqlite3.connect(path)) as database:
        for table in tables:
            cursor = database.execute(f"SELECT * FROM {table} ORDER BY rowid")
            first = 0 if table in ("comparisons", "runs") else 1
            found[table] = [row[first:] for row in cursor]
    return found


def test_undo_brings_a_deleted_comparison_back_with_all_its_bytes(window: MainWindow) -> None:
    history = window.history
    history.tag("july")
    history.note("as posted")
    before = content(window.session.database)
    assert all(before.values())
    history.delete()
    assert not any(content(window.session.database).values())
    assert not history.table.order.rowCount()
    window.session.undo()
    assert content(window.session.database) == before
    assert history.chosen() == stored(window)[0].id
    window.session.undo()
    assert stored(window)[0].notes == ()
    assert not history.undo_button.isEnabled()


def test_undo_ends_when_another_store_is_opened(window: MainWindow, tmp_path: Path) -> None:
    other = tmp_path / "other.sqlite"
    other.write_bytes(window.session.database.read_bytes())
    window.history.delete()
    window.open_path(other)
    window.session.undo()
    assert len(stored(window)) == 1
    assert not window.history.undo_button.isEnabled()


def test_what_another_program_deleted_meanwhile_is_told(window: MainWindow) -> None:
    with StoreWriter(window.session.database) as writer:
        writer.delete(stored(window)[0].id)
    window.history.delete()
    assert "no longer in the store" in window.message.text
    assert not window.history.undo_button.isEnabled()


def test_a_store_that_breaks_while_it_is_open_leaves_its_rows_on_screen(window: MainWindow) -> None:
    window.session.database.write_bytes(b"this is no database any more")
    window.session.follow()
    assert "not a SQLite database" in window.message.text
    assert window.history.table.order.rowCount() == 1
    assert window.isVisible()


def test_a_read_only_store_is_shown_and_says_so_when_it_is_to_be_changed(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Root may write to everything, so the system's answer is given in its place.
    monkeypatch.setattr("reclaimlab.store.connection._writable", lambda _path: False)
    window.history.tag("july")
    assert "is read-only; name another with --db" in window.message.text
    window.message.hide()
    window.history.delete()
    assert "is read-only; name another with --db" in window.message.text
    window.history.refresh()
    assert window.history.table.order.rowCount() == 1
    assert stored(window)[0].tags == ()


def test_verdict_and_tag_choose_what_is_listed(window: MainWindow) -> None:
    history = window.history
    history.verdicts.setCurrentText("ok")
    assert history.table.order.rowCount() == 0
    assert history.count.text() == "comparisons: 0 of 1"
    history.verdicts.setCurrentText("deadlock")
    assert history.table.order.rowCount() == 1
    with StoreWriter(window.session.database) as writer:
        other = writer.begin_comparison(stored(window)[0].head)
        writer.add_tag(other, "empty")
    window.session.follow()
    history.verdicts.setCurrentIndex(0)
    assert history.table.order.rowCount() == 2
    history.tags.setCurrentText("empty")
    assert history.table.order.rowCount() == 1
    assert history.chosen() == other


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
            history.detail.compare_runs()
    with qtbot.waitSignal(window.compare.shown, timeout=20_000):
        history.detail.compare_runs()
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

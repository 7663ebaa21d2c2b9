"""The Compare view over the stored hang."""

import csv
import gc
import weakref
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QGraphicsView, QLabel
from pytestqt.qtbot import QtBot

from reclaimlab.reports.formats import DOCUMENTS, FORMATS
from reclaimlab.reports.traces import TRACES
from reclaimlab_gui.dialogs.export import ExportDialog
from reclaimlab_gui.main_window import MainWindow
from reclaimlab_gui.session import RunKey
from reclaimlab_gui.widgets.column_header import ColumnHeader


def ranges(window: MainWindow) -> list[tuple[float, float]]:
    views = [plot.getViewBox() for plot in window.compare.board.plots]
    return [tuple(round(end, 6) for end in view.viewRange()[0]) for view in views]


def test_each_contender_has_a_column_with_its_verdict_and_the_difference_below(
    compared: MainWindow,
) -> None:
    panels = compared.compare.board.panels
    assert [panel.column for panel in panels[:7]] == [0, 1, 2, 3, 1, 2, 3]
    assert [panel.is_difference for panel in panels[:7]] == [False] * 4 + [True] * 3
    headers = compared.compare.findChildren(ColumnHeader)
    assert len(headers) == 4


def test_linked_axes_zoom_together_and_unlinked_ones_do_not(compared: MainWindow) -> None:
    board = compared.compare.board
    board.setFocus()
    QTest.keyClick(board, Qt.Key.Key_W)
    assert len(set(ranges(compared))) == 1
    compared.compare.bar.link.setChecked(False)
    board.plots[0].setXRange(1, 2, padding=0)
    assert len(set(ranges(compared))) == 2


def test_wasd_zoom_and_pan_and_home_shows_all_again(compared: MainWindow) -> None:
    board = compared.compare.board
    whole = ranges(compared)[0]
    QTest.keyClick(board, Qt.Key.Key_W)
    zoomed = ranges(compared)[0]
    assert zoomed[1] - zoomed[0] < whole[1] - whole[0]
    QTest.keyClick(board, Qt.Key.Key_D)
    assert ranges(compared)[0][0] > zoomed[0]
    QTest.keyClick(board, Qt.Key.Key_A)
    QTest.keyClick(board, Qt.Key.Key_S)
    assert ranges(compared)[0] == pytest.approx(whole)
    QTest.keyClick(board, Qt.Key.Key_Home)
    assert ranges(compared)[0] == pytest.approx(whole)


def test_two_markers_give_the_change_in_between(compared: MainWindow) -> None:
    compare = compared.compare
    compare.board.put_marker("A", 1.0)
    compare.board.put_marker("B", 3.0)
    row = next(row for row in compare.markers.order.sourceModel().rows)  # type: ignore[attr-defined]  # it is a Table
    a, b, change, rate = (cell.sort for cell in row.cells[2:])
    assert change == pytest.approx(b - a)
    assert rate == pytest.approx(change / 2)


def test_aligned_at_marker_a_the_marked_moment_stands_at_zero(compared: MainWindow) -> None:
    compare = compared.compare
    compare.board.put_marker("A", 2.0)
    compare.bar.align.setCurrentText("marker A")
    assert {line.shift_s for panel in compare.board.panels for line in panel.lines} == {0.0, 2.0}


def test_plots_that_are_drawn_anew_are_gone(compared: MainWindow) -> None:
    old = [weakref.ref(plot) for plot in compared.compare.board.plots]
    compared.compare.draw()
    gc.collect()
    assert [each for each in old if each() is not None] == []


def test_overlaid_all_contenders_share_one_plot(compared: MainWindow) -> None:
    compared.compare.bar.overlay.setChecked(True)
    assert len(compared.compare.board.panels[0].lines) == 4


def test_a_click_on_a_curve_shows_the_parameters_that_made_it(compared: MainWindow) -> None:
    compared.compare.board.line_clicked.emit(3)
    text = compared.compare.clicked.toPlainText()
    assert "congestion-wait: timeout" in text
    assert "100ms" in text
    assert compared.compare.tabs.currentWidget() is compared.compare.clicked


def test_a_click_on_a_drawn_line_finds_its_contender(compared: MainWindow) -> None:
    board = compared.compare.board
    place, panel = next(
        (place, panel)
        for place, panel in enumerate(board.panels)
        if panel.column == 2 and not panel.is_difference
    )
    curve = panel.lines[0].curve
    middle = len(curve.values) // 2
    spot = QPointF(curve.times_s[middle], curve.values[middle])
    at = board.plots[place].getViewBox().mapViewToScene(spot)
    drawn = board.findChildren(QGraphicsView)[0]
    QTest.mouseClick(
        drawn.viewport(), Qt.MouseButton.LeftButton, pos=drawn.mapFromScene(QPointF(at))
    )
    text = compared.compare.clicked.toPlainText()
    assert "memalloc-noio" in text


def test_other_contenders_of_the_comparison_can_be_chosen_but_two_must_stay(
    compared: MainWindow, qtbot: QtBot
) -> None:
    bar = compared.compare.bar
    with qtbot.waitSignal(compared.compare.shown, timeout=10_000):
        bar.choose_contenders(["linux-3.10+may-enter-fs", "linux-3.10+congestion-wait"])
    shown = compared.compare.side_by_side
    assert shown is not None
    assert [each.contender for each in shown.columns] == [
        "linux-3.10+may-enter-fs", "linux-3.10+congestion-wait",
    ]  # fmt: skip
    assert shown.comparison.contenders[0].contender == "linux-3.10+may-enter-fs"
    bar.choose_contenders(["linux-3.10"])
    assert compared.compare.side_by_side is shown


def test_other_contenders_are_shown_with_the_seed_that_was_chosen(
    compared: MainWindow, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(compared.compare.shown, timeout=10_000):
        compared.compare.show_seed(4)
    with qtbot.waitSignal(compared.compare.shown, timeout=10_000):
        compared.compare.bar.choose_contenders(["linux-3.10", "linux-3.10+congestion-wait"])
    assert compared.compare.seed == 4


def test_a_seed_that_was_not_run_is_told_from_those_that_were(compared: MainWindow) -> None:
    shown = compared.compare.side_by_side
    assert shown is not None
    header = ColumnHeader(0, shown.columns[0], shown, 99, compared.session.theme)
    assert {"not run", "4 of other seeds"} <= {each.text() for each in header.findChildren(QLabel)}


def test_only_what_differs_hides_the_rest(compared: MainWindow) -> None:
    settings = compared.compare.settings.order
    before = settings.rowCount()
    settings.set_only_differing(True)
    assert 0 < settings.rowCount() < before


def test_another_seed_shows_other_runs(compared: MainWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(compared.compare.shown, timeout=10_000):
        compared.compare.show_seed(4)
    assert compared.compare.seed == 4
    assert "ok" in compared.compare.evidence.toPlainText()


def test_the_evidence_is_the_stack_and_the_cycle(compared: MainWindow) -> None:
    text = compared.compare.evidence.toPlainText()
    assert "wait_on_page_bit" in text
    assert "wait-for cycle" in text


def test_why_asks_for_the_run_of_its_column(compared: MainWindow, qtbot: QtBot) -> None:
    header = compared.compare.findChildren(ColumnHeader)[0]
    with qtbot.waitSignal(compared.session.why_requested) as asked:
        QTest.mouseClick(header.why, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    (key,) = asked.args[0]
    assert key == RunKey(compared.compare.comparison_id(), "linux-3.10", compared.compare.seed)
    assert compared.view is compared.why


def test_a_comparison_that_is_gone_is_told_and_the_one_on_screen_stays(
    compared: MainWindow, qtbot: QtBot
) -> None:
    before = compared.compare.side_by_side
    with qtbot.waitSignal(compared.session.problem_found, timeout=10_000):
        compared.session.compare_requested.emit("no-such-id")
    assert "no-such-id" in compared.message.text
    assert compared.compare.side_by_side is before


def export(window: MainWindow, name: str, path: Path) -> ExportDialog:
    dialog = ExportDialog(window.view, window.session, window)
    dialog.list.setCurrentRow([each.name for each in dialog.formats].index(name))
    dialog.path.setText(str(path))
    dialog.export()
    return dialog


def test_a_picture_carries_the_settings_that_made_it(compared: MainWindow, tmp_path: Path) -> None:
    export(compared, "png", tmp_path / "a.png")
    image = QImage(str(tmp_path / "a.png"))
    assert "reclaimlab" in image.text("Software")
    assert "congestion-wait: timeout = 100ms" in image.text("linux-3.10+congestion-wait")


def test_a_drawing_has_the_letters_of_the_window(compared: MainWindow, tmp_path: Path) -> None:
    export(compared, "svg", tmp_path / "a.svg")
    text = (tmp_path / "a.svg").read_text()
    assert "Memory of memcg" in text
    assert "comparison: " in text


def test_the_curves_are_exported_sample_by_sample(compared: MainWindow, tmp_path: Path) -> None:
    export(compared, "csv of what is on screen", tmp_path / "a.csv")
    with (tmp_path / "a.csv").open() as file:
        header, *rows = csv.reader(file)
    lines = [line for panel in compared.compare.board.panels for line in panel.lines]
    assert header == ["quantity", "unit", "contender", "time_s", "value"]
    assert len(rows) == sum(len(line.curve.values) for line in lines)


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_report_format_is_offered_and_written(
    compared: MainWindow, tmp_path: Path, name: str
) -> None:
    dialog = export(compared, name, tmp_path / "report")
    assert {*FORMATS, *DOCUMENTS} <= {each.report for each in dialog.formats}
    assert set(TRACES) <= {each.trace for each in dialog.formats}
    assert "xfs-softlimit-hang" in (tmp_path / "report").read_text()


def test_a_file_that_cannot_be_written_is_told_in_the_dialog(
    compared: MainWindow, tmp_path: Path
) -> None:
    dialog = export(compared, "svg", tmp_path / "no-such-folder" / "a.svg")
    assert "no-such-folder" in dialog.fault.text()


def test_the_runs_on_screen_are_exported_as_a_trace(
    compared: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(compared.session.noted, timeout=60_000):
        export(compared, "ftrace", tmp_path / "trace.txt")
    assert "mm_vmscan_direct_reclaim_begin" in (tmp_path / "trace.txt").read_text()


def test_plots_that_were_drawn_anew_are_gone(compared: MainWindow, qtbot: QtBot) -> None:
    def alive() -> int:
        gc.collect()
        return len(QApplication.allWidgets())

    compared.compare.draw()
    qtbot.waitUntil(lambda: bool(compared.compare.board.plots))
    before = alive()
    for _ in range(3):
        compared.compare.draw()
    assert alive() == before

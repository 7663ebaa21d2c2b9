"""The Validate view over real recordings, simulated in processes."""

import multiprocessing
import shutil
from pathlib import Path

import pytest
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from reclaimlab.validate.batch import shipped_recordings
from reclaimlab_gui.main_window import MainWindow

FATAL = QAbstractItemModelTester.FailureReportingMode.Fatal
SHIPPED = {folder.name: folder for folder in shipped_recordings()}
SHORT = "a_seq_xfs_20MBps_32M_r1"
"""Killed after half a second."""


def states(window: MainWindow) -> dict[str, str]:
    rows = window.validate.table.csv_rows()[1:]
    return {row[0]: row[1] for row in rows}


def simulate(window: MainWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.validate.ended, timeout=120_000):
        window.validate.start()


def test_the_recordings_that_come_along_are_listed(window: MainWindow) -> None:
    assert set(states(window)) == set(SHIPPED)


def test_measured_and_simulated_stand_on_one_plot_and_in_the_tables(
    window: MainWindow, qtbot: QtBot
) -> None:
    validate = window.validate
    tables = (validate.table, validate.numbers, validate.targets)
    testers = [QAbstractItemModelTester(each.order, FATAL, each) for each in tables]
    validate.search.setText(SHORT)
    simulate(window, qtbot)
    assert len(testers) == 3
    assert states(window) == {SHORT: "as measured"}
    assert [panel.title for panel in validate.board.panels] == [
        "Accepted from the writers", "Dirty", "Under writeback",
    ]  # fmt: skip
    assert {line.label for line in validate.board.panels[0].lines} == {"measured", "simulated"}
    (result,) = validate.results
    assert validate.numbers.order.rowCount() == len(result.numbers)
    assert any("OOM verdict" in row[0] for row in validate.targets.csv_rows())
    assert multiprocessing.active_children() == []


def test_cancel_ends_the_processes_at_once(window: MainWindow, qtbot: QtBot) -> None:
    window.validate.start()
    qtbot.waitUntil(lambda: "running" in states(window).values(), timeout=60_000)
    qtbot.waitUntil(lambda: bool(multiprocessing.active_children()), timeout=60_000)
    with qtbot.waitSignal(window.validate.ended, timeout=5_000):
        window.validate.cancel()
    assert multiprocessing.active_children() == []
    assert "cancelled" in states(window).values()
    assert window.validate.start_button.isEnabled()


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    folder = tmp_path / "recordings"
    shutil.copytree(SHIPPED[SHORT], folder / "damaged")
    (folder / "damaged" / "samples.csv").write_text("t,dirty\n")
    return folder


def test_a_damaged_recording_is_told_in_its_row(
    window: MainWindow, qtbot: QtBot, damaged: Path
) -> None:
    window.validate.open_folder(damaged)
    simulate(window, qtbot)
    assert states(window) == {"damaged": "failed"}
    assert "samples.csv" in window.validate.table.csv_rows()[1][2]
    assert window.isVisible()


def test_a_folder_without_recordings_is_told_and_the_list_stays(
    window: MainWindow, tmp_path: Path
) -> None:
    window.validate.open_folder(tmp_path)
    assert "holds no recording" in window.message.text
    assert set(states(window)) == set(SHIPPED)

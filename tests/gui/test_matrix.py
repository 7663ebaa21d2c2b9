"""The Matrix view over real stores: comparisons, and sweeps over two parameters."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from reclaimlab.runs.executors.inline import InlineExecutor
from reclaimlab.store.reader import StoreReader
from reclaimlab.store.sweeps import SweepWriter
from reclaimlab.store.writer import StoreWriter
from reclaimlab.sweep.axis import parse_axis
from reclaimlab.sweep.design import make_design
from reclaimlab.sweep.execute import run_sweep
from reclaimlab.sweep.plan import Source, SweepPlan
from reclaimlab_gui.main_window import MainWindow
from reclaimlab_gui.models.heat_map import Heat
from reclaimlab_gui.models.table import KIND_ROLE

FATAL = QAbstractItemModelTester.FailureReportingMode.Fatal
TINY = str(Path(__file__).parents[1] / "core" / "tiny.toml")
MEMORY, LIMIT = "machine.memory", "memcg.box.limit"


@pytest.fixture
def swept(store: Path) -> Path:
    """Add a real sweep of six points to the store."""
    source = Source.read(TINY, ("duration=200ms",))
    names = ("linux-3.10", "linux-6.1")
    vary = (f"{LIMIT}=8MiB,16MiB,32MiB", f"{MEMORY}=128MiB,256MiB")
    axes = [parse_axis(each, source.text, source.name, names) for each in vary]
    plan = SweepPlan("sweep", source, names, (1,), make_design("grid", axes, 0, 1))
    with InlineExecutor() as executor, SweepWriter(store) as writer:
        run_sweep(plan, writer, executor)
    return store


def add_again(store: Path, contender: str) -> str:
    """Store one healthy run of a contender once more, as a newer comparison."""
    with StoreReader(store) as reader, StoreWriter(store) as writer:
        stored = reader.comparison("latest")
        record = next(
            run
            for run in reader.runs(stored.id)
            if run.contender == contender and run.result and run.result.verdict == "ok"
        )
        newer = writer.begin_comparison(stored.head)
        writer.add_run(newer, 0, record)
    return newer


def test_a_field_has_the_word_on_the_colour_and_a_click_opens_its_comparison(
    window: MainWindow, qtbot: QtBot
) -> None:
    matrix = window.matrix
    window.show_view(matrix)
    field = matrix.model.index(0, 0)
    assert field.data() == "deadlock 3/4"
    assert field.data(KIND_ROLE) == "deadlock"
    with qtbot.waitSignal(window.session.compare_requested) as asked:
        QTest.mouseClick(
            matrix.table.viewport(),
            Qt.MouseButton.LeftButton,
            pos=matrix.table.visualRect(field).center(),
        )
    with StoreReader(window.session.database) as reader:
        assert asked.args == [reader.resolve("latest")]


def test_the_newest_comparison_decides_and_is_what_enter_opens(
    window: MainWindow, qtbot: QtBot
) -> None:
    matrix = window.matrix
    contender = matrix.model.heat.across[0]
    newer = add_again(window.session.database, contender)
    window.session.follow()
    field = matrix.model.index(0, 0)
    assert field.data() == "ok 1/1"
    assert "before: deadlock 3/4" in field.data(Qt.ItemDataRole.ToolTipRole)
    matrix.table.setCurrentIndex(field)
    with qtbot.waitSignal(window.session.compare_requested) as asked:
        QTest.keyClick(matrix.table, Qt.Key.Key_Return)
    assert asked.args == [newer]


def test_columns_go_by_kernel_version_and_can_be_searched(window: MainWindow) -> None:
    matrix = window.matrix
    everything = matrix.model.heat.across
    matrix.contenders.setText("+")
    assert matrix.model.heat.across == tuple(name for name in everything if "+" in name)
    matrix.scenarios.setText("no such scenario")
    assert matrix.model.rowCount() == 0
    assert [name.partition("+")[0] for name in everything] == sorted(
        (name.partition("+")[0] for name in everything),
        key=lambda name: [int(part) for part in name.rpartition("-")[2].split(".")],
    )


def test_a_sweep_is_a_heat_map_over_the_two_parameters_that_are_chosen(
    window: MainWindow, swept: Path
) -> None:
    matrix = window.matrix
    assert window.session.database == swept
    window.session.follow()
    tester = QAbstractItemModelTester(matrix.model, FATAL, matrix)
    matrix.source.setCurrentIndex(1)
    limits = tuple(f"{LIMIT} = {each}" for each in ("8MiB", "16MiB", "32MiB"))
    memories = tuple(f"{MEMORY} = {each}" for each in ("128MiB", "256MiB"))
    assert (matrix.model.heat.across, matrix.model.heat.down) == (limits, memories)
    assert len(matrix.model.heat.spots) == 6
    assert all(spot.text.endswith(" 1/1") for spot in matrix.model.heat.spots.values())
    matrix.down.setCurrentText(LIMIT)
    matrix.across.setCurrentText(MEMORY)
    assert (matrix.model.heat.across, matrix.model.heat.down) == (memories, limits)
    matrix.down.setCurrentText(MEMORY)
    assert matrix.model.heat.down == ("all points",)
    assert all(spot.text.endswith("/3") for spot in matrix.model.heat.spots.values())
    assert [matrix.contender.itemText(n) for n in range(2)] == ["linux-3.10", "linux-6.1"]
    matrix.source.setCurrentIndex(0)
    assert matrix.model.index(0, 0).data() == "deadlock 3/4"
    assert tester.model() is matrix.model


def test_what_is_on_screen_is_what_is_exported(window: MainWindow) -> None:
    header, first = window.matrix.csv_rows()
    assert header[1:] == window.matrix.model.heat.across
    assert first[1] == "deadlock 3/4"


def test_a_store_without_verdicts_says_what_to_do(window: MainWindow, tmp_path: Path) -> None:
    with StoreWriter(tmp_path / "empty.sqlite"):
        pass
    window.open_path(tmp_path / "empty.sqlite")
    assert window.matrix.model.heat == Heat()
    texts = [label.text() for label in window.matrix.findChildren(QLabel) if not label.isHidden()]
    assert "No verdicts yet" in texts

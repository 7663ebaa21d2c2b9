"""Validate: recordings of real machines against their runs, in numbers and on one plot."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from reclaimlab.errors import ReclaimlabError
from reclaimlab.validate.batch import recordings_in, shipped_recordings
from reclaimlab_gui.charts.plot_board import PlotBoard
from reclaimlab_gui.models.table import Table
from reclaimlab_gui.models.validation_rows import (
    NUMBER_HEADER,
    RECORDING_HEADER,
    number_rows,
    recording_panels,
    result_row,
    target_table,
    waiting_row,
)
from reclaimlab_gui.views.view import View
from reclaimlab_gui.widgets.line_sample import LineSample
from reclaimlab_gui.widgets.table_view import TableView
from reclaimlab_gui.workers.validation_pump import ValidationPump

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QColor

    from reclaimlab.validate.compare import Result
    from reclaimlab_gui.models.table import Row
    from reclaimlab_gui.session import Session


class ValidateView(View):
    """How far the simulator is off what real machines did.

    Signals:
        ended: nothing is simulated any more.
    """

    title = "Validate"
    about = "recordings of real machines against their runs"
    ended = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self._folders: dict[str, Path] = {}
        self._results: dict[str, Result] = {}
        self._pump: ValidationPump | None = None
        self._chosen = ""
        self._recordings = Table(RECORDING_HEADER)
        self._numbers = Table(NUMBER_HEADER)
        self._targets = Table()
        self.table = TableView("Recordings", self._recordings)
        self.numbers = TableView("Numbers of the recording", self._numbers)
        self.targets = TableView("Targets", self._targets)
        self.board = PlotBoard()
        self.search = QLineEdit()
        self.start_button, self.cancel_button = QPushButton("Simulate"), QPushButton("Cancel")
        self._bar = QProgressBar()
        self._source = QLabel()
        self._samples = (LineSample(*self._line(0)), LineSample(*self._line(1)))
        self._build()
        self._connect()
        self.show_folders(shipped_recordings(), "shipped recordings")

    @property
    def running(self) -> bool:
        """Whether recordings are being simulated."""
        return self._pump is not None

    @property
    def results(self) -> tuple[Result, ...]:
        """What was simulated, in the order of the list."""
        return tuple(self._results[name] for name in self._folders if name in self._results)

    def open_folder(self, folder: Path) -> None:
        """List the recordings of a folder; what is wrong with it is told."""
        try:
            found = recordings_in(folder)
        except ReclaimlabError as error:
            self.session.problem_found.emit(
                f"{error}. The window still lists {self._source.toolTip()}."
            )
            return
        self.show_folders(found, str(folder))

    def show_folders(self, folders: Sequence[Path], source: str) -> None:
        """List other recordings."""
        self.cancel()
        self._folders = {folder.name: folder for folder in folders}
        self._results.clear()
        self._source.setText(Path(source).name)
        self._source.setToolTip(source)
        self._recordings.fill([waiting_row(name, "not simulated") for name in self._folders])
        self._show_targets()
        self.table.fit_columns()
        self.table.select_key(next(iter(self._folders), ""))

    def start(self) -> None:
        """Simulate what is listed: as far as the search lets it be seen, and has no result yet."""
        rows = range(self.table.order.rowCount())
        seen = [str(self.table.order.index(row, 0).data()) for row in rows]
        wanted = [name for name in seen if name not in self._results]
        if self._pump is not None:
            return
        if not wanted:
            self.session.noted.emit("Every recording that is listed is simulated already.")
            return
        self._bar.setRange(0, len(wanted))
        self._bar.setValue(0)
        for name in wanted:
            self._replace(name, waiting_row(name))
        jobs = len(os.sched_getaffinity(0))
        pump = self._pump = ValidationPump([self._folders[each] for each in wanted], jobs, self)
        pump.begun.connect(self._on_begun)
        pump.validated.connect(self._on_validated)
        pump.failed.connect(self._on_failed)
        pump.ended.connect(self._on_ended)
        self._show_buttons()
        pump.start()

    def cancel(self) -> None:
        """End the processes; what was simulated stays."""
        if self._pump is not None:
            self._pump.stop()

    def csv_rows(self) -> Sequence[Sequence[str]]:
        """Return the recordings that are listed; each cell is measured/simulated."""
        return self.table.csv_rows()

    def facts(self) -> dict[str, str]:
        """Return which recording is on screen, and of which folder."""
        return {"recording": self._chosen, "recordings": self._source.toolTip()}

    def closing(self) -> None:
        """End the processes with the window."""
        if self._pump is not None:
            self._pump.stop()
            self._pump.wait()

    # ---- slots ----------------------------------------------------------------------------------

    def _on_begun(self, name: str) -> None:
        self._replace(name, waiting_row(name, "running"))

    def _on_validated(self, result: Result) -> None:
        self._results[result.run] = result
        self._bar.setValue(self._bar.value() + 1)
        self._replace(result.run, result_row(result))
        self._show_targets()
        if result.run == self._chosen or self._chosen not in self._results:
            self.table.select_key(result.run)
            self._show(result.run)

    def _on_failed(self, name: str, problem: str) -> None:
        self._bar.setValue(self._bar.value() + 1)
        self._replace(name, waiting_row(name, "failed", problem))

    def _on_ended(self) -> None:
        if self._pump is not None:
            self._pump.deleteLater()
            self._pump = None
        for row in self._recordings.rows:
            if row.cells[1].text in ("waiting", "running"):
                self._replace(str(row.key), waiting_row(str(row.key), "cancelled"))
        self._show_buttons()
        self.table.fit_columns()
        self.ended.emit()

    def _show(self, name: object) -> None:
        self._chosen = str(name or "")
        result = self._results.get(self._chosen)
        self._numbers.fill(number_rows(result) if result else [])
        self.numbers.fit_columns(60)
        panels = recording_panels(result) if result else []
        label = "time since the writers' start (s)"
        self.board.show_panels(panels, self.session.theme, time_label=label, linked=True)

    def _on_theme(self) -> None:
        for place, sample in enumerate(self._samples):
            sample.set_line(*self._line(place))
        self._show(self._chosen)

    def _ask_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, "A folder of recordings")
        if name:
            self.open_folder(Path(name))

    # ---- showing --------------------------------------------------------------------------------

    def _replace(self, name: str, row: Row) -> None:
        places = [n for n, each in enumerate(self._recordings.rows) if each.key == name]
        for place in places:
            self._recordings.replace(place, row)

    def _show_targets(self) -> None:
        header, rows = target_table(self.results)
        self._targets.fill(rows, header)
        self.targets.fit_columns(50)

    def _show_buttons(self) -> None:
        self.start_button.setEnabled(self._pump is None)
        self.cancel_button.setEnabled(self._pump is not None)
        self._bar.setVisible(self._pump is not None)

    def _line(self, place: int) -> tuple[QColor, Qt.PenStyle]:
        return self.session.theme.contender(place)

    # ---- building -------------------------------------------------------------------------------

    def _build(self) -> None:
        self.search.setPlaceholderText("Search recordings; only those that are seen are simulated")
        self.search.setAccessibleName("Search recordings")
        self.search.setClearButtonEnabled(True)
        self._source.setProperty("faint", True)
        self._source.setMinimumWidth(10)
        self._bar.setFormat("%v of %m recordings")
        self._bar.setAccessibleName("Recordings that are simulated")
        folder = QPushButton("Other recordings...")
        folder.setToolTip("A folder that `reclaimlab record` has filled")
        folder.clicked.connect(self._ask_folder)
        top = QHBoxLayout()
        top.addWidget(self.search, 2)
        top.addWidget(self._source, 1)
        for widget in (folder, self.start_button, self.cancel_button, self._bar):
            top.addWidget(widget)
        tabs = QTabWidget()
        tabs.addTab(self.numbers, "Numbers")
        tabs.addTab(self.targets, "Targets")
        left = QSplitter(Qt.Orientation.Vertical)
        left.addWidget(self.table)
        left.addWidget(tabs)
        body = QSplitter()
        body.setChildrenCollapsible(False)
        body.addWidget(left)
        body.addWidget(self._plots())
        body.setSizes([700, 480])
        layout = QVBoxLayout(self)
        layout.addLayout(top)
        layout.addWidget(body, 1)
        self._show_buttons()

    def _plots(self) -> QWidget:
        found = QWidget()
        legend = QHBoxLayout()
        for sample, name in zip(self._samples, ("simulated", "measured"), strict=True):
            legend.addWidget(sample)
            legend.addWidget(QLabel(name))
        legend.addStretch(1)
        layout = QVBoxLayout(found)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(legend)
        layout.addWidget(self.board, 1)
        return found

    def _connect(self) -> None:
        self.start_button.clicked.connect(self.start)
        self.cancel_button.clicked.connect(self.cancel)
        self.search.textChanged.connect(self.table.order.set_words)
        self.search.textChanged.connect(lambda: self.table.fit_columns())
        self.table.row_selected.connect(self._show)
        self.session.theme_changed.connect(self._on_theme)

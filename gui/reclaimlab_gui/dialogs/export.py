"""Export: what is on screen as a picture or numbers, and the comparison in every report format."""

from __future__ import annotations

from dataclasses import astuple
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from reclaimlab.errors import ReclaimlabError
from reclaimlab.files import write_whole
from reclaimlab.reports.traces import trace_file
from reclaimlab_gui.models.export_formats import SCREEN_CSV, Format, formats_for, write_report
from reclaimlab_gui.widgets.picture import write_csv, write_png, write_svg
from reclaimlab_gui.workers.inspector import Inspection, Inspector

if TYPE_CHECKING:
    from collections.abc import Callable

    from reclaimlab.measure.timeline import Timeline
    from reclaimlab_gui.session import Session
    from reclaimlab_gui.views.view import View


class ExportDialog(QDialog):
    """A format, a file, and Export; a fault is told and the dialog stays."""

    def __init__(self, view: View, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export")
        self._view = view
        self._session = session
        self.formats = formats_for(
            numbers=view.csv_title if len(view.csv_rows()) > 1 else "",
            has_comparison=bool(view.comparison_id()),
            runs=len(view.runs_on_screen()),
        )
        self.list = QListWidget()
        self.list.setAccessibleName("Formats")
        self.list.addItems([f"{each.name}: {each.title}" for each in self.formats])
        self.path = QLineEdit()
        self.path.setAccessibleName("File")
        self.fault = QLabel()
        self.fault.setProperty("fault", True)
        self.fault.setWordWrap(True)
        self._trace = ""
        self._inspector = Inspector(self)
        self._inspector.inspected.connect(self._on_inspected)
        self._inspector.failed.connect(self._on_failed)
        self._build()
        self.list.currentRowChanged.connect(self._on_format)
        self.list.setCurrentRow(0)

    def export(self) -> None:
        """Write the file and close; if it cannot be written, say why and stay."""
        chosen = self.formats[self.list.currentRow()]
        if chosen.trace:
            self._make_runs_again(chosen)
        else:
            self._finish(lambda path: self._write(chosen, path))

    def reject(self) -> None:
        """Give up what is under way."""
        self._inspector.stop()
        super().reject()

    def _finish(self, write: Callable[[Path], object]) -> None:
        path = Path(self.path.text())
        try:
            write(path)
        except (ReclaimlabError, OSError) as error:
            self._on_failed(f"{path} could not be written: {error}")
            return
        self._session.settings.export_folder = path.parent
        self._session.noted.emit(f"{path} is written.")
        self.accept()

    def _make_runs_again(self, chosen: Format) -> None:
        keys = self._view.runs_on_screen()
        wanted = keys if chosen.trace == "perfetto" else keys[:1]
        records = self._session.read(lambda reader: [reader.run(*astuple(key)) for key in wanted])
        if records is None:
            self._on_failed("a run on screen is no longer in the store")
            return
        self._trace = chosen.trace
        self.fault.setText("The runs are made again, task by task; Cancel gives up.")
        self._export.setEnabled(False)
        ends = [(each, each.result.ended_ns) for each in records if each.result]
        self._inspector.inspect([Inspection(each, 0, end, events=True) for each, end in ends])

    def _on_inspected(self, timelines: tuple[Timeline, ...]) -> None:
        self._export.setEnabled(True)
        self._finish(lambda path: write_whole(path, trace_file(timelines, self._trace)))

    def _on_failed(self, message: str) -> None:
        self._export.setEnabled(True)
        self.fault.setText(message)

    def _write(self, chosen: Format, path: Path) -> None:
        if chosen.report:
            write_report(self._session.database, self._view.comparison_id(), chosen.report, path)
        elif chosen.name == SCREEN_CSV:
            write_csv(self._view.csv_rows(), path)
        elif chosen.suffix == "svg":
            write_svg(self._view, path, self._view.facts())
        else:
            write_png(self._view, path, self._view.facts())

    def _on_format(self, row: int) -> None:
        chosen = self.formats[row]
        stem = self._view.comparison_id() or self._view.title.lower().replace(" ", "-")
        folder = self._session.settings.export_folder
        self.path.setText(str(folder / f"reclaimlab-{stem}.{chosen.suffix}"))

    def _browse(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Export to", self.path.text())
        if name:
            self.path.setText(name)

    def _build(self) -> None:
        browse = QPushButton("Choose...")
        browse.clicked.connect(self._browse)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self._export = buttons.addButton("Export", QDialogButtonBox.ButtonRole.ApplyRole)
        self._export.clicked.connect(self.export)
        self._export.setDefault(True)
        buttons.rejected.connect(self.reject)
        row = QHBoxLayout()
        row.addWidget(QLabel("File"))
        row.addWidget(self.path, 1)
        row.addWidget(browse)
        layout = QVBoxLayout(self)
        layout.addWidget(QLabel(f"What is on screen ({self._view.title}), or the comparison:"))
        layout.addWidget(self.list)
        layout.addLayout(row)
        layout.addWidget(self.fault)
        layout.addWidget(buttons)
        em = self.fontMetrics().height()
        self.resize(em * 36, em * 22)

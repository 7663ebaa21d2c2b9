"""Compare: two to four contenders side by side, and the difference below them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QPlainTextEdit,
    QSplitter,
    QStackedLayout,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from reclaimlab.reports.incident_text import incident_lines
from reclaimlab.store.reader import StoreReader
from reclaimlab_gui.charts.plot_board import PlotBoard
from reclaimlab_gui.models.marker_rows import MARKER_HEADER, marker_rows
from reclaimlab_gui.models.metric_rows import metric_header, metric_rows
from reclaimlab_gui.models.panels import Shown, panel_rows
from reclaimlab_gui.models.quantities import quantities
from reclaimlab_gui.models.setting_rows import setting_rows, settings_of
from reclaimlab_gui.models.side_by_side import load_comparison, load_runs, load_series
from reclaimlab_gui.models.table import Table
from reclaimlab_gui.views.view import View
from reclaimlab_gui.widgets.column_header import ColumnHeader
from reclaimlab_gui.widgets.compare_bar import CompareBar
from reclaimlab_gui.widgets.empty_state import EmptyState
from reclaimlab_gui.widgets.table_view import TableView
from reclaimlab_gui.workers.background import Background

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reclaimlab.measure.records import Series
    from reclaimlab_gui.models.side_by_side import SideBySide
    from reclaimlab_gui.session import RunKey, Session

_AT_FIRST = 3
"""How many quantities are plotted until others are chosen."""
Loaded = tuple["SideBySide", "tuple[tuple[Series, ...], ...]", int]


class CompareView(View):
    """The heart of the window.

    Signals:
        shown: a comparison is on screen.
        setup_wanted: there is nothing to show; the user wants to run something.
    """

    title = "Compare"
    about = "contenders side by side: verdicts, plots, metrics and what differs"
    csv_title = "every sample of the curves on screen"
    shown = Signal()
    setup_wanted = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self._shown: SideBySide | None = None
        self._series: tuple[tuple[Series, ...], ...] = ()
        self._seed = 0
        self._markers: dict[int, float] = {}
        self._background = Background(self)
        self.bar = CompareBar()
        self._columns = QHBoxLayout()
        self.board = PlotBoard()
        self.metrics = TableView("Metrics", Table())
        self.settings = TableView("Settings", Table())
        self.markers = TableView("Values at the markers", Table(MARKER_HEADER))
        self.evidence = _reading("Evidence of the verdicts")
        self.clicked = _reading("What made the clicked curve")
        self.tabs = QTabWidget()
        self._build()
        self._connect()

    @property
    def side_by_side(self) -> SideBySide | None:
        """What is shown; None if nothing is."""
        return self._shown

    @property
    def seed(self) -> int:
        """The seed whose runs are plotted."""
        return self._seed

    def open_comparison(self, name: str, wanted: Sequence[str] = ()) -> None:
        """Show a stored comparison, by its id or as ``latest``."""
        self._load(lambda reader: load_comparison(reader, name, wanted))

    def open_runs(self, keys: object) -> None:
        """Show runs of any comparisons (a tuple of RunKey)."""
        chosen = tuple(keys) if isinstance(keys, tuple) else ()
        self._load(lambda reader: load_runs(reader, chosen))

    def show_seed(self, seed: int) -> None:
        """Show the runs of another seed."""
        shown = self._shown
        if shown is not None and seed != self._seed:
            self._load(lambda _: shown, seed)

    def show_contenders(self, names: object) -> None:
        """Show others of the contenders of the comparison; one alone compares with nothing."""
        chosen = tuple(names) if isinstance(names, tuple) else ()
        if self._shown is None or len(chosen) < 2:
            self.session.noted.emit("A comparison has two contenders at least.")
            self._show_offered()
            return
        name = self._shown.comparison.id
        self._load(lambda reader: load_comparison(reader, name, chosen), self._seed)

    def facts(self) -> dict[str, str]:
        """Return what made the picture: comparison, seed, and every setting of each column."""
        if self._shown is None:
            return {}
        found = {"comparison": self._shown.comparison.id, "seed": str(self._seed)}
        for column in self._shown.columns:
            settings = settings_of(column.runs.get(self._seed))
            found[column.label] = "\n".join(f"{name} = {value}" for name, value in settings.items())
        return found

    def csv_rows(self) -> Sequence[Sequence[str]]:
        """Return every curve on screen, a row a sample."""
        rows = [("quantity", "unit", "contender", "time_s", "value")]
        for panel in self.board.panels:
            for line in panel.lines:
                times = line.curve.times_s - line.shift_s
                rows += [
                    (panel.title, panel.unit, line.label, f"{time_s:.9g}", f"{value:.9g}")
                    for time_s, value in zip(times, line.curve.values, strict=True)
                ]
        return rows

    def comparison_id(self) -> str:
        """Return the comparison on screen."""
        return self._shown.comparison.id if self._shown else ""

    def runs_on_screen(self) -> tuple[RunKey, ...]:
        """Return the plotted run of each column."""
        columns = self._shown.columns if self._shown else ()
        return tuple(each.key(self._seed) for each in columns if self._seed in each.runs)

    def closing(self) -> None:
        """Wait for what is being read."""
        self._background.wait()

    # ---- loading --------------------------------------------------------------------------------

    def _load(self, find: Callable[[StoreReader], SideBySide], seed: int | None = None) -> None:
        database = self.session.database

        def question() -> Loaded:
            with StoreReader(database) as reader:
                shown = find(reader)
                chosen = shown.seed if seed is None else seed
                return shown, load_series(reader, shown, chosen), chosen

        self.setCursor(Qt.CursorShape.BusyCursor)
        self._background.ask(question)

    def _on_loaded(self, loaded: Loaded) -> None:
        self.unsetCursor()
        other = loaded[0] is not self._shown
        self._shown, self._series, self._seed = loaded
        if other:
            self._markers.clear()
            self.board.clear_markers()
            self.bar.show_seeds(self._shown.seeds, self._seed)
            self._show_offered()
            found = quantities(self._series)
            self.bar.show_quantities(found, found[:_AT_FIRST])
        self._pages.setCurrentIndex(1)
        self._show_columns()
        self._show_tables()
        self.draw()
        self.shown.emit()

    def _show_offered(self) -> None:
        shown = self._shown
        if shown is not None:
            self.bar.show_contenders(shown.offered, [each.contender for each in shown.columns])

    def _on_failed(self, message: str) -> None:
        self.unsetCursor()
        self.session.problem_found.emit(message)

    def _on_broke(self, error: object) -> None:
        self._on_failed(f"a bug of reclaimlab while reading: {type(error).__name__}: {error}")

    # ---- showing --------------------------------------------------------------------------------

    def draw(self) -> None:
        """Draw the plots as the bar says."""
        if self._shown is None:
            return
        how = self.bar.arrangement
        columns = [
            Shown(column.label, series, column.runs.get(self._seed), self._markers.get(place))
            for place, (column, series) in enumerate(
                zip(self._shown.columns, self._series, strict=True)
            )
        ]
        rows = panel_rows(self.bar.chosen, columns, how)
        self.board.show_panels(
            rows,
            self.session.theme,
            time_label=f"time since {how.alignment} (s)",
            linked=self.bar.linked,
        )
        self._show_markers()

    def _show_columns(self) -> None:
        while (item := self._columns.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()  # it is deleted only later, and would stand on the plots till then
                widget.deleteLater()
        if self._shown is None:
            return
        for place, column in enumerate(self._shown.columns):
            header = ColumnHeader(place, column, self._shown, self._seed, self.session.theme)
            header.why_requested.connect(self.session.why_requested)
            header.chosen.connect(self.show_parameters)
            self._columns.addWidget(header, 1)

    def _show_tables(self) -> None:
        if self._shown is None:
            return
        self._table(self.metrics).fill(metric_rows(self._shown), metric_header(self._shown))
        labels = self._shown.short_labels
        self._table(self.settings).fill(setting_rows(self._shown, self._seed), ["setting", *labels])
        for table in (self.metrics, self.settings):
            table.fit_columns()
        self.evidence.setPlainText("\n".join(self._evidence()))
        self.clicked.setPlainText("Click a curve, or a contender's name, to see what made it.")

    def show_parameters(self, place: int) -> None:
        """Show what made the curves of the contender at ``place``."""
        if self._shown is None:
            return
        column = self._shown.columns[place]
        settings = settings_of(column.runs.get(self._seed))
        lines = [f"{name:<36} {value}" for name, value in settings.items()]
        self.clicked.setPlainText("\n".join(lines))
        self.tabs.setCurrentWidget(self.clicked)

    def clear_markers(self) -> None:
        """Take both markers away."""
        self._markers.clear()
        self.board.clear_markers()
        self._show_markers()

    def _evidence(self) -> list[str]:
        lines: list[str] = []
        for column in self._shown.columns if self._shown else ():
            record = column.runs.get(self._seed)
            if record is None:
                lines += [f"{column.label}: no run of seed {self._seed}", ""]
            elif record.result is None:
                lines += [f"{column.label} failed: {record.error}", record.traceback, ""]
            elif record.result.incident is None:
                lines += [f"{column.label}: {record.result.verdict}, nothing to show", ""]
            else:
                lines += [*incident_lines(record.result.incident, column.label, self._seed), ""]
        return lines

    def _show_markers(self) -> None:
        rows = marker_rows(self.board.panels, self.board.marker)
        self._table(self.markers).fill(rows)
        self.markers.fit_columns()
        self.bar.show_span(self.board.marker("A", 0), self.board.marker("B", 0))

    def _on_marker(self, name: str, column: int, time_s: float) -> None:
        if name == "A" and self._shown is not None:
            shifts = {
                panel.column: panel.lines[0].shift_s for panel in self.board.panels if panel.lines
            }
            chosen = range(len(self._shown.columns)) if self.bar.linked else [column]
            for each in chosen:
                self._markers[each] = time_s + shifts.get(each, 0.0)
        self._show_markers()

    @staticmethod
    def _table(view: TableView) -> Table:
        source = view.order.sourceModel()
        assert isinstance(source, Table)
        return source

    # ---- building -------------------------------------------------------------------------------

    def _build(self) -> None:
        empty = EmptyState(
            "No comparison is open",
            "Open one from History, or run one: its contenders stand here side by side.",
            "Set up a comparison",
        )
        empty.wanted.connect(self.setup_wanted)
        page = QWidget()
        self._pages = QStackedLayout(self)
        self._pages.addWidget(empty)
        self._pages.addWidget(page)
        self.tabs.addTab(_with_filter(self.metrics), "Metrics")
        self.tabs.addTab(_with_filter(self.settings), "Settings")
        self.tabs.addTab(self.evidence, "Evidence")
        self.tabs.addTab(self.markers, "Markers")
        self.tabs.addTab(self.clicked, "Parameters")
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self.board)
        self.splitter.addWidget(self.tabs)
        self.splitter.setStretchFactor(0, 3)
        self.splitter.setStretchFactor(1, 2)
        layout = QVBoxLayout(page)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.addWidget(self.bar)
        layout.addLayout(self._columns)
        layout.addWidget(self.splitter, 1)

    def _connect(self) -> None:
        self._background.answered.connect(self._on_loaded)
        self._background.failed.connect(self._on_failed)
        self._background.broke.connect(self._on_broke)
        self.bar.arranged.connect(self.draw)
        self.bar.link_changed.connect(self.board.set_linked)
        self.bar.seed_chosen.connect(self.show_seed)
        self.bar.contenders_chosen.connect(self.show_contenders)
        self.board.marker_moved.connect(self._on_marker)
        self.board.line_clicked.connect(self.show_parameters)
        self.session.compare_requested.connect(self.open_comparison)
        self.session.runs_requested.connect(self.open_runs)
        self.session.theme_changed.connect(self._on_theme)

    def _on_theme(self) -> None:
        self._show_columns()
        self.draw()


def _reading(name: str) -> QPlainTextEdit:
    found = QPlainTextEdit()
    found.setReadOnly(True)
    found.setAccessibleName(name)
    found.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
    font = found.font()
    font.setFamily("monospace")
    font.setStyleHint(font.StyleHint.Monospace)
    found.setFont(font)
    return found


def _with_filter(table: TableView) -> QWidget:
    box = QWidget()
    layout = QVBoxLayout(box)
    layout.setContentsMargins(0, 2, 0, 0)
    only = QCheckBox("Only what differs")
    only.toggled.connect(table.order.set_only_differing)
    layout.addWidget(only)
    layout.addWidget(table)
    return box

"""Matrix: scenarios and contenders as a heat map of verdicts; sweeps over two parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from reclaimlab.store.sweeps import SweepReader
from reclaimlab_gui.models.heat_map import Heat, HeatModel
from reclaimlab_gui.models.matrix_rows import matrix_heat
from reclaimlab_gui.models.sweep_heat import parameters, sweep_heat
from reclaimlab_gui.views.view import View
from reclaimlab_gui.widgets.empty_state import EmptyState
from reclaimlab_gui.widgets.heat_view import HeatView

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from reclaimlab.store.sweeps import StoredSweep, SweepRun
    from reclaimlab_gui.session import Session

_COMPARISONS: Final = "Every comparison of this store"
_EACH: Final = "Each field: the worst verdict, and how many of its runs came to it. "
_OF_COMPARISONS: Final = (
    "Of a scenario and a contender that were compared several times: the newest comparison. "
    "A click or Enter opens it."
)
_OF_SWEEP: Final = "Other parameters and all seeds count as runs of the field."


class MatrixView(View):
    """The verdicts of everything that is stored."""

    title = "Matrix"
    about = "scenarios and contenders as a heat map of verdicts; sweeps over two parameters"

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self._heat = Heat()
        self._runs: tuple[SweepRun, ...] = ()
        self.model = HeatModel(self)
        self.table = HeatView("Heat map of verdicts", self.model)
        self.source = _choice("What is shown")
        self.contender = _choice("Contender of the sweep")
        self.across = _choice("Parameter from left to right")
        self.down = _choice("Parameter from top to bottom")
        self.scenarios = _search("Search scenarios")
        self.contenders = _search("Search contenders")
        self._of_sweep = _row(
            QLabel("contender"), self.contender, QLabel("across"), self.across,
            QLabel("down"), self.down, QWidget(),
        )  # fmt: skip
        self._of_comparisons = _row(self.scenarios, self.contenders)
        self._hint = QLabel()
        self._build()
        self._connect()
        self.refresh()

    def refresh(self) -> None:
        """Read the verdicts, and which sweeps there are, again."""
        if self.session.database.exists():
            sweeps = self.session.read(lambda reader: _sweeps(reader.path))
            cells = self.session.read(lambda reader: reader.verdict_cells())
            if sweeps is None or cells is None:  # told already; what is on screen stays
                return
        else:
            sweeps, cells = (), ()
        self._heat = matrix_heat(cells)
        named = [(_name(each), each.head.id) for each in sweeps]
        _offer(self.source, [(_COMPARISONS, ""), *named])
        if not self._heat.spots and sweeps and not self.source.currentData():
            with QSignalBlocker(self.source):
                self.source.setCurrentIndex(1)
        self._pages.setCurrentIndex(1 if self._heat.spots or sweeps else 0)
        self._on_source()

    def facts(self) -> dict[str, str]:
        """Return what the heat map is of."""
        return {"store": str(self.session.database), "shown": self.source.currentText()}

    def csv_rows(self) -> Sequence[Sequence[str]]:
        """Return the verdicts on screen, a line a row."""
        heat, spots = self.model.heat, self.model.heat.spots
        return [
            ("", *heat.across),
            *(
                (
                    line,
                    *(
                        spots[line, each].text if (line, each) in spots else ""
                        for each in heat.across
                    ),
                )
                for line in heat.down
            ),
        ]

    # ---- slots ----------------------------------------------------------------------------------

    def _on_source(self) -> None:
        sweep = self.source.currentData() or ""
        self._of_sweep.setVisible(bool(sweep))
        self._of_comparisons.setVisible(not sweep)
        self._hint.setText(_EACH + (_OF_SWEEP if sweep else _OF_COMPARISONS))
        if sweep:
            self._runs = self.session.read(lambda reader: _runs(reader.path, sweep)) or ()
            contenders = dict.fromkeys(run.contender for run in self._runs)
            names = parameters(self._runs)
            _offer(self.contender, [(name, name) for name in contenders])
            _offer(self.across, [(name, name) for name in names])
            _offer(self.down, [*((name, name) for name in names[1:2] + names[:1] + names[2:])])
        self._show()

    def _show(self) -> None:
        if not self.source.currentData():
            heat = self._heat.only(self.scenarios.text(), self.contenders.text())
        else:
            contender = self.contender.currentData()
            across, down = self.across.currentData() or "", self.down.currentData() or ""
            runs = [run for run in self._runs if run.contender == contender]
            heat = sweep_heat(runs, across, "" if down == across else down)
        self.model.show_heat(heat)

    # ---- building -------------------------------------------------------------------------------

    def _build(self) -> None:
        self._pages = QStackedLayout(self)
        empty = EmptyState(
            "No verdicts yet",
            "Run some comparisons: each adds its cells here. Sweeps of the command line "
            "(`reclaimlab sweep`) that are written to this store are shown here too.",
            "Set up a comparison",
        )
        empty.wanted.connect(lambda: self.session.setup_requested.emit("xfs-softlimit-hang"))
        self._pages.addWidget(empty)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.addWidget(_row(self.source, self._of_sweep, self._of_comparisons))
        layout.addWidget(self.table, 1)
        self._hint.setWordWrap(True)
        self._hint.setProperty("faint", True)
        layout.addWidget(self._hint)
        self._pages.addWidget(page)

    def _connect(self) -> None:
        self.source.currentIndexChanged.connect(self._on_source)
        for box in (self.contender, self.across, self.down):
            box.currentIndexChanged.connect(self._show)
        for line in (self.scenarios, self.contenders):
            line.textChanged.connect(self._show)
        self.table.spot_chosen.connect(self.session.compare_requested)
        self.table.spot_told.connect(self.session.noted)
        self.session.store_changed.connect(self.refresh)
        self.session.theme_changed.connect(self.table.fit)


def _sweeps(path: Path) -> tuple[StoredSweep, ...]:
    with SweepReader(path) as reader:
        return reader.sweeps()


def _runs(path: Path, sweep: str) -> tuple[SweepRun, ...]:
    with SweepReader(path) as reader:
        return tuple(reader.runs(sweep))


def _name(sweep: StoredSweep) -> str:
    head = sweep.head
    return f"{head.kind} {head.id[:8]}: {head.scenario}, {sweep.stored_runs} of {head.planned_runs}"


def _choice(name: str) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    box.setToolTip(name)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    return box


def _search(name: str) -> QLineEdit:
    line = QLineEdit()
    line.setPlaceholderText(name)
    line.setAccessibleName(name)
    line.setClearButtonEnabled(True)
    return line


def _row(*widgets: QWidget) -> QWidget:
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    for widget in widgets:
        layout.addWidget(widget, 0 if isinstance(widget, QComboBox | QLabel) else 1)
    return row


def _offer(box: QComboBox, choices: Sequence[tuple[str, str]]) -> None:
    chosen = box.currentData()
    with QSignalBlocker(box):
        box.clear()
        for text, data in choices:
            box.addItem(text, data)
        box.setCurrentIndex(max(box.findData(chosen), 0))

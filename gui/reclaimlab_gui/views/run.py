"""Run: each run with its progress and remaining time, cancel, and what plugins did wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QSplitter,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from reclaimlab_gui.models.run_rows import RUN_HEADER, RunProgress
from reclaimlab_gui.models.table import Table
from reclaimlab_gui.views.view import View
from reclaimlab_gui.widgets.empty_state import EmptyState
from reclaimlab_gui.widgets.table_view import TableView
from reclaimlab_gui.workers.comparison_pump import ComparisonPump

if TYPE_CHECKING:
    from reclaimlab.runs.compare import Plan
    from reclaimlab.runs.comparison import Comparison
    from reclaimlab.runs.events import RunEvent
    from reclaimlab_gui.session import Session


class RunView(View):
    """One comparison under way at a time.

    Signals:
        run_failed: the record of a run that has no result.
        finished: the id of the comparison whose runs are all over, without a cancel.
        setup_wanted: the user wants to choose what to run.
    """

    title = "Run"
    about = "runs under way: progress, remaining time, errors"
    finished = Signal(str)
    run_failed = Signal(object)
    setup_wanted = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self._pump: ComparisonPump | None = None
        self._progress: RunProgress | None = None
        self._last: tuple[Plan, int, int] | None = None
        self._stored = ""
        self._cancelled = False
        self._heading = QLabel()
        self._heading.setProperty("heading", True)
        self._bar = QProgressBar()
        self._remaining = QLabel()
        self._cancel = QPushButton("Cancel")
        self._again = QPushButton("Run again")
        self._open = QPushButton("Compare")
        self._runs = Table(RUN_HEADER)
        self.table = TableView("Runs", self._runs)
        self.errors = QPlainTextEdit()
        self.errors.setReadOnly(True)
        self.errors.setAccessibleName("Errors of plugins")
        self._build()

    @property
    def running(self) -> bool:
        """Whether a comparison is under way."""
        return self._pump is not None

    @property
    def can_run_again(self) -> bool:
        """Whether there is a last comparison, and none under way."""
        return self._last is not None and self._pump is None

    @property
    def runs(self) -> Table:
        """The runs as they are shown."""
        return self._runs

    def start(self, plan: Plan, duration_ns: int, jobs: int) -> bool:
        """Begin a comparison; False if another is under way."""
        if self._pump is not None:
            self.session.problem_found.emit(
                "A comparison is under way; cancel it or wait for its end, then start the next."
            )
            return False
        self._last = (plan, duration_ns, jobs)
        self._cancelled = False
        self._stored = ""
        self._progress = RunProgress(self._runs, plan, duration_ns)
        self.errors.clear()
        self.errors.hide()
        self._heading.setText(f"{plan.head.scenario}: {plan.head.title}")
        self._bar.setRange(0, plan.head.planned_runs)
        self._bar.setValue(0)
        self._remaining.setText("processes are starting")
        self._pages.setCurrentIndex(1)
        pump = self._pump = ComparisonPump(plan, self.session.database, jobs, self)
        pump.progressed.connect(self._on_progressed)
        pump.run_ended.connect(self._on_run_ended)
        pump.failed.connect(self.session.problem_found)
        pump.ended.connect(self._on_ended)
        self._show_buttons()
        self.table.fit_columns()
        pump.start()
        return True

    def cancel(self) -> None:
        """End the processes; finished runs stay stored."""
        if self._pump is not None:
            self._cancelled = True
            self._remaining.setText("stopping")
            self._pump.stop()

    def run_again(self) -> None:
        """Run the last plan once more, in fresh processes."""
        if self._last is not None:
            self.start(*self._last)

    def comparison_id(self) -> str:
        """Return the comparison that was run last."""
        return self._stored

    def closing(self) -> None:
        """End the processes with the window."""
        if self._pump is not None:
            self._pump.stop()
            self._pump.wait(10)

    # ---- slots ----------------------------------------------------------------------------------

    def _on_progressed(self, told: dict[int, int]) -> None:
        if self._progress is None or self._last is None:
            return
        self._progress.reached(told)
        left = self._progress.remaining_s(self._last[2])
        if left is not None and not self._cancelled:
            self._remaining.setText(f"about {_time(left)} left")

    def _on_run_ended(self, event: RunEvent) -> None:
        if self._progress is None:
            return
        self._progress.ended(event)
        self._bar.setValue(event.done)
        failures = self._progress.failures()
        if failures:
            self.errors.setPlainText("\n\n".join(failures))
            self.errors.show()
        if event.record.result is None:
            self.run_failed.emit(event.record)

    def _on_ended(self, found: Comparison | None) -> None:
        if self._pump is not None:
            self._pump.deleteLater()
            self._pump = None
        if self._progress is not None:
            self._progress.stopped()
        self._stored = found.id if found is not None else ""
        planned = found.head.planned_runs if found is not None else 0
        stored = found.stored_runs if found is not None else 0
        whole = found is not None and stored == planned
        said = "done" if whole else f"cancelled: {stored} of {planned} runs are stored"
        self._remaining.setText(said if found is not None else "could not be run")
        if found is not None and found.faults:
            told = filter(None, (self.errors.toPlainText(), *found.faults))
            self.errors.setPlainText("\n\n".join(told))
            self.errors.show()
        self._show_buttons()
        self.table.fit_columns()
        self.session.follow()
        if whole and found is not None:
            self.finished.emit(found.id)

    def _open_comparison(self) -> None:
        if self._stored:
            self.session.compare_requested.emit(self._stored)

    # ---- building -------------------------------------------------------------------------------

    def _build(self) -> None:
        empty = EmptyState(
            "Nothing is running",
            "Choose a scenario and contenders in Set up, then press Run.",
            "Set up a comparison",
        )
        empty.wanted.connect(self.setup_wanted)
        page = QWidget()
        self._pages = QStackedLayout(self)
        self._pages.addWidget(empty)
        self._pages.addWidget(page)
        top = QHBoxLayout()
        self._heading.setWordWrap(True)
        top.addWidget(self._heading, 1)
        for button, slot in (
            (self._cancel, self.cancel),
            (self._again, self.run_again),
            (self._open, self._open_comparison),
        ):
            button.clicked.connect(slot)
            top.addWidget(button)
        second = QHBoxLayout()
        self._bar.setFormat("%v of %m runs")
        self._bar.setAccessibleName("Runs that are over")
        second.addWidget(self._bar, 1)
        second.addWidget(self._remaining)
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.addWidget(self.table)
        splitter.addWidget(self.errors)
        splitter.setStretchFactor(0, 3)
        splitter.setStretchFactor(1, 1)
        self.errors.hide()
        layout = QVBoxLayout(page)
        layout.addLayout(top)
        layout.addLayout(second)
        layout.addWidget(splitter, 1)

    def _show_buttons(self) -> None:
        self._cancel.setEnabled(self._pump is not None)
        self._again.setEnabled(self._pump is None)
        self._open.setEnabled(bool(self._stored))


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"

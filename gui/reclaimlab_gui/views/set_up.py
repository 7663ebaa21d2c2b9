"""Set up: a scenario, its values, contenders, seeds and jobs; then Run, or the command for it."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QSpinBox,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from reclaimlab.errors import ReclaimlabError
from reclaimlab.runs.compare import make_plan
from reclaimlab.scenarios.reader import load_scenario
from reclaimlab_gui.models.form_fields import faults_of, scenario_fields
from reclaimlab_gui.models.scenario_list import SCENARIO_HEADER, about, scenario_rows
from reclaimlab_gui.models.table import Table
from reclaimlab_gui.views.view import View
from reclaimlab_gui.widgets.contender_editor import ContenderEditor
from reclaimlab_gui.widgets.field_form import FieldForm
from reclaimlab_gui.widgets.table_view import TableView

if TYPE_CHECKING:
    from reclaimlab_gui.session import Session

_CHECK_MS = 250
"""A form is checked when typing has paused for so long."""
_MOST_SEEDS = 10_000


class SetUpView(View):
    """What is going to be compared.

    Signals:
        run_requested: the plan of a comparison, the simulated time of a run (ns), the jobs.
    """

    title = "Set up"
    about = "choose a scenario and contenders, and run them head to head"
    run_requested = Signal(object, object, int)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self._scenario = ""
        self._files: list[str] = []
        self._scenarios = Table(SCENARIO_HEADER)
        self._scenarios.fill(scenario_rows())
        self.list = TableView("Scenarios", self._scenarios)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search scenarios")
        self.search.setAccessibleName("Search scenarios")
        self.search.setClearButtonEnabled(True)
        self._about = QPlainTextEdit()
        self._form = FieldForm("Values of the scenario")
        self._fault = QLabel()
        self.contenders = ContenderEditor()
        self._seeds, self._first, self._jobs = QSpinBox(), QSpinBox(), QSpinBox()
        self.run_button = QPushButton("Run")
        self._copy = QPushButton("Copy as command")
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_CHECK_MS)
        self._build()
        self._connect()
        self.show_scenario("xfs-softlimit-hang")

    @property
    def form(self) -> FieldForm:
        """The form of the scenario's values."""
        return self._form

    @property
    def can_run(self) -> bool:
        """Whether nothing is wrong with what is set up."""
        return self.run_button.isEnabled()

    @property
    def settings(self) -> list[str]:
        """The values that were changed, as ``--set`` takes them."""
        return [f"{name}={text}" for name, text in self._form.changed_values().items()]

    def show_scenario(self, name: str) -> None:
        """Put a scenario of the library, or a file, into the form."""
        try:
            scenario = load_scenario(name)
        except ReclaimlabError as error:
            self.session.problem_found.emit(str(error))
            return
        if name not in {row.key for row in self._scenarios.rows}:
            self._files.append(name)
            self._scenarios.append(scenario_rows([name])[-1:])
        self._scenario = name
        self.list.select_key(name)
        self._about.setPlainText(f"{scenario.title}\n\n{about(name)}")
        self._form.show_fields(scenario_fields(scenario))
        self.contenders.set_contenders([scenario.kernel, f"{scenario.kernel}+may-enter-fs"])
        self._check()

    def command(self) -> str:
        """Return the exact command line that does the same."""
        words = ["reclaimlab", "compare", self._scenario]
        for contender in self.contenders.contenders:
            words += ["-c", contender]
        words += ["--seeds", str(self._seeds.value())]
        if self._first.value() != 1:
            words += ["--seed", str(self._first.value())]
        words += ["--jobs", str(self._jobs.value())]
        for setting in self.settings:
            words += ["--set", setting]
        words += ["--db", str(self.session.database)]
        return shlex.join(words)

    def start(self) -> None:
        """Ask for the comparison to be run; faults are told and nothing is lost."""
        self._check()
        if not self.contenders.contenders:
            self.session.problem_found.emit(f"Nothing can be run: {self.contenders.fault()}.")
            return
        first = self._first.value()
        try:
            scenario = load_scenario(self._scenario, self.settings)
            seeds = range(first, first + self._seeds.value())
            plan = make_plan(scenario, self.contenders.contenders, seeds)
        except ReclaimlabError as error:
            self.session.problem_found.emit(str(error))
            return
        self.session.settings.jobs = self._jobs.value()
        self.run_requested.emit(plan, scenario.duration, self._jobs.value())

    def set_seeds(self, count: int, first: int = 1) -> None:
        """Choose how many seeds each contender runs with."""
        self._seeds.setValue(count)
        self._first.setValue(first)

    def copy_command(self) -> None:
        """Put the command line into the clipboard."""
        QGuiApplication.clipboard().setText(self.command())
        self.session.noted.emit("The command line is in the clipboard.")

    # ---- building -------------------------------------------------------------------------------

    def _build(self) -> None:
        self._about.setReadOnly(True)
        self._about.setAccessibleName("About the scenario")
        self._about.setFrameShape(QFrame.Shape.NoFrame)
        self._fault.setProperty("fault", True)
        self._fault.setWordWrap(True)
        self._fault.hide()
        columns = QSplitter()
        columns.setChildrenCollapsible(False)
        scenarios = QSplitter(Qt.Orientation.Vertical)
        scenarios.setChildrenCollapsible(False)
        scenarios.addWidget(self.list)
        scenarios.addWidget(self._about)
        scenarios.setSizes([360, 240])
        columns.addWidget(_titled("1  Scenario", self.search, scenarios))
        columns.addWidget(_titled("2  Values", self._fault, self._form))
        columns.addWidget(_titled("3  Contenders", self.contenders))
        for place in range(3):
            columns.setStretchFactor(place, 1)
        columns.setSizes([400, 380, 380])
        layout = QVBoxLayout(self)
        layout.addWidget(columns, 1)
        layout.addLayout(self._bottom())
        self.list.fit_columns()

    def _bottom(self) -> QHBoxLayout:
        row = QHBoxLayout()
        jobs = self.session.settings.jobs or len(os.sched_getaffinity(0))
        for title, box, low, high, value in (
            ("&Seeds", self._seeds, 1, _MOST_SEEDS, 4),
            ("&First seed", self._first, 0, 1 << 30, 1),
            ("&Jobs (processes)", self._jobs, 1, 256, jobs),
        ):
            label = QLabel(title)
            label.setBuddy(box)
            box.setRange(low, high)
            box.setValue(value)
            box.setAccessibleName(title.replace("&", ""))
            row.addWidget(label)
            row.addWidget(box)
        row.addStretch(1)
        row.addWidget(self._copy)
        row.addWidget(self.run_button)
        self.run_button.setDefault(True)
        return row

    def _connect(self) -> None:
        self.search.textChanged.connect(self.list.order.set_words)
        self.list.row_selected.connect(self._on_scenario)
        self._form.changed.connect(self._pause.start)
        self.contenders.changed.connect(self._pause.start)
        self._pause.timeout.connect(self._check)
        self._copy.clicked.connect(self.copy_command)
        self.run_button.clicked.connect(self.start)
        self.session.setup_requested.connect(self.show_scenario)
        self.session.plugins_changed.connect(self.contenders.refresh_policies)

    def _on_scenario(self, name: object) -> None:
        if isinstance(name, str) and name != self._scenario:
            self.show_scenario(name)

    def _check(self) -> None:
        faults = faults_of(self._scenario, self.settings)
        self._form.show_faults(faults)
        whole = faults.get("", "")
        self._fault.setText(whole)
        self._fault.setVisible(bool(whole))
        wrong = bool(faults) or bool(self.contenders.fault())
        self.run_button.setEnabled(not wrong)
        reason = self.contenders.fault() or "; ".join(f"{k} {v}" for k, v in faults.items())
        self.run_button.setToolTip(reason if wrong else "Run every contender with every seed")


def _titled(title: str, *widgets: QWidget) -> QWidget:
    box = QWidget()
    layout = QVBoxLayout(box)
    layout.setContentsMargins(4, 4, 4, 4)
    label = QLabel(title)
    label.setProperty("heading", True)
    layout.addWidget(label)
    for widget in widgets:
        layout.addWidget(widget, 0 if isinstance(widget, QLineEdit | QLabel) else 1)
    return box

"""Explore: what was kept of explorations, each counterexample step by step beside its graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSplitter,
    QStackedLayout,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from reclaimlab.errors import ReclaimlabError
from reclaimlab.store.explorations import exploration, explorations
from reclaimlab_gui.charts.wait_graph import WaitGraphChart
from reclaimlab_gui.models.exploration_steps import (
    EXPLORATION_HEADER,
    MEMORY_HEADER,
    STEP_HEADER,
    exploration_rows,
    graph_of,
    memory_rows,
    step_rows,
    task_text,
)
from reclaimlab_gui.models.table import Table
from reclaimlab_gui.models.wait_layout import lay_out
from reclaimlab_gui.views.view import View
from reclaimlab_gui.widgets.empty_state import EmptyState
from reclaimlab_gui.widgets.table_view import TableView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reclaimlab.explore.replay import StepView
    from reclaimlab_gui.session import Session

_MESSAGE, _SINGLE = "message steps", "single steps"
_GRANULARITIES: Final = (_MESSAGE, _SINGLE)


class ExploreView(View):
    """Shows schedules that violate a property."""

    title = "Explore"
    about = "schedules that explore has found, step by step beside the wait-for graph"

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self._found: dict[str, Any] = {}
        self._views: tuple[StepView, ...] = ()
        self.step = 0
        self._selected = ""
        self._explorations = Table(EXPLORATION_HEADER)
        self.table = TableView("Explorations", self._explorations)
        self._steps = Table(STEP_HEADER)
        self.steps = TableView("Steps of the schedule", self._steps)
        self._memory = Table(MEMORY_HEADER)
        self.memory = TableView("Memory after this step", self._memory)
        self.properties = QComboBox()
        self.properties.setAccessibleName("Violated property")
        self.granularity = QComboBox()
        self.granularity.setAccessibleName("Which steps")
        self.granularity.addItems(_GRANULARITIES)
        self.graph = WaitGraphChart()
        self.stack = QPlainTextEdit()
        self.stack.setReadOnly(True)
        self.stack.setAccessibleName("Stack of the selected task")
        font = self.stack.font()
        font.setFamily("monospace")
        self.stack.setFont(font)
        self._told = QLabel()
        self._told.setWordWrap(True)
        self._told.setMinimumWidth(10)
        self._build()
        self._connect()
        self._show_list()

    def show_exploration(self, name: object) -> None:
        """Show an exploration of the list."""
        if name is None:
            return
        from reclaimlab.explore.text import names_violated

        try:
            self._found = exploration(self.session.database, str(name))
        except ReclaimlabError as error:
            self.session.problem_found.emit(str(error))
            return
        self.properties.blockSignals(True)
        self.properties.clear()
        self.properties.addItems(names_violated(self._found))
        self.properties.blockSignals(False)
        self._show_schedule()

    def show_step(self, number: object) -> None:
        """Show the machine after a step."""
        if number is None or not self._views:
            return
        self.step = int(str(number))
        self._show_moment()

    def next_step(self) -> None:
        """Go to the next row."""
        self._go(1)

    def previous_step(self) -> None:
        """Go to the row before."""
        self._go(-1)

    def facts(self) -> dict[str, str]:
        """Return what is on screen."""
        about = {name: str(self._found.get(name, "")) for name in ("scenario", "contender")}
        return about | {"property": self.properties.currentText(), "step": str(self.step)}

    def csv_rows(self) -> Sequence[Sequence[str]]:
        """Return the steps on screen."""
        return self.steps.csv_rows()

    # ---- slots ----------------------------------------------------------------------------------

    def _show_list(self) -> None:
        try:
            found = explorations(self.session.database)
        except ReclaimlabError as error:
            self.session.problem_found.emit(str(error))
            found = ()
        self._explorations.fill(exploration_rows(found))
        self.table.fit_columns()
        self._pages.setCurrentIndex(1 if found else 0)
        if found:
            self.table.select_key(found[0].id)

    def _show_schedule(self) -> None:
        from reclaimlab.explore.json_object import stored_views

        name = self.properties.currentText()
        self._views = (
            stored_views(self._found["properties"][name]["counterexample"]) if name else ()
        )
        self._selected = ""
        self._show_rows()
        if not self._views:
            extent = "every schedule" if self._found.get("exhausted") else "what was seen"
            self._told.setText(f"Nothing is violated in {extent}: there is no schedule to show.")
            self.stack.clear()
            self._memory.fill([])

    def _show_rows(self) -> None:
        single = self.granularity.currentText() == _SINGLE
        self._steps.fill(step_rows(self._views, single=single) if self._views else [])
        self.steps.fit_columns(64)
        if self._views:
            self.steps.select_key(self._views[-1].number)

    def _show_moment(self) -> None:
        view = self._views[self.step]
        layout = lay_out(graph_of(view))
        chosen = self._selected or (view.closed[0] if view.closed else "")
        chosen = chosen or next((name for name in view.changed), "")
        self.graph.show_layout(layout, self.session.theme, chosen)
        self.stack.setPlainText(task_text(view, chosen))
        self._memory.fill(memory_rows(view))
        self.memory.fit_columns()
        told = "Each task can still be helped by something that goes on."
        if view.beyond_return:
            told = "Nothing can save it any more."
        if view.closed:
            told = f"Wait only on each other: {', '.join(view.closed)}."
        self._told.setText(f"After step {view.number}: {view.title}. {told}")
        self._told.setProperty("fault", bool(view.closed or view.beyond_return))
        self._told.style().polish(self._told)

    def _on_task(self, name: str) -> None:
        self._selected = name
        self._show_moment()

    def _on_theme(self) -> None:
        if self._views:
            self._show_moment()

    def _go(self, by: int) -> None:
        order = self.steps.order
        row = self.steps.currentIndex().row() + by
        if 0 <= row < order.rowCount():
            self.steps.select_row(row)

    # ---- building -------------------------------------------------------------------------------

    def _build(self) -> None:
        empty = EmptyState(
            "Nothing was explored yet",
            "reclaimlab explore tiny-completion -c linux-3.10 --store looks at every schedule of a"
            " small scenario and keeps what it finds in this store.",
        )
        left = QSplitter(Qt.Orientation.Vertical)
        left.addWidget(self.table)
        left.addWidget(self._schedule())
        left.setSizes([160, 520])
        right = QSplitter(Qt.Orientation.Vertical)
        tabs = QTabWidget()
        tabs.addTab(self.stack, "Stack")
        tabs.addTab(self.memory, "Memory")
        right.addWidget(self.graph)
        right.addWidget(tabs)
        right.setSizes([340, 340])
        page = QSplitter()
        page.addWidget(left)
        page.addWidget(right)
        page.setSizes([720, 560])
        page.setContentsMargins(6, 6, 6, 6)
        for splitter in (left, right, page):
            splitter.setChildrenCollapsible(False)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(empty)
        self._pages.addWidget(page)

    def _schedule(self) -> QWidget:
        widget = QWidget()
        row = QHBoxLayout()
        row.addWidget(QLabel("Violates"))
        row.addWidget(self.properties)
        row.addWidget(self.granularity)
        row.addStretch(1)
        for text, tip, slot, key in (
            ("<", "Previous step", self.previous_step, ","),
            (">", "Next step", self.next_step, "."),
        ):
            button = QPushButton(text)
            button.setToolTip(f"{tip} ({key})")
            button.setAccessibleName(tip)
            button.setMaximumWidth(self.fontMetrics().horizontalAdvance(text) + 40)
            button.clicked.connect(slot)
            shortcut = QShortcut(QKeySequence(key), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(slot)
            row.addWidget(button)
        column = QVBoxLayout(widget)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addWidget(self._told)
        column.addWidget(self.steps, 1)
        return widget

    def _connect(self) -> None:
        self.table.row_selected.connect(self.show_exploration)
        self.steps.row_selected.connect(self.show_step)
        self.properties.currentIndexChanged.connect(self._show_schedule)
        self.granularity.currentIndexChanged.connect(self._show_rows)
        self.graph.task_clicked.connect(self._on_task)
        self.session.store_changed.connect(self._show_list)
        self.session.theme_changed.connect(self._on_theme)

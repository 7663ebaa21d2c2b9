"""One run explained: its timeline, the wait-for graph, the stack of a task, the memory."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from reclaimlab.store.records import Note
from reclaimlab_gui.charts.task_timeline import TaskTimeline, state_colours
from reclaimlab_gui.charts.wait_graph import WaitGraphChart
from reclaimlab_gui.models.moment import memory_rows, stack_text
from reclaimlab_gui.models.note_rows import NOTE_HEADER, note_rows
from reclaimlab_gui.models.table import Table
from reclaimlab_gui.models.wait_layout import lay_out
from reclaimlab_gui.widgets.table_view import TableView
from reclaimlab_gui.widgets.verdict_badge import VerdictBadge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reclaimlab.measure.timeline import Timeline
    from reclaimlab_gui.models.wait_layout import Layout
    from reclaimlab_gui.theme import Theme
    from reclaimlab_gui.workers.inspector import Inspection


class RunPane(QWidget):
    """Shows a timeline at a moment; of a long run a part of it, as its ``inspection`` says.

    Signals:
        time_chosen: look at another moment (ns).
        note_wanted: the user wants to write a note on this moment.
        note_unwanted: the note that is to go.
    """

    time_chosen = Signal(object)
    note_wanted = Signal()
    note_unwanted = Signal(object)

    def __init__(
        self,
        timeline: Timeline,
        inspection: Inspection,
        theme: Theme,
        *,
        narrow: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._narrow = narrow
        self.timeline = _closed_first(timeline)
        self.inspection = inspection
        self._theme = theme
        self._time_ns = -1
        self._selected = ""
        self.layout_shown: Layout | None = None
        self.chart = TaskTimeline()
        self.graph = WaitGraphChart()
        self.stack = QPlainTextEdit()
        self.stack.setReadOnly(True)
        self.stack.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.stack.setAccessibleName("Stack of the selected task")
        font = self.stack.font()
        font.setFamily("monospace")
        self.stack.setFont(font)
        self._notes: tuple[Note, ...] = ()
        self._note_table = Table(NOTE_HEADER)
        self.notes = TableView("Notes on this run", self._note_table)
        self.memory = Table(("memory", "pages", "MiB"))
        self.cycle = QLabel()
        self.cycle.setWordWrap(True)
        self.cycle.setMinimumWidth(10)
        self._build()
        self.chart.show_timeline(self.timeline, theme, inspection.from_ns)
        self.chart.time_chosen.connect(self.time_chosen)
        self.chart.task_clicked.connect(self._on_row)
        self.graph.task_clicked.connect(self.select_task)

    @property
    def notes_shown(self) -> tuple[Note, ...]:
        """The notes on this run and on its comparison."""
        return self._notes

    def show_time(self, time_ns: int) -> None:
        """Look at a moment."""
        self._time_ns = time_ns
        self.chart.show_time(time_ns)
        self._show()

    def use_theme(self, theme: Theme) -> None:
        """Draw everything in other colours."""
        self._theme = theme
        low, high = self.chart.time_range_s
        self.chart.show_timeline(self.timeline, theme, self.inspection.from_ns)
        self.chart.zoom_to(round((low + high) * 5e8), round((high - low) * 1e9))
        self.chart.show_notes(self._notes, theme)
        self._legend.setText(_legend(theme))
        self.show_time(self._time_ns)

    def show_notes(self, notes: Sequence[Note]) -> None:
        """Show the notes on this run: a flag a moment, and all of them in a table."""
        if tuple(notes) == self._notes:
            return
        self._notes = tuple(notes)
        self.chart.show_notes(self._notes, self._theme)
        self._note_table.fill(note_rows(self._notes))
        self.notes.fit_columns(40)
        self._tabs.setTabText(2, f"Notes ({len(notes)})" if notes else "Notes")

    def select_task(self, label: str) -> None:
        """Show the stack of a task."""
        self._selected = label
        self._show()

    def step_task(self, by: int) -> None:
        """Select the task so many rows below."""
        labels = [task.label for task in self.timeline.tasks]
        if labels:
            place = labels.index(self._selected) if self._selected in labels else 0
            self.select_task(labels[(place + by) % len(labels)])

    def _show(self) -> None:
        self.layout_shown = lay_out(self.timeline.graph_at(self._time_ns))
        if not self._selected:  # until somebody chooses: a task of the cycle tells most
            tasks = [each for each in self.layout_shown.nodes if each.is_task]
            tasks.sort(key=lambda each: not each.in_cycle)
            self._selected = tasks[0].label if tasks else ""
        self.graph.show_layout(self.layout_shown, self._theme, self._selected)
        cycle = self.layout_shown.cycle
        closed = sum(node.closed and node.is_task for node in self.layout_shown.nodes)
        told = "No set of tasks is closed now: each can still be helped by something that runs."
        if cycle:
            told = (
                f"{closed} tasks wait only on each other.  Cycle: {' -> '.join([*cycle, cycle[0]])}"
            )
        time_ns = min(self._time_ns, self.timeline.end_ns)
        if time_ns < self._time_ns:
            end = "run ended" if self.inspection.to_the_end else "part that was made again ends"
            told = f"The {end} at {time_ns / 1e9:.6f} s; below is its last moment.  {told}"
        self.cycle.setText(told)
        self.cycle.setProperty("fault", bool(cycle))
        self.cycle.style().polish(self.cycle)
        self.stack.setPlainText(stack_text(self.timeline, self._selected, time_ns))
        self.memory.fill(memory_rows(self.timeline, time_ns))
        self._memory_view.fit_columns()

    def _on_note(self, note: object) -> None:
        if isinstance(note, Note) and note.time_ns is not None:
            self.time_chosen.emit(note.time_ns)

    def _on_delete(self) -> None:
        for note in self.notes.selected_keys()[:1]:
            self.note_unwanted.emit(note)

    def _on_row(self, row: int) -> None:
        place = len(self.timeline.tasks) - 1 - row
        if 0 <= place < len(self.timeline.tasks):
            self.select_task(self.timeline.tasks[place].label)

    def _build(self) -> None:
        head = QHBoxLayout()
        part = self.inspection.part
        name = QLabel(f"{self.timeline.contender}, seed {self.timeline.seed}{part and f': {part}'}")
        name.setProperty("heading", True)
        name.setMinimumWidth(10)
        name.setToolTip(name.text())
        head.addWidget(VerdictBadge(str(self.timeline.verdict)))
        head.addWidget(name, 1)
        self._legend = QLabel(_legend(self._theme))
        if not self._narrow:
            head.addWidget(self._legend)
        note = QPushButton("Note...")
        note.setToolTip("Write a note on this moment of the run (N)")
        note.setMaximumWidth(self.fontMetrics().horizontalAdvance("Note...") + 36)
        note.clicked.connect(self.note_wanted)
        head.addWidget(note)
        self._memory_view = TableView("Memory at this moment", self.memory)
        tabs = self._tabs = QTabWidget()
        tabs.addTab(self.stack, "Stack")
        tabs.addTab(self._memory_view, "Memory")
        tabs.addTab(self.notes, "Notes")
        self.notes.row_chosen.connect(self._on_note)
        delete = QShortcut(QKeySequence(QKeySequence.StandardKey.Delete), self.notes)
        delete.setContext(Qt.ShortcutContext.WidgetShortcut)
        delete.activated.connect(self._on_delete)
        below = QSplitter()
        below.setChildrenCollapsible(False)
        graph = QWidget()
        column = QVBoxLayout(graph)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.cycle)
        column.addWidget(self.graph, 1)
        below.addWidget(graph)
        below.addWidget(tabs)
        below.setSizes([600, 400])
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self.chart)
        splitter.addWidget(below)
        splitter.setSizes([400, 300])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(head)
        if self._narrow:
            layout.addWidget(self._legend)
        layout.addWidget(splitter, 1)


def _legend(theme: Theme) -> str:
    parts = (
        f'<span style="color:{colour}">&#9632;</span> {state}'
        for state, colour in state_colours(theme).items()
    )
    return "&nbsp; ".join(parts)


def _closed_first(timeline: Timeline) -> Timeline:
    """Return the timeline with the tasks of the closed set on top."""
    last = timeline.graphs[-1] if timeline.graphs else None
    closed = {last.nodes[place].label for place in last.closed} if last else set()
    ordered = sorted(timeline.tasks, key=lambda task: task.label not in closed)
    return dataclasses.replace(timeline, tasks=tuple(ordered))

"""Why: one run, or two beside each other, task by task; who waits for whom at any moment."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QProgressBar,
    QPushButton,
    QSlider,
    QSplitter,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from reclaimlab.store.reader import StoreReader
from reclaimlab_gui.models.note_rows import notes_of_run
from reclaimlab_gui.views.run_pane import RunPane
from reclaimlab_gui.views.stored_runs import add_note, delete_note
from reclaimlab_gui.views.view import View
from reclaimlab_gui.widgets.empty_state import EmptyState
from reclaimlab_gui.workers.background import Background
from reclaimlab_gui.workers.inspector import Inspection, Inspector

if TYPE_CHECKING:
    from reclaimlab.measure.timeline import Timeline
    from reclaimlab.store.records import Note, RunRecord
    from reclaimlab_gui.session import RunKey, Session

_KEPT_NS: Final = 5_000_000_000
"""How much of a long run is kept, before its end: a second of a busy one is 15 to 25 MB."""
_FRAME_MS: Final = 40
_STEPS: Final = 10_000
_SPEEDS: Final = {"1/1000": 0.001, "1/100": 0.01, "1/10": 0.1, "real time": 1.0}


class WhyView(View):
    """Explains runs."""

    title = "Why"
    about = "why a run came to its verdict: tasks, stacks, the wait-for graph over time"

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self._keys: tuple[RunKey, ...] = ()
        self._wanted_ns: int | None = None
        self._inspections: list[Inspection] = []
        self._explained: tuple[RunKey, ...] = ()
        self.panes: tuple[RunPane, ...] = ()
        self.time_ns = 0
        self._reading = Background(self)
        self.inspector = Inspector(self)
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._when = QLabel()
        self._speed = QComboBox()
        self._beside = QComboBox()
        self._beside.setAccessibleName("Beside it")
        self._beside.setToolTip("Another contender at the same simulated time")
        self._beside.setMinimumContentsLength(12)
        self.play = QPushButton("Play")
        self.closing_button = QPushButton("Cycle closes")
        self.earlier, self.later = QPushButton("Earlier"), QPushButton("Later")
        self._clock = QTimer(self)
        self._clock.setInterval(_FRAME_MS)
        self._build()
        self._connect()

    def explain_moment(self, key: RunKey, time_ns: int | None) -> None:
        """Explain a run at a moment; None: where its story is."""
        low, high = self._ends()
        if self._keys == (key,) and time_ns is not None and low <= time_ns < high:
            self.show_time(time_ns)
        else:
            self.explain((key,), time_ns)

    def explain(self, keys: object, time_ns: int | None = None) -> None:
        """Explain one or two runs (a tuple of RunKey); each is made again."""
        chosen = tuple(keys)[:2] if isinstance(keys, tuple) else ()
        database = self.session.database
        self._keys = chosen
        self._wanted_ns = time_ns

        def question() -> tuple[tuple[RunRecord, ...], tuple[str, ...]]:
            with StoreReader(database) as reader:
                contenders = reader.comparison(chosen[0].comparison).head.contenders
                records = tuple(
                    reader.run(key.comparison, key.contender, key.seed) for key in chosen
                )
                return records, contenders

        self._pages.setCurrentIndex(1)
        self._clock.stop()
        self._reading.ask(question)

    def show_time(self, time_ns: object) -> None:
        """Look at a moment, in every run."""
        low, high = self._ends()
        self.time_ns = min(max(int(str(time_ns)), low), high)
        for pane in self.panes:
            pane.show_time(self.time_ns)
        self._slider.blockSignals(True)
        self._slider.setValue(round((self.time_ns - low) / max(high - low, 1) * _STEPS))
        self._slider.blockSignals(False)
        self._when.setText(f"{self.time_ns / 1e9:.6f} s")

    def next_event(self) -> None:
        """Go to where a task next changes its state."""
        found = [each.timeline.next_moment(self.time_ns) for each in self.panes]
        self.show_time(min((time for time in found if time is not None), default=self.time_ns))

    def previous_event(self) -> None:
        """Go to where a task last changed its state."""
        found = [each.timeline.previous_moment(self.time_ns) for each in self.panes]
        self.show_time(max((time for time in found if time is not None), default=self.time_ns))

    def go_to_closing(self) -> None:
        """Go to the moment when the set of tasks closed that never ran again."""
        found = [each.timeline.closing_ns for each in self.panes]
        closing = min((time for time in found if time is not None), default=None)
        if closing is None:
            self.session.noted.emit("No set of tasks ever closed in this run: it is no deadlock.")
            return
        for pane in self.panes:
            pane.chart.zoom_to(closing, 60_000_000)
        self.show_time(closing)

    def go_earlier(self) -> None:
        """Make the part of the run before this one again."""
        self.explain(self._keys, max(self._ends()[0] - _KEPT_NS // 2, 0))

    def go_later(self) -> None:
        """Make the part of the run after this one again."""
        self.explain(self._keys, self._ends()[1] + _KEPT_NS // 2)

    def toggle_play(self) -> None:
        """Let the time run, or stop it."""
        if self._clock.isActive():
            self._clock.stop()
        elif self.panes:
            if self.time_ns >= self._ends()[1]:
                self.show_time(self._ends()[0])
            self._clock.start()
        self.play.setText("Pause" if self._clock.isActive() else "Play")

    def note(self, text: str, place: int = 0) -> None:
        """Write a note on this moment of the run at ``place``, from the left."""
        if text and place < len(self._keys):
            add_note(self.session, self._keys[place], text, self.time_ns)

    def facts(self) -> dict[str, str]:
        """Return which runs are on screen, at what time, and the notes on them."""
        runs = {
            f"run {n}": f"{each.contender}, seed {each.seed}" for n, each in enumerate(self._keys)
        }
        notes = dict.fromkeys(note.line for pane in self.panes for note in pane.notes_shown)
        said = {"notes": "\n".join(notes)} if notes else {}
        return runs | {"time_s": f"{self.time_ns / 1e9:.9f}"} | said

    def comparison_id(self) -> str:
        """Return the comparison of the first run."""
        return self._keys[0].comparison if self._keys else ""

    def runs_on_screen(self) -> tuple[RunKey, ...]:
        """Return the runs that are explained."""
        return self._keys

    def closing(self) -> None:
        """End what is under way."""
        self._clock.stop()
        self.inspector.stop()
        self._reading.wait()

    # ---- slots ----------------------------------------------------------------------------------

    def _on_read(self, read: tuple[tuple[RunRecord, ...], tuple[str, ...]]) -> None:
        records, contenders = read
        self._offer(contenders)
        self._inspections = _inspections(records, self._wanted_ns)
        self.inspector.inspect(self._inspections)

    def _offer(self, contenders: tuple[str, ...]) -> None:
        """Offer to look at another contender of the comparison beside the first run."""
        first, *others = self._keys
        self._beside.clear()
        self._beside.addItem("alone")
        self._beside.addItems([each for each in contenders if each != first.contender])
        if others:
            self._beside.setCurrentText(others[0].contender)

    def _on_beside(self) -> None:
        first, chosen = self._keys[0], self._beside.currentText()
        alone = self._beside.currentIndex() == 0
        self.explain((first,) if alone else (first, replace(first, contender=chosen)))

    def _on_inspected(self, timelines: tuple[Timeline | None, ...]) -> None:
        both = zip(timelines, self._inspections, strict=False)
        found = [(made, wanted) for made, wanted in both if made is not None]
        if not found:
            return
        self._explained = self._keys
        for old in self.panes:
            old.hide()  # it is deleted only later, and would make the window wider till then
            old.deleteLater()
        narrow = len(found) > 1
        self.panes = tuple(RunPane(*each, self.session.theme, narrow=narrow) for each in found)
        for pane in self.panes:
            self._columns.addWidget(pane)
            pane.time_chosen.connect(self.show_time)
            pane.note_wanted.connect(self._ask_note)
            pane.note_unwanted.connect(self._on_note_unwanted)
        self._show_notes()
        self._pages.setCurrentIndex(2)
        closes = any(pane.timeline.closing_ns is not None for pane in self.panes)
        self.closing_button.setEnabled(closes)
        parts = [pane.inspection for pane in self.panes]
        self.earlier.setVisible(any(each.from_ns for each in parts))
        self.later.setVisible(not all(each.to_the_end for each in parts))
        if self._wanted_ns is not None:
            self.show_time(self._wanted_ns)
        elif closes:
            self.go_to_closing()
        else:
            incident = self.panes[0].timeline.incident
            self.show_time(incident.time_ns if incident else self._ends()[0])

    def _step_task(self, by: int) -> None:
        for pane in self.panes:
            pane.step_task(by)

    def _show_notes(self) -> None:
        """Show the notes as the store has them by now."""
        for pane, key in zip(self.panes, self._keys, strict=False):
            notes = (
                self.session.read(partial(StoreReader.notes, comparison_id=key.comparison)) or ()
            )
            pane.show_notes(notes_of_run(notes, key.contender, key.seed))

    def _ask_note(self) -> None:
        pane = self.sender()
        place = self.panes.index(pane) if isinstance(pane, RunPane) else 0
        about = f"A remark on this moment, {self.time_ns / 1e9:.6f} s:"
        text, given = QInputDialog.getMultiLineText(self, "Note", about)
        if given:
            self.note(text.strip(), place)

    def _on_note_unwanted(self, note: Note) -> None:
        delete_note(self.session, self._keys[0].comparison, note)

    def _on_failed(self, message: str) -> None:
        self._keys = self._explained  # those that are still on screen
        self._pages.setCurrentIndex(2 if self.panes else 0)
        self.session.problem_found.emit(message)

    def _on_broke(self, error: object) -> None:
        self._on_failed(f"a bug of reclaimlab while reading: {type(error).__name__}: {error}")

    def _on_slider(self, value: int) -> None:
        low, high = self._ends()
        self.show_time(low + round((high - low) * value / _STEPS))

    def _on_frame(self) -> None:
        step = round(_FRAME_MS * 1_000_000 * _SPEEDS[self._speed.currentText()])
        self.show_time(self.time_ns + step)
        if self.time_ns >= self._ends()[1]:
            self.toggle_play()

    def _on_theme(self) -> None:
        for pane in self.panes:
            pane.use_theme(self.session.theme)

    def _ends(self) -> tuple[int, int]:
        low = max((pane.inspection.from_ns for pane in self.panes), default=0)
        return low, max((pane.timeline.end_ns for pane in self.panes), default=0)

    # ---- building -------------------------------------------------------------------------------

    def _build(self) -> None:
        empty = EmptyState(
            "Nothing chosen to explain", "Open a comparison and press Why in one of its columns."
        )
        waiting = QWidget()
        busy = QVBoxLayout(waiting)
        busy.addStretch(1)
        busy.addWidget(
            QLabel("The run is made again, task by task"), 0, Qt.AlignmentFlag.AlignCenter
        )
        bar = QProgressBar()
        bar.setRange(0, 0)
        bar.setAccessibleName("Busy")
        busy.addWidget(bar, 0, Qt.AlignmentFlag.AlignCenter)
        busy.addStretch(1)
        page = QWidget()
        self._columns = QSplitter()
        self._columns.setChildrenCollapsible(False)
        layout = QVBoxLayout(page)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.addLayout(self._controls())
        layout.addWidget(self._columns, 1)
        self._pages = QStackedLayout(self)
        for each in (empty, waiting, page):
            self._pages.addWidget(each)

    def _controls(self) -> QHBoxLayout:
        row = QHBoxLayout()
        back, forth = QPushButton("<"), QPushButton(">")
        self._slider.setRange(0, _STEPS)
        self._slider.setAccessibleName("Simulated time")
        self._speed.addItems(list(_SPEEDS))
        self._speed.setCurrentText("1/100")
        self._speed.setAccessibleName("Speed")
        for button, tip, slot, key in (
            (back, "Previous event", self.previous_event, ","),
            (forth, "Next event", self.next_event, "."),
            (self.play, "Let the time run", self.toggle_play, "P"),
            (self.closing_button, "The moment when the cycle closed", self.go_to_closing, "C"),
        ):
            button.setToolTip(f"{tip} ({key})")
            button.setAccessibleName(tip)
            button.clicked.connect(slot)
            shortcut = QShortcut(QKeySequence(key), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(slot)
            button.setMaximumWidth(self.fontMetrics().horizontalAdvance(button.text()) + 40)
            row.addWidget(button)
        for key, call in (
            ("N", self._ask_note),
            ("J", partial(self._step_task, 1)),
            ("K", partial(self._step_task, -1)),
        ):
            shortcut = QShortcut(QKeySequence(key), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(call)
        row.addWidget(self._speed)
        row.addWidget(QLabel("Beside"))
        row.addWidget(self._beside)
        self.earlier.setToolTip("Make the part of the run before this one again")
        self.earlier.clicked.connect(self.go_earlier)
        self.later.setToolTip("Make the part of the run after this one again")
        self.later.clicked.connect(self.go_later)
        row.addWidget(self.earlier)
        row.addWidget(self._slider, 1)
        row.addWidget(self.later)
        row.addWidget(self._when)
        return row

    def _connect(self) -> None:
        self._reading.answered.connect(self._on_read)
        self._reading.failed.connect(self._on_failed)
        self._reading.broke.connect(self._on_broke)
        self.inspector.inspected.connect(self._on_inspected)
        self.inspector.failed.connect(self._on_failed)
        self._slider.valueChanged.connect(self._on_slider)
        self._beside.activated.connect(self._on_beside)
        self._clock.timeout.connect(self._on_frame)
        self.session.why_requested.connect(self.explain)
        self.session.moment_requested.connect(self.explain_moment)
        self.session.store_changed.connect(self._show_notes)
        self.session.theme_changed.connect(self._on_theme)


def _inspections(records: tuple[RunRecord, ...], wanted_ns: int | None) -> list[Inspection]:
    """Return what to record: the end of the run that ends first, and the same time of the other.

    ``wanted_ns`` is a moment that must be among it.
    """
    ends = [record.result.ended_ns for record in records if record.result is not None]
    if not ends:
        return []
    begin, until = max(min(ends) - _KEPT_NS, 0), min(ends) + _KEPT_NS // 2
    if wanted_ns is not None and not begin <= wanted_ns <= until:
        begin = max(min(wanted_ns, max(ends)) - _KEPT_NS // 2, 0)
        until = begin + _KEPT_NS
    results = [(record, record.result.ended_ns) for record in records if record.result is not None]
    return [
        # Of a run that was over before, its last moment stays to be seen.
        Inspection(record, begin if end > begin else max(end - _KEPT_NS, 0), min(end, until))
        for record, end in results
    ]

"""What the window looks at: one store, its newest state, and what the user wants to see next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from reclaimlab.errors import ReclaimlabError
from reclaimlab.store.reader import StoreReader
from reclaimlab.store.writer import StoreWriter
from reclaimlab_gui.theme import LIGHT, Theme

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reclaimlab_gui.settings import Settings

Found = TypeVar("Found")

_FOLLOW_MS = 1000
"""How long the window may take to see what another process has written."""


@dataclass(frozen=True, slots=True)
class RunKey:
    """One run of the store."""

    comparison: str
    contender: str
    seed: int


@dataclass(frozen=True, slots=True)
class Step:
    """A change of the store that can be undone."""

    comparison: str
    """What it was done to."""
    back: str
    """What is said when it is undone."""
    undo: Callable[[StoreWriter], object]


class Session(QObject):
    """One per window: two windows look at two stores and know nothing of each other.

    Signals:
        database_opened: another store is looked at.
        store_changed: runs, tags or notes were written, by us or by another process.
        compare_requested: show a comparison (its id) side by side.
        runs_requested: show these runs (tuple of RunKey) side by side.
        why_requested: explain one or two runs (tuple of RunKey).
        moment_requested: explain a run (RunKey) at a moment (ns; None: where its story is).
        setup_requested: put a scenario (name or path) into the form.
        problem_found: something did not work: a line for people.
        noted: something was done: a line for people.
        theme_changed: the colours have changed.
        plugins_changed: which plugins may be loaded has changed.
        undo_changed: there is another step to undo, or none.
        undone: a step was undone: the comparison it was done to.
    """

    database_opened = Signal()
    store_changed = Signal()
    compare_requested = Signal(str)
    runs_requested = Signal(object)
    why_requested = Signal(object)
    moment_requested = Signal(object, object)
    setup_requested = Signal(str)
    problem_found = Signal(str)
    noted = Signal(str)
    theme_changed = Signal()
    plugins_changed = Signal()
    undo_changed = Signal()
    undone = Signal(str)

    def __init__(self, database: Path, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.settings = settings
        self.theme: Theme = LIGHT
        self._database = database
        self._steps: list[Step] = []
        self._seen = self._stamp()
        self._timer = QTimer(self)
        self._timer.setInterval(_FOLLOW_MS)
        self._timer.timeout.connect(self.follow)
        self._timer.start()

    @property
    def database(self) -> Path:
        """The store's file; it need not exist yet."""
        return self._database

    def open_database(self, path: Path) -> bool:
        """Look at another store; say whether it can be read. If not, all stays as it was."""
        try:
            with StoreReader(path) as reader:
                reader.comparisons()
        except ReclaimlabError as error:
            self.problem_found.emit(f"{error}. The window still shows {self._database}.")
            return False
        self._database = path
        self._seen = self._stamp()
        self._steps.clear()  # what was done was done to another store
        self.undo_changed.emit()
        self.database_opened.emit()
        self.store_changed.emit()
        return True

    def read(self, question: Callable[[StoreReader], Found]) -> Found | None:
        """Return the answer of the store; None, and the problem is told, if it has none."""
        if not self._database.exists():
            return None
        try:
            with StoreReader(self._database) as reader:
                return question(reader)
        except ReclaimlabError as error:
            self.problem_found.emit(str(error))
            return None

    def write(self, change: Callable[[StoreWriter], object]) -> bool:
        """Change the store; say whether it could be done. If not, the problem is told."""
        try:
            with StoreWriter(self._database) as writer:
                change(writer)
        except ReclaimlabError as error:
            self.problem_found.emit(str(error))
            return False
        self.follow()
        return True

    @property
    def can_undo(self) -> bool:
        """Whether anything was done to this store that can be undone."""
        return bool(self._steps)

    def did(self, step: Step) -> None:
        """Remember how to undo what was done."""
        self._steps.append(step)
        self.undo_changed.emit()

    def undo(self) -> None:
        """Undo what was done to the store last."""
        if self._steps and self.write(self._steps[-1].undo):
            step = self._steps.pop()
            self.undo_changed.emit()
            self.undone.emit(step.comparison)
            self.noted.emit(step.back)

    def set_theme(self, theme: Theme) -> None:
        """Remember the colours and tell those that paint themselves."""
        self.theme = theme
        self.theme_changed.emit()

    def follow(self) -> None:
        """Look whether the store was written to; called once a second."""
        stamp = self._stamp()
        if stamp != self._seen:
            self._seen = stamp
            self.store_changed.emit()

    def _stamp(self) -> tuple[tuple[int, int], ...]:
        # What another process commits stands in the file beside the database first.
        found = []
        for path in (self._database, self._database.with_name(self._database.name + "-wal")):
            try:
                state = path.stat()
                found.append((state.st_mtime_ns, state.st_size))
            except OSError:
                found.append((0, 0))
        return tuple(found)

"""The main window: navigation on the left, a view on the right, and what connects them."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QMainWindow,
    QMenu,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from reclaimlab.store.recovery import recovered
from reclaimlab_gui.dialogs.command_palette import CommandPalette
from reclaimlab_gui.dialogs.export import ExportDialog
from reclaimlab_gui.dialogs.help import HelpWindow
from reclaimlab_gui.dialogs.keys import KeysDialog
from reclaimlab_gui.settings import LEAST_SCALE, MOST_SCALE
from reclaimlab_gui.theme import THEMES, apply_theme, system_theme
from reclaimlab_gui.views.compare import CompareView
from reclaimlab_gui.views.explore import ExploreView
from reclaimlab_gui.views.history import HistoryView
from reclaimlab_gui.views.matrix import MatrixView
from reclaimlab_gui.views.plugins import PluginsView
from reclaimlab_gui.views.run import RunView
from reclaimlab_gui.views.set_up import SetUpView
from reclaimlab_gui.views.validate import ValidateView
from reclaimlab_gui.views.why import WhyView
from reclaimlab_gui.widgets.message_bar import MessageBar

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent

    from reclaimlab.runs.compare import Plan
    from reclaimlab_gui.session import Session
    from reclaimlab_gui.views.view import View

DATABASES: Final = (".sqlite", ".sqlite3", ".db")
_SCALE_STEP: Final = 10


class MainWindow(QMainWindow):
    """One window looks at one store."""

    def __init__(self, session: Session, points: float) -> None:
        super().__init__()
        self.session = session
        self._points = points
        self.message = MessageBar()
        session.problem_found.connect(self.message.show_problem)  # views read the store at once
        self.set_up = SetUpView(session)
        self.run = RunView(session)
        self.compare = CompareView(session)
        self.why = WhyView(session)
        self.history = HistoryView(session)
        self.plugins = PluginsView(session)
        self.matrix = MatrixView(session)
        self.validate = ValidateView(session)
        self.explore = ExploreView(session)
        self.views: tuple[View, ...] = (
            self.set_up, self.run, self.compare, self.why, self.history, self.plugins, self.matrix,
            self.validate, self.explore,
        )  # fmt: skip
        self.setAcceptDrops(True)
        self.navigation = QListWidget()
        self._stack = QStackedWidget()
        self._store = QLabel()
        self._build()
        self._make_commands()
        self._connect()
        self.use_theme(session.settings.theme)
        self._restore()
        self._show_store()
        self._tell_recovered()

    @property
    def view(self) -> View:
        """The view on screen."""
        return self.views[self._stack.currentIndex()]

    def show_view(self, view: View) -> None:
        """Bring a view to the screen."""
        self.navigation.setCurrentRow(self.views.index(view))

    def use_theme(self, name: str) -> None:
        """Wear the theme ``light`` or ``dark``; empty: as the system."""
        self.session.settings.theme = name
        theme = THEMES[name or system_theme()]
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        points = self._points * self.session.settings.font_scale / 100
        apply_theme(application, theme, points=points)
        self.session.set_theme(theme)
        self._fit_navigation()

    def scale_font(self, percent: int) -> None:
        """Make all letters so many per cent of the system's size."""
        self.session.settings.font_scale = percent
        self.use_theme(self.session.settings.theme)

    def open_path(self, path: Path) -> None:
        """Open what was dropped or named: a database or a scenario; else say what can be opened."""
        if path.suffix == ".toml":
            self.show_view(self.set_up)
            self.set_up.show_scenario(str(path))
        elif path.suffix in DATABASES or not path.suffix:
            if self.session.open_database(path):
                self.show_view(self.history)
        else:
            self.session.problem_found.emit(
                f"{path.name} cannot be opened: it ends in {path.suffix}; the window opens "
                f"scenarios (.toml) and stores ({', '.join(DATABASES)})."
            )

    # ---- Qt -------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open the files."""
        for url in event.mimeData().urls():
            self.open_path(Path(url.toLocalFile()))
        event.acceptProposedAction()

    def closeEvent(self, event: QCloseEvent) -> None:
        """End what is under way and remember how the window was."""
        for view in self.views:
            view.closing()
        settings = self.session.settings
        settings.save_state("window", self.saveGeometry())
        settings.save_state("compare", self.compare.splitter.saveState())
        super().closeEvent(event)

    # ---- building -------------------------------------------------------------------------------

    def _build(self) -> None:
        self.setWindowTitle("reclaimlab")
        self.navigation.setObjectName("navigation")
        self.navigation.setAccessibleName("Views")
        self.navigation.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for view in self.views:
            self.navigation.addItem(view.title)
            self.navigation.item(self.navigation.count() - 1).setToolTip(view.about)
            self._stack.addWidget(view)
        right = QVBoxLayout()
        right.setSpacing(0)
        right.addWidget(self.message)
        right.addWidget(self._stack, 1)
        body = QWidget()
        layout = QHBoxLayout(body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.navigation)
        layout.addLayout(right, 1)
        self.setCentralWidget(body)
        self._store.setProperty("faint", True)
        self.statusBar().addPermanentWidget(self._store)
        self.navigation.setCurrentRow(0)

    def _fit_navigation(self) -> None:
        widest = max(self.fontMetrics().horizontalAdvance(view.title) for view in self.views)
        self.navigation.setFixedWidth(widest + 40)

    def _make_commands(self) -> None:
        titles = ("&File", "&Run", "&View", "&Help")
        self._menus = [self.menuBar().addMenu(title) for title in titles]
        file, run, look, help_ = self._menus
        self._command(file, "Open a store or a scenario...", self._ask_path, "Ctrl+O")
        self._command(file, "Export what is on screen...", self.export, "Ctrl+E")
        self._command(file, "Undo the last change of the store", self.session.undo, "Ctrl+Z")
        self._command(file, "Quit", self.close, "Ctrl+Q")
        self._command(run, "Run the comparison that is set up", self.set_up.start, "Ctrl+R")
        self._command(run, "Cancel the runs under way", self.run.cancel, "Ctrl+.")
        self._command(run, "Run the last comparison again", self.run.run_again, "Ctrl+Shift+R")
        copy = self.set_up.copy_command
        self._command(run, "Copy what is set up as a command", copy, "Ctrl+Shift+C")
        for number, view in enumerate(self.views, start=1):
            self._command(
                look, f"Show {view.title}", partial(self.show_view, view), f"Ctrl+{number}"
            )
        look.addSeparator()
        self._command(look, "Light colours", lambda: self.use_theme("light"), "")
        self._command(look, "Dark colours", lambda: self.use_theme("dark"), "")
        self._command(look, "Colours of the system", lambda: self.use_theme(""), "")
        self._command(look, "Larger letters", lambda: self._step_font(_SCALE_STEP), "Ctrl++")
        self._command(look, "Smaller letters", lambda: self._step_font(-_SCALE_STEP), "Ctrl+-")
        self._command(
            look, "Letters as the system has them", lambda: self.scale_font(100), "Ctrl+0"
        )
        overlay, link = self.compare.bar.overlay, self.compare.bar.link
        self._command(look, "Compare: overlay or columns", overlay.toggle, "Ctrl+Shift+O")
        self._command(look, "Compare: link time axes or not", link.toggle, "Ctrl+L")
        self._command(
            look, "Compare: show the whole time", self.compare.board.show_all, "Ctrl+Home"
        )
        clear = self.compare.clear_markers
        self._command(look, "Compare: take the markers away", clear, "Ctrl+M")
        self._command(help_, "Help on this view", self.help, "F1")
        self._command(help_, "Keys", self.show_keys, "?")
        self._command(help_, "Every command...", self.show_palette, "Ctrl+Shift+P")

    def _command(self, menu: QMenu, text: str, call: Callable[[], object], key: str) -> None:
        action = QAction(text, self)
        action.setShortcut(QKeySequence(key))
        action.triggered.connect(lambda _checked=False: call())
        menu.addAction(action)

    @property
    def commands(self) -> list[QAction]:
        """Everything that can be done from here, as the palette lists it."""
        return [action for menu in self._menus for action in _actions_of(menu)]

    def _connect(self) -> None:
        self.navigation.currentRowChanged.connect(self._stack.setCurrentIndex)
        session = self.session
        session.noted.connect(self._on_noted)
        session.database_opened.connect(self._show_store)
        session.database_opened.connect(self._tell_recovered)
        session.compare_requested.connect(self._on_compare)
        session.runs_requested.connect(self._on_compare)
        session.why_requested.connect(self._on_why)
        session.moment_requested.connect(self._on_why)
        session.setup_requested.connect(self._on_setup)
        self.set_up.run_requested.connect(self._on_run)
        self.run.setup_wanted.connect(self._on_setup)
        self.compare.setup_wanted.connect(self._on_setup)
        self.run.finished.connect(self._on_finished)
        self.run.run_failed.connect(self.plugins.note_failure)
        self.plugins.changed_on_disk.connect(self._on_plugin_changed)

    def _restore(self) -> None:
        self.resize(1280, 800)
        settings = self.session.settings
        self.restoreGeometry(settings.state("window"))
        self.compare.splitter.restoreState(settings.state("compare"))

    # ---- commands -------------------------------------------------------------------------------

    def export(self) -> None:
        """Ask what to export, and where to."""
        ExportDialog(self.view, self.session, self).exec()

    def help(self) -> None:
        """Open the help at the page of this view."""
        HelpWindow(self.view.title, self).show()

    def show_keys(self) -> None:
        """List the keys."""
        KeysDialog(self.commands, self).exec()

    def show_palette(self) -> None:
        """Find a command by typing some of it."""
        CommandPalette(self.commands, self).exec()

    def _ask_path(self) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self, "Open a store or a scenario", str(self.session.database.parent),
            "Stores and scenarios (*.sqlite *.sqlite3 *.db *.toml);;All files (*)",
        )  # fmt: skip
        if name:
            self.open_path(Path(name))

    def _step_font(self, by: int) -> None:
        percent = self.session.settings.font_scale + by
        self.scale_font(min(max(percent, LEAST_SCALE), MOST_SCALE))

    # ---- slots ----------------------------------------------------------------------------------

    def _show_store(self) -> None:
        path = self.session.database
        self._store.setText(f"{path.name}  in  {path.parent}")
        self._store.setToolTip(f"The store: {path}")
        self.setWindowTitle(f"reclaimlab - {path.name}")

    def _tell_recovered(self) -> None:
        told = recovered(self.session.database)
        if told:
            self.message.show_note("\n".join(told))

    def _on_noted(self, text: str) -> None:
        self.statusBar().showMessage(text, 6000)

    def _on_compare(self) -> None:
        self.show_view(self.compare)

    def _on_why(self) -> None:
        self.show_view(self.why)

    def _on_setup(self) -> None:
        self.show_view(self.set_up)

    def _on_run(self, plan: Plan, duration_ns: int, jobs: int) -> None:
        if self.run.start(plan, duration_ns, jobs):
            self.show_view(self.run)

    def _on_finished(self, comparison: str) -> None:
        if self.view is self.run:
            self.session.compare_requested.emit(comparison)

    def _on_plugin_changed(self, name: str) -> None:
        self.message.show_note(
            f"{name} has changed on disk. A run is a fresh process, so it will use the new code.",
            "Run again with the changed code",
            self._run_again,
        )

    def _run_again(self) -> None:
        if self.run.can_run_again:
            self.run.run_again()
            self.show_view(self.run)
        else:
            self.message.show_note("Nothing was run in this window yet: set it up, then run it.")
            self.show_view(self.set_up)


def _actions_of(menu: QMenu) -> list[QAction]:
    return [each for each in menu.actions() if not each.isSeparator()]

"""Plugins: what is installed and from where, what each may do, and which are switched off."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QFileSystemWatcher, QTimer, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSplitter,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from reclaimlab.hosting.settings import DENIED
from reclaimlab_gui.models.plugin_rows import (
    PLUGIN_HEADER,
    PluginFacts,
    installed_plugins,
    look_again,
    try_plugins,
)
from reclaimlab_gui.models.table import Table
from reclaimlab_gui.views.view import View
from reclaimlab_gui.widgets.table_view import TableView
from reclaimlab_gui.workers.background import Background

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reclaimlab.store.records import RunRecord
    from reclaimlab_gui.session import Session

_SETTLE_MS = 300
"""Editors write a file in several steps."""


class PluginsView(View):
    """Plugins of this installation, of every kind.

    Signals:
        listed: what is installed is on screen.
        changed_on_disk: the file of a plugin (its name) is another now.
    """

    title = "Plugins"
    about = "what is installed, from where, and whether it can be used"
    listed = Signal()
    changed_on_disk = Signal(str)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self._facts: dict[str, PluginFacts] = {}
        self._failures: dict[str, str] = {}
        self._background = Background(self)
        self._shown = ""
        self._changed: set[str] = set()
        self._watcher = QFileSystemWatcher(self)
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._plugins = Table(PLUGIN_HEADER)
        self.table = TableView("Plugins", self._plugins)
        self.page = QTextBrowser()
        self.page.setAccessibleName("About the plugin")
        self._search = QLineEdit()
        self._search.setPlaceholderText("Search plugins")
        self._search.setAccessibleName("Search plugins")
        self.switch = QPushButton("Disable")
        self._build()
        self._apply()
        self._try()

    def refresh(self) -> None:
        """Look again at what is installed; whatever hangs or dies of it is another process."""
        look_again()
        self._try()

    def note_failure(self, record: RunRecord) -> None:
        """Remember what a plugin did wrong in a run, for its page."""
        blamed = set(re.split(r"[ ,]+", record.error.partition(":")[0]))
        for key, facts in self._facts.items():
            if facts.listed.name in blamed:
                run = f"{record.contender}, seed {record.seed}:"
                self._failures[key] = "\n".join((run, record.error, "", record.traceback))
                if key == self._shown:
                    self._on_selected(key)

    def csv_rows(self) -> Sequence[Sequence[str]]:
        """Return the plugins that are listed."""
        return self.table.csv_rows()

    def closing(self) -> None:
        """Wait for what is being tried, but not for a plugin whose import hangs."""
        self._background.wait(2)

    def _try(self) -> None:
        self._search.setPlaceholderText("Looking at what is installed")
        self._background.ask(try_plugins)

    def _on_tried(self) -> None:
        chosen = self._shown
        self._search.setPlaceholderText("Search plugins")
        self._facts = installed_plugins()
        self._plugins.fill([each.row for each in self._facts.values()])
        self.table.fit_columns(40)
        files = [each.file for each in self._facts.values() if each.file]
        if self._watcher.files():
            self._watcher.removePaths(self._watcher.files())
        if files:
            self._watcher.addPaths(sorted(set(files)))
        if not self.table.select_key(chosen):
            self.table.select_key(next(iter(self._facts), ""))
        self._on_selected(self._shown)
        self.listed.emit()

    def set_enabled(self, name: str, *, enabled: bool) -> None:
        """Switch a plugin on or off, for this window's processes and the next start.

        The name is enough: those of one name and several kinds go together.
        """
        disabled = self.session.settings.disabled_plugins
        self.session.settings.disabled_plugins = disabled - {name} if enabled else disabled | {name}
        self._apply()
        self.refresh()
        self.session.plugins_changed.emit()

    def _apply(self) -> None:
        # The environment, because the processes that simulate inherit it.
        names = self.session.settings.disabled_plugins
        if names:
            os.environ[DENIED] = ",".join(sorted(names))
        else:
            os.environ.pop(DENIED, None)

    def _build(self) -> None:
        top = QHBoxLayout()
        again = QPushButton("Look again")
        top.addWidget(self._search, 1)
        top.addWidget(self.switch)
        top.addWidget(again)
        splitter = QSplitter()
        splitter.addWidget(self.table)
        splitter.addWidget(self.page)
        splitter.setStretchFactor(0, 3)
        splitter.setStretchFactor(1, 2)
        layout = QVBoxLayout(self)
        layout.addLayout(top)
        layout.addWidget(splitter, 1)
        again.clicked.connect(self.refresh)
        self.switch.clicked.connect(self._on_switch)
        self._search.textChanged.connect(self.table.order.set_words)
        self.table.row_selected.connect(self._on_selected)
        self._background.answered.connect(self._on_tried)
        self._background.broke.connect(self._on_broke)
        self._watcher.fileChanged.connect(self._on_file)
        self._settle.timeout.connect(self._on_settled)
        self.session.theme_changed.connect(self._on_theme)

    def _on_selected(self, name: object) -> None:
        if not isinstance(name, str) or name not in self._facts:
            return
        self._shown = name
        facts = self._facts[name]
        self.page.setMarkdown(facts.text(self._failures.get(name, "")))
        self.switch.setText("Enable" if facts.listed.state == "disabled" else "Disable")

    def _on_theme(self) -> None:
        self.table.fit_columns(40)
        self._on_selected(self._shown)  # links have the colours of when the page was set

    def _on_switch(self) -> None:
        if self._shown:
            listed = self._facts[self._shown].listed
            self.set_enabled(listed.name, enabled=listed.state == "disabled")

    def _on_broke(self, error: object) -> None:
        self.session.problem_found.emit(
            f"a bug of reclaimlab while looking for plugins: {type(error).__name__}: {error}"
        )

    def _on_file(self, path: str) -> None:
        self._changed.add(path)
        self._settle.start()

    def _on_settled(self) -> None:
        changed, self._changed = self._changed, set()
        names = [each.listed.name for each in self._facts.values() if each.file in changed]
        for path in changed:
            if Path(path).exists():
                self._watcher.addPath(path)  # an editor that renames takes the watch away
        if names:
            self.refresh()
        for name in names:
            self.changed_on_disk.emit(name)

"""F1: the help, which comes with the package as Markdown, a page a view."""

from __future__ import annotations

from importlib.resources import files

from PySide6.QtCore import Qt, QUrl
from PySide6.QtWidgets import QDialog, QHBoxLayout, QListWidget, QTextBrowser, QVBoxLayout, QWidget

from reclaimlab.hosting.reference import hook_objects, hook_text


def help_pages() -> dict[str, str]:
    """Return title -> Markdown of every page; a page opens with its title."""
    folder = files("reclaimlab_gui") / "resources" / "help"
    names = sorted(each.name for each in folder.iterdir() if each.name.endswith(".md"))
    texts = [(folder / name).read_text("utf-8") for name in names]
    return {text.splitlines()[0].lstrip("# "): text for text in (*texts, _hooks_page())}


def _hooks_page() -> str:
    """Return the reference of the hooks, as ``reclaimlab plugin hooks`` tells it."""
    parts = ["# Hooks", "What a plugin is asked and told, in the words of the hookspecs."]
    for hook in hook_objects():
        parts += [f"## {hook['name']}", f"*{hook['kind']}*", f"```\n{hook_text(hook['name'])}\n```"]
    return "\n\n".join(parts)


class HelpWindow(QDialog):
    """Pages on the left, the page on the right; does not stand in the way."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Help")
        self.setModal(False)
        self._pages = help_pages()
        self.list = QListWidget()
        self.list.setAccessibleName("Pages")
        self.list.addItems(list(self._pages))
        self.text = QTextBrowser()
        self.text.setAccessibleName("Help")
        self.text.setOpenLinks(False)
        self.text.anchorClicked.connect(self._follow)
        layout = QVBoxLayout(self)
        row = QHBoxLayout()
        row.addWidget(self.list)
        row.addWidget(self.text, 1)
        layout.addLayout(row)
        em = self.fontMetrics().height()
        self.list.setMaximumWidth(em * 10)
        self.resize(em * 46, em * 32)
        self.list.currentTextChanged.connect(self.show_page)
        self.list.setCurrentRow(
            max(list(self._pages).index(title) if title in self._pages else 0, 0)
        )

    def show_page(self, title: str) -> None:
        """Show a page."""
        self.text.setMarkdown(self._pages.get(title, ""))

    def _follow(self, url: QUrl) -> None:
        found = self.list.findItems(url.toString().replace("%20", " "), Qt.MatchFlag.MatchExactly)
        if found:
            self.list.setCurrentItem(found[0])

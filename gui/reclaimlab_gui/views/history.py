"""History: every comparison and run of the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout

from reclaimlab_gui.views.view import View
from reclaimlab_gui.widgets.empty_state import EmptyState

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from reclaimlab_gui.session import Session


class HistoryView(View):
    """History, as long as there is nothing to show."""

    title = "History"
    about = "every comparison and run of the store"

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        layout = QVBoxLayout(self)
        layout.addWidget(
            EmptyState(
                "No comparison is stored yet",
                "Run one in Set up, or drop a database on the window.",
            )
        )

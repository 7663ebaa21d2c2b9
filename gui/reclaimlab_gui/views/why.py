"""Why: why a run came to its verdict: tasks, stacks, the wait-for graph over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout

from reclaimlab_gui.views.view import View
from reclaimlab_gui.widgets.empty_state import EmptyState

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from reclaimlab_gui.session import Session


class WhyView(View):
    """Why, as long as there is nothing to show."""

    title = "Why"
    about = "why a run came to its verdict: tasks, stacks, the wait-for graph over time"

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        layout = QVBoxLayout(self)
        layout.addWidget(
            EmptyState(
                "Nothing chosen to explain",
                "Open a comparison and press Why at one of its columns.",
            )
        )

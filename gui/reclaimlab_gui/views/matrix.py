"""Matrix: scenarios and contenders as a heat map of verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout

from reclaimlab_gui.views.view import View
from reclaimlab_gui.widgets.empty_state import EmptyState

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from reclaimlab_gui.session import Session


class MatrixView(View):
    """Matrix, as long as there is nothing to show."""

    title = "Matrix"
    about = "scenarios and contenders as a heat map of verdicts"

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        layout = QVBoxLayout(self)
        layout.addWidget(
            EmptyState(
                "No verdicts yet", "Run some comparisons in Set up: each adds its cells here."
            )
        )

"""What every view has: a name for the navigation, the session, and what it can export."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reclaimlab_gui.session import RunKey, Session


class View(QWidget):
    """Base of the views: a page of the main window."""

    title: ClassVar[str]
    about: ClassVar[str]
    """One line: what it is for."""
    csv_title: ClassVar[str] = "every row of the table on screen"
    """What :meth:`csv_rows` gives, in words."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.setAccessibleName(self.title)
        self.setAccessibleDescription(self.about)

    def facts(self) -> dict[str, str]:
        """Return what made what is on screen: goes into the metadata of an exported picture."""
        return {}

    def csv_rows(self) -> Sequence[Sequence[str]]:
        """Return the numbers on screen as rows, the first being the header; empty if none."""
        return ()

    def comparison_id(self) -> str:
        """Return the comparison that is on screen; empty if none is."""
        return ""

    def runs_on_screen(self) -> tuple[RunKey, ...]:
        """Return the runs that are on screen, the baseline first: what a trace exports."""
        return ()

    def closing(self) -> None:
        """Give back what would outlive the window: threads and processes."""

"""Our light and dark palettes, and the colours and dashes of contenders and verdicts.

Qt's own dark scheme is nothing on a desktop without a theme, so the palettes are ours. Contenders
have the colours of Okabe and Ito, which colour-blind people tell apart, and a dash pattern each, so
that a plot printed in grey can still be read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QPalette

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtWidgets import QApplication

VERDICT_COLOURS: Final[Mapping[str, tuple[str, str]]] = {
    "deadlock": ("#a4001d", "#ffffff"),
    "livelock": ("#7b2a8f", "#ffffff"),
    "stall": ("#b34700", "#ffffff"),
    "premature-oom": ("#8a5a00", "#ffffff"),
    "oom": ("#6d4c41", "#ffffff"),
    "ok": ("#006b4f", "#ffffff"),
    "": ("#5c6370", "#ffffff"),
}
"""Verdict -> background and letters; the word always stands on the colour."""

DASHES: Final = (
    Qt.PenStyle.SolidLine,
    Qt.PenStyle.DashLine,
    Qt.PenStyle.DotLine,
    Qt.PenStyle.DashDotLine,
)


@dataclass(frozen=True, slots=True)
class Theme:
    """One palette."""

    name: str
    window: str
    base: str
    alternate: str
    text: str
    faint: str
    """Letters of what matters less; at least 4.5 : 1 on the window."""
    line: str
    accent: str
    accent_text: str
    better: str
    worse: str
    contenders: tuple[str, ...]

    def contender(self, place: int) -> tuple[QColor, Qt.PenStyle]:
        """Return the colour and the dashes of the contender at ``place``."""
        colours = self.contenders
        return QColor(colours[place % len(colours)]), DASHES[place % len(DASHES)]

    def palette(self) -> QPalette:
        """Return the palette for Qt."""
        found = QPalette()
        role, group = QPalette.ColorRole, QPalette.ColorGroup
        for roles, colour in (
            ((role.Window, role.Button, role.ToolTipBase), self.window),
            ((role.Base,), self.base),
            ((role.AlternateBase,), self.alternate),
            ((role.WindowText, role.Text, role.ButtonText, role.ToolTipText), self.text),
            ((role.BrightText,), self.worse),
            ((role.PlaceholderText,), self.faint),
            ((role.Highlight, role.Link, role.LinkVisited, role.Accent), self.accent),
            ((role.HighlightedText,), self.accent_text),
            ((role.Mid, role.Dark, role.Shadow), self.line),
            ((role.Light, role.Midlight), self.alternate),
        ):
            for each in roles:
                found.setColor(each, QColor(colour))
        for each in (role.WindowText, role.Text, role.ButtonText):
            found.setColor(group.Disabled, each, QColor(self.faint))
        return found

    def style_sheet(self) -> str:
        """Return what a palette cannot say."""
        return f"""
        QToolTip {{ color: {self.text}; background: {self.base}; border: 1px solid {self.line}; }}
        QListWidget#navigation {{ border: none; background: {self.alternate}; }}
        QListWidget#navigation::item {{ padding: 8px 10px; }}
        QListWidget#navigation::item:selected {{
            background: {self.accent}; color: {self.accent_text}; }}
        QLabel[faint="true"] {{ color: {self.faint}; }}
        QLabel[heading="true"] {{ font-weight: 600; }}
        QLabel[fault="true"] {{ color: {self.worse}; }}
        QFrame#message {{ background: {self.alternate}; border-bottom: 2px solid {self.worse}; }}
        QFrame#message[kind="note"] {{ border-bottom: 2px solid {self.accent}; }}
        *:focus {{ outline: none; }}
        QPushButton:focus, QToolButton:focus {{ border: 2px solid {self.accent}; padding: 3px; }}
        """


LIGHT: Final = Theme(
    name="light", window="#f4f5f7", base="#ffffff", alternate="#e9ecf1", text="#1b1f24",
    faint="#535b66", line="#b6bdc8", accent="#0b5cad", accent_text="#ffffff",
    better="#006b4f", worse="#a4001d",
    contenders=("#0072b2", "#c04a00", "#00785a", "#8d3d78"),
)  # fmt: skip
DARK: Final = Theme(
    name="dark", window="#191c21", base="#262b33", alternate="#2e343e", text="#e6e9ee",
    faint="#aab3c0", line="#5a6370", accent="#4fa3ee", accent_text="#0d1014",
    better="#46c79b", worse="#ff8a80",
    contenders=("#56b4e9", "#e69f00", "#2ec79a", "#e08cc0"),
)  # fmt: skip
THEMES: Final[Mapping[str, Theme]] = {"light": LIGHT, "dark": DARK}


def system_theme() -> str:
    """Return ``dark`` if the desktop says it is dark, else ``light``."""
    scheme = QGuiApplication.styleHints().colorScheme()
    return "dark" if scheme is Qt.ColorScheme.Dark else "light"


def apply_theme(application: QApplication, theme: Theme, *, points: float) -> None:
    """Give the whole application the colours of ``theme`` and letters of a size."""
    worn = f"{theme.name} {points}"
    if application.property("theme") == worn:  # each change asks every widget there is
        return
    application.setProperty("theme", worn)
    font = application.font()
    font.setPointSizeF(points)
    application.setFont(font)
    application.setPalette(theme.palette())
    application.setStyleSheet(theme.style_sheet())

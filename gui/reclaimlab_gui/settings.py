"""What the window remembers between two starts: its state, the theme, the size of letters."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import QByteArray, QSettings

LEAST_SCALE: Final = 80
MOST_SCALE: Final = 200


class Settings:
    """Typed access to Qt's settings file; a value that is missing or nonsense is the default."""

    def __init__(self) -> None:
        self._file = QSettings(
            QSettings.Format.IniFormat, QSettings.Scope.UserScope, "reclaimlab", "window"
        )

    @property
    def theme(self) -> str:
        """``light`` or ``dark``; empty: as the system is."""
        found = str(self._file.value("theme", ""))
        return found if found in ("light", "dark") else ""

    @theme.setter
    def theme(self, name: str) -> None:
        self._file.setValue("theme", name)

    @property
    def font_scale(self) -> int:
        """Size of letters in per cent of the system's."""
        try:
            found = int(str(self._file.value("font_scale", 100)))
        except ValueError:
            return 100
        return min(max(found, LEAST_SCALE), MOST_SCALE)

    @font_scale.setter
    def font_scale(self, percent: int) -> None:
        self._file.setValue("font_scale", min(max(percent, LEAST_SCALE), MOST_SCALE))

    @property
    def jobs(self) -> int:
        """How many processes simulate; 0: never chosen."""
        found = str(self._file.value("jobs", 0))
        return int(found) if found.isdigit() else 0

    @jobs.setter
    def jobs(self, count: int) -> None:
        self._file.setValue("jobs", count)

    @property
    def disabled_plugins(self) -> frozenset[str]:
        """Plugins the user has switched off."""
        text = str(self._file.value("disabled_plugins", ""))
        return frozenset(filter(None, text.split(",")))

    @disabled_plugins.setter
    def disabled_plugins(self, names: frozenset[str]) -> None:
        self._file.setValue("disabled_plugins", ",".join(sorted(names)))

    @property
    def export_folder(self) -> Path:
        """Where the last export went."""
        return Path(str(self._file.value("export_folder", Path.home())))

    @export_folder.setter
    def export_folder(self, folder: Path) -> None:
        self._file.setValue("export_folder", str(folder))

    def state(self, name: str) -> QByteArray:
        """Return the saved geometry or splitter state called ``name``; empty if there is none."""
        found = self._file.value(f"state/{name}")
        return found if isinstance(found, QByteArray) else QByteArray()

    def save_state(self, name: str, state: QByteArray) -> None:
        """Keep a geometry or the state of a splitter."""
        self._file.setValue(f"state/{name}", state)

"""A widget as a picture or a drawing, with what made it in the metadata."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtGui import QPainter
from PySide6.QtSvg import QSvgGenerator

from reclaimlab import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from PySide6.QtWidgets import QWidget


def write_png(widget: QWidget, path: Path, facts: Mapping[str, str]) -> None:
    """Write what ``widget`` shows; ``facts`` become tEXt chunks.

    Raises:
        OSError: the file cannot be written.
    """
    image = widget.grab().toImage()
    for name, text in {"Software": f"reclaimlab {__version__}", **facts}.items():
        image.setText(name, text)
    if not image.save(str(path), "PNG"):  # type: ignore[call-overload]  # the stubs want bytes, Qt takes str
        msg = "the folder is missing or read-only"
        raise OSError(msg)


def write_svg(widget: QWidget, path: Path, facts: Mapping[str, str]) -> None:
    """Write what ``widget`` shows as lines and letters.

    Raises:
        OSError: the file cannot be written.
    """
    path.touch()  # Qt would only print a warning
    generator = QSvgGenerator()
    generator.setFileName(str(path))
    # Without this the axes stand elsewhere than the lines: Qt's SVG has 72 dots an inch.
    generator.setResolution(widget.logicalDpiX())
    generator.setSize(QSize(widget.width(), widget.height()))
    generator.setViewBox(QRect(0, 0, widget.width(), widget.height()))
    generator.setTitle(f"reclaimlab {__version__}")
    generator.setDescription("\n".join(f"{name}: {text}" for name, text in facts.items()))
    painter = QPainter(generator)
    widget.render(painter, QPoint())
    painter.end()


def write_csv(rows: Sequence[Sequence[str]], path: Path) -> None:
    """Write rows, the first being the header.

    Raises:
        OSError: the file cannot be written.
    """
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)

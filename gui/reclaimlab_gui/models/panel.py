"""What one plot shows: its lines, its limits and its axes, without anything of Qt."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reclaimlab_gui.models.quantities import Curve


@dataclass(frozen=True, slots=True)
class Line:
    """One curve of one contender."""

    label: str
    place: int
    """The contender's place, which gives colour and dashes."""
    curve: Curve
    shift_s: float = 0.0
    """Taken from every time, so that what is aligned stands at 0."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One plot."""

    title: str
    unit: str
    column: int
    lines: tuple[Line, ...]
    limits: Mapping[str, float] = field(default_factory=dict)
    is_difference: bool = False

    @property
    def caption(self) -> str:
        """What stands above the plot: a difference stands right below its quantity."""
        return "minus baseline" if self.is_difference else self.title

"""The scenarios that can be run, with what each stresses and which number decides."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from reclaimlab.errors import ReclaimlabError
from reclaimlab.scenarios.builtin import builtin_scenarios
from reclaimlab.scenarios.reader import load_scenario, scenario_text
from reclaimlab_gui.models.table import Cell, Row

if TYPE_CHECKING:
    from collections.abc import Iterable

SCENARIO_HEADER: Final = ("scenario", "decides")


def scenario_rows(extra: Iterable[str] = ()) -> list[Row]:
    """Return a row a scenario of the library, and one for each of the ``extra`` files."""
    return [_row(name) for name in (*builtin_scenarios(), *extra)]


@lru_cache(maxsize=128)
def _row(name: str) -> Row:
    try:
        scenario = load_scenario(name)
    except ReclaimlabError as error:
        return Row((Cell(name), Cell("has faults", tip=str(error), kind="fault")), key=name)
    tip = f"{scenario.title}\n\n{about(name)}"
    return Row((Cell(name, tip=tip), Cell(scenario.decides, tip=tip)), name)


def about(name: str) -> str:
    """Return the comment that opens a scenario's file, a paragraph for each "Word:" of it."""
    text = ""
    for line in scenario_text(name).splitlines():
        if not line.startswith("#"):
            break
        words = line.lstrip("#").strip()
        begins = words.split(" ", 1)[0].endswith(":")
        text += ("\n\n" if begins else " ") + words
    return text.strip()

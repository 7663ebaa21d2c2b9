"""The calibrated constants: where each stands, its unit, other values for a process's runs."""

from __future__ import annotations

from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Final

from reclaimlab.block import device
from reclaimlab.kernel import costs
from reclaimlab.scenarios.importers import setup

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import ModuleType

# The package gives the name of this module to the program in it.
replay = import_module("reclaimlab.workloads.replay")

ELSEWHERE: Final[Mapping[str, tuple[ModuleType, str]]] = {
    "DEVICE_HOLDS": (device, "requests"),
    "GUEST_SLOWDOWN": (setup, "times"),
    "GUEST_RECLAIM": (setup, "times"),
    "COPY_BW": (setup, "B/s"),
    "MOST_BACKLOG": (setup, "pages"),
    "LEAST_PIECE": (replay, "pages"),
}
"""Constant that is no cost -> the module that it stands in, and its unit."""


def constants() -> dict[str, int]:
    """Return every calibrated constant: name -> value in its unit."""
    found = {
        name: value
        for name, value in vars(costs).items()
        if name.isupper() and isinstance(value, int)
    }
    return found | {name: getattr(module, name) for name, (module, _) in ELSEWHERE.items()}


def unit_of(name: str) -> str:
    """Return the unit of a constant."""
    return ELSEWHERE[name][1] if name in ELSEWHERE else "ns"


@contextmanager
def changed_constants(changed: Mapping[str, int]) -> Iterator[None]:
    """Let runs in this process use other constants while inside."""
    places = [(module, name) for name in changed for module in _modules_with(name)]
    before = [getattr(module, name) for module, name in places]
    try:
        for module, name in places:
            setattr(module, name, changed[name])
        yield
    finally:
        for (module, name), value in zip(places, before, strict=True):
            setattr(module, name, value)


def _modules_with(name: str) -> list[ModuleType]:
    # The block layer is below the kernel and has its own SUBMIT_REQUEST_NS, of the same value.
    return [each for each in (costs, device, setup, replay) if hasattr(each, name)]

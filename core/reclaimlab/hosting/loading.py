"""Importing what a plugin announces; whatever it does there is its own failure, not ours."""

from __future__ import annotations

import contextlib
import importlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reclaimlab.hosting import probe
from reclaimlab.hosting.api_range import api_range
from reclaimlab.hosting.integrity import Snapshot
from reclaimlab.hosting.single_file import import_file
from reclaimlab.hosting.trace import plugin_trace
from reclaimlab.policy.hookspecs import API_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reclaimlab.hosting.sources import Source


class LoadError(Exception):
    """A plugin that cannot be used.

    Attributes:
        state: what a list of plugins calls it.
        trace: the traceback of what its code raised; empty if it raised nothing.
    """

    def __init__(self, problem: str, state: str = "failed", trace: str = "") -> None:
        super().__init__(problem)
        self.state = state
        self.trace = trace


def load(source: Source) -> Any:
    """Return the object that ``source`` names.

    Raises:
        LoadError: it must not or cannot be imported, or is written for another API.
    """
    if source.disabled:
        raise LoadError(source.disabled, "disabled")
    if source.problem:
        raise LoadError(source.problem)
    if source.taken_by:
        raise LoadError(f"the name is taken by {source.taken_by}")
    if source.api:
        check_api(source.api)
    if source.policy is not None:
        return source.policy
    problem = probe.problem_of(source)
    if problem.text:
        raise LoadError(problem.text, trace=problem.trace)
    return import_source(source)


def import_source(source: Source) -> Any:
    """Import what ``source`` names, here and now.

    Raises:
        LoadError: it raised, or changed what is not its own.
    """
    if source.is_ours:
        return _told_failure(source)
    before = Snapshot()
    try:
        with _quiet():
            return _told_failure(source)
    finally:
        changed = before.undo_changes()
        if changed:
            msg = f"its import changes {', '.join(changed[:3])}; a plugin may not"
            raise LoadError(msg)


def _told_failure(source: Source) -> Any:
    try:
        return _import(source)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # someone else's module may raise anything
        problem = f"{type(error).__name__}: {error}"
        raise LoadError(problem, trace=plugin_trace(error)) from error


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep what a module prints off the output of a command; a run's process shows it."""
    if os.environ.get(probe.ISOLATED):
        yield
        return
    with (
        Path(os.devnull).open("w") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        yield


def check_api(said: object) -> None:
    """Refuse what is written for another API.

    Raises:
        LoadError: this API is not in the range that ``said`` states.
    """
    try:
        wanted = api_range(said)
    except ValueError as error:
        raise LoadError(str(error)) from error
    if API_VERSION not in wanted:
        here = ".".join(map(str, API_VERSION))
        written = str(wanted) if isinstance(said, str) else ".".join(map(str, wanted.low))
        raise LoadError(f"written for plugin API {written}; this is {here}", "incompatible")


def _import(source: Source) -> Any:
    place, _, attribute = source.module.rpartition(":")
    found: Any = import_file(source.file) if source.file else importlib.import_module(place)
    for name in filter(None, attribute.split(".")):
        found = getattr(found, name)
    return found

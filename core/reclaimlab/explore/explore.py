"""Exploring, as the rest of the package sees it: a request goes in, what was found comes out."""

from __future__ import annotations

import multiprocessing
from typing import TYPE_CHECKING, Any

from reclaimlab.errors import PolicyError
from reclaimlab.explore.child import serve
from reclaimlab.explore.request import Exploration, ExploreRequest, UnexplorableError

if TYPE_CHECKING:
    from collections.abc import Callable


def explore(
    request: ExploreRequest,
    *,
    progress: Callable[[int, int], None] = lambda _states, _transitions: None,
    stop: Callable[[], bool] = lambda: False,
) -> Exploration:
    """Explore in a process of its own.

    Args:
        request: what, and how far.
        progress: called now and then with the states and transitions so far.
        stop: asked at the same moments; the search then ends and says that it was cut.

    Raises:
        UnexplorableError: the scenario cannot be explored, and why.
        PolicyError: a policy raised, answered nonsense, or not the same twice.
    """
    here, there = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(there, request))
    process.start()
    there.close()
    try:
        return _listen(here, progress, stop)
    finally:
        here.close()
        process.join(5)
        if process.is_alive():
            process.kill()
            process.join()


def _listen(
    here: Any, progress: Callable[[int, int], None], stop: Callable[[], bool]
) -> Exploration:
    asked = False
    while True:
        try:
            kind, value = here.recv()
        except EOFError:
            msg = "the process that explores has died"
            raise RuntimeError(msg) from None
        if kind == "done":
            done: Exploration = value
            return done
        if kind == "progress":
            progress(*value)
            if not asked and stop():
                asked = True
                here.send("stop")
        elif kind == "policy":
            raise PolicyError(*value)
        elif kind == "user":
            raise UnexplorableError(value)
        else:
            raise value if isinstance(value, BaseException) else RuntimeError(value)

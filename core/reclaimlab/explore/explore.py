"""Exploring, as the rest of the package sees it: a request goes in, what was found comes out."""

from __future__ import annotations

import multiprocessing
from typing import TYPE_CHECKING, Any, Final

from reclaimlab.errors import ExtensionError
from reclaimlab.explore.child import serve
from reclaimlab.explore.failure import raised
from reclaimlab.explore.request import LostProcessError
from reclaimlab.hosting.catalog import Catalog
from reclaimlab.hosting.extensions import usable_extensions
from reclaimlab.hosting.probe import ending

if TYPE_CHECKING:
    from collections.abc import Callable

    from reclaimlab.explore.request import Exploration, ExploreRequest

STUCK_S: Final = 60.0
"""How long others' policies may give no sign: a search tells five times a second where it is."""


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
        ExtensionError: a policy of somebody else hung, or ended the process.
        LostProcessError: a process that explored was ended from outside.
    """
    foreign = _foreign(request.contender)
    context = _context(shared=not foreign)
    here, there = context.Pipe()
    process = context.Process(
        target=serve, args=(there, request), kwargs={"limited": bool(foreign)}
    )
    process.start()
    there.close()
    try:
        return _listen(here, progress, stop, STUCK_S if foreign else None)
    except _LostError as lost:
        process.kill()
        process.join()
        how = str(lost) or f"ended the process that explores ({ending(process.exitcode or 0)})"
        if not foreign:
            raise LostProcessError(f"the process that explores is lost: {how}") from None
        raise ExtensionError("plugin", " or ".join(foreign), how) from None
    except KeyboardInterrupt:
        process.kill()
        raise
    finally:
        here.close()
        process.join(5)
        if process.is_alive():
            process.kill()
            process.join()


def _context(*, shared: bool) -> Any:
    """Return where processes come from: ``shared``, from a server that has imported the model."""
    if not shared or "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["reclaimlab.explore.warm"])
    return context


def _foreign(contender: str) -> list[str]:
    """Return the names of others' plugins that a search asks: policies and properties."""
    brought = [each.source for each in usable_extensions("property").values()]
    return [
        *(each.name for each in Catalog.installed().foreign(contender)),
        *(each.name for each in brought if not each.is_ours),
    ]


class _LostError(Exception):
    """The process hangs, in words; or it has ended."""


def _listen(
    here: Any,
    progress: Callable[[int, int], None],
    stop: Callable[[], bool],
    silence_s: float | None,
) -> Exploration:
    asked, told = False, False
    while True:
        # What goes before the first sign are imports, which take what the machine lets them.
        if told and not here.poll(silence_s):
            raise _LostError(f"gave no sign for {silence_s:g} s; the process was ended")
        try:
            kind, value = here.recv()
        except EOFError:
            raise _LostError from None
        told = True
        if kind == "done":
            done: Exploration = value
            return done
        if kind == "progress":
            progress(*value)
            if not asked and stop():
                asked = True
                here.send("stop")
        else:
            raise raised((kind, value))

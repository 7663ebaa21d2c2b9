"""Whatever else asks others' policies (a look inside, exploring), in a process with limits."""

from __future__ import annotations

import contextlib
import os
import signal
import tempfile
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reclaimlab.errors import ReclaimlabError
from reclaimlab.hosting import gate
from reclaimlab.hosting.blame import blame
from reclaimlab.hosting.probe import ending
from reclaimlab.runs.apart import RunFailedError
from reclaimlab.runs.limits import Limits
from reclaimlab.runs.run import installed_policies
from reclaimlab.runs.shield import shield

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

    from reclaimlab.hosting.sources import Source

Work = Callable[..., Any]


def call_apart(contender: str, work: Work, *arguments: Any, limits: Limits | None = None) -> Any:
    """Return ``work(*arguments)``, computed here unless ``contender`` holds somebody else's policy.

    Then it is computed in a process of its own, to which function, arguments and result cross, so
    all must be picklable; the limits of one run hold.

    Raises:
        RunFailedError: the plugin hung, or ended the process.
        ReclaimlabError: whatever ``work`` raised of that kind.
    """
    foreign = installed_policies().foreign(contender)
    if not foreign:
        return work(*arguments)
    limits = limits or Limits.from_environment()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        trace = Path(folder) / "trace"
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(
            target=_serve, args=(theirs, trace, limits, work, arguments), daemon=True
        )
        process.start()
        theirs.close()
        try:
            return _answer(ours, process, trace, limits, foreign)
        finally:
            process.kill()
            process.join()
            ours.close()


def _answer(
    ours: Connection,
    process: SpawnProcess,
    trace: Path,
    limits: Limits,
    foreign: tuple[Source, ...],
) -> Any:
    if ours.poll(limits.time / 1e9):
        with contextlib.suppress(EOFError):
            value, error = ours.recv()
            if error is not None:
                raise error
            return value
        process.join(1)
        how = f"ended the process that computed with it ({ending(process.exitcode or 0)})"
    else:
        how = f"took over {limits.time / 1e9:g} s; the process was ended"
        if process.pid is not None:
            os.kill(process.pid, signal.SIGUSR1)
            time.sleep(0.2)
    where = trace.read_text(errors="replace") if trace.exists() else ""
    guilty = blame(where, foreign) or " or ".join(each.name for each in foreign)
    raise RunFailedError(f"plugin {guilty}: {how}")


def _serve(
    theirs: Connection, trace: Path, limits: Limits, work: Work, arguments: tuple[Any, ...]
) -> None:
    shield(trace, limits)
    gate.shut()
    try:
        theirs.send((work(*arguments), None))
    except ReclaimlabError as error:
        theirs.send((None, error))

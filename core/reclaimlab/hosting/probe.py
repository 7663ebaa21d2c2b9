"""A plugin is imported first in a process of its own, which may hang or die in our stead.

Only what survives that is imported where the command line or the window lives. Processes that
simulate do without: they are made to be lost.
"""

from __future__ import annotations

import json
import os
import resource
import selectors
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import asdict
from typing import IO, TYPE_CHECKING, Any, Final, NamedTuple

from reclaimlab.hosting.sources import Source

if TYPE_CHECKING:
    from collections.abc import Sequence

ISOLATED: Final = "RECLAIMLAB_ISOLATED"
"""Set in processes that may be lost."""
IMPORT_LIMIT: Final = "RECLAIMLAB_IMPORT_LIMIT"
"""Seconds that the import of a plugin may take."""
_SECONDS: Final = 10.0
_MEMORY: Final = 4 << 30


class Problem(NamedTuple):
    """Why a plugin must not be imported; no text: it may."""

    text: str = ""
    trace: str = ""
    """The traceback of what it raised; empty if it raised nothing."""


_known: dict[Source, Problem] = {}


def problem_of(source: Source) -> Problem:
    """Return why a plugin must not be imported here."""
    if source.is_ours or os.environ.get(ISOLATED):
        return Problem()
    probe([source])
    return _known[source]


def probe(sources: Sequence[Source]) -> None:
    """Try to import each of ``sources``, in as few processes as will do."""
    waiting = [each for each in sources if each not in _known and not each.is_ours]
    while waiting and not os.environ.get(ISOLATED):
        tried = _try(waiting)
        waiting = waiting[tried:]


def forget() -> None:
    """Try again at the next question: a file may have changed."""
    _known.clear()


def _try(sources: list[Source]) -> int:
    """Try in one process until it is lost; return how many plugins are known then."""
    here, there = os.pipe()
    with os.fdopen(here, "rb") as answers, tempfile.TemporaryFile() as told:
        code = "import sys, json; sys.path[:] = json.loads(sys.argv[1]); "
        code += "from reclaimlab.hosting.probe import main; main(int(sys.argv[2]), sys.argv[3])"
        work = json.dumps([asdict(each) for each in sources])
        command = [sys.executable, "-c", code, json.dumps(sys.path), str(there), work]
        with subprocess.Popen(
            command, pass_fds=[there], stdin=subprocess.DEVNULL, stdout=told, stderr=told,
            env={**os.environ, ISOLATED: "1"},
        ) as child:  # fmt: skip
            os.close(there)
            try:
                return _collect(child, answers, sources)
            finally:
                child.kill()


def _collect(child: subprocess.Popen[bytes], answers: IO[bytes], sources: list[Source]) -> int:
    limit = float(os.environ.get(IMPORT_LIMIT) or _SECONDS)
    with selectors.DefaultSelector() as selector:
        selector.register(answers, selectors.EVENT_READ)
        ready = _line(selector, answers, limit + _SECONDS)  # that Python has started
        for number, source in enumerate(sources):
            line = _line(selector, answers, limit) if ready is not None else None
            if line is None:
                _known[source] = Problem(f"its import took over {limit:g} s")
            elif not line:
                _known[source] = Problem(f"its import ended the process ({_ended(child)})")
            else:
                _known[source] = Problem(*json.loads(line))
                continue
            return number + 1
    return len(sources)


def _line(selector: selectors.BaseSelector, answers: IO[bytes], limit: float) -> bytes | None:
    """Return the next line, empty at the end; None if there is none in time."""
    line = b""
    until = time.monotonic() + limit
    while not line.endswith(b"\n"):
        if not selector.select(until - time.monotonic()):
            return None
        part = os.read(answers.fileno(), 1)
        if not part:
            return b""
        line += part
    return line


def _ended(child: subprocess.Popen[bytes]) -> str:
    try:
        return ending(child.wait(1))
    except subprocess.TimeoutExpired:
        return "it hung"


def ending(code: int) -> str:
    """Return how a process ended, in words."""
    import signal

    if code >= 0:
        return f"exit code {code}"
    with suppress(ValueError):
        return signal.Signals(-code).name
    return f"signal {-code}"


def limit_memory(most: int) -> None:
    """Let this process have no more than ``most`` bytes: then Python raises MemoryError."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def main(pipe: int, work: str) -> None:
    """Import what ``work`` says, and answer on ``pipe``: the child's side."""
    from reclaimlab.hosting.loading import LoadError, import_source
    from reclaimlab.hosting.trace import plugin_trace

    limit_memory(_MEMORY)
    os.write(pipe, b'"ready"\n')
    for plain in json.loads(work):
        problem = Problem()
        try:
            found = import_source(Source(**plain))
            # The command line makes the parameters of a contender where it lives.
            getattr(found, "Parameters", bool)()
        except LoadError as error:
            problem = Problem(str(error), error.trace)
        except BaseException as error:  # anybody's dataclass
            text = f"its Parameters raised {type(error).__name__}: {error}"
            problem = Problem(text, plugin_trace(error))
        else:
            problem = _making_problem(found, plain["kind"])
        os.write(pipe, json.dumps(problem).encode() + b"\n")
    os._exit(0)  # threads that a plugin left behind would keep the process


def _making_problem(found: Any, kind: str) -> Problem:
    """Make an extension as whoever lists it will; a policy is made only where runs are."""
    if kind == "policy" or not isinstance(found, type):
        return Problem()
    try:
        found()
    except BaseException as error:  # anybody's class
        from reclaimlab.hosting.trace import plugin_trace

        text = f"its making raised {type(error).__name__}: {error}"
        return Problem(text, plugin_trace(error))
    return Problem()

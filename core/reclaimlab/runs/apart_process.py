"""A process with limits, in which the code of others' plugins is called: it may be lost.

It serves one call after the other; after it was lost, the next call begins another.
"""

from __future__ import annotations

import contextlib
import os
import signal
import tempfile
import time
import traceback
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

from reclaimlab.errors import ReclaimlabError
from reclaimlab.hosting import gate
from reclaimlab.hosting.blame import blame
from reclaimlab.hosting.probe import ending
from reclaimlab.runs.limits import Limits
from reclaimlab.runs.run import RunStoppedError, never
from reclaimlab.runs.shield import shield

if TYPE_CHECKING:
    from collections.abc import Sequence
    from multiprocessing.connection import Connection

    from reclaimlab.hosting.sources import Source
    from reclaimlab.runs.run import Stop

Work = Callable[..., Any]
_POLL_S: Final = 0.1


class PluginFailedError(ReclaimlabError):
    """A plugin raised, answered nonsense, hung, or ended the process it was called in."""

    exit_code = 3


class PluginLostError(PluginFailedError):
    """It hung or ended the process: whoever calls it again waits again."""


class _Failed(NamedTuple):
    """Why there is no value, as plain text: not every exception survives pickling."""

    told: str
    exit_code: int
    trace: str = ""
    """The stack, if it was no error of ours."""


class ApartProcess:
    """States: not begun; at work on a call; idle; lost, which is as not begun; closed."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits.from_environment()
        self._context = get_context("spawn")
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self._process: Any = None
        self._ours: Connection

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def call(
        self,
        work: Work,
        *arguments: Any,
        foreign: Sequence[Source],
        seconds: float = 0,
        stop: Stop = never,
    ) -> Any:
        """Return ``work(*arguments)``; function, arguments and result must be picklable.

        Args:
            work: what to call.
            arguments: what it is given.
            foreign: the plugins that may be at fault.
            seconds: how long it may take; the limit of a whole run if 0.
            stop: asked all the time; once true, the process is ended.

        Raises:
            PluginLostError: a plugin hung, or ended the process.
            PluginFailedError: it raised.
            ReclaimlabError: whatever else ``work`` raised of that kind.
            RunStoppedError: ``stop`` said so.
        """
        if self._process is None:
            self._begin(stop)
        self._ours.send((work, arguments))
        if not self._heard(seconds or self._limits.time / 1e9, stop):
            limit = seconds or self._limits.time / 1e9
            raise self._lost(foreign, f"took over {limit:g} s; the process was ended", ask=True)
        try:
            answer = self._ours.recv()
        except (EOFError, OSError):
            self._process.join(1)
            ended = ending(self._process.exitcode or 0)
            raise self._lost(foreign, f"ended the process that called it ({ended})") from None
        if isinstance(answer, _Failed):
            raise _error(answer, foreign)
        return answer

    def close(self) -> None:
        """End the process."""
        self._end()
        self._folder.cleanup()

    def _begin(self, stop: Stop) -> None:
        self._ours, theirs = self._context.Pipe()
        arguments = (theirs, self._trace, self._limits)
        self._process = self._context.Process(target=_serve, args=arguments, daemon=True)
        self._process.start()
        theirs.close()
        self._heard(self._limits.time / 1e9, stop)  # what goes before its first word is no call
        with contextlib.suppress(EOFError, OSError):
            self._ours.recv()

    @property
    def _trace(self) -> Path:
        return Path(self._folder.name) / "trace"

    def _heard(self, seconds: float, stop: Stop) -> bool:
        until = time.monotonic() + seconds
        while not self._ours.poll(_POLL_S):
            if stop():
                self._end()
                raise RunStoppedError
            if time.monotonic() > until:
                return False
        return True

    def _lost(self, foreign: Sequence[Source], how: str, *, ask: bool = False) -> PluginLostError:
        if ask:
            with contextlib.suppress(OSError):
                os.kill(self._process.pid, signal.SIGUSR1)  # it writes where it is
            time.sleep(0.2)
        where = self._trace.read_text(errors="replace") if self._trace.exists() else ""
        self._end()
        return PluginLostError(f"plugin {_guilty(where, foreign)}: {how}")

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._ours.close()
            self._process = None


def _error(failed: _Failed, foreign: Sequence[Source]) -> Exception:
    if not failed.trace:
        known = PluginFailedError if failed.exit_code == PluginFailedError.exit_code else None
        return (known or ReclaimlabError)(failed.told)
    if blame(failed.trace, foreign):
        return PluginFailedError(f"plugin {_guilty(failed.trace, foreign)}: raised {failed.told}")
    return RuntimeError(failed.trace)  # a bug of ours


def _guilty(trace: str, foreign: Sequence[Source]) -> str:
    return blame(trace, foreign) or " or ".join(each.name for each in foreign)


# ---- the child's side ---------------------------------------------------------------------------


def _serve(theirs: Connection, trace: Path, limits: Limits) -> None:
    printed = shield(trace, limits)
    gate.shut()
    theirs.send("ready")
    with contextlib.suppress(EOFError, OSError):
        while True:
            work, arguments = theirs.recv()
            theirs.send(_answer(work, arguments))
            printed.taken()  # each call may print as much


def _answer(work: Work, arguments: tuple[Any, ...]) -> Any:
    try:
        return work(*arguments)
    except ReclaimlabError as error:
        return _Failed(str(error), error.exit_code)
    except Exception as error:
        told = f"{type(error).__name__}: {error}"
        return _Failed(told, 1, "".join(traceback.format_exception(error)))

"""A run in a process that may be lost: what a plugin changed on the way is noticed and put back."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from reclaimlab.hosting import gate
from reclaimlab.hosting.blame import blame
from reclaimlab.hosting.integrity import Snapshot
from reclaimlab.runs.foreign import foreign_plugins
from reclaimlab.runs.run import Progress, RunRequest, Stop, failed_record, never, record_run
from reclaimlab.store.records import Failure

if TYPE_CHECKING:
    from reclaimlab.store.records import RunRecord


def record_isolated(
    request: RunRequest, *, stop: Stop = never, progress: Progress | None = None
) -> RunRecord:
    """Return the same as :func:`record_run`, with a gate before the hooks of others' policies.

    Raises:
        RunStoppedError: ``stop`` said so while it ran.
    """
    foreign = foreign_plugins(request)
    if not foreign:
        return record_run(request, stop=stop, progress=progress)
    gate.shut()
    before = Snapshot()
    record = record_run(request, stop=stop, progress=progress)
    changed = before.undo_changes()
    if not changed:
        return record
    names = " or ".join(each.name for each in foreign)
    error = f"plugin {names}: changes {', '.join(changed[:3])}; a plugin may not"
    return dataclasses.replace(
        record, result=None, result_hash="", failure=Failure.POLICY, error=error
    )


def killed(request: RunRequest, trace: str, how: str) -> RunRecord | None:
    """Return the record of a run whose plugin ended its process; None if no plugin did.

    Args:
        request: the run.
        trace: where the process was when it died.
        how: in words.
    """
    guilty = blame(trace, foreign_plugins(request))
    if not guilty:
        return None
    return failed_record(request, Failure.POLICY, f"plugin {guilty}: {how}", trace)

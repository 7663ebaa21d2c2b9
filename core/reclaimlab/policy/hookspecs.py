"""The questions the simulated kernel asks: the seam that a policy implements.

Read this file, contexts.py and decisions.py to write a policy; nothing else of the core is needed.
The hooks stand in the order of a page's life. A *decision* is a verb: the last registered policy is
asked first, ``None`` passes the question on, and the kernel answers last. Two hooks are *combined*
instead, as their text says. A *notification* is a state and has no answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import pluggy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reclaimlab.policy.contexts import (
        AllocationView,
        ChargeFailureView,
        DirtierView,
        Features,
        FilesystemFeatures,
        FilesystemView,
        FolioView,
        ProgressView,
        ReclaimView,
        ScopeView,
    )
    from reclaimlab.policy.decisions import (
        DirtyDecision,
        DirtyThrottle,
        FlusherWakeup,
        OomAction,
        ScopeChange,
        Throttle,
        WritebackDecision,
    )

API_VERSION: Final = (1, 0)
"""Minor: hooks or arguments were added. Major: something a policy relied on was removed."""

PROJECT: Final = "reclaimlab"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class Deprecation(NamedTuple):
    """What is going to be removed; it warns from the version that names it here until it ends."""

    instead: str
    """What to do, such as ``use sampled``."""
    ends_in: tuple[int, int]
    """Version of the plugin API that has it no more: a major one."""

    def __str__(self) -> str:
        return f"{self.instead}; it ends in plugin API {'.'.join(map(str, self.ends_in))}"


DEPRECATED: Final[dict[str, Deprecation]] = {}
"""Hook, or ``hook.argument`` -> what to use instead, and the version of the API it ends in."""

PURE: Final = frozenset(
    {
        "describe_kernel",
        "describe_filesystem",
        "enter_scope",
        "derive_gfp",
        "decide_writeback_wait",
        "decide_dirty_folio",
        "throttle_dirty",
    }
)
"""Hooks whose answer depends on the arguments alone: asked once per distinct argument and run."""

COMBINED: Final = frozenset({"enter_scope", "derive_gfp"})
"""Hooks whose answers are combined over all policies, the kernel's first."""

NOTIFICATIONS: Final = frozenset(
    {"page_written", "task_blocked", "incident", "sampled", "run_finished"}
)


# ---- the version --------------------------------------------------------------------------------


@hookspec(firstresult=True)
def describe_kernel(cgroup: str) -> Features | None:
    """Return the structural facts of this kernel version.

    When: once, while the machine is built. Holds: ``cgroup`` is ``v1`` or ``v2``. Final: yes.
    Absent: every kernel must answer; a fix leaves it alone. May it wait: no; once a run. Pure.
    """


@hookspec(firstresult=True)
def describe_filesystem(filesystem: FilesystemView) -> FilesystemFeatures | None:
    """Return what a filesystem of this kernel version does where versions differ.

    When: once a mount. Holds: the type is one the core knows. Final: a scenario may still override
    single values for an experiment. Absent: every kernel must answer. May it wait: no. Pure.
    """


# ---- allocation ---------------------------------------------------------------------------------


@hookspec
def enter_scope(scope: ScopeView) -> ScopeChange | None:
    """Return the task flags that hold inside a scope.

    When: at the start of a transaction (xfs_trans_reserve, jbd2_journal_start), of completion work
    (xfs_end_io), of a submission (xfs_submit_ioend), of write_begin, of a loop thread. Holds: the
    flags are restored when the scope ends. Final: **combined**: every policy's clears and sets are
    applied, the kernel's first. Absent: nothing changes. May it wait: no; once a scope. Pure.
    """


@hookspec
def derive_gfp(allocation: AllocationView) -> int | None:
    """Return the mask that remains at this stage of an allocation.

    When: the caller forms its mask (kmem_flags_convert, grab_cache_page_write_begin), then in the
    page allocator's slow path (memalloc_noio_flags), or in try_to_free_mem_cgroup_pages(). Holds:
    ``gfp`` is the mask that arrives. Final: **combined**: a bit survives only if every policy
    leaves it; answers may clear bits, never add them. Absent: the mask is unchanged. May it wait:
    no; once an allocation that enters reclaim. Pure.
    """


# ---- reclaim ------------------------------------------------------------------------------------


@hookspec(firstresult=True)
def decide_writeback_wait(folio: FolioView, reclaim: ReclaimView) -> WritebackDecision | None:
    """Return what reclaim does with a page under writeback.

    When: in shrink_page_list() (shrink_folio_list() since v5.17), for each page with PG_writeback.
    Holds: the page is locked and isolated, and so is the rest of its batch of 32. Final: yes.
    Absent: the kernel answers. May it wait: the hook not; the answer WAIT makes the task sleep with
    every lock it holds. Very often, so memoised. Pure.
    """


@hookspec(firstresult=True)
def decide_dirty_folio(folio: FolioView, reclaim: ReclaimView) -> DirtyDecision | None:
    """Return what reclaim does with a dirty file page that is not under writeback.

    When: in shrink_page_list(), at ``PageDirty``. Holds: as above. Final: PAGEOUT may still be
    refused by the filesystem (XFS refuses it from direct reclaim). Absent: the kernel answers.
    Pure.
    """


@hookspec(firstresult=True)
def throttle_after_batch(progress: ProgressView, reclaim: ReclaimView) -> Throttle | None:
    """Return how the reclaimer sleeps after a batch.

    When: in shrink_inactive_list(), after shrink_page_list() returned and the batch was put back:
    no page lock is held any more. Holds: ``progress.point`` is ``batch``. Final: yes. Absent: the
    kernel answers. May it wait: the answer may. Not pure: asked every time.
    """


@hookspec(firstresult=True)
def throttle_after_pass(progress: ProgressView, reclaim: ReclaimView) -> Throttle | None:
    """Return how the reclaimer sleeps after one priority.

    When: in do_try_to_free_pages() after shrink_zones(), or at the end of shrink_node() since
    v5.16. Holds: ``progress.point`` is ``pass``. Final: yes. Absent: the kernel answers. Not pure.
    """


@hookspec(firstresult=True)
def decide_flusher_wakeup(progress: ProgressView, reclaim: ReclaimView) -> FlusherWakeup | None:
    """Return whether reclaim wakes the flushers (wakeup_flusher_threads()).

    When: after every batch and after every pass. Holds: ``progress.point`` says which. Final: yes.
    Absent: the kernel answers. May it wait: no. Not pure.
    """


@hookspec(firstresult=True)
def decide_oom(failure: ChargeFailureView) -> OomAction | None:
    """Return what a memcg charge does when an attempt at reclaim left too little room.

    When: in mem_cgroup_do_charge() / try_charge(), after each fruitless attempt. Holds: reclaim has
    run with the caller's mask. Final: KILL needs a victim; without one the charge waits. Absent:
    the kernel answers. May it wait: the OOM wait may. Not pure.
    """


# ---- writeback ----------------------------------------------------------------------------------


@hookspec(firstresult=True)
def throttle_dirty(dirtier: DirtierView) -> DirtyThrottle | None:
    """Return in which domains a dirtying task is held back by balance_dirty_pages().

    When: after a task has dirtied its ration of pages. Holds: the formulas of pos_ratio and pause
    are the kernel's; the answer names the domains they are computed in (the lower pos_ratio wins).
    Final: yes. Absent: the kernel answers. May it wait: the throttling does. Pure.
    """


# ---- notifications ------------------------------------------------------------------------------


@hookspec
def page_written(nr_pages: int, time_ns: int) -> None:
    """Writeback of ``nr_pages`` pages ended (end_page_writeback).

    ``time_ns`` is the simulated time.
    """


@hookspec
def task_blocked(task: str, waits_for: str, time_ns: int) -> None:
    """A task went to uninterruptible sleep.

    ``task`` is its name and pid, ``waits_for`` what it sleeps on in words, ``time_ns`` the
    simulated time.
    """


@hookspec
def incident(verdict: str, time_ns: int) -> None:
    """A bad verdict was reached.

    ``verdict`` is ``deadlock``, ``livelock``, ``stall``, ``premature-oom`` or ``oom``; ``time_ns``
    the simulated time.
    """


@hookspec
def sampled(values: Mapping[str, int], time_ns: int) -> None:
    """A sample of all series was taken.

    ``values`` holds each series' value by its name, ``time_ns`` is the simulated time.
    """


@hookspec
def run_finished(verdict: str, metrics: Mapping[str, float]) -> None:
    """The run is over.

    ``verdict`` is what it came to, ``ok`` included; ``metrics`` its numbers by name, in the units
    of ``reclaimlab run --json``.
    """

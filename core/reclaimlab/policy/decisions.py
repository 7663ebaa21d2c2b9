"""What a hook may answer: frozen values, checked at the seam."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple


class Action(StrEnum):
    """What becomes of a page that reclaim cannot free now."""

    KEEP = "keep"
    """Back to the head of the same list."""
    ACTIVATE = "activate"
    """To the head of the active list."""
    WAIT = "wait"
    """Wait until its writeback ends, then try to free it."""
    PAGEOUT = "pageout"
    """Write it out now (dirty pages only)."""


class WritebackDecision(NamedTuple):
    """The answer of ``decide_writeback_wait``."""

    action: Action
    """KEEP, ACTIVATE or WAIT."""
    mark_reclaim: bool = False
    """Set PageReclaim before going on."""
    timeout_ns: int | None = None
    """With WAIT: give up after so long and keep the page; None waits for as long as it takes."""
    unlock_first: bool = False
    """With WAIT: drop the page lock and put the rest of the batch back in reach first."""
    immediate: bool = False
    """Count as nr_immediate instead of nr_writeback."""


class DirtyDecision(NamedTuple):
    """The answer of ``decide_dirty_folio``: KEEP, ACTIVATE or PAGEOUT."""

    action: Action
    """What becomes of the page."""
    mark_reclaim: bool = True
    """Set PageReclaim, so that the page is freed soon after it was written."""


class ThrottleKind(StrEnum):
    """How a reclaimer sleeps after a batch or a pass."""

    NONE = "none"
    """It goes on at once."""
    CONGESTION_WAIT = "congestion_wait"
    """Until any request ends on an uncongested queue, or the timeout; blk-mq never signals."""
    WAIT_IFF_CONGESTED = "wait_iff_congested"
    """As congestion_wait, but only if a queue and the zone are congested."""
    RECLAIM_THROTTLE = "reclaim_throttle"
    """Until enough pages have been written (reason WRITEBACK), or the timeout."""
    WAIT_ON_SLOW_FOLIO = "wait_on_slow_folio"
    """Wait for the one slow page met in this batch."""


class ThrottleReason(StrEnum):
    """enum vmscan_throttle_state (v5.16)."""

    WRITEBACK = "VMSCAN_THROTTLE_WRITEBACK"
    """Until enough pages were written."""
    CONGESTED = "VMSCAN_THROTTLE_CONGESTED"
    """Until the congestion ends."""
    NOPROGRESS = "VMSCAN_THROTTLE_NOPROGRESS"
    """Until reclaim makes progress."""


class Throttle(NamedTuple):
    """The answer of ``throttle_after_batch`` and ``throttle_after_pass``."""

    kind: ThrottleKind
    """How it sleeps."""
    timeout_ns: int = 0
    """The longest sleep, in simulated ns."""
    reason: ThrottleReason = ThrottleReason.WRITEBACK
    """With RECLAIM_THROTTLE: what it waits for."""
    uses_io_test: bool = False
    """With WAIT_ON_SLOW_FOLIO: the page chosen by the test on __GFP_IO."""


NO_THROTTLE: Final = Throttle(ThrottleKind.NONE)


class OomAction(StrEnum):
    """What a charge does after reclaim failed."""

    RETRY = "retry"
    """Reclaim again."""
    KILL = "kill"
    """Invoke the memcg OOM killer, then try again."""
    ENOMEM = "enomem"
    """Fail the charge; the caller sees -ENOMEM."""
    FORCE = "force"
    """Go over the limit."""


class DirtyThrottle(NamedTuple):
    """The answer of ``throttle_dirty``: in which domains the task is held back."""

    in_global_domain: bool = True
    """Against the limits of the whole machine."""
    in_memcg_domain: bool = False
    """Against the limits of the task's memcg."""


class FlusherWakeup(NamedTuple):
    """The answer of ``decide_flusher_wakeup``."""

    wake: bool
    """Whether to wake them."""
    nr_pages: int = 0
    """How many pages to write; 0 writes everything dirty."""


NO_WAKEUP: Final = FlusherWakeup(wake=False)


class ScopeChange(NamedTuple):
    """The answer of ``enter_scope``: what this policy sets and clears; all answers are combined."""

    set_flags: int = 0
    """PF_* flags that hold inside; those of all policies are joined."""
    clear_flags: int = 0
    """PF_* flags that do not."""
    aop_nofs: bool | None = None
    """For WRITE_BEGIN: True or False decides AOP_FLAG_NOFS; None leaves it to the others."""

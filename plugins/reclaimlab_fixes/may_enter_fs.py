"""may-enter-fs: no wait for a page's writeback where reclaim may not enter the filesystem.

Problem: GFP_NOFS has __GFP_IO, so the test of 3.6 lets an I/O completion, or a task with marked and
    unsubmitted pages, wait for a page that only itself can finish.
Change: the test becomes may_enter_fs again; a page that fails it is marked and kept. A kernel that
    activates skipped pages (4.11 on) has the test already: there this fix would keep them.
References: Linux kernel commit ecf5fc6e9654 ("mm, vmscan: Do not wait for page writeback for
    GFP_NOFS allocations") (in v4.2); alpine.LSU.2.11.1508041433460.31462@eggly.anvils.
Expected gain: no GFP_NOFS caller waits: the posted hang and the ext4 deadlock of 2015 go.
Expected cost: GFP_NOFS writers do not sleep at all and may be OOM-killed early.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.policy import Action, Policy, PolicyInfo, WritebackDecision, hookimpl

if TYPE_CHECKING:
    from reclaimlab.policy import FolioView, ReclaimView


class MayEnterFs(Policy):
    """Takes the wait from callers that may not enter the filesystem."""

    info = PolicyInfo(
        name="may-enter-fs",
        title="The may_enter_fs test reinstated (ecf5fc6e9654)",
        claim="No GFP_NOFS caller waits for a page's writeback.",
        references=(
            'ecf5fc6e9654 ("mm, vmscan: Do not wait for page writeback for GFP_NOFS allocations")',
            "alpine.LSU.2.11.1508041433460.31462@eggly.anvils",
        ),
        row="F6",
    )

    @hookimpl
    def decide_writeback_wait(
        self, folio: FolioView, reclaim: ReclaimView
    ) -> WritebackDecision | None:
        would_wait = reclaim.targets_memcg and folio.reclaim
        if would_wait and not folio.may_enter_fs(reclaim.gfp):
            return WritebackDecision(Action.KEEP, mark_reclaim=True)
        return None

"""wait-may-enter-fs: memcg reclaim waits for a page that it meets twice, if it may enter the fs.

Problem: a small memcg full of dirty pages is scanned faster than its device writes; the OOM killer
    takes the writer though its data would be clean in seconds.
Change: over linux-3.5, wait if a memcg is the target, PageReclaim is set and may_enter_fs holds;
    other pages under writeback are kept, and not marked.
References: Linux kernel commit e62e384e9da8 ("memcg: prevent OOM with too many dirty pages")
    (in v3.6).
Expected gain: writers whose charge has __GFP_FS live; a GFP_NOFS completion never waits.
Expected cost: GFP_NOFS writers are still killed (ext4 up to v3.8, XFS); the page stays locked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.policy import Action, Policy, PolicyInfo, WritebackDecision, hookimpl

if TYPE_CHECKING:
    from reclaimlab.policy import FolioView, ReclaimView


class WaitMayEnterFs(Policy):
    """Puts e62e384e9da8 over a kernel, and with it alone takes back c3b94f44fcb0."""

    info = PolicyInfo(
        name="wait-may-enter-fs",
        title="Wait on PageReclaim pages if may_enter_fs (e62e384e9da8)",
        claim="No OOM for writers that charge with __GFP_FS, and no wait in GFP_NOFS completions.",
        references=(
            'e62e384e9da8 ("memcg: prevent OOM with too many dirty pages")',
            "1340117404-30348-1-git-send-email-mhocko@suse.cz",
        ),
        row="F1",
    )

    @hookimpl
    def decide_writeback_wait(self, folio: FolioView, reclaim: ReclaimView) -> WritebackDecision:
        if reclaim.targets_memcg and folio.reclaim and folio.may_enter_fs(reclaim.gfp):
            return WritebackDecision(Action.WAIT)
        return WritebackDecision(Action.KEEP)

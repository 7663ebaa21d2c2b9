"""Linux 6.18: large folios, and reclaim that no longer writes file pages itself.

Follows v6.18 without MGLRU, as on the machine whose recordings come with reclaimlab.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.policy import Features, FilesystemFeatures, PolicyInfo, hookimpl
from reclaimlab_fixes.kernels.linux_6_1 import Linux61

if TYPE_CHECKING:
    from reclaimlab.policy import FolioView, ReclaimView


class Linux618(Linux61):
    """Answers every hook as Linux 6.18 does."""

    info = PolicyInfo(
        name="linux-6.18",
        title="Linux 6.18: large folios; reclaim leaves file pages to the flusher",
        claim="Healthy on cgroup v2; on v1 a NOFS writer in a small memcg is OOM-killed.",
        references=('6b0dfabb3555 ("fs: Remove aops->writepage")',),
        kind="kernel",
    )

    @hookimpl
    def describe_kernel(self, cgroup: str) -> Features:
        return super().describe_kernel(cgroup)._replace(large_folios=True)

    def features(self, filesystem: str) -> FilesystemFeatures:
        """Return the features of v6.1, without ext4's handle at the end of write()."""
        # IOEND_BATCH_SIZE still counts 4096 folios, but a folio may be as large as the write.
        return super().features(filesystem)._replace(size_in_handle=False)

    def writes_from_reclaim(self, folio: FolioView, reclaim: ReclaimView) -> bool:
        """Return False: without ->writepage there is nothing to write a file folio with."""
        return False

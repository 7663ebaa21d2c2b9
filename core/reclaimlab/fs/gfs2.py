"""gfs2 in short: a cluster-wide lock and a transaction are held while write(2) allocates its page.

Follows fs/gfs2/aops.c:gfs2_write_begin() of v3.10. Completion is in the interrupt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.engine.locks import Mutex
from reclaimlab.fs.base import Filesystem, FilesystemOptions
from reclaimlab.policy.contexts import Scope

if TYPE_CHECKING:
    from reclaimlab.engine.task import Steps
    from reclaimlab.kernel.backing_dev import BackingDev
    from reclaimlab.kernel.folio import Mapping
    from reclaimlab.kernel.kernel import Kernel
    from reclaimlab.kernel.process import Process
    from reclaimlab.policy.contexts import FilesystemFeatures


class Gfs2(Filesystem):
    """A mounted gfs2."""

    type = "gfs2"

    def __init__(
        self,
        k: Kernel,
        name: str,
        bdi: BackingDev,
        features: FilesystemFeatures,
        options: FilesystemOptions,
    ) -> None:
        super().__init__(k, name, bdi, features, options)
        self._glocks: dict[Mapping, Mutex] = {}
        self._flags: dict[Mapping, int] = {}

    def _glock(self, mapping: Mapping) -> Mutex:
        glock = self._glocks.get(mapping)
        if glock is None:
            glock = self._glocks[mapping] = Mutex(self.k.loop, f"glock of {mapping.name}")
        return glock

    def write_begin(self, k: Kernel, mapping: Mapping, process: Process) -> Steps:
        """Take the inode's glock exclusively and begin a transaction; the page comes after."""
        del process
        yield from self.gfs2_write_begin(k, mapping)

    def gfs2_write_begin(self, k: Kernel, mapping: Mapping) -> Steps:
        """Lock, then begin."""
        yield from self._glock(mapping).mutex_lock(k.current)
        self._flags[mapping] = self.enter_scope(Scope.TRANSACTION, k.current)

    def write_end(self, k: Kernel, mapping: Mapping, process: Process) -> Steps:
        """End the transaction and let go of the glock."""
        del process
        k.current.flags = self._flags.pop(mapping)
        self._glock(mapping).unlock()
        yield from ()

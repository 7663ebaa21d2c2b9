"""tmpfs: files in memory, which only swap can take away.

Follows mm/shmem.c of v3.10 as far as reclaim sees it: pages are swap-backed and always count as
anonymous for the LRU.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.fs.base import Filesystem
from reclaimlab.kernel import swap

if TYPE_CHECKING:
    from reclaimlab.engine.task import Steps
    from reclaimlab.kernel.folio import Mapping
    from reclaimlab.kernel.kernel import Kernel
    from reclaimlab.kernel.process import Process

CHUNK_PAGES = 32


class Tmpfs(Filesystem):
    """A mounted tmpfs; its pages are kept as anonymous memory of the writer."""

    type = "tmpfs"

    def vfs_write(
        self, k: Kernel, mapping: Mapping, process: Process, index: int, nr: int, copy_ns: int
    ) -> Steps:
        """write(2): allocate, charge and copy; nothing is ever dirty for a flusher."""
        done = 0
        while done < nr and not k.current.killed:
            part = min(nr - done, CHUNK_PAGES)
            ok = yield from self.shmem_getpage(k, process, part)
            if not ok:
                break
            done += part
            yield part * copy_ns
        mapping.size_pages = max(mapping.size_pages, index + done)
        return done

    def shmem_getpage(self, k: Kernel, process: Process, nr: int) -> Steps:
        """Get pages of the file."""
        return (yield from swap.do_anonymous_page(k, process, nr))

    def vfs_unlink(self, k: Kernel, mapping: Mapping) -> Steps:
        """Files share the writer's memory and go with it."""
        del k
        mapping.size_pages = 0
        yield from ()

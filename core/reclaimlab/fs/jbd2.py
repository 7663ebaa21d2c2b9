"""The journal of ext4: handles, the running transaction, and the commit that everybody waits for.

Follows fs/jbd2/transaction.c and commit.c of v3.10. A commit locks the running transaction, waits
for its handles, (ordered mode) for the data of its inodes, writes the metadata blocks and then the
commit record. While its blocks are being written, whoever wants to change one waits
(do_get_write_access).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.engine.wait import Completion, WaitQueue
from reclaimlab.kernel import costs, filemap
from reclaimlab.policy.gfp import PF_KTHREAD
from reclaimlab.units import PAGE_SIZE, SEC

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reclaimlab.block import BlockDevice
    from reclaimlab.engine.task import Steps, Task
    from reclaimlab.engine.wait import Resource
    from reclaimlab.kernel.folio import Mapping
    from reclaimlab.kernel.kernel import Kernel

JBD2_DEFAULT_MAX_COMMIT_AGE_NS = 5 * SEC


class Transaction:
    """One transaction: *running* (takes handles), *locked*, *committing*, done.

    Attributes:
        handles: tasks with an open handle.
        blocks: numbers of the metadata blocks that it holds.
        inodes: inodes whose data must be on disk first (ordered mode).
        expires_ns: when it is committed at the latest; -1 until it has had a handle.
    """

    __slots__ = ("blocks", "expires_ns", "handles", "inodes", "label", "locked", "updates_done")

    def __init__(self, journal: Journal) -> None:
        self.handles: list[Task] = []
        self.blocks: dict[int, None] = {}
        self.inodes: dict[Mapping, None] = {}
        self.locked = False
        self.expires_ns = -1
        self.label = f"handles of {journal.name}"
        self.updates_done = WaitQueue(journal.k.loop, "j_wait_updates", resource=self)

    def releasers(self) -> Iterable[Task | Resource]:
        """Return a task whose handle it waits for (all must close: one is enough for a proof)."""
        return self.handles[:1]

    def is_due(self, _queue: WaitQueue) -> bool:
        """Return whether every handle is closed."""
        return not self.handles


class Journal:
    """The journal of one mount; also what tasks wait for while it commits."""

    __slots__ = (
        "committing",
        "daemon",
        "device",
        "flushed",
        "k",
        "label",
        "locked_queue",
        "name",
        "ordered",
        "running",
        "shadow",
        "shadow_queue",
        "wake",
    )

    def __init__(self, k: Kernel, name: str, device: BlockDevice, *, ordered: bool) -> None:
        self.k = k
        self.name = name
        self.device = device
        self.ordered = ordered
        self.label = f"jbd2 commit of {name}"
        self.running = Transaction(self)
        self.committing: Transaction | None = None
        self.shadow = False
        self.flushed = True
        """Nothing has been committed since the mount (JBD2_FLUSHED)."""
        self.locked_queue = WaitQueue(k.loop, "j_wait_transaction_locked", resource=self)
        self.shadow_queue = WaitQueue(k.loop, "BH_Shadow", resource=self)
        self.wake = WaitQueue(k.loop, "kjournald2", state="S")
        self.daemon = k.spawn(f"jbd2/{name}-8", kjournald2(k, self), flags=PF_KTHREAD)

    def releasers(self) -> Iterable[Task | Resource]:
        """Return the commit thread."""
        return (self.daemon,)

    def is_due(self, queue: WaitQueue) -> bool:
        """Return whether the transaction is unlocked, or the block written."""
        return not (self.running.locked if queue is self.locked_queue else self.shadow)

    def jbd2_journal_start(self, k: Kernel) -> Steps:
        """Open a handle; wait while a commit has the running transaction locked."""
        while self.running.locked:
            yield from self.wait_transaction_locked()
        if self.running.expires_ns < 0:
            self.jbd2_get_transaction(k)
        self.running.handles.append(k.current)

    def log_at_once(self, block: int) -> bool:
        """Log a block in a handle of its own, if that is to wait for nobody; say whether.

        Nobody can see that handle, for it is closed at the moment it was opened.
        """
        committing = self.committing
        if self.running.locked or (self.shadow and committing and block in committing.blocks):
            return False
        self.dirty_metadata(block)
        return True

    def jbd2_get_transaction(self, k: Kernel) -> None:
        """Start the running transaction: it is committed five seconds from now."""
        self.running.expires_ns = k.loop.now + JBD2_DEFAULT_MAX_COMMIT_AGE_NS
        k.loop.call_at(self.running.expires_ns, self.commit_timeout)

    def commit_timeout(self) -> None:
        """Have the commit thread look whether the running transaction has expired."""
        self.wake.wake_one()

    def wait_transaction_locked(self) -> Steps:
        """Sleep until the commit has taken the locked transaction away."""
        yield self.locked_queue

    def jbd2_journal_stop(self, k: Kernel) -> None:
        """Close a handle."""
        task = k.current
        for transaction in (self.running, self.committing):
            if transaction is not None and task in transaction.handles:
                transaction.handles.remove(task)
                if not transaction.handles:
                    transaction.updates_done.wake_all()
                return

    def do_get_write_access(self, block: int) -> Steps:
        """Wait while this block is on its way to the journal."""
        while self.shadow and self.committing is not None and block in self.committing.blocks:
            yield self.shadow_queue

    def dirty_metadata(self, block: int) -> None:
        """Add a block to the running transaction."""
        if self.running.expires_ns < 0:
            self.jbd2_get_transaction(self.k)
        self.running.blocks[block] = None

    def file_inode(self, inode: Mapping) -> None:
        """Have the running transaction wait for the data of ``inode``, in ordered mode."""
        if self.ordered:
            self.running.inodes[inode] = None

    def jbd2_journal_commit_transaction(self, k: Kernel) -> Steps:
        """Commit the running transaction.

        The first one after a mount has the superblock point into the log before anything is locked;
        on a slow device that puts the commit off by as long as its queue takes.
        """
        if self.flushed:
            self.flushed = False
            yield from self._write(1)
        transaction = self.running
        transaction.locked = True
        while transaction.handles:
            yield transaction.updates_done
        self.committing, self.running = transaction, Transaction(self)
        self.locked_queue.wake_all()
        for inode in list(transaction.inodes):
            yield from filemap.filemap_fdatawait(k, inode)
        if transaction.blocks:
            self.shadow = True
            yield from self._write(len(transaction.blocks) + 1)
            self.shadow = False
            self.shadow_queue.wake_all()
            yield from self._write_commit_record()
        self.committing = None

    def _write_commit_record(self) -> Steps:
        """Write the record between two flushes of the device's cache.

        The first passes the requests that are queued; while it lasts the flushers fill the queue
        again, which the record then has to wait for, and the second flush once more.
        """
        if self.device.legacy:
            yield from self._write(1, flush=True)
            return
        yield from self.device.blkdev_issue_flush()
        yield from self._write(1)
        yield from self._write(1, flush=True)

    def _write(self, blocks: int, *, flush: bool = False) -> Steps:
        done = Completion(self.k.loop, "BH_Lock", resource=self.device)
        size = blocks * PAGE_SIZE
        if self.device.legacy:
            self.device.submit_now(size, done.complete_all, write=True, flush=flush, sync=True)
        else:
            yield from self.device.submit_bio(size, done.complete_all, write=True, flush=flush)
        if not done.done:
            yield done.queue
        if not self.k.loop.elapse(costs.COMMIT_NS):
            yield costs.COMMIT_NS


def kjournald2(k: Kernel, journal: Journal) -> Steps:
    """Commit each transaction five seconds after it was started."""
    while True:
        expires = journal.running.expires_ns
        if expires < 0 or expires > k.loop.now:
            yield journal.wake
        else:
            yield from journal.jbd2_journal_commit_transaction(k)

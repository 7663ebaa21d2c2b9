"""The XFS log: space reservations, the committed item list, the active item list.

Follows fs/xfs/xfs_log.c, xfs_log_cil.c and xfs_trans_ail.c of v3.10. The log is a ring of bytes:
the head moves when a checkpoint is written, the tail when the oldest item has been written back.
What lies between them, what is committed in memory and what is reserved must fit.
"""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any

from reclaimlab.engine.wait import Completion, WaitQueue
from reclaimlab.kernel import costs, slab, workqueue
from reclaimlab.policy.gfp import PF_KTHREAD, PF_MEMALLOC
from reclaimlab.units import MSEC, SEC

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reclaimlab.block import BlockDevice
    from reclaimlab.engine.task import Steps, Task
    from reclaimlab.engine.wait import Resource
    from reclaimlab.kernel.kernel import Kernel

XLOG_CIL_SPACE_DIVISOR = 8
"""The CIL is pushed in the background when it holds an eighth of the log."""
XFS_SYNCD_NS = 30 * SEC
AIL_DONE_NS, AIL_STUCK_NS, AIL_BUSY_NS = 50 * MSEC, 20 * MSEC, 10 * MSEC
TR_SWRITE = 1_024
"""Reservation of an inode-size transaction: an inode item, a log header and slack (about 1 KiB)."""
TR_WRITE = 112 * 1024
"""Reservation of an extent conversion or allocation (tr_write of mkfs defaults, about 109 KiB)."""
TR_CREATE = 64 * 1024
ITEM_BYTES = 1024
"""Bytes that one logged inode adds to a checkpoint: core, fork, headers, and its share of the
buffers logged with it (directory block, AGI, inode cluster)."""
VECTOR_BYTES = 192
"""The formatted fork copy of the posted stack: kmalloc-192."""
LOG_VEC_BYTES = 128
"""struct xfs_log_vec with its array of regions (xlog_cil_prepare_log_vecs)."""
INODES_PER_BUFFER = 16
AIL_PUSH_ITEMS, AIL_LOOK_ITEMS = 128, 512
"""Items that xfsaild writes back, and looks at, before it sleeps."""
BUFFER_BYTES = 8 * 1024


class XfsLog:
    """The log of one mount; sizes and positions in bytes.

    Attributes:
        head, tail: positions, ever growing.
        reserved: promised to transactions that have not committed.
        cil: items committed in memory, by inode, and how many log vectors they hold.
        ail: items on disk in the log, oldest first, with their position.
    """

    __slots__ = (
        "_ail_buffers",
        "ail",
        "ail_target",
        "aild",
        "cil",
        "cil_bytes",
        "cil_work",
        "device",
        "forces",
        "head",
        "k",
        "name",
        "push_pending",
        "queue",
        "reserved",
        "size",
        "waiters_bytes",
        "wq_cil",
        "wq_log",
        "xfsaild_wait",
    )  # fmt: skip

    def __init__(self, k: Kernel, name: str, device: BlockDevice, size: int) -> None:
        self.k = k
        self.name = name
        self.device = device
        self.size = size
        self.head = 0
        self.reserved = 0
        self.cil: dict[Any, int] = {}
        self.cil_bytes = 0
        self.ail: dict[Any, int] = {}
        self.ail_target = 0
        self.queue = WaitQueue(k.loop, "xlog_grant_head", resource=self)
        self.waiters_bytes: deque[int] = deque()
        self.wq_cil = workqueue.Workqueue(k, f"xfs-cil/{name}")
        self.wq_log = workqueue.Workqueue(k, f"xfs-log/{name}", mem_reclaim=False)
        self.forces: list[Completion] = []
        self.push_pending = False
        self.cil_work: workqueue.Work | None = None
        self._ail_buffers = 0
        self.xfsaild_wait = WaitQueue(k.loop, "xfsaild", state="S")
        self.aild = k.spawn(f"xfsaild/{name}", xfsaild(k, self), flags=PF_KTHREAD | PF_MEMALLOC)
        k.loop.call_after(XFS_SYNCD_NS, self._log_worker_due)

    @property
    def label(self) -> str:
        """What a report calls it."""
        return f"log space of {self.name}"

    @property
    def tail(self) -> int:
        """Position of the oldest item not yet written back."""
        return next(iter(self.ail.values()), self.head)

    @property
    def free(self) -> int:
        """Bytes that can still be reserved."""
        return self.size - (self.head - self.tail) - self.cil_bytes - self.reserved

    def releasers(self) -> Iterable[Task | Resource]:
        """Return who can free log space: the AIL daemon, a CIL push, or who holds a promise.

        Holders are not followed one by one: the device and the daemon always go on, so log space
        alone never proves a deadlock, except when the CIL push that the tail waits for is dead.
        """
        if self.cil_work is not None and self.ail and all(item in self.cil for item in self.ail):
            return (self.cil_work,)
        return (self,)

    def is_due(self, _queue: WaitQueue) -> bool:
        """Return whether there is room for the first who waits."""
        return self.free >= self.waiters_bytes[0]

    # ---- reservations ---------------------------------------------------------------------------

    def xfs_log_reserve(self, k: Kernel, need: int) -> Steps:
        """Reserve ``need`` bytes, in order of arrival, however long it takes."""
        if self.free < need or self.waiters_bytes:
            yield from self.xlog_grant_head_wait(k, need)
        else:
            self.reserved += need
        if self.free < max(self.size // 4, need):
            self.push_ail(self.head - self.size // 4)

    def xlog_grant_head_wait(self, k: Kernel, need: int) -> Steps:
        """Sleep in the queue for log space; whoever frees it reserves it for us."""
        del k
        self.waiters_bytes.append(need)
        self.push_ail(self.head)
        yield self.queue

    def wake_waiters(self) -> None:
        """Grant what now fits, in order."""
        while self.waiters_bytes and self.free >= self.waiters_bytes[0]:
            self.reserved += self.waiters_bytes.popleft()
            self.queue.wake_one()

    def release(self, reserved: int) -> None:
        """Give a reservation back."""
        self.reserved -= reserved
        self.wake_waiters()

    # ---- commits --------------------------------------------------------------------------------

    def insert_item(self, inode: Any, reserved: int) -> None:
        """Move a committed item into the CIL and give the rest of its reservation back."""
        if inode not in self.cil:
            self.cil_bytes += ITEM_BYTES
            self.cil[inode] = 1
        else:
            self._free_vectors(1)  # the old copy is replaced
        self.release(reserved)
        if self.cil_bytes > self.size // XLOG_CIL_SPACE_DIVISOR:
            self.push_cil()

    def _free_vectors(self, count: int) -> None:
        slab.kfree(self.k, VECTOR_BYTES, count)
        slab.kfree(self.k, LOG_VEC_BYTES, count)

    def push_cil(self) -> None:
        """Queue the push of the CIL, once."""
        if self.push_pending or not self.cil:
            return
        self.push_pending = True
        pool = workqueue.bound_pool(self.k, self.device.irq_cpu)
        self.cil_work = workqueue.Work(
            self.wq_cil, partial(xlog_cil_push, self.k, self), f"CIL push of {self.name}"
        )
        self.wq_cil.queue_work(self.cil_work, pool)

    def xfs_log_force(self, k: Kernel) -> Steps:
        """Have everything committed so far written to disk, and wait for it."""
        if not self.cil and not self.push_pending:
            return
        done = Completion(k.loop, "xlog_wait", resource=self._force_resource())
        self.forces.append(done)
        self.push_cil()
        if not done.done:
            yield done.queue

    def _force_resource(self) -> Resource:
        log = self

        class Force:
            label = f"log force of {log.name}"

            def releasers(self) -> Iterable[Task | Resource]:
                return (log.cil_work,) if log.cil_work is not None and log.push_pending else (self,)

        return Force()

    def checkpoint_written(self, items: dict[Any, int], size: int) -> None:
        """A checkpoint is on disk: its items enter the AIL (interrupt)."""
        position = self.head
        self.head += size
        for item, vectors in items.items():
            self.ail.pop(item, None)
            self.ail[item] = position
            self._free_vectors(vectors)
        for force in self.forces:
            force.complete_all()
        self.forces.clear()
        self.wake_waiters()

    # ---- write-back of metadata -----------------------------------------------------------------

    def push_ail(self, target: int) -> None:
        """Ask the AIL daemon to write back everything up to ``target``."""
        self.ail_target = max(self.ail_target, target)
        self.xfsaild_wait.wake_one()

    def _log_worker_due(self) -> None:
        """xfs_log_worker(), every 30 s: force the log, push the whole AIL."""
        self.push_cil()
        self.push_ail(self.head)
        self.k.loop.call_after(XFS_SYNCD_NS, self._log_worker_due)

    def push_some(self) -> tuple[int, int]:
        """Write back the oldest items up to the target; return how many, and how many pinned."""
        pushed: list[Any] = []
        pinned = 0
        for seen, (item, position) in enumerate(self.ail.items()):
            enough = len(pushed) >= AIL_PUSH_ITEMS or seen >= AIL_LOOK_ITEMS
            if enough or position > self.ail_target:
                break
            if item in self.cil:
                pinned += 1
            else:
                pushed.append(item)
        if pushed and not self._ail_buffers:
            buffers = -(-len(pushed) // INODES_PER_BUFFER)
            self._ail_buffers = buffers
            written = partial(self._buffers_written, pushed)
            self.device.submit_now(buffers * BUFFER_BYTES, written, write=True)
        return len(pushed), pinned

    def _buffers_written(self, pushed: list[Any]) -> None:
        self._ail_buffers = 0
        for item in pushed:
            if item not in self.cil:
                self.ail.pop(item, None)
        self.wake_waiters()


def xlog_cil_push(k: Kernel, log: XfsLog) -> Steps:
    """Write one checkpoint: everything in the CIL now. Allocates the next context first (NOFS)."""
    before = k.current.flags
    yield from slab.kmem_alloc(
        k, 256, "xlog_cil_push", within="xlog_cil_push", filesystem="xfs", km_nofs=True
    )
    slab.kfree(k, 256)
    items, size = log.cil, max(log.cil_bytes, 4096)
    log.cil, log.cil_bytes = {}, 0
    log.reserved += size  # on its way from memory to disk it still takes its place
    written = partial(_checkpoint_written, log, items, size)
    log.device.submit_now(size, written, write=True, flush=True, sync=True)
    log.push_pending = False
    if not k.loop.elapse(costs.COMMIT_NS):
        yield costs.COMMIT_NS
    k.current.flags = before


def _checkpoint_written(log: XfsLog, items: dict[Any, int], size: int) -> None:
    log.reserved -= size
    log.checkpoint_written(items, size)


def xfsaild(k: Kernel, log: XfsLog) -> Steps:
    """The AIL daemon: write back what the tail waits for; force the log for pinned items."""
    del k
    while True:
        if not log.ail or log.tail > log.ail_target:
            yield log.xfsaild_wait
            continue
        pushed, pinned = log.push_some()
        if pinned:
            log.push_cil()
        pause = AIL_STUCK_NS if pinned and not pushed else AIL_BUSY_NS if pushed else AIL_DONE_NS
        yield log.xfsaild_wait.for_at_most(pause)

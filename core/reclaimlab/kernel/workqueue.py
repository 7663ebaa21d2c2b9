"""Concurrency-managed workqueues: worker pools, their manager, worker creation, one rescuer each.

Follows kernel/workqueue.c and kernel/kthread.c of v3.10. A pool keeps one *runnable* worker: when
it sleeps inside an item, an idle one is woken if work is pending. The last idle worker becomes
manager and must create another, which needs memory, before it may work. After 10 ms without success
each pending item's workqueue gets its rescuer called, which runs that queue's items one after the
other.

Departures: idle workers do not die (that takes 300 s); max_active is not enforced (256 by default).
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from reclaimlab.engine.wait import Completion, WaitQueue
from reclaimlab.kernel import costs, page_alloc, slab
from reclaimlab.policy.gfp import GFP_KERNEL, PF_KTHREAD, PF_WQ_WORKER
from reclaimlab.units import MSEC

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from reclaimlab.engine.task import Steps, Task
    from reclaimlab.engine.wait import Resource
    from reclaimlab.kernel.kernel import Kernel

MAYDAY_INITIAL_TIMEOUT_NS = 10 * MSEC
MAYDAY_INTERVAL_NS = 100 * MSEC
THREAD_PAGES = 4
"""A kernel stack of 16 KiB: order 2."""


class Work:
    """One work item; ``function`` makes the generator that does it.

    Attributes:
        runner: the task that executes it, once one does.
        rescued: it is on a rescuer's own list.
    """

    __slots__ = ("function", "label", "pool", "queued_ns", "rescued", "runner", "wq")

    def __init__(self, wq: Workqueue, function: Callable[[], Steps], label: str) -> None:
        self.wq = wq
        self.function = function
        self.label = label
        self.pool: WorkerPool | None = None
        self.runner: Task | None = None
        self.rescued = False
        self.queued_ns = -1

    def __repr__(self) -> str:
        return f"<Work {self.label} on {self.wq.name}>"

    def releasers(self) -> Iterable[Task | Resource]:
        """Return who can bring it to its end: its runner, else whoever may come to run it."""
        if self.runner is not None:
            return (self.runner,)
        rescuer = (self.wq.rescuer,) if self.wq.rescuer is not None else ()
        if self.rescued or self.pool is None:
            return rescuer
        return (*self.pool.members(), *rescuer)


class Workqueue:
    """A workqueue: a name, and a rescuer if it is WQ_MEM_RECLAIM."""

    __slots__ = ("k", "maydays", "name", "rescuer", "rescuer_wait")

    def __init__(self, k: Kernel, name: str, *, mem_reclaim: bool = True) -> None:
        self.k = k
        self.name = name
        self.maydays: deque[WorkerPool] = deque()
        self.rescuer: Task | None = None
        self.rescuer_wait = WaitQueue(k.loop, "rescuer_wait", state="S")
        if mem_reclaim:
            self.rescuer = k.spawn(name, rescuer_thread(k, self), flags=PF_KTHREAD | PF_WQ_WORKER)

    def queue_work(self, work: Work, pool: WorkerPool) -> None:
        """Queue ``work`` on ``pool``; may be called from an interrupt."""
        work.pool = pool
        work.queued_ns = self.k.loop.now
        pool.worklist.append(work)
        if not pool.nr_running:
            pool.wake_up_worker()


class PendingWork:
    """What only a work item can bring: the item, or before it is queued, whoever could run one."""

    __slots__ = ("label", "pool", "work", "wq")

    def __init__(self, label: str, wq: Workqueue, pool: WorkerPool) -> None:
        self.label = label
        self.wq = wq
        self.pool = pool
        self.work: Work | None = None

    def releasers(self) -> Iterable[Task | Resource]:
        """Return the work item, or the pool and the rescuer."""
        if self.work is not None:
            return (self.work,)
        return (*self.pool.members(), *((self.wq.rescuer,) if self.wq.rescuer else ()))


class Worker:
    """One worker thread of a pool."""

    __slots__ = ("pool", "running", "task", "wait")

    def __init__(self, k: Kernel, pool: WorkerPool, name: str) -> None:
        self.pool = pool
        self.running = False
        """It counts towards the pool's concurrency: inside an item, and not asleep."""
        self.wait = WaitQueue(k.loop, "worker_thread", state="S")
        self.task = k.spawn(name, worker_thread(k, self), flags=PF_KTHREAD | PF_WQ_WORKER)
        self.task.attend(on_sleep=self._went_to_sleep, on_wake=self._woke)
        pool.workers.append(self)

    def _went_to_sleep(self, task: Task) -> None:
        """wq_worker_sleeping(): let another take over."""
        del task
        if self.running:
            pool = self.pool
            pool.nr_running -= 1
            if pool.worklist and not pool.nr_running:
                pool.wake_up_worker()

    def _woke(self, task: Task) -> None:
        """wq_worker_waking_up()."""
        del task
        if self.running:
            self.pool.nr_running += 1


class WorkerPool:
    """The workers of one CPU, shared by all bound workqueues; or of unbound ones (cpu -1).

    Attributes:
        worklist: items that wait. idle: workers that do, last in first out.
        nr_running: workers inside an item and not asleep.
        manager: the worker that is creating another.
    """

    __slots__ = ("_serial", "cpu", "idle", "k", "manager", "nr_running", "workers", "worklist")

    def __init__(self, k: Kernel, cpu: int, idle_workers: int) -> None:
        self.k = k
        self.cpu = cpu
        self.worklist: deque[Work] = deque()
        self.workers: list[Worker] = []
        self.idle: list[Worker] = []
        self.nr_running = 0
        self.manager: Worker | None = None
        self._serial = 0
        for _ in range(idle_workers):
            self.add_worker()
        k.pools.append(self)

    def add_worker(self) -> Worker:
        """Start one more worker; it idles until it is needed."""
        self._serial += 1
        place = f"{self.cpu}" if self.cpu >= 0 else "u"
        return Worker(self.k, self, f"kworker/{place}:{self._serial}")

    def members(self) -> Iterable[Task]:
        """Return the tasks that take items from its list."""
        return (worker.task for worker in self.workers)

    @property
    def needs_worker(self) -> bool:
        """Work is pending and nobody runs."""
        return bool(self.worklist) and not self.nr_running

    def wake_up_worker(self) -> None:
        """Wake the worker that idled last."""
        if self.idle:
            self.idle[-1].wait.wake_one()

    def send_maydays(self) -> None:
        """Call the rescuer of every pending item's workqueue, and again every 100 ms."""
        if self.manager is None:
            return
        if self.needs_worker:
            for work in self.worklist:
                wq = work.wq
                if wq.rescuer is not None and self not in wq.maydays:
                    self.k.vmstat.maydays += 1
                    wq.maydays.append(self)
                    wq.rescuer_wait.wake_one()
        self.k.loop.call_after(MAYDAY_INTERVAL_NS, self.send_maydays)


def bound_pool(k: Kernel, cpu: int) -> WorkerPool:
    """Return the pool that all bound workqueues share on ``cpu``."""
    pool = k.bound_pools.get(cpu)
    if pool is None:
        pool = k.bound_pools[cpu] = WorkerPool(k, cpu, k.idle_workers)
    return pool


def unbound_pool(k: Kernel) -> WorkerPool:
    """Return the pool of unbound workqueues."""
    if k.unbound_pool is None:
        k.unbound_pool = WorkerPool(k, -1, k.idle_workers)
    return k.unbound_pool


def worker_thread(k: Kernel, worker: Worker) -> Steps:
    """Idle, manage if nobody else is left idle, work."""
    pool = worker.pool
    while True:
        if not pool.needs_worker:
            pool.idle.append(worker)
            yield worker.wait
            pool.idle.remove(worker)
            continue
        if not pool.idle and pool.manager is None:
            yield from manage_workers(k, worker)
            continue
        worker.running = True
        pool.nr_running += 1
        while pool.worklist and pool.nr_running <= 1:
            yield from process_one_work(k, pool.worklist.popleft())
        worker.running = False
        pool.nr_running -= 1


def process_one_work(k: Kernel, work: Work) -> Steps:
    """Execute one item."""
    work.runner = k.current
    yield from work.function()
    work.runner = None


def manage_workers(k: Kernel, worker: Worker) -> Steps:
    """Create workers until one idles; the mayday timer runs meanwhile."""
    pool = worker.pool
    pool.manager = worker
    timer = k.loop.call_after(MAYDAY_INITIAL_TIMEOUT_NS, pool.send_maydays)
    yield from maybe_create_worker(k, pool)
    timer.cancel()
    pool.manager = None


def maybe_create_worker(k: Kernel, pool: WorkerPool) -> Steps:
    """Create a worker while one is needed."""
    while pool.needs_worker and not pool.idle:
        yield from create_worker(k, pool)
        k.vmstat.workers_created += 1
        pool.add_worker()
        yield costs.FORK_NS  # it starts and goes idle


def create_worker(k: Kernel, pool: WorkerPool) -> Steps:
    """Allocate a worker and have kthreadd make its thread."""
    del pool
    yield from alloc_worker(k)
    yield from kthread_create_on_node(k)


def alloc_worker(k: Kernel) -> Steps:
    """Allocate the worker structure, with GFP_KERNEL."""
    yield from slab.kmalloc(k, 192, GFP_KERNEL, "alloc_worker")


def kthread_create_on_node(k: Kernel) -> Steps:
    """Ask kthreadd for a thread and wait for it."""
    done = Completion(k.loop, "kthread_create_info.done", resource=k.kthreadd.task)
    k.kthreadd.requests.append(done)
    k.kthreadd.wait.wake_one()
    if not done.done:
        yield done.queue


class Kthreadd:
    """The thread that makes kernel threads, one at a time."""

    __slots__ = ("requests", "task", "wait")

    def __init__(self, k: Kernel) -> None:
        self.requests: deque[Completion] = deque()
        self.wait = WaitQueue(k.loop, "kthreadd", state="S")
        self.task = k.spawn("kthreadd", kthreadd(k, self), flags=PF_KTHREAD)


def kthreadd(k: Kernel, daemon: Kthreadd) -> Steps:
    """Serve the requests in order."""
    while True:
        while daemon.requests:
            request = daemon.requests.popleft()
            yield from copy_process(k)
            request.complete_all()
        yield daemon.wait


def copy_process(k: Kernel) -> Steps:
    """Fork: a kernel stack and a task struct, with GFP_KERNEL."""
    yield from alloc_thread_info_node(k)
    yield costs.FORK_NS


def alloc_thread_info_node(k: Kernel) -> Steps:
    """Allocate a kernel stack."""
    yield from page_alloc.alloc_pages(
        k, GFP_KERNEL, THREAD_PAGES, site="alloc_thread_info_node", whole=True
    )


def rescuer_thread(k: Kernel, wq: Workqueue) -> Steps:
    """Sleep until called; then run all pending items of this queue in that pool, one by one."""
    while True:
        while wq.maydays:
            pool = wq.maydays.popleft()
            mine = [work for work in pool.worklist if work.wq is wq]
            for work in mine:
                pool.worklist.remove(work)
                work.rescued = True
            for work in mine:
                yield from process_one_work(k, work)
            if pool.needs_worker:
                pool.wake_up_worker()
        yield wq.rescuer_wait

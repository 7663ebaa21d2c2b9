"""Worker pools: one that runs, a manager that does not, a mayday, and one rescuer for all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.engine.wait import WaitQueue
from reclaimlab.kernel import slab, workqueue
from reclaimlab.kernel.workqueue import Work, Workqueue, bound_pool
from reclaimlab.testing import SmallMachine, small_machine
from reclaimlab.units import MSEC, SEC

if TYPE_CHECKING:
    from reclaimlab.engine.task import Steps
    from reclaimlab.kernel.folio import Extent

NO_WRITEBACK = {"write_bw": "1kB/s"}


class Items:
    """Work items of one queue on CPU 0, with a diary of what ran when and by whom."""

    def __init__(
        self, machine: SmallMachine, name: str = "test", *, mem_reclaim: bool = True
    ) -> None:
        self.machine = machine
        self.wq = Workqueue(machine.k, name, mem_reclaim=mem_reclaim)
        self.began: dict[str, int] = {}
        self.ended: dict[str, int] = {}
        self.by: dict[str, str] = {}
        self.gate = WaitQueue(machine.loop, "gate")

    def queue(self, label: str, *, busy_ns: int = MSEC, sleeps: bool = False) -> Work:
        def item() -> Steps:
            loop = self.machine.loop
            self.began[label] = loop.now
            self.by[label] = self.machine.k.current.name
            if sleeps:
                yield self.gate
            yield busy_ns
            self.ended[label] = loop.now

        work = Work(self.wq, item, label)
        self.wq.queue_work(work, bound_pool(self.machine.k, 0))
        return work


def a_machine(idle_workers: int = 2) -> SmallMachine:
    machine = small_machine(
        "linux-3.10", limit="0", soft_limit="8MiB", device=NO_WRITEBACK,
        machine={"idle_workers": idle_workers},
    )  # fmt: skip
    bound_pool(machine.k, 0)
    machine.run(MSEC)  # the first workers go idle
    return machine


def block_allocations(machine: SmallMachine) -> Extent:
    """Let every allocation wait, in soft-limit reclaim, for a page in flight."""
    extent = machine.populate(4096, state="writeback", reclaim=True)
    machine.exhaust_memory()
    return extent


# ---- concurrency --------------------------------------------------------------------------------


def test_one_worker_runs_the_items_of_a_cpu_one_after_the_other() -> None:
    items = Items(a_machine())
    for label in "abc":
        items.queue(label)
    items.machine.run(10 * MSEC)
    assert list(items.began) == ["a", "b", "c"]
    assert items.ended["a"] <= items.began["b"]
    assert items.ended["b"] <= items.began["c"]
    assert len(set(items.by.values())) == 1


def test_items_of_different_queues_on_one_cpu_share_the_pool() -> None:
    machine = a_machine()
    first, second = Items(machine, "first"), Items(machine, "second")
    first.queue("a")
    second.queue("b")
    machine.run(10 * MSEC)
    assert second.began["b"] >= first.ended["a"]
    assert first.by["a"] == second.by["b"]


def test_another_worker_takes_over_when_the_running_one_sleeps() -> None:
    items = Items(a_machine(idle_workers=3))
    items.queue("sleeper", sleeps=True)
    items.queue("next")
    slept_at = items.machine.loop.now
    items.machine.run(10 * MSEC)
    assert items.began["next"] == slept_at
    assert items.by["next"] != items.by["sleeper"]
    assert "sleeper" not in items.ended


def test_a_worker_that_wakes_up_beside_a_running_one_makes_them_two_for_a_while() -> None:
    items = Items(a_machine(idle_workers=3))
    items.queue("sleeper", sleeps=True)
    items.queue("long", busy_ns=5 * MSEC)
    items.queue("pending")
    items.machine.run(MSEC)
    items.gate.wake_all()
    items.machine.run(MSEC // 2)
    assert bound_pool(items.machine.k, 0).nr_running == 2
    items.machine.run(20 * MSEC)
    # Whoever ends an item beside another runner takes no further one.
    assert items.began["pending"] >= items.ended["long"]
    assert items.by["pending"] == items.by["long"]


# ---- the manager --------------------------------------------------------------------------------


def test_the_last_idle_worker_creates_another_before_it_works() -> None:
    items = Items(a_machine(idle_workers=2))
    items.queue("sleeper", sleeps=True)
    items.queue("next")
    before = items.machine.loop.now
    items.machine.run(10 * MSEC)
    k = items.machine.k
    assert k.vmstat.workers_created == 1
    assert items.began["next"] > before, "only once the new worker was there"
    assert len(bound_pool(k, 0).workers) == 3


def test_a_pool_with_an_idle_worker_left_creates_none() -> None:
    items = Items(a_machine(idle_workers=3))
    items.queue("sleeper", sleeps=True)
    items.queue("next")
    items.machine.run(10 * MSEC)
    assert items.machine.k.vmstat.workers_created == 0


def test_a_manager_whose_creation_blocks_processes_nothing() -> None:
    items = Items(a_machine(idle_workers=2), mem_reclaim=False)
    block_allocations(items.machine)
    items.queue("sleeper", sleeps=True)
    items.queue("next")
    items.machine.run(SEC)
    manager = bound_pool(items.machine.k, 0).manager
    assert manager is not None
    assert "next" not in items.began
    assert manager.task.stack()[-2:] == ("manage_workers", "worker_thread")


def test_kthreadd_needs_memory_for_a_worker() -> None:
    machine = a_machine(idle_workers=2)
    block_allocations(machine)
    slab.kmem_cache(machine.k, 192).free = 5  # struct worker is no obstacle
    items = Items(machine)
    items.queue("sleeper", sleeps=True)
    items.queue("next")
    machine.run(5 * MSEC)
    stack = machine.k.kthreadd.task.stack()
    assert stack[0] == "wait_on_page_bit"
    assert stack[-3:] == ("alloc_thread_info_node", "copy_process", "kthreadd")
    pool = bound_pool(machine.k, 0)
    assert pool.manager is not None
    assert pool.manager.task.stack()[0] == "kthread_create_on_node"


def test_memory_that_comes_back_lets_the_manager_finish_and_the_item_run() -> None:
    machine = a_machine(idle_workers=2)
    extent = block_allocations(machine)
    items = Items(machine, mem_reclaim=False)
    items.queue("sleeper", sleeps=True)
    items.queue("next")
    machine.run(200 * MSEC)
    assert "next" not in items.began
    assert extent.unit is not None
    machine.end_writeback(extent.unit)
    machine.run(50 * MSEC)
    assert "next" in items.ended


# ---- the rescuer --------------------------------------------------------------------------------


def test_the_rescuer_comes_10_ms_after_creation_began() -> None:
    items = Items(a_machine(idle_workers=2), "xfs-data")
    block_allocations(items.machine)
    items.queue("sleeper", sleeps=True)
    items.queue("next")
    began = items.machine.loop.now
    items.machine.run(50 * MSEC)
    assert items.by["next"] == "xfs-data"
    assert items.began["next"] == began + 10 * MSEC


def test_a_creation_that_takes_less_than_10_ms_calls_no_rescuer() -> None:
    items = Items(a_machine(idle_workers=2))
    items.queue("sleeper", sleeps=True)
    items.queue("next")
    items.machine.run(SEC)
    assert items.machine.k.vmstat.maydays == 0


def test_a_queue_without_wq_mem_reclaim_has_no_rescuer() -> None:
    items = Items(a_machine(idle_workers=2), mem_reclaim=False)
    block_allocations(items.machine)
    items.queue("sleeper", sleeps=True)
    items.queue("next")
    items.machine.run(SEC)
    assert items.wq.rescuer is None
    assert "next" not in items.began


def test_the_rescuer_runs_its_items_one_after_the_other_even_if_the_first_sleeps() -> None:
    items = Items(a_machine(idle_workers=2))
    block_allocations(items.machine)
    items.queue("sleeper", sleeps=True)
    items.queue("first", sleeps=True)
    items.queue("second")
    items.machine.run(SEC)
    assert items.by["first"] == "test"
    assert "second" not in items.began
    items.gate.wake_all()
    items.machine.run(10 * MSEC)
    assert items.by["second"] == "test"
    assert items.began["second"] >= items.ended["first"]


def test_an_item_queued_later_gets_the_rescuer_at_the_next_mayday_100_ms_on() -> None:
    items = Items(a_machine(idle_workers=2))
    block_allocations(items.machine)
    items.queue("sleeper", sleeps=True)
    items.queue("first")
    began = items.machine.loop.now
    items.machine.run(50 * MSEC)
    items.queue("later")
    items.machine.run(SEC)
    assert items.by["later"] == "test"
    assert items.began["later"] == began + 110 * MSEC


def test_the_rescuer_does_not_count_as_a_running_worker() -> None:
    items = Items(a_machine(idle_workers=2))
    block_allocations(items.machine)
    items.queue("sleeper", sleeps=True)
    items.queue("rescued", busy_ns=50 * MSEC)
    items.machine.run(20 * MSEC)
    assert items.by["rescued"] == "test"
    assert bound_pool(items.machine.k, 0).nr_running == 0
    items.machine.check()


def test_a_rescuer_takes_only_the_items_of_its_own_queue() -> None:
    machine = a_machine(idle_workers=2)
    block_allocations(machine)
    mine, other = Items(machine, "mine"), Items(machine, "other", mem_reclaim=False)
    mine.queue("sleeper", sleeps=True)
    mine.queue("a")
    other.queue("b")
    machine.run(SEC)
    assert mine.by["a"] == "mine"
    assert "b" not in other.began


def test_capacity_is_the_idle_workers_but_one_and_the_rescuer() -> None:
    # Section 8: the posted log shows one kworker and one rescuer blocked.
    for idle_workers in (2, 3, 5):
        items = Items(a_machine(idle_workers))
        block_allocations(items.machine)
        for number in range(10):
            items.queue(str(number), sleeps=True)
        items.machine.run(10 * SEC)
        assert len(items.began) == (idle_workers - 1) + 1


def test_an_unbound_queue_uses_a_pool_of_its_own() -> None:
    machine = a_machine()
    items = Items(machine)
    items.queue("bound", busy_ns=5 * MSEC)
    done: list[int] = []

    def item() -> Steps:
        yield MSEC
        done.append(machine.loop.now)

    began = machine.loop.now
    items.wq.queue_work(Work(items.wq, item, "unbound"), workqueue.unbound_pool(machine.k))
    machine.run(10 * MSEC)
    assert done == [began + MSEC]

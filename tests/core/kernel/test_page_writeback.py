"""Dirty and writeback: the four times of a unit, rotation, counts that a recount confirms."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest

from reclaimlab.errors import InvariantError
from reclaimlab.kernel import invariants, page_writeback
from reclaimlab.scenarios.builtin import builtin_scenarios
from reclaimlab.scenarios.reader import load_scenario
from reclaimlab.testing import SmallMachine, hooks_of, run_small, small_machine, small_scenario
from reclaimlab.units import MSEC, SEC

if TYPE_CHECKING:
    from collections.abc import Callable

    from reclaimlab.engine.task import Steps
    from reclaimlab.kernel.folio import Extent, Mapping
    from reclaimlab.kernel.writeback_unit import WritebackUnit
    from reclaimlab.scenarios.schema import Scenario

WRITER = {"dd": {"program": "writer", "file_size": "64MiB", "restart": "overwrite"}}
ON_SWAP = {"swap_device": "sda", "swap_size": "1GiB"}


class Files:
    """Every mapping of a machine: files its filesystems make from now on, and anonymous memory."""

    def __init__(self, machine: SmallMachine) -> None:
        self.machine = machine
        self.made: list[Mapping] = []
        for filesystem in machine.assembly.filesystems.values():
            remembering = self._remembering(filesystem.new_file)
            filesystem.new_file = remembering  # type: ignore[method-assign, assignment]  # a spy

    def _remembering(self, new_file: Callable[[str], Mapping]) -> Callable[[str], Mapping]:
        def remember(name: str) -> Mapping:
            self.made.append(new_file(name))
            return self.made[-1]

        return remember

    def recount(self) -> dict[str, int]:
        """Count dirty and writeback pages extent by extent."""
        mappings = self.made + [process.anon for process in self.machine.k.processes]
        extents = [extent for mapping in mappings for extent in mapping.pages]
        return {
            "dirty": sum(extent.nr for extent in extents if extent.dirty),
            "writeback": sum(extent.nr for extent in extents if extent.unit is not None),
        }


class UnitWatcher:
    """Looks at every unit of a machine each millisecond."""

    def __init__(self, machine: SmallMachine) -> None:
        self.machine = machine
        self.units: dict[int, WritebackUnit] = {}
        machine.loop.call_after(MSEC, self.look)

    def look(self) -> None:
        for extent in self.machine.extents():
            if extent.unit is not None:
                self.units[id(extent.unit)] = extent.unit
                assert extent.unit.ended_ns < 0, f"{extent!r} is in a unit that has ended"
        self.machine.loop.call_after(MSEC, self.look)

    @property
    def ended(self) -> list[WritebackUnit]:
        return [unit for unit in self.units.values() if unit.ended_ns >= 0]


@pytest.mark.parametrize("contender", ["linux-3.10", "linux-3.11", "linux-6.1", "linux-6.18"])
@pytest.mark.parametrize("filesystem", ["xfs", "ext4", "ext3", "gfs2", "tmpfs"])
def test_pages_are_marked_then_submitted_then_done_then_ended(
    filesystem: str, contender: str
) -> None:
    swaps = ON_SWAP if filesystem == "tmpfs" else {}
    tables = small_scenario(filesystem=filesystem, machine=swaps, tasks=WRITER)
    machine = SmallMachine(tables, hooks_of(contender))
    watcher = UnitWatcher(machine)
    machine.run(3 * SEC)
    assert len(watcher.ended) >= 3
    for unit in watcher.ended:
        assert 0 <= unit.marked_ns <= unit.submitted_ns < unit.done_ns <= unit.ended_ns, repr(unit)


@pytest.mark.parametrize(
    ("marked", "active", "locked", "dirty", "isolated"), list(product((True, False), repeat=5))
)
def test_only_a_marked_inactive_unlocked_clean_page_on_a_list_is_rotated(
    marked: bool, active: bool, locked: bool, dirty: bool, isolated: bool
) -> None:
    machine = small_machine()
    older = machine.populate(8)
    extent = machine.populate(8, state="writeback", reclaim=marked)
    lru = machine.box.lruvec.inactive_file
    if active:
        lru.remove(extent)
        lru = machine.box.lruvec.active_file
        lru.add_head(extent)
    if locked:
        extent.locked = machine.loop.tasks[0]
    if dirty:
        page_writeback.set_page_dirty(machine.k, extent)
    if isolated:
        lru.remove(extent)
    assert extent.unit is not None
    machine.end_writeback(extent.unit)
    rotated = marked and not (active or locked or dirty or isolated)
    assert (machine.k.vmstat.pgrotated == 8) == rotated
    assert (machine.box.lruvec.inactive_file.tail is extent) == rotated
    assert extent.reclaim is False
    assert older.lru is not None


def test_end_page_writeback_wakes_all_who_wait_for_a_page_of_the_unit() -> None:
    machine = small_machine()
    extent = machine.populate(8, state="writeback")
    unit = extent.unit
    assert unit is not None

    def waits() -> Steps:
        yield unit.queue

    calls = [machine.call(waits()) for _ in range(3)]
    machine.run(MSEC)
    assert [call.ended for call in calls] == [False] * 3
    machine.end_writeback(unit)
    machine.run(MSEC)
    assert [call.ended for call in calls] == [True] * 3


def short(name: str, duration_ns: int) -> Scenario:
    return load_scenario(name).model_copy(update={"duration": duration_ns})


@pytest.mark.parametrize("name", builtin_scenarios())
def test_every_count_equals_a_recount_in_a_scenario_of_the_library(name: str) -> None:
    scenario = short(name, SEC)
    for contender in dict.fromkeys([scenario.kernel, "linux-3.10+may-enter-fs"]):
        run_small(scenario, contender)


@pytest.mark.parametrize("name", builtin_scenarios())
def test_dirty_and_writeback_pages_of_the_machine_are_those_of_its_extents(name: str) -> None:
    scenario = load_scenario(name)
    machine = SmallMachine(scenario, hooks_of(scenario.kernel))
    files = Files(machine)
    for _ in range(20):
        machine.run(31 * MSEC)
        k = machine.k
        assert {"dirty": k.nr_dirty, "writeback": k.nr_writeback} == files.recount()


@pytest.mark.parametrize("filesystem", ["xfs", "ext4", "ext3", "gfs2"])
def test_memory_is_neither_lost_nor_found_in_a_run_of_writes_and_reclaim(filesystem: str) -> None:
    once = {"dd": {"program": "writer", "file_size": "12MiB", "total": "40MiB"}}
    tables = small_scenario(filesystem=filesystem, limit="8MiB", tasks=once)
    machine = SmallMachine(tables, hooks_of("linux-3.10"))
    machine.run(10 * SEC)
    k = machine.k
    assert [process.exited for process in k.processes] == [True]
    listed = sum(extent.nr for extent in machine.extents())
    slab = sum(cache.pages for cache in k.caches.values())
    stacks = 4 * k.vmstat.workers_created
    inodes = sum(shrinker.count() // 4 for shrinker in k.shrinkers)
    assert k.zone.isolated == [0, 0]
    assert k.zone.free + listed + slab + stacks + inodes == k.zone.managed
    assert machine.box.usage == listed


def drift_dirty(machine: SmallMachine) -> None:
    machine.box.nr_dirty += 1


def drift_writeback(machine: SmallMachine) -> None:
    machine.k.nr_writeback += 1


def drift_list(machine: SmallMachine) -> None:
    machine.box.lruvec.inactive_file.nr += 1


def drift_flusher(machine: SmallMachine) -> None:
    machine.k.wbs[0].nr_dirty += 1


def drift_free(machine: SmallMachine) -> None:
    machine.k.zone.free = machine.k.zone.managed


def drift_usage(machine: SmallMachine) -> None:
    machine.box.usage = -1


def drift_place(machine: SmallMachine) -> None:
    extent = next(iter(machine.extents()))
    extent.lru = machine.box.lruvec.active_file


def drift_empty(machine: SmallMachine) -> None:
    extent: Extent = next(iter(machine.extents()))
    extent.nr = 0


def drift_pool(machine: SmallMachine) -> None:
    from reclaimlab.kernel import workqueue

    workqueue.bound_pool(machine.k, 0).nr_running = 1


@pytest.mark.parametrize(
    ("drift", "says"),
    [
        (drift_dirty, "pages are dirty and the memcgs have"),
        (drift_writeback, "under writeback and the memcgs have"),
        (drift_list, "counts 33 pages and holds 32"),
        (drift_flusher, "pages are dirty and the flushers have"),
        (drift_free, "are free or listed and the zone has"),
        (drift_usage, "MemCgroup box, -1 of"),
        (drift_place, "says otherwise"),
        (drift_empty, "has no pages and is on"),
        (drift_pool, "counts 1 running workers and has 0"),
    ],
)
def test_a_count_that_drifts_is_named(drift: Callable[[SmallMachine], None], says: str) -> None:
    machine = small_machine()
    machine.populate(32, state="dirty")
    invariants.check(machine.k)
    drift(machine)
    with pytest.raises(InvariantError, match=says):
        invariants.check(machine.k)

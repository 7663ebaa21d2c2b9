"""What is gathered for writing stays the same pages, whatever reclaim does to their extents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from reclaimlab.fs.base import end_of, still_dirty
from reclaimlab.testing import SmallMachine, small_machine
from reclaimlab.units import MSEC

if TYPE_CHECKING:
    from reclaimlab.engine.task import Steps
    from reclaimlab.kernel.folio import Mapping

PAGES = 512


def dirty_file(machine: SmallMachine) -> Mapping:
    mapping: Mapping = machine.fs.new_file("file")
    machine.write(mapping, PAGES, memcg="")
    machine.run(100 * MSEC)
    assert mapping.nr_dirty == PAGES
    return mapping


def test_pages_that_reclaim_split_off_during_the_mapping_are_written_too() -> None:
    machine = small_machine("linux-6.1", filesystem="xfs")
    mapping = dirty_file(machine)

    def hold() -> Steps:
        yield from mapping.private.ilock.down_write(machine.k.current)
        yield MSEC
        mapping.private.ilock.up_write()

    machine.call(hold(), name="holder")
    run = machine.fs.gather_dirty(mapping, PAGES)
    flusher = machine.call(machine.fs.write_run(machine.k, mapping, run), name="flusher")
    machine.run(MSEC // 2)
    extent = mapping.dirty.first()
    assert extent is not None
    mapping.split(extent, 32)
    machine.run(100 * MSEC)
    assert flusher.value == PAGES
    assert mapping.nr_dirty == 0


@given(st.lists(st.integers(1, PAGES - 1), max_size=8), st.integers(0, 255), st.integers(256, 512))
def test_a_run_is_its_pages_however_they_are_cut(cuts: list[int], start: int, end: int) -> None:
    mapping = dirty_file(small_machine("linux-6.1", filesystem="xfs"))
    for cut in cuts:
        extent = mapping.dirty.holding(cut)
        if extent is not None and extent.index != cut:
            mapping.split(extent, cut - extent.index)
    first = mapping.dirty.holding(start)
    assert first is not None
    if first.index != start:
        first = mapping.split(first, start - first.index)
    run = still_dirty(mapping, first, end - start)
    assert (run[0].index, end_of(run)) == (start, end)
    assert sum(extent.nr for extent in run) == end - start

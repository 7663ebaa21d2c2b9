"""Programs: what a writer, a reader and a mapper leave behind."""

from __future__ import annotations

from typing import Any

import pytest

from reclaimlab.testing import SmallMachine, hooks_of, small_scenario
from reclaimlab.units import MIB, SEC


def machine_with(**task: Any) -> SmallMachine:
    tables = small_scenario(limit="64MiB", tasks={"task": task})
    return SmallMachine(tables, hooks_of("linux-3.10"))


@pytest.mark.parametrize("pattern", ["sequential", "random"])
def test_a_writer_with_a_total_writes_that_much_and_exits(pattern: str) -> None:
    machine = machine_with(program="writer", total="3MiB", file_size="8MiB", pattern=pattern)
    machine.run(5 * SEC)
    (process,) = machine.k.processes
    assert process.exited
    assert 3 * MIB <= process.accepted_bytes < 3 * MIB + 65_536


@pytest.mark.parametrize(("restart", "most"), [("new", 5), ("truncate", 5), ("overwrite", 5)])
def test_a_full_file_is_started_over_and_the_cache_holds_one_file(restart: str, most: int) -> None:
    machine = machine_with(program="writer", file_size="5MiB", total="30MiB", restart=restart)
    machine.run(20 * SEC)
    (process,) = machine.k.processes
    assert process.accepted_bytes == 30 * MIB
    file_pages = machine.box.lruvec.nr_file
    assert file_pages <= most * MIB // 4096


def test_a_reader_that_does_not_cache_leaves_almost_nothing_in_the_page_cache() -> None:
    machine = machine_with(program="reader", file_size="8MiB")
    machine.run(SEC)
    (process,) = machine.k.processes
    assert process.read_bytes > 8 * MIB
    assert machine.box.lruvec.nr_file <= 64


def test_a_reader_that_caches_reads_the_device_once() -> None:
    machine = machine_with(program="reader", file_size="8MiB", cached=True, think="1ms")
    machine.run(3 * SEC)
    machine.device.in_flight()
    assert machine.device.read_bytes == 8 * MIB


def test_a_mapper_gives_all_its_memory_back_between_two_rounds() -> None:
    machine = machine_with(program="mapper", size="8MiB", hold="10ms", idle="10s", rss="0")
    machine.run(SEC)
    assert machine.box.lruvec.nr_anon == 0
    assert machine.box.peak_usage >= 2048

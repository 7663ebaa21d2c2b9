"""The same workloads under pytest-benchmark, to compare a change with what was before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from benchmarks import decisions, event_loop, whole_engine
from benchmarks.start import help_seconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_benchmark.fixture import BenchmarkFixture

SMALL: dict[str, Callable[[], object]] = {
    "timers, ours": event_loop.our_timers,
    "timers, SimPy": event_loop.simpy_timers,
    "wake-ups, ours": event_loop.our_wakeups,
    "wake-ups, SimPy": event_loop.simpy_wakeups,
    "decisions, table": decisions.table_decisions(),
    "decisions, scan": decisions.scan_decisions(),
}
LARGE: dict[str, Callable[[], object]] = {
    "1 GiB through a memcg of 1 GiB": lambda: whole_engine.fill("1GiB"),
    "60 s of 100 MB/s in 100 MiB": whole_engine.one_minute,
    "reclaimlab --help": help_seconds,
}


@pytest.mark.parametrize("name", SMALL)
def test_time_of_a_small_workload(benchmark: BenchmarkFixture, name: str) -> None:
    benchmark.group = name.split(",")[0]
    pedantic: Any = benchmark.pedantic  # pytest-benchmark has no types for it
    pedantic(SMALL[name], rounds=5, warmup_rounds=1)


@pytest.mark.parametrize("name", LARGE)
def test_time_of_a_large_workload(benchmark: BenchmarkFixture, name: str) -> None:
    benchmark.group = name
    pedantic: Any = benchmark.pedantic  # pytest-benchmark has no types for it
    pedantic(LARGE[name], rounds=3)

"""Whatever the scenario, the kernel and the fixes: no exception, no count off, time that goes on.

About 25 machines by default and hundreds with ``--hypothesis-profile=soak``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hypothesis import Phase, given, note, settings
from hypothesis import strategies as st

from reclaimlab.engine.order import RandomOrder
from reclaimlab.engine.rng import Stream
from reclaimlab.hosting.catalog import Catalog
from reclaimlab.testing import SmallMachine, hooks_of, run_small, small_scenario
from reclaimlab.units import MSEC

if TYPE_CHECKING:
    from reclaimlab.scenarios.schema import Scenario

POLICIES = Catalog.discover().policies
KERNELS = sorted(name for name, each in POLICIES.items() if each.info.kind == "kernel")
FIXES = sorted(name for name, each in POLICIES.items() if each.info.kind == "fix")
PHASES = [Phase.explicit, Phase.reuse, Phase.generate]
"""Without shrinking: a smaller machine often takes minutes to find and explains little more."""
SOME = settings(max_examples=max(10, settings().max_examples // 4), phases=PHASES)
FEW = settings(max_examples=max(5, settings().max_examples // 20), phases=PHASES)


@dataclass(frozen=True)
class Case:
    """One random run."""

    tables: dict[str, Any]
    contender: str
    seed: int

    @property
    def scenario(self) -> Scenario:
        return small_scenario(**self.tables)


@st.composite
def tasks(draw: st.DrawFn, filesystem: str) -> dict[str, dict[str, Any]]:
    programs: list[dict[str, Any]] = [
        {"program": "writer", "write_size": draw(st.sampled_from(["4KiB", "64KiB", "1MiB"]))},
        {
            "program": "writer",
            "file_size": "6MiB",
            "restart": draw(st.sampled_from(["new", "overwrite", "truncate"])),
        },
        {
            "program": "writer",
            "file_size": "32MiB",
            "pattern": "random",
            "preallocated": draw(st.booleans()),
        },
        {"program": "writer", "total": "3MiB", "files": 3},
        {
            "program": "mapper",
            "size": draw(st.sampled_from(["2MiB", "30MiB", "100MiB"])),
            "hold": "100ms",
        },
    ]
    if filesystem != "tmpfs":
        programs += [
            {"program": "reader", "file_size": "16MiB", "cached": draw(st.booleans())},
            {"program": "metadata", "size_min": 0, "size_max": "64KiB", "think": "1ms", "keep": 5},
            {
                "program": "build",
                "anon": "4MiB",
                "compute": "20ms",
                "object_min": "4KiB",
                "object_max": "1MiB",
                "link_anon": "8MiB",
                "link_size": "3MiB",
                "link_every": 2,
                "tree": 4,
                "read_size": "256KiB",
            },
        ]
    if filesystem in ("ext3", "ext4"):
        programs.append({"program": "rename", "file_size": "5MiB"})
    chosen = draw(st.lists(st.sampled_from(programs), min_size=1, max_size=3))
    return {
        f"task{number}": {
            **table,
            "count": draw(st.integers(1, 3)),
            "memcg": draw(st.sampled_from(["", "box", "box"])),
            "start_jitter": "50ms",
        }
        for number, table in enumerate(chosen)
    }


@st.composite
def cases(draw: st.DrawFn) -> Case:
    filesystem = draw(st.sampled_from(["xfs", "ext4", "ext3", "gfs2", "tmpfs"]))
    cgroup = draw(st.sampled_from(["v1", "v1", "v2"]))
    machine: dict[str, Any] = {
        "memory": draw(st.sampled_from(["48MiB", "64MiB", "256MiB"])),
        "cgroup": cgroup,
        "hz": draw(st.sampled_from([100, 250, 1000])),
        "idle_workers": draw(st.integers(1, 3)),
        "swappiness": draw(st.sampled_from([0, 60, 100])),
    }
    if draw(st.booleans()):
        machine |= {"swap_device": "sda", "swap_size": draw(st.sampled_from(["4MiB", "64MiB"]))}
    device = {
        "write_bw": draw(st.sampled_from(["1MB/s", "20MB/s", "200MB/s"])),
        "latency": draw(st.sampled_from(["0ms", "5ms"])),
        "jitter": draw(st.sampled_from([0.0, 0.3])),
        "nr_requests": draw(st.sampled_from([4, 128])),
        "max_request": draw(st.sampled_from(["120KiB", "512KiB"])),
        "queue": draw(st.sampled_from(["legacy", "mq"])),
    }
    tables = {
        "filesystem": filesystem,
        "limit": draw(st.sampled_from(["0", "2MiB", "5MiB", "20MiB"])),
        "soft_limit": draw(st.sampled_from(["", "1MiB"])) if cgroup == "v1" else "",
        "duration": f"{draw(st.integers(1, 3))}s",
        "machine": machine,
        "device": device,
        "mount": {"log_size": draw(st.sampled_from(["1MiB", "10MiB"]))},
        "tasks": draw(tasks(filesystem)),
    }
    kernel = draw(st.sampled_from(KERNELS))
    fixes = draw(st.lists(st.sampled_from(FIXES), max_size=2, unique=True))
    return Case(tables, "+".join([kernel, *fixes]), draw(st.integers(0, 1 << 16)))


@SOME
@given(cases())
def test_every_run_ends_with_its_counts_right_and_its_metrics_in_range(case: Case) -> None:
    result = run_small(case.scenario, case.contender, seed=case.seed)
    note(f"{result.verdict} {result.ended}")
    assert 0 <= result.ended_ns <= case.scenario.duration
    assert {name for name, value in result.metrics.items() if value < 0} == set()
    for series in result.series:
        assert min(series.values, default=0) >= 0, series.name
        assert list(series.times_ns) == sorted(set(series.times_ns))
    if result.incident is not None:
        assert result.incident.verdict is result.verdict
        assert result.incident.time_ns >= 0


@FEW
@given(cases(), st.integers(0, 100))
def test_counts_are_right_whoever_goes_first_among_equals(case: Case, dice: int) -> None:
    order = RandomOrder(Stream(dice, "order"))
    run_small(case.scenario, case.contender, seed=case.seed, order=order)


@FEW
@given(cases())
def test_the_same_run_twice_gives_the_same_result(case: Case) -> None:
    first, second = (run_small(case.scenario, case.contender, seed=case.seed) for _ in range(2))
    assert first == second


@FEW
@given(cases())
def test_counters_of_events_only_rise_and_time_with_them(case: Case) -> None:
    machine = SmallMachine(case.scenario, hooks_of(case.contender), seed=case.seed)
    vmstat = machine.k.vmstat
    names = list(type(vmstat).__slots__)
    before = dict.fromkeys(names, 0)
    for step in range(1, 6):
        machine.run(100 * MSEC)
        now = {name: getattr(vmstat, name) for name in names}
        assert [name for name in names if now[name] < before[name]] == []
        assert machine.loop.now == step * 100 * MSEC
        before = now

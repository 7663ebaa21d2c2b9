"""What the model must show: documented outcomes of real kernels, and of the fixes tried on them.

Each row is a fact of the record (a mail, a commit, a recording). The runs are the shipped
scenarios, whole; seeds are few where one run costs a second.
"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import repeat
from multiprocessing import get_context

import pytest

from reclaimlab.measure.records import RunResult, Verdict
from reclaimlab.runs.run import run_one
from reclaimlab.scenarios.reader import load_scenario

POSTED = (
    "wait_on_page_bit", "shrink_page_list", "shrink_inactive_list", "shrink_lruvec",
    "mem_cgroup_shrink_node_zone", "mem_cgroup_soft_reclaim", "mem_cgroup_soft_limit_reclaim",
    "shrink_zones", "do_try_to_free_pages", "try_to_free_pages", "__alloc_pages_slowpath",
    "__alloc_pages_nodemask", "kmem_getpages", "fallback_alloc", "____cache_alloc_node",
    "__kmalloc", "kmem_alloc", "xfs_inode_item_format_extents", "xfs_inode_item_format",
    "xlog_cil_prepare_log_vecs", "xfs_log_commit_cil", "xfs_trans_commit", "xfs_setfilesize",
    "xfs_end_io", "process_one_work",
)  # fmt: skip
"""The posted stack of 8 July 2013, innermost first, up to the thread that runs it."""
SEEDS = range(1, 21)
FEW = 4
"""Seeds for each fix: the first of the twenty, of which most hang without one."""


@cache
def run(scenario: str, contender: str, seed: int = 1, settings: tuple[str, ...] = ()) -> RunResult:
    return run_one(load_scenario(scenario, settings), contender, seed)


@cache
def hangs(contender: str, seeds: int) -> tuple[RunResult, ...]:
    """Run the posted hang over many seeds, on both cores."""
    scenario = load_scenario("xfs-softlimit-hang")
    # The package's own function crosses to the workers: this module need not be importable there.
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        return tuple(pool.map(run_one, repeat(scenario), repeat(contender), range(1, seeds + 1)))


def verdict(scenario: str, contender: str, *settings: str, seed: int = 1) -> str:
    return str(run(scenario, contender, seed, settings).verdict)


# ---- the hang of July 2013 ----------------------------------------------------------------------


@pytest.mark.slow
def test_linux_3_10_hangs_in_most_of_twenty_seeds() -> None:
    verdicts = Counter(result.verdict for result in hangs("linux-3.10", 20))
    assert verdicts[Verdict.DEADLOCK] + verdicts[Verdict.STALL] > len(SEEDS) // 2, verdicts


@pytest.mark.slow
def test_a_completion_worker_or_the_rescuer_has_the_posted_stack_frame_by_frame() -> None:
    found = {"worker_thread": 0, "rescuer_thread": 0}
    for result in hangs("linux-3.10", 20):
        for task in result.incident.tasks if result.incident else ():
            if task.stack[: len(POSTED)] == POSTED:
                found[task.stack[-1]] += 1
    assert found["worker_thread"] > 0
    assert found["rescuer_thread"] > 0


@pytest.mark.slow
def test_each_deadlock_names_a_cycle_through_a_completion() -> None:
    incidents = [r.incident for r in hangs("linux-3.10", 20) if r.verdict is Verdict.DEADLOCK]
    assert incidents
    for incident in incidents:
        assert incident is not None
        assert len(set(incident.cycle)) == len(incident.cycle) >= 2
        assert any(label.startswith("completion of") for label in incident.cycle)


BLOCKED = {Verdict.DEADLOCK, Verdict.LIVELOCK, Verdict.STALL}


@pytest.mark.slow
@pytest.mark.parametrize("fix", ["may-enter-fs", "memalloc-noio", "exempt-kthreads"])
def test_seeds_that_hang_linux_3_10_get_through_with(fix: str) -> None:
    plain, fixed = hangs("linux-3.10", 20)[:FEW], hangs(f"linux-3.10+{fix}", FEW)
    assert any(result.verdict in BLOCKED for result in plain)
    assert not [result.seed for result in fixed if result.verdict in BLOCKED]


@pytest.mark.slow
@pytest.mark.parametrize("fix", ["pf-fstrans", "km-noio(sites=unwritten)", "unlock-before-wait"])
def test_the_hang_is_not_cured_by(fix: str) -> None:
    plain, fixed = hangs("linux-3.10", 20)[:FEW], hangs(f"linux-3.10+{fix}", FEW)
    assert any(result.verdict is Verdict.DEADLOCK for result in fixed)
    assert [result.verdict for result in fixed] == [result.verdict for result in plain]


@pytest.mark.slow
def test_pf_fstrans_alone_changes_no_number() -> None:
    plain, fixed = hangs("linux-3.10", 20)[:FEW], hangs("linux-3.10+pf-fstrans", FEW)
    assert [result.metrics for result in fixed] == [result.metrics for result in plain]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_hard_limits_alone_do_not_hang_linux_3_10(seed: int) -> None:
    assert verdict("xfs-hardlimit-dd", "linux-3.10", seed=seed) == "ok"


# ---- premature OOM ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scenario", "contender", "settings", "outcome"),
    [
        ("dd-usb-ext4", "linux-3.5", ("writer_gfp=nofs",), "premature-oom"),
        ("dd-usb-ext4", "linux-3.10+may-enter-fs", ("writer_gfp=nofs",), "premature-oom"),
        ("dd-usb-ext4", "linux-3.10", ("writer_gfp=nofs",), "ok"),
        ("dd-usb-ext4", "linux-3.10+may-enter-fs", ("writer_gfp=fs",), "ok"),
        ("dd-usb-xfs", "linux-3.10+may-enter-fs", (), "premature-oom"),
        ("dd-usb-xfs", "linux-3.10", (), "ok"),
        ("two-dd-100m", "linux-3.5", (), "premature-oom"),
        ("ext4-unsubmitted-2015", "linux-3.10", (), "deadlock"),
        ("ext4-unsubmitted-2015", "linux-3.10+exempt-kthreads", (), "deadlock"),
        ("ext4-unsubmitted-2015", "linux-3.10+may-enter-fs", (), "ok"),
        ("shrinker-recursion", "linux-3.10", (), "deadlock"),
        ("shrinker-recursion", "linux-3.10", ("transaction_gfp=nofs",), "ok"),
        ("vmalloc-in-transaction", "linux-3.10", (), "deadlock"),
        ("vmalloc-in-transaction", "linux-3.10+pf-fstrans", (), "ok"),
        ("vmalloc-in-transaction", "linux-3.10+nofs-scope", (), "ok"),
        ("loop-noio", "linux-3.10(test=none)", (), "deadlock"),
        ("loop-noio", "linux-3.10", ("mapping_gfp=default",), "deadlock"),
        ("cgroup-v2-dd", "linux-4.2", (), "ok"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("seed", [1, 2])
def test_documented_outcome(
    scenario: str, contender: str, settings: tuple[str, ...], outcome: str, seed: int
) -> None:
    assert verdict(scenario, contender, *settings, seed=seed) == outcome


def test_the_2015_stack_is_the_posted_one() -> None:
    incident = run("ext4-unsubmitted-2015", "linux-3.10").incident
    assert incident is not None
    stack = incident.tasks[0].stack
    assert stack[:2] == ("wait_on_page_bit", "shrink_page_list")
    assert stack[stack.index("grow_dev_page") :] == (
        "grow_dev_page", "__getblk_slow", "ext4_ext_grow_indepth", "ext4_ext_create_new_leaf",
        "ext4_ext_insert_extent", "ext4_map_blocks", "mpage_map_one_extent", "ext4_writepages",
        "filemap_flush", "ext4_alloc_da_blocks", "ext4_rename", "vfs_rename", "sys_rename",
    )  # fmt: skip


def test_on_cgroup_v2_dirty_and_writeback_stay_under_a_quarter_of_the_memcg() -> None:
    scenario = load_scenario("cgroup-v2-dd")
    box = run("cgroup-v2-dd", "linux-4.2").memcg_metrics["box"]
    pages = box["dirty_plateau_pages"] + box["writeback_plateau_pages"]
    assert pages * 4096 < scenario.memcg["box"].limit / 4


# ---- Hocko's table of 19 June 2012 --------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "outcome"),
    [("5M", "premature-oom"), ("60M", "premature-oom"), ("300M", "ok"), ("2G", "ok")],
)
def test_without_the_wait_dd_to_ext3_is_killed_as_in_the_table(limit: str, outcome: str) -> None:
    assert verdict("hocko-dd", "linux-3.5", f"limit={limit}") == outcome


@pytest.mark.parametrize(
    ("contender", "limit", "measured_mb_s"),
    [
        ("linux-3.5", "300M", 51.8),
        ("linux-3.5", "2G", 368),
        ("linux-3.10", "5M", 37.5),
        ("linux-3.5+wait-may-enter-fs", "60M", 34.6),
        ("linux-3.10", "60M", 34.6),
    ],
)
def test_the_throughput_of_dd_is_within_15_per_cent_of_the_table(
    contender: str, limit: str, measured_mb_s: float
) -> None:
    rate = run("hocko-dd", contender, 1, (f"limit={limit}",)).metrics["writer_throughput"] / 1e6
    assert rate == pytest.approx(measured_mb_s, rel=0.15)


# ---- recordings of linux 6.18 -------------------------------------------------------------------


def test_the_recorded_xfs_writer_at_32_mib_is_killed_within_a_second() -> None:
    result = run("a_seq_xfs_20MBps_32M_r1", "linux-6.18")
    assert result.metrics["oom_kills"] == 1
    assert result.verdict is Verdict.PREMATURE_OOM
    assert result.ended_ns < 1_000_000_000


def test_the_recorded_ext4_writer_at_32_mib_survives() -> None:
    result = run("a_seq_ext4_20MBps_32M_r1", "linux-6.18")
    assert result.metrics["oom_kills"] == 0
    assert result.verdict is Verdict.OK


def test_the_recorded_xfs_writer_at_100_mib_stalls_two_to_four_seconds_in_reclaim_throttle() -> (
    None
):
    result = run("a_seq_xfs_20MBps_100M_r1", "linux-6.18")
    assert result.metrics["oom_kills"] == 0
    assert 2 <= result.metrics["write_latency_max"] <= 4
    assert result.metrics["alloc_stall_share"] > 0.8

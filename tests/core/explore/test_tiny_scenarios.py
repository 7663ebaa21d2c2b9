"""The tiny scenarios show, in some schedule, what the timed ones show in some second."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import pytest

from reclaimlab.explore.explore import explore
from reclaimlab.explore.replay import replay
from reclaimlab.explore.request import ExploreRequest
from reclaimlab.explore.schedule import Schedule
from reclaimlab.scenarios.canonical import scenario_toml
from reclaimlab.scenarios.reader import load_scenario

if TYPE_CHECKING:
    from reclaimlab.explore.replay import TaskView
    from reclaimlab.explore.request import Exploration

POSTED: Final = (
    "wait_on_page_bit", "shrink_page_list", "shrink_inactive_list", "shrink_lruvec",
    "mem_cgroup_shrink_node_zone", "mem_cgroup_soft_reclaim", "mem_cgroup_soft_limit_reclaim",
    "shrink_zones", "do_try_to_free_pages", "try_to_free_pages", "__alloc_pages_slowpath",
    "__alloc_pages_nodemask", "kmem_getpages", "fallback_alloc", "____cache_alloc_node",
    "__kmalloc", "kmem_alloc", "xfs_inode_item_format_extents", "xfs_inode_item_format",
    "xlog_cil_prepare_log_vecs", "xfs_log_commit_cil", "xfs_trans_commit", "xfs_setfilesize",
    "xfs_end_io", "process_one_work", "worker_thread",
)  # fmt: skip
"""kworker/2:2:17823 in Message-ID 20130708125352.GC20149@dhcp22.suse.cz; what a timed run of
xfs-softlimit-hang shows too (tests/acceptance)."""
OF_2015: Final = (
    "wait_on_page_bit", "shrink_page_list", "shrink_inactive_list", "shrink_lruvec", "shrink_zone",
    "shrink_zones", "do_try_to_free_pages", "try_to_free_mem_cgroup_pages", "mem_cgroup_do_charge",
    "__mem_cgroup_try_charge", "mem_cgroup_charge", "__add_to_page_cache_locked",
    "grow_dev_page", "__getblk_slow", "ext4_ext_grow_indepth", "ext4_ext_create_new_leaf",
    "ext4_ext_insert_extent", "ext4_map_blocks", "mpage_map_one_extent", "ext4_writepages",
    "filemap_flush", "ext4_alloc_da_blocks", "ext4_rename", "vfs_rename", "sys_rename",
)  # fmt: skip
"""rsync in Message-ID alpine.LSU.2.11.1508041433460.31462@eggly.anvils, in 3.10's names."""


def request(name: str, contender: str, *settings: str, most: int = 100_000) -> ExploreRequest:
    text = scenario_toml(load_scenario(name, settings))
    return ExploreRequest(text, name, contender, max_states=most, max_seconds=60)


@cache
def explored(
    name: str, *settings: str, contender: str = "linux-3.10", most: int = 100_000
) -> Exploration:
    return explore(request(name, contender, *settings, most=most))


def stuck(name: str, found: Exploration) -> tuple[TaskView, tuple[str, ...]]:
    """Return the task that hangs at the end of the schedule, on generators, and the cycle."""
    asked = request(name, "linux-3.10")
    violation = found.violations["no-deadlock"]
    views = replay(
        Schedule(
            name, asked.scenario_text, "linux-3.10", "coarse", "no-deadlock", violation.what,
            violation.no_return, violation.steps,
        )
    )  # fmt: skip
    end = views[-1]
    return next(task for task in end.tasks if task.name in end.closed), end.cycle


def test_tiny_softlimit_finds_the_cycle_of_the_timed_hang_with_the_posted_stack() -> None:
    task, cycle = stuck("tiny-softlimit", explored("tiny-softlimit", most=2_000))
    assert task.stack == POSTED
    worker, page, completion, *rest = cycle
    assert worker.startswith("kworker/")
    assert page.startswith("bio writer")
    assert completion == "completion"
    assert rest in ([], ["xfs_end_io"]), "of the timed run: worker, ioend, completion, work item"


def test_tiny_unsubmitted_waits_for_its_own_page_with_the_stack_of_2015() -> None:
    found = explored("tiny-unsubmitted")
    assert found.exhausted
    task, cycle = stuck("tiny-unsubmitted", found)
    assert task.stack == OF_2015
    assert len(cycle) == 2, "the task, and its page"


@pytest.mark.parametrize("contender", ["linux-3.10+may-enter-fs", "linux-4.2"])
def test_tiny_unsubmitted_does_not_hang_where_a_task_without_fs_does_not_wait(
    contender: str,
) -> None:
    found = explored("tiny-unsubmitted", contender=contender)
    assert found.exhausted
    assert "no-deadlock" not in found.violations


def test_tiny_shrinker_deadlocks_on_the_group_it_holds_and_nofs_proves_free_of_it() -> None:
    found = explored("tiny-shrinker")
    assert found.exhausted
    task, cycle = stuck("tiny-shrinker", found)
    assert task.stack[:3] == ("mutex_lock", "xfs_reclaim_inode", "xfs_reclaim_inodes_nr")
    assert cycle[1] == "AGI buffer of data"
    nofs = explored("tiny-shrinker", "transaction_gfp=nofs")
    assert nofs.exhausted
    assert not nofs.violations


def test_tiny_loop_waits_for_itself_and_with_noio_only_fails_to_write() -> None:
    found = explored("tiny-loop")
    assert found.exhausted
    task, cycle = stuck("tiny-loop", found)
    assert task.stack[-2:] == ("do_lo_send", "loop_thread")
    assert cycle[2] == "device loop0"
    noio = explored("tiny-loop", "mapping_gfp=noio")
    assert noio.exhausted
    assert "no-deadlock" not in noio.violations
    assert "no-premature-oom" in noio.violations

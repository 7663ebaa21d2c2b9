"""From which memcg on an XFS writer survives on Linux 6.18 and cgroup v1.

No rule knows it: the first completion is of the flusher's chunk at the initial estimate (52 MiB),
and what the queue holds besides is under writeback too; all that and the process must leave room.
"""

from __future__ import annotations

from functools import cache

import pytest

from reclaimlab.runs.run import run_one
from reclaimlab.testing import small_scenario

LIMITS_MIB = (32, 64, 100, 160, 232)
QUEUES = {"0.5 MiB": (4, "128KiB"), "32 MiB": (64, "512KiB"), "160 MiB": (128, "1280KiB")}
KILLED_AT = {"0.5 MiB": (), "32 MiB": (32, 64), "160 MiB": (32, 64, 100, 160)}
"""As recorded at 32, 64 and 100 MiB: o_seq_xfs_* of kernel-data, at 5 and 20 MB/s."""


@cache
def is_killed(queue: str, rate_mbps: int, limit_mib: int) -> bool:
    requests, size = QUEUES[queue]
    scenario = small_scenario(
        filesystem="xfs", kernel="linux-6.18", limit=f"{limit_mib}MiB",
        duration=f"{max(1, 120 // rate_mbps)}s", machine={"memory": "24GiB", "cpus": 2},
        device={
            "write_bw": f"{rate_mbps}MB/s", "queue": "mq", "nr_requests": requests,
            "max_request": size, "latency": "0ns",
        },
        tasks={"writer": {"program": "writer", "rss": "4MiB", "copy_bw": "10GiB/s"}},
    )  # fmt: skip
    return run_one(scenario, "linux-6.18", 1).metrics["oom_kills"] > 0


@pytest.mark.parametrize("rate_mbps", [10, 20, 40])
@pytest.mark.parametrize("queue", QUEUES)
def test_a_deeper_queue_needs_a_larger_memcg_whatever_the_speed(queue: str, rate_mbps: int) -> None:
    killed = tuple(limit for limit in LIMITS_MIB if is_killed(queue, rate_mbps, limit))
    assert killed == KILLED_AT[queue]


@pytest.mark.parametrize("queue", QUEUES)
def test_a_disk_faster_than_seventeen_tries_of_reclaim_kills_nobody(queue: str) -> None:
    assert not any(is_killed(queue, 1000, limit) for limit in (32, 100))

"""Which recordings the calibrated constants came from; all others only check.

Nothing is fitted to a single recording's outcome: a constant is a time or a speed of a machine, and
holds for every recording of that machine.
"""

from __future__ import annotations

from typing import Final

FITTED: Final = frozenset(
    {
        "a_seq_ext4_20MBps_100M_r1",
        "a_seq_ext4_5MBps_100M_r1",
        "a_seq_xfs_20MBps_100M_r1",
        "a_seq_xfs_20MBps_32M_r1",
        "a_seq_xfs_5MBps_100M_r1",
        "e_small_xfs_20MBps_100M_r1",
        "h61_5MBps_v1_xfs_seq_32M",
        "h61q_20MBps_v1_xfs_seq_100M",
        "h61q_20MBps_v2_xfs_seq_100M",
        "o_seq4k_xfs_20MBps_32M_r1",
        "o_seq64k_xfs_20MBps_32M_r1",
        "o_seq_xfs_20MBps_100M_deepqueue_r1",
        "v_seq4k_xfs_20MBps_100M",
        "v_seq_xfs_20MBps_100M_blkthrottle",
    }
)
"""Named in kernel/costs.py, block/device.py, scenarios/importers/setup.py and workloads/replay.py
beside the constants; no other recording is."""

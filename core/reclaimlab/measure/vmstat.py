"""Event counters of the machine, named as in /proc/vmstat; pages unless the name says otherwise."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class VmStat:
    """Counters since the start; only ever added to."""

    pgscan: int = 0
    pgsteal: int = 0
    pgactivate: int = 0
    pgdeactivate: int = 0
    pgrotated: int = 0
    nr_written: int = 0
    nr_throttled_written: int = 0
    nr_vmscan_immediate_reclaim: int = 0
    nr_vmscan_write: int = 0
    pgfault: int = 0
    pswpin: int = 0
    pswpout: int = 0
    allocstall: int = 0
    memcg_reclaims: int = 0
    soft_limit_reclaims: int = 0
    throttles: int = 0
    throttle_ns: int = 0
    writeback_waits: int = 0
    oom_kill: int = 0
    slabs_scanned: int = 0
    workers_created: int = 0
    maydays: int = 0

    @property
    def reclaim_sleeps(self) -> int:
        """How often reclaim has slept."""
        return self.writeback_waits + self.throttles

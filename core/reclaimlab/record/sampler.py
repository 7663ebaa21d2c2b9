"""The samples: counters ten times a second, kernel stacks twenty times, while the command runs."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from reclaimlab.record import machine

if TYPE_CHECKING:
    from reclaimlab.record.machine import Disk, Memcg

STACKS_A_SECOND: Final = 20
_SAMPLE_EVERY: Final = 2
_SMALL_SHARE: Final = 0.1
"""Lanes with less than this share of the largest one's bytes are shells and their like."""


@dataclass(slots=True)
class Lane:
    """Processes that ran one after another, seen as one task."""

    pid: int
    before: int = 0
    """Bytes of the processes that are gone."""
    now: int = 0
    """Bytes of the one that runs."""
    pids: set[int] = field(default_factory=set)
    stacks: Counter[tuple[str, tuple[str, ...]]] = field(default_factory=Counter)

    @property
    def bytes(self) -> int:
        """Bytes taken by the write()s of all of them."""
        return self.before + self.now


class Sampler(threading.Thread):
    """Samples the machine and the processes of the session that ``leader`` began."""

    def __init__(self, leader: int, disk: Disk, start_s: float, root: Path = Path("/")) -> None:
        super().__init__(name="sample", daemon=True)
        self._leader, self._disk, self._start_s, self._root = leader, disk, start_s, root
        self._done = threading.Event()
        self.lanes: list[Lane] = []
        self.rows: list[dict[str, float]] = []
        self.memcg: Memcg | None = None
        self._unified: Path | None = None
        self.limit = 0
        self._first_kills = 0

    def run(self) -> None:
        """Sample until told to end, at times that do not drift."""
        tick = 0
        while not self._done.is_set():
            self._look_at_tasks()
            if tick % _SAMPLE_EVERY == 0:
                self.sample()
            tick += 1
            due = self._start_s + tick / STACKS_A_SECOND
            self._done.wait(max(0.0, due - time.monotonic()))

    def finish(self) -> None:
        """End, with one last sample."""
        self._done.set()
        self.join()
        self.sample()

    def sample(self) -> None:
        """Add a row: every counter, and the bytes of each lane."""
        memcg, unified = machine.cgroups_of(self._leader, self._root)
        if memcg is not None:  # gone with the command: the last one is meant
            self.memcg, self._unified = memcg, unified
            self.limit = memcg.limit
        row: dict[str, float] = {"t_s": round(time.monotonic() - self._start_s, 3)}
        if self.memcg is not None:
            row |= self.memcg.sample()
            # Cgroups live on: kills of before the command are not of this run.
            self._first_kills = self._first_kills if self.rows else int(row.get("oom_kill", 0))
            row["oom_kill"] = row.get("oom_kill", 0) - self._first_kills
        row |= machine.vmstat(self._root) | machine.bdi(self._disk, self._root)
        row |= machine.disk_counters(self._disk, self._root)
        if self._unified is not None:
            row |= machine.pressure(self._unified)
        for number, lane in enumerate(self.lanes):
            row[f"lane{number}"] = lane.bytes
        self.rows.append(row)

    def writers(self) -> list[int]:
        """Return the lanes that wrote most, by number; at least one if there was any process."""
        most = max((lane.bytes for lane in self.lanes), default=0)
        return [n for n, lane in enumerate(self.lanes) if lane.bytes >= _SMALL_SHARE * most]

    def _look_at_tasks(self) -> None:
        alive = machine.session_of(self._leader, self._root)
        for pid in alive:
            count = machine.accepted_bytes(pid, self._root)
            if count is None:
                continue
            lane = self._lane(pid, alive)
            lane.now = count
            lane.stacks.update(machine.stacks_of(pid, self._root))

    def _lane(self, pid: int, alive: list[int]) -> Lane:
        for lane in self.lanes:
            if lane.pid == pid:
                return lane
        for lane in self.lanes:
            if lane.pid not in alive:
                lane.before, lane.now, lane.pid = lane.bytes, 0, pid
                break
        else:
            lane = Lane(pid)
            self.lanes.append(lane)
        lane.pids.add(pid)
        return lane

"""The parts of the recorder over a tree like procfs and sysfs, and over lines of a real trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reclaimlab.errors import RecordingError
from reclaimlab.record import machine
from reclaimlab.record.calls import CallLog
from reclaimlab.record.guard import remove
from reclaimlab.record.machine import Memcg
from reclaimlab.record.sampler import Sampler
from reclaimlab.record.summary import disk_mbps, peak_mbps
from reclaimlab.record.tracefs import mounted
from reclaimlab.scenarios.importers.trace import Device

if TYPE_CHECKING:
    from pathlib import Path

TRACE = b"""\
              dd-25030   [000] ..... 20417.500000: sys_write(fd: 1, buf: 0x7ffd, count: 0x10000)
              dd-25030   [000] ..... 20417.750000: sys_write -> 0x10000
              dd-25030   [000] ..... 20417.800000: sys_pwrite64(fd: 1, buf: 0x7ffd, count: 0x10000)
 odd name-1 x-25031   [001] d..1. 20417.810000: sys_write(fd: 2, buf: 0x7ffd, count: 0x1f)
 odd name-1 x-25031   [001] d..1. 20417.820000: sys_write -> 0x1f
              dd-25030   [000] ..... 20417.900000: sys_pwrite64 -> 0x10000
              dd-25030   [000] ..... 20418.000000: sys_write(fd: 1, buf: 0x7ffd, count: 0x10000)
              dd-25030   [000] ..... 20418.100000: sys_write -> 0xffffffffffffffe4
CPU:0 [LOST 12 EVENTS]
              dd-25030   [000] ..... 20419.000000: sys_write -> 0x10000
"""


def put(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_only_data_calls_with_entry_and_exit_are_timed() -> None:
    log = CallLog()
    log.take(TRACE)
    calls = log.threads[25030]
    assert list(calls.seconds) == pytest.approx([0.25, 0.1])
    assert (calls.bytes, calls.block_bytes) == (2 * 65536, 65536)
    assert list(log.threads[25031].seconds) == []


def test_every_long_call_is_kept_when_calls_are_thinned() -> None:
    log = CallLog()
    for number in range(20_000):
        length = 0.2 if number == 7777 else 0.0001
        for time, what in ((number, b"(fd: 1)"), (number + length, b" -> 0x1000")):
            log.take(b"dd-1 [000] ..... %.6f: sys_write%s\n" % (time, what))
    rows = log.threads[1].rows()
    assert len(rows) <= 4002
    assert [seconds for start, seconds in rows if start == 7777.0] == [pytest.approx(0.2)]


def test_a_stack_is_innermost_first_without_offsets_and_suffixes(tmp_path: Path) -> None:
    put(tmp_path, "proc/7/task/7/stat", "7 (a) b) D 1 7 7 0")
    put(
        tmp_path, "proc/7/task/7/stack",
        "[<0>] reclaim_throttle+0x1a/0x300\n[<0>] xfs_write_checks.constprop.0+0x1/0x2 [xfs]\n",
    )  # fmt: skip
    stack = ("reclaim_throttle", "xfs_write_checks")
    assert list(machine.stacks_of(7, tmp_path)) == [("D", stack)]


def test_a_session_is_found_whatever_its_processes_are_called(tmp_path: Path) -> None:
    put(tmp_path, "proc/7/stat", "7 (sh) S 1 7 7 0")
    put(tmp_path, "proc/8/stat", "8 (x) S 9 9) R 7 7 7 0")
    put(tmp_path, "proc/9/stat", "9 (other) S 1 9 9 0")
    put(tmp_path, "proc/10/stat", "10 (dead) Z 7 7 7 0")
    assert machine.session_of(7, tmp_path) == [7, 8]


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_memcg_is_sampled_under_the_names_of_the_recordings(version: str, tmp_path: Path) -> None:
    v1 = version == "v1"
    stat = "cache 9\nrss 4\ndirty 2\nwriteback 1\n" if v1 else "anon 4\nfile 9\nfile_dirty 2\n"
    put(tmp_path, "memory.stat", stat + "hierarchical_memory_limit 5\n")
    put(tmp_path, "memory.usage_in_bytes" if v1 else "memory.current", "4096\n")
    put(tmp_path, "memory.limit_in_bytes" if v1 else "memory.max", "104857600\n")
    put(tmp_path, "memory.oom_control" if v1 else "memory.events", "oom_kill 3\n")
    memcg = Memcg(tmp_path, version)
    sample = memcg.sample()
    assert (sample["usage_bytes"], sample["mc_dirty"], sample["oom_kill"]) == (4096, 2, 3)
    assert "mc_hierarchical_memory_limit" not in sample
    assert memcg.limit == 104857600


@pytest.mark.parametrize("said", ["max\n", "9223372036854771712\n", ""])
def test_no_limit_is_no_limit_in_both_versions(said: str, tmp_path: Path) -> None:
    put(tmp_path, "memory.max", said)
    put(tmp_path, "memory.limit_in_bytes", said)
    assert (Memcg(tmp_path, "v1").limit, Memcg(tmp_path, "v2").limit) == (0, 0)


def test_processes_in_turn_are_one_writer_and_at_once_are_two(tmp_path: Path) -> None:
    disk = machine.Disk("8:0", "sda", "xfs", tmp_path)
    sampler = Sampler(7, disk, 0.0, tmp_path)

    def look(**written: int) -> None:
        for path in (tmp_path / "proc").glob("*/stat"):
            path.unlink()
        for name, count in written.items():
            put(tmp_path, f"proc/{name[1:]}/stat", f"{name[1:]} (dd) R 1 7 7 0")
            put(tmp_path, f"proc/{name[1:]}/io", f"rchar: 1\nwchar: {count}\n")
        sampler._look_at_tasks()

    (tmp_path / "proc").mkdir()
    look(p7=10, p8=1000)
    look(p7=10, p8=5000)
    look(p7=10, p9=3000)
    assert [lane.bytes for lane in sampler.lanes] == [10, 8000]
    assert sampler.writers() == [1]
    look(p7=10, p9=4000, p10=2000)
    assert sampler.writers() == [1, 2]


def test_without_tracefs_the_way_out_is_told(tmp_path: Path) -> None:
    put(tmp_path, "proc/mounts", "proc /proc proc rw 0 0\n")
    with pytest.raises(RecordingError, match="--no-trace"):
        mounted(tmp_path)


@pytest.mark.parametrize(
    ("written", "mbps"), [([0, 5, 30, 30, 30], 30.0), ([0, 0, 0, 0, 0], 0.0), ([0, 4], 8.0)]
)
def test_the_rate_of_a_disk_is_the_most_it_wrote_in_a_second(
    written: list[int], mbps: float
) -> None:
    rows = [
        {"t_s": 0.5 * place, "dev_bytes_written": 1e6 * size} for place, size in enumerate(written)
    ]
    assert peak_mbps(rows) == mbps


def test_a_disk_that_waits_for_its_writer_can_write_more_than_it_did() -> None:
    rows = [{"t_s": 0.5 * place, "dev_bytes_written": 1e7 * place} for place in range(5)]
    assert disk_mbps(rows, Device(completed=40_000_000, busy_s=0.5)) == 80.0
    assert disk_mbps(rows, Device(completed=40_000_000, busy_s=4.0)) == 20.0
    assert disk_mbps(rows, Device(completed=40_000, busy_s=1e-6)) == 20.0
    assert disk_mbps(rows, Device()) == 20.0


def test_an_instance_that_is_gone_already_is_removed(tmp_path: Path) -> None:
    assert remove(tmp_path / "gone")

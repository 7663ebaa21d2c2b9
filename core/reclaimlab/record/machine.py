"""What procfs and sysfs tell of this machine: its disk, its counters, a task's memcg and stack."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from reclaimlab.errors import RecordingError

if TYPE_CHECKING:
    from collections.abc import Iterator

SECTOR: Final = 512
_NO_LIMIT: Final = 1 << 60
"""What cgroup v1 shows for no limit is the largest page-aligned number."""
_VMSTAT: Final = re.compile(
    r"nr_(dirty|writeback|dirtied|written|vmscan|throttled|(in)?active_file|free_pages)"
    r"|pg(scan|steal|activate|deactivate|rotated|fault|majfault)|allocstall|workingset|oom_kill"
)
_MEMCG: Final = re.compile(
    r"(cache|rss|file|anon|kernel|slab|mapped_file|(file_)?(dirty|writeback)|(in)?active_(file|anon)"
    r"|pg\w+|workingset_(refault|activate)_file)$"
)


@dataclass(frozen=True, slots=True)
class Disk:
    """The block device below a folder."""

    number: str
    """``major:minor``."""
    name: str
    filesystem: str
    queue: Path
    """Its folder of queue settings in sysfs; a partition's is its disk's."""

    def setting(self, name: str) -> str:
        """Return a setting of the queue; empty if this kernel has none of that name."""
        return text(self.queue / name).strip()


@dataclass(frozen=True, slots=True)
class Memcg:
    """The memory cgroup that a task is in."""

    folder: Path
    version: str
    """``v1`` or ``v2``."""

    @property
    def limit(self) -> int:
        """Hard limit in bytes; 0 for none."""
        name = "memory.limit_in_bytes" if self.version == "v1" else "memory.max"
        said = text(self.folder / name).strip()
        value = int(said) if said.isdigit() else 0
        return value if value < _NO_LIMIT else 0

    def sample(self) -> dict[str, int]:
        """Return the columns that ``samples.csv`` has of a memcg; without its root's limits."""
        values: dict[str, int] = {}
        for key, value in _pairs(text(self.folder / "memory.stat")):
            if _MEMCG.match(key):
                values[f"mc_{key.removeprefix('file_')}"] = value
        v1 = self.version == "v1"
        for column, name in _V1.items() if v1 else _V2.items():
            said = text(self.folder / name).strip()
            if said.isdigit():
                values[column] = int(said)
        events = dict(_pairs(text(self.folder / ("memory.oom_control" if v1 else "memory.events"))))
        for name in ("under_oom", "oom_kill"):
            if name in events:
                values[name] = events[name]
        return values


_V1: Final = {
    "usage_bytes": "memory.usage_in_bytes",
    "failcnt": "memory.failcnt",
    "kmem_bytes": "memory.kmem.usage_in_bytes",
}
_V2: Final = {"usage_bytes": "memory.current"}


def text(path: Path) -> str:
    """Return what a file of procfs or sysfs says; empty if it is gone or not there."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _pairs(lines: str) -> Iterator[tuple[str, int]]:
    for line in lines.splitlines():
        key, _, value = line.partition(" ")
        if value.strip().isdigit():
            yield key.rstrip(":"), int(value)


def disk_of(folder: Path, root: Path = Path("/")) -> Disk:
    """Return the disk below ``folder``; ``root`` is where proc and sys are.

    Raises:
        RecordingError: the folder is not there, or its filesystem is on no block device.
    """
    try:
        device = folder.stat().st_dev
    except OSError as error:
        msg = f"record: {folder}: {error.strerror}; --on takes the folder the command writes to"
        raise RecordingError(msg) from None
    number = f"{os.major(device)}:{os.minor(device)}"
    kind = "an unknown filesystem"
    for line in text(root / "proc/self/mountinfo").splitlines():
        fields, _, rest = line.partition(" - ")
        if fields.split()[2] == number:
            kind = rest.split()[0]
    block = root / "sys/dev/block" / number
    if not block.exists():
        msg = (
            f"record: {folder} is on {kind}, which has no block device of its own; "
            "give a folder on xfs or ext4 with --on"
        )
        raise RecordingError(msg)
    real = block.resolve()
    queue = real / "queue" if (real / "queue").is_dir() else real.parent / "queue"
    return Disk(number, real.name, kind, queue)


def disk_counters(disk: Disk, root: Path = Path("/")) -> dict[str, int]:
    """Return the columns that ``samples.csv`` has of the device, in bytes and requests."""
    major, minor = disk.number.split(":")
    for line in text(root / "proc/diskstats").splitlines():
        fields = line.split()
        if fields[:2] == [major, minor]:
            reads, _, read, _, writes, _, written, _, flying = map(int, fields[3:12])
            return {
                "dev_bytes_written": written * SECTOR,
                "dev_writes": writes,
                "dev_bytes_read": read * SECTOR,
                "dev_reads": reads,
                "dev_in_flight": flying,
            }
    return {}


def vmstat(root: Path = Path("/")) -> dict[str, int]:
    """Return the counters of ``/proc/vmstat`` that tell of reclaim and writeback."""
    counters = _pairs(text(root / "proc/vmstat"))
    return {f"vm_{key}": value for key, value in counters if _VMSTAT.match(key)}


def pressure(folder: Path) -> dict[str, int]:
    """Return the total stall times of a cgroup, in microseconds."""
    values = {}
    for what, name in (("mem", "memory.pressure"), ("io", "io.pressure")):
        for kind, total in re.findall(r"(some|full) .*total=(\d+)", text(folder / name)):
            values[f"cg_psi_{what}_{kind}_us"] = int(total)
    return values


def bdi(disk: Disk, root: Path = Path("/")) -> dict[str, int]:
    """Return what debugfs, where it is mounted, says of the device's writeback (kB, kB/s)."""
    said = text(root / "sys/kernel/debug/bdi" / disk.number / "stats")
    return {f"bdi_{name}": int(value) for name, value in re.findall(r"(\w+): +(\d+)", said)}


def cgroups_of(pid: int, root: Path = Path("/")) -> tuple[Memcg | None, Path | None]:
    """Return the memcg of a process, and its folder in the unified hierarchy."""
    mounts = [line.split() for line in text(root / "proc/mounts").splitlines()]
    v1 = [m[1] for m in mounts if m[2] == "cgroup" and "memory" in m[3].split(",")]
    v2 = [m[1] for m in mounts if m[2] == "cgroup2"]
    memcg = unified = None
    for line in text(root / f"proc/{pid}/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if v1 and "memory" in controllers.split(","):
            memcg = Memcg(_below(root, v1[0], path), "v1")
        if v2 and not controllers:
            unified = _below(root, v2[0], path)
    if memcg is None and unified is not None:
        memcg = Memcg(unified, "v2")
    return memcg, unified


def _below(root: Path, mount: str, path: str) -> Path:
    return root / mount.lstrip("/") / path.lstrip("/")


def session_of(leader: int, root: Path = Path("/")) -> list[int]:
    """Return the processes of the session that ``leader`` began, itself among them."""
    found = []
    for entry in (root / "proc").iterdir():
        if entry.name.isdigit():
            # The name, in brackets, may hold anything; state, parent, group and session follow.
            fields = text(entry / "stat").rpartition(")")[2].split()
            if len(fields) > 3 and int(fields[3]) == leader and fields[0] not in "ZX":
                found.append(int(entry.name))
    return sorted(found)


def accepted_bytes(pid: int, root: Path = Path("/")) -> int | None:
    """Return the bytes that the write()s of a process have taken; None if it is gone."""
    match = re.search(r"^wchar: (\d+)", text(root / f"proc/{pid}/io"), re.MULTILINE)
    return int(match[1]) if match else None


def stacks_of(pid: int, root: Path = Path("/")) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield state and kernel stack, innermost first, of each thread; none of one that runs."""
    try:
        threads = list((root / f"proc/{pid}/task").iterdir())
    except OSError:
        return
    for thread in threads:
        state = text(thread / "stat").rpartition(")")[2].strip()[:1]
        if state and state not in "ZX":
            stack = _functions(text(thread / "stack")) if state != "R" else ()
            yield (state, stack) if stack else ("R", ())


def _functions(stack: str) -> tuple[str, ...]:
    # [<0>] try_charge_memcg.isra.0+0x1a/0x300 [module]
    return tuple(re.findall(r"\] ([^+.\s]+)\S*", stack))

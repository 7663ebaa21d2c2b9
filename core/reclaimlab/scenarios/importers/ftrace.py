"""``import ftrace``: a trace, and the meta data beside it if there are any, become a scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from reclaimlab.errors import RecordingError
from reclaimlab.scenarios.fields import RATE, SIZE
from reclaimlab.scenarios.importers.draft import Draft, one_folder
from reclaimlab.scenarios.importers.trace import Trace, read_trace
from reclaimlab.scenarios.importers.vmstat import draft_of
from reclaimlab.scenarios.recording import FILES, TRACES, Recording
from reclaimlab.units import KIB, MIB, PAGE_SIZE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_ASSUMED_LIMIT: Final = 100 * MIB
_ASSUMED_MEMORY: Final = "8GiB"
_ASSUMED_BW: Final = 20_000_000
_ASSUMED_DEPTH: Final = 64


def read_ftrace(paths: Sequence[Path]) -> Draft:
    """Return the scenario of the traced run.

    With a ``meta.toml`` beside the trace the set-up is exact and the trace adds what reclaim did;
    without one, the trace tells what it can and the comment says what was assumed.

    Raises:
        RecordingError: there is no trace, it cannot be read, or what is beside it is damaged.
    """
    folder = one_folder(paths)
    path = _trace_file(paths)
    trace = read_trace(path)
    if (folder / "meta.toml").exists():
        recording = Recording.read(folder)
        recording.check()
        draft = draft_of(recording)
    else:
        draft = _bare(path, trace)
    draft.data["recording"]["measured"].update(_reclaim(trace))
    draft.comment.append(_summary(trace))
    return draft


def _trace_file(paths: Sequence[Path]) -> Path:
    folder = one_folder(paths)
    found = [path for path in paths if path.is_file() and path.name not in FILES]
    found = found or [folder / name for name in TRACES if (folder / name).is_file()]
    if not found:
        msg = f"{paths[0]}: has no trace; it would be {' or '.join(TRACES)}"
        raise RecordingError(msg)
    if len(found) > 1:
        msg = f"{', '.join(map(str, found))}: are several files; give the one trace"
        raise RecordingError(msg)
    return found[0]


def _reclaim(trace: Trace) -> dict[str, float]:
    if not trace.scanned:
        return {}
    return {
        "pages_scanned": float(trace.scanned),
        "pages_reclaimed": float(trace.reclaimed),
        "scan_efficiency": trace.reclaimed / trace.scanned,
    }


def _summary(trace: Trace) -> str:
    device = trace.busiest
    sleeps = ", ".join(f"{count} {reason}" for reason, count in trace.sleeps.most_common())
    lost = f"; {trace.lost} events were lost" if trace.lost else ""
    requests = (
        f"; {device.sizes.total()} write requests of {device.median_size // KIB} KiB (median), "
        f"at most {device.most_in_flight} in flight"
    )
    return (
        f"Traced {trace.seconds:.1f} s: {trace.reclaimers.total()} memcg reclaims, sleeps in them: "
        f"{sleeps or 'none'}; {trace.events['balance_dirty_pages']} balance_dirty_pages"
        f"{requests if device.sizes else ''}{lost}."
    )


def _bare(path: Path, trace: Trace) -> Draft:
    name = path.name.split(".")[0]
    memcg = bool(trace.reclaimers)
    data: dict[str, dict[str, Any]] = {
        "scenario": _header(name, trace),
        "machine": _machine(trace),
        "device": {"sda": _device(trace)},
        "filesystem": {"data": {"type": _filesystem(trace), "device": "sda"}},
        "task": _tasks(trace),
        "recording": {"run": name, "kernel": _kernel(trace), "measured": _rates(trace)},
    }
    assumed = [f"memory {_ASSUMED_MEMORY}", "sequential write()s of 1 MiB"]
    if memcg:
        data["memcg"] = {"box": {"limit": SIZE.write(_ASSUMED_LIMIT)}}
        assumed.append(f"limit {SIZE.write(_ASSUMED_LIMIT)} of the memcg")
    if not trace.busiest.sizes:
        assumed.append(f"the device: {RATE.write(_ASSUMED_BW)}, {_ASSUMED_DEPTH} requests")
    if not trace.old_names:
        assumed.append("the kernel")
    return Draft(data, _comment(path, assumed))


def _comment(path: Path, assumed: list[str]) -> list[str]:
    return [
        "Stresses: what a traced machine did, as far as the trace tells.",
        f"Source: the trace {path.name}, without a meta.toml beside it.",
        f"Assumed, for a trace does not tell: {', '.join(assumed)}. Put in what you know.",
        "Decides: the verdict.",
    ]


def _header(name: str, trace: Trace) -> dict[str, Any]:
    ident = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in name)
    return {
        "name": ident.lstrip("-_") or "trace",
        "title": f"{', '.join(_commands(trace))} as traced for {trace.seconds:.1f} s",
        "source": f"ftrace {name}",
        "decides": "verdict",
        "duration": f"{max(1, round(trace.seconds))}s",
        "kernel": _kernel(trace),
    }


def _kernel(trace: Trace) -> str:
    # A sleep in reclaim_throttle() tells of 5.16 or later, the names of dirty limits of before 6.2.
    return "linux-6.1" if trace.old_names else "linux-6.18"


def _machine(trace: Trace) -> dict[str, Any]:
    v2 = bool(trace.cgroups - {"1"})
    machine = {"memory": _ASSUMED_MEMORY, "cpus": 2, "cgroup": "v2" if v2 else "v1"}
    if trace.dirty_limit and not v2:
        # The kernel's default: background writeback begins at half the hard limit.
        machine["dirty_bytes"] = SIZE.write(trace.dirty_limit * PAGE_SIZE)
        machine["dirty_background_bytes"] = SIZE.write(trace.dirty_limit * PAGE_SIZE // 2)
    return machine


def _device(trace: Trace) -> dict[str, Any]:
    device = trace.busiest
    rate = round(device.completed / device.busy_s) if device.busy_s > 0 else _ASSUMED_BW
    largest = max(device.sizes, default=512 * KIB)
    return {
        "write_bw": RATE.write(max(1, rate)),
        "jitter": 0.0,
        "nr_requests": device.most_in_flight or _ASSUMED_DEPTH,
        "max_request": SIZE.write(max(PAGE_SIZE, largest)),
        "queue": "mq",
        "kind": "as traced",
    }


def _rates(trace: Trace) -> dict[str, float]:
    written = trace.busiest.completed
    return {"device_throughput": written / trace.seconds} if written and trace.seconds > 0 else {}


def _filesystem(trace: Trace) -> str:
    if any(function.startswith("xfs_") for function in trace.works):
        return "xfs"
    # XFS charges its page cache with GFP_NOFS, ext4 with the filesystem allowed.
    nofs = sum(count for mask, count in trace.gfp.items() if "GFP_NOFS" in mask)
    return "xfs" if 2 * nofs > trace.gfp.total() else "ext4"


def _commands(trace: Trace) -> list[str]:
    # Those that dirty memory: the kernel's own threads are in reclaim or throttled for others.
    seen = trace.reclaimers + trace.throttled
    own = ("kworker/", "kswapd", "khugepaged", "kthreadd")
    names = [name for name, _ in seen.most_common() if not name.startswith(own)]
    most = seen[names[0]] if names else 0
    return [name for name in names if 10 * seen[name] >= most] or ["writer"]


def _tasks(trace: Trace) -> dict[str, dict[str, Any]]:
    memcg = "box" if trace.reclaimers else ""
    writer = {"program": "writer", "filesystem": "data", "memcg": memcg}
    names = ["".join(c if c.isalnum() else "-" for c in name.lower()) for name in _commands(trace)]
    return {name.strip("-") or "writer": writer for name in names if name.isascii()} or {
        "writer": writer
    }

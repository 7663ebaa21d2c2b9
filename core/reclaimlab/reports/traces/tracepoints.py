"""The tracepoints of a trace file: their fields, and how a line of them reads.

The lines of vmscan and sched are those of Linux 6.12. A field that the simulator does not know has
the kernel's value for "nothing": zone 0, gfp_flags none. The other events carry the simulator's own
fields as ``name=value``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

KERNEL_VERSION: Final = "6.12"
STATES: Final = {"R": 0, "S": 1, "D": 2, "X": 16, "K": 258}
"""Letters of task states and their bits in ``prev_state``; K is D that a kill ends."""

Value = int | str


class Kind(Enum):
    """How a field is stored; the value is what printf calls it."""

    NUMBER = "%ld"
    COMM = "%s"
    TEXT = " %s"  # not "%s": that would make it another name of COMM
    STATE = "  %s"


@dataclass(frozen=True, slots=True)
class Tracepoint:
    """One kind of event; ``line`` names its fields in braces."""

    system: str
    name: str
    fields: tuple[tuple[str, Kind], ...]
    line: str

    def text(self, values: Mapping[str, Value]) -> str:
        """Return the event's details as ftrace prints them."""
        return self.line.format(**{name: values[name] for name, _ in self.fields})


def _tracepoint(name: str, line: str, **kinds: Kind) -> Tracepoint:
    names = re.findall(r"\{(\w+)", line)
    system = "sched" if name.startswith("sched") else "vmscan"
    return Tracepoint(
        system, name, tuple((each, kinds.get(each, Kind.NUMBER)) for each in names), line
    )


_BEGIN: Final = "order={order} gfp_flags={gfp_flags}"
_END: Final = "nr_reclaimed={nr_reclaimed}"
_SWITCH: Final = (
    "prev_comm={prev_comm} prev_pid={prev_pid} prev_prio={prev_prio} prev_state={prev_state} ==> "
    "next_comm={next_comm} next_pid={next_pid} next_prio={next_prio}"
)
_ISOLATE: Final = (
    "classzone={classzone} order={order} nr_requested={nr_requested} nr_scanned={nr_scanned} "
    "nr_skipped={nr_skipped} nr_taken={nr_taken} lru={lru}"
)
_SHRINK: Final = (
    "nid={nid} nr_scanned={nr_scanned} nr_reclaimed={nr_reclaimed} nr_dirty={nr_dirty} "
    "nr_writeback={nr_writeback} nr_congested={nr_congested} nr_immediate={nr_immediate} "
    "nr_activate_anon={nr_activate_anon} nr_activate_file={nr_activate_file} "
    "nr_ref_keep={nr_ref_keep} nr_unmap_fail={nr_unmap_fail} priority={priority} flags={flags}"
)
_RECLAIMS: Final = ("direct_reclaim", "memcg_reclaim", "memcg_softlimit_reclaim")

SWITCH: Final = _tracepoint(
    "sched_switch", _SWITCH, prev_comm=Kind.COMM, next_comm=Kind.COMM, prev_state=Kind.STATE
)
WAKING: Final = _tracepoint(
    "sched_waking",
    "comm={comm} pid={pid} prio={prio} target_cpu={target_cpu:03d}",
    comm=Kind.COMM,
)
_KNOWN: Final = {
    each.name: each
    for each in (
        *(
            _tracepoint(f"mm_vmscan_{kind}_begin", _BEGIN, gfp_flags=Kind.TEXT)
            for kind in _RECLAIMS
        ),
        *(_tracepoint(f"mm_vmscan_{kind}_end", _END) for kind in _RECLAIMS),
        _tracepoint("mm_vmscan_kswapd_sleep", "nid={nid}"),
        _tracepoint("mm_vmscan_kswapd_wake", "nid={nid} order={order}"),
        _tracepoint("mm_vmscan_wakeup_kswapd", f"nid={{nid}} {_BEGIN}", gfp_flags=Kind.TEXT),
        _tracepoint("mm_vmscan_lru_isolate", _ISOLATE, lru=Kind.TEXT),
        _tracepoint("mm_vmscan_lru_shrink_inactive", _SHRINK, flags=Kind.TEXT),
    )
}
_SYSTEMS: Final = {"mm_vmscan": "vmscan", "block": "block", "mark_victim": "oom"}


def known(name: str, given: Mapping[str, Value]) -> tuple[Tracepoint, dict[str, Value]]:
    """Return the tracepoint called ``name`` and its fields' values, from those the model gave."""
    tracepoint = _KNOWN.get(name)
    if tracepoint is None:
        return _own(name, given), {key: _plain(value) for key, value in given.items()}
    every = _derived(given) | dict(given)
    return tracepoint, {
        field: _plain(every.get(field, "none" if kind is Kind.TEXT else 0))
        for field, kind in tracepoint.fields
    }


def _derived(given: Mapping[str, Value]) -> dict[str, Value]:
    """The fields that the kernel has and the model implies."""
    activated = given.get("nr_activate", 0)
    if not given.get("file", 1):
        return {
            "lru": "inactive_anon",
            "flags": "RECLAIM_WB_ANON|RECLAIM_WB_ASYNC",
            "nr_activate_anon": activated,
        }
    return {
        "lru": "inactive_file",
        "flags": "RECLAIM_WB_FILE|RECLAIM_WB_ASYNC",
        "nr_activate_file": activated,
    }


def _own(name: str, given: Mapping[str, Value]) -> Tracepoint:
    kinds = tuple(
        (key, Kind.TEXT if isinstance(value, str) else Kind.NUMBER) for key, value in given.items()
    )
    system = next(
        (known for start, known in _SYSTEMS.items() if name.startswith(start)), "writeback"
    )
    return Tracepoint(system, name, kinds, " ".join(f"{key}={{{key}}}" for key in given))


def _plain(value: Value) -> Value:
    return inert(value) if isinstance(value, str) else int(value)


def inert(text: str) -> str:
    """Return ``text`` without what could end a line or a field of a trace."""
    return re.sub(r"[^\x20-\x7e]", "?", text)

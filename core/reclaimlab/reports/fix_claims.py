"""What is documented or predicted of each fix, row by row of the table of candidate fixes.

Rows and evidence are those of section 10 of the kernel notes. A claim is *documented* where a mail
or a commit tells of it, else it is *predicted* from the code.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Column = Literal["S1", "S2", "S3", "S4"]


class Outcome(Enum):
    """What the verdicts of a cell must be for a claim to hold."""

    HANGS = "deadlock, livelock or stall in more than half of the seeds"
    CAN_HANG = "deadlock, livelock or stall in at least one seed"
    RARELY_HANGS = "no deadlock, livelock or stall in more than half of the seeds"
    NO_HANG = "no deadlock, livelock or stall in any seed"
    NO_DEADLOCK = "no deadlock in any seed"
    KILLS = "an OOM kill in more than half of the seeds"
    RARELY_KILLS = "no OOM kill in more than half of the seeds"
    NO_KILL = "no OOM kill in any seed"
    OK = "ok in every seed"


@dataclass(frozen=True, slots=True)
class Claim:
    """What one row says about one column."""

    row: str
    contender: str
    column: Column
    documented: bool
    words: str
    expected: Mapping[str, Outcome]
    """Case -> outcome; empty where the row makes no claim that a verdict could meet."""


S1: Final = "xfs-softlimit-hang"
E8: Final = "dd-usb-ext4 writer_gfp=nofs"
E9: Final = "dd-usb-ext4 writer_gfp=fs"
X: Final = "dd-usb-xfs"
EXT3_5M: Final = "hocko-dd limit=5M"
EXT3_60M: Final = "hocko-dd limit=60M"
S3: Final = "ext4-unsubmitted-2015"
S4: Final = "global-dirty"
V2: Final = "cgroup-v2-dd"

CASES_OF: Final[Mapping[Column, tuple[str, ...]]] = {
    "S1": (S1,),
    "S2": (E8, E9, X, EXT3_5M, EXT3_60M, V2),
    "S3": (S3,),
    "S4": (S4,),
}

ROWS: Final[Mapping[str, tuple[str, ...]]] = {
    "F0": ("linux-3.5",),
    "F1": ("linux-3.5+wait-may-enter-fs",),
    "F2": ("linux-3.10",),
    "F3": ("linux-3.10+km-noio",),
    "F3b": ("linux-3.10+memalloc-noio",),
    "F4": ("linux-3.10+pf-fstrans",),
    "F5": ("linux-3.10+may-enter-fs+unlocked-write-begin",),
    "F6": ("linux-3.10+may-enter-fs",),
    "F7": ("linux-3.10+wait-after-batch",),
    "F7b": ("linux-3.10+wait-after-batch(test=io,mark=all)",),
    "F8": ("linux-3.10+congestion-wait",),
    "F8b": ("linux-3.10+congestion-wait(skip=nofs)", "linux-3.10+congestion-wait(skip=kthread)"),
    "F9": ("linux-3.10+timed-page-wait",),
    "F10": ("linux-3.10+exempt-kthreads",),
    "F11": ("linux-3.10+may-enter-fs+nofs-scope",),
    "F12": ("linux-3.10+memcg-dirty-throttle", "linux-4.2"),
    "F13": ("linux-3.10+reclaim-throttle",),
    "F14": ("linux-3.10+unlock-before-wait",),
}
"""Row -> what stands for it; F5 and F11 mean their fix together with may-enter-fs."""

_NO_KILL: Final = {E8: Outcome.NO_KILL, E9: Outcome.NO_KILL, X: Outcome.NO_KILL}
_NOFS_KILLED: Final = {E8: Outcome.KILLS, E9: Outcome.NO_KILL, X: Outcome.KILLS}
_AS_F2: Final = "as F2: no kill"

_Told = tuple[bool, str, "Mapping[str, Outcome]"]
_H: Final = True
_P: Final = False


def _s1(outcome: Outcome) -> Mapping[str, Outcome]:
    return {S1: outcome}


def _s3(outcome: Outcome) -> Mapping[str, Outcome]:
    return {S3: outcome}


_HANG: Final[Mapping[str, _Told]] = {
    "F0": (_P, "no hang: there is no wait to hang on", _s1(Outcome.NO_HANG)),
    "F1": (_P, "no hang of GFP_NOFS workers, but of the flusher", _s1(Outcome.RARELY_HANGS)),
    "F2": (_H, "hangs, or stalls for minutes", _s1(Outcome.HANGS)),
    "F3": (_P, "hangs as before: appends allocate elsewhere", _s1(Outcome.HANGS)),
    "F3b": (_P, "the worker does not wait, others still may", _s1(Outcome.RARELY_HANGS)),
    "F4": (_P, "no effect: the test is on __GFP_IO", _s1(Outcome.HANGS)),
    "F5": (_P, "the worker is safe, the flusher's hole stays", _s1(Outcome.RARELY_HANGS)),
    "F6": (_H, "fixed for GFP_NOFS", _s1(Outcome.RARELY_HANGS)),
    "F7": (_P, "the worker never waits", _s1(Outcome.RARELY_HANGS)),
    "F7b": (_P, "can still hang: it waits with ILOCK held", _s1(Outcome.CAN_HANG)),
    "F8": (_P, "no deadlock; completions are slowed", _s1(Outcome.NO_DEADLOCK)),
    "F8b": (_P, "no deadlock", _s1(Outcome.NO_DEADLOCK)),
    "F9": (_P, "no deadlock; long stalls", _s1(Outcome.NO_DEADLOCK)),
    "F10": (_P, "fixed, the flusher's hole too", _s1(Outcome.NO_HANG)),
    "F11": (_P, "fixed, the flusher's hole too", _s1(Outcome.NO_HANG)),
    "F12": (_P, "no wait for a page, so no such hang", _s1(Outcome.NO_HANG)),
    "F13": (_P, "safe: workers are never throttled", _s1(Outcome.NO_HANG)),
    "F14": (_P, "no effect on the cycle", _s1(Outcome.HANGS)),
}
_OOM: Final[Mapping[str, _Told]] = {
    "F0": (_H, "ext3 killed at 5M and 60M", {EXT3_5M: Outcome.KILLS, EXT3_60M: Outcome.KILLS}),
    "F1": (
        _H,
        "ext3 saved; ext4 until 3.8 killed, later rarely; XFS killed (predicted)",
        {EXT3_5M: Outcome.NO_KILL, EXT3_60M: Outcome.NO_KILL, E8: Outcome.KILLS,
         E9: Outcome.RARELY_KILLS, X: Outcome.KILLS},
    ),
    "F2": (_H, "no kill on any filesystem", _NO_KILL),
    "F3": (_P, _AS_F2, _NO_KILL),
    "F3b": (_P, _AS_F2, _NO_KILL),
    "F4": (_P, _AS_F2, _NO_KILL),
    "F5": (
        _H,
        "no kill on ext4: it is 3.9; XFS: Chinner doubts that it applies",
        {E8: Outcome.NO_KILL, E9: Outcome.NO_KILL},
    ),
    "F6": (_H, "ext4 until 3.8 killed, later not; XFS killed (predicted)", _NOFS_KILLED),
    "F7": (_H, "no better than F1 on ext4 of 3.5", {E8: Outcome.KILLS}),
    "F7b": (_P, "no kill", _NO_KILL),
    "F8": (
        _H,
        "ext3 saved at 5M; ext4 and XFS likely (predicted)",
        {EXT3_5M: Outcome.NO_KILL} | _NO_KILL,
    ),
    "F8b": (_P, "skip=nofs: GFP_NOFS writers killed; skip=kthread: no kill", {}),
    "F9": (_P, "no kill if timeout times retries exceeds the latency", _NO_KILL),
    "F10": (_P, _AS_F2, _NO_KILL),
    "F11": (_P, "as F6: GFP_NOFS writers killed", _NOFS_KILLED),
    "F12": (_H, "v2: no kill; v1 unchanged upstream", {V2: Outcome.NO_KILL}),
    "F13": (_H, "fewer kills on v2; v1 only with 81a70c21d917", {V2: Outcome.RARELY_KILLS}),
    "F14": (_P, _AS_F2, _NO_KILL),
}  # fmt: skip
_SELF_WAIT: Final[Mapping[str, _Told]] = {
    "F0": (_P, "no deadlock", _s3(Outcome.NO_DEADLOCK)),
    "F1": (_P, "no deadlock", _s3(Outcome.NO_DEADLOCK)),
    "F2": (_H, "deadlock", _s3(Outcome.HANGS)),
    "F3": (_P, "still deadlock", _s3(Outcome.HANGS)),
    "F3b": (_P, "still deadlock", _s3(Outcome.HANGS)),
    "F4": (_P, "no effect: deadlock", _s3(Outcome.HANGS)),
    "F5": (_P, "fixed", _s3(Outcome.NO_HANG)),
    "F6": (_H, "fixed", _s3(Outcome.NO_HANG)),
    "F7": (_P, "safe", _s3(Outcome.NO_HANG)),
    "F7b": (_P, "deadlock", _s3(Outcome.HANGS)),
    "F8": (_P, "no deadlock", _s3(Outcome.NO_DEADLOCK)),
    "F8b": (_P, "no deadlock", _s3(Outcome.NO_DEADLOCK)),
    "F9": (_P, "goes on after the timeout", _s3(Outcome.NO_DEADLOCK)),
    "F10": (_P, "not fixed: the task is a user's", _s3(Outcome.HANGS)),
    "F11": (_P, "fixed", _s3(Outcome.NO_HANG)),
    "F12": (_P, "fixed: never waits", _s3(Outcome.NO_HANG)),
    "F13": (_P, "fixed", _s3(Outcome.NO_HANG)),
    "F14": (_P, "no effect: deadlock", _s3(Outcome.HANGS)),
}
_NO_MEMCG: Final[_Told] = (_P, "no change", {S4: Outcome.OK})
_SKIPS: Final[Mapping[str, Mapping[str, Outcome]]] = {
    "linux-3.10+congestion-wait(skip=nofs)": {E8: Outcome.KILLS, X: Outcome.KILLS},
    "linux-3.10+congestion-wait(skip=kthread)": _NO_KILL,
}


def all_claims() -> tuple[Claim, ...]:
    """Return every claim: column by column, row by row."""
    tables: Mapping[Column, Mapping[str, _Told]] = {
        "S1": _HANG,
        "S2": _OOM,
        "S3": _SELF_WAIT,
        "S4": dict.fromkeys(ROWS, _NO_MEMCG),
    }
    return tuple(
        Claim(row, name, column, *_told(column, name, told))
        for column, rows in tables.items()
        for row, told in rows.items()
        for name in ROWS[row]
    )


def _told(column: Column, contender: str, told: _Told) -> _Told:
    # F8b is one row with two parameters, which part ways in S2 only.
    if column == "S2" and contender in _SKIPS:
        return (*told[:2], _SKIPS[contender])
    return told

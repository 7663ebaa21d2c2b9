"""What hangs on the locals of a frame, and what of it makes no difference to the future."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from reclaimlab.kernel.aops import WritebackControl
from reclaimlab.kernel.bdi_writeback import WbWork
from reclaimlab.kernel.folio import Extent
from reclaimlab.kernel.fs_writeback import EVERYTHING
from reclaimlab.kernel.page_alloc import MAX_RECLAIM_RETRIES
from reclaimlab.kernel.scan_control import ScanControl, ShrinkStat

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_PAGES = 512
"""A quota above this is never used up: no scenario that can be explored has so many pages."""
MOST_TRIES = 8
"""Tries of one charge above this are as good as this many: the kernels look at 5 at most."""
ENDLESS = 1024
GONE: Any = Extent(None, -1, 0, cast("Any", None))
"""Stands for a page that was freed, where only its having been there counts."""
RANGE: Any = type(iter(range(0)))


def tidy(frame: Any) -> None:
    """Clean what hangs on the locals of one frame."""
    own = _OWN.get(type(frame).gi_code.co_name)
    if own is not None:
        own(frame)
    for name in type(frame).__slots__:
        value = getattr(frame, name)
        kind = type(value)
        if kind is Extent:
            _unlink(value)
        elif kind is list:
            for item in value:
                if type(item) is Extent:
                    _unlink(item)
        elif kind is ShrinkStat:
            _stat(value)
        elif kind is WritebackControl:
            value.nr_to_write = ENDLESS if value.nr_to_write > MOST_PAGES else value.nr_to_write
        elif kind is WbWork:
            value.nr_pages = EVERYTHING if value.nr_pages > MOST_PAGES else value.nr_pages
        elif name == "wrote" and kind is int:
            setattr(frame, name, min(value, 1))
        elif name == "rounds" and kind is int:
            setattr(frame, name, min(value, MAX_RECLAIM_RETRIES + 1))
        elif name in ("attempts", "kills") and kind is int:
            setattr(frame, name, min(value, MOST_TRIES))
        elif kind is ScanControl:
            value.debt_ns = 0
            value.still = None
            value.forget_answers()


def _page_list(frame: Any) -> None:
    if frame.at:
        del frame.batch[: frame.at]  # what became of those is settled
        frame.at = 0


def _charge(frame: Any) -> None:
    """Keep of the rounds of a charge only whether there was one before, and whether it freed."""
    frame.total, frame.loop = min(frame.total, 1), min(frame.loop, 1)


def _is_in_a_loop(frame: Any) -> bool:
    return any(type(getattr(frame, name)) is RANGE for name in type(frame).__slots__)


def _try(frame: Any) -> None:
    """Forget what a try at reclaim has met once it is over, but for whether it freed a page."""
    if not frame.pc or frame.sc is None or _is_in_a_loop(frame):
        return
    sc = frame.sc
    sc.set_counts((min(sc.nr_reclaimed, 1), 0, 0, 0, 0, 0, 0, 0))
    sc.total_scanned = sc.priority = 0
    sc.view = None
    sc.quiet = set()


def _writepages(frame: Any) -> None:
    """Of a quota that is never used up, forget how much was left before a write began."""
    for name in type(frame).__slots__:
        value = getattr(frame, name)
        if type(value) is int and name.startswith("_t") and value > MOST_PAGES:
            setattr(frame, name, ENDLESS)


_OWN: dict[str, Callable[[Any], None]] = {
    "shrink_page_list": _page_list,
    "mem_cgroup_do_charge": _charge,
    "do_try_to_free_pages": _try,
    "writepages": _writepages,
}
"""Function -> what cleans its frames."""


def _stat(stat: ShrinkStat) -> None:
    for extent in (*stat.kept, *stat.activated):
        _unlink(extent)
    if stat.slow is not None and not stat.slow.nr:
        stat.slow = GONE
    if stat.slow_io is not None and not stat.slow_io.nr:
        stat.slow_io = GONE


def _unlink(extent: Extent) -> None:
    """Forget what a page was that has been freed: nobody asks any more."""
    if not extent.nr:
        extent.index = -1
        extent.unit = None

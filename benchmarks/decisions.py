"""What a remembered policy decision costs: in the table, and in one pass of reclaim."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from reclaimlab.hosting.catalog import Catalog
from reclaimlab.hosting.contender import parse_contender
from reclaimlab.hosting.host import build_table
from reclaimlab.kernel.folio import Extent, Mapping
from reclaimlab.kernel.scan_control import ScanControl
from reclaimlab.policy.contexts import FolioView, ReclaimView
from reclaimlab.policy.gfp import GFP_KERNEL

if TYPE_CHECKING:
    from collections.abc import Callable

DECISIONS = 200_000
"""Decisions of one call."""


def table_decisions() -> Callable[[], None]:
    """Return a call that asks the table the same question again and again."""
    catalog = Catalog.discover()
    table = build_table(parse_contender("linux-3.10", catalog), catalog)
    folio = FolioView(reclaim=True, swapcache=False, dirty=False, writeback=True)
    view = _view()

    def ask() -> None:
        decide = table.decide_writeback_wait
        for _ in range(DECISIONS):
            decide(folio, view)

    return ask


def scan_decisions() -> Callable[[], None]:
    """Return a call that decides about one page under writeback, as a scan does."""
    catalog = Catalog.discover()
    table = build_table(parse_contender("linux-3.10", catalog), catalog)
    zone = SimpleNamespace(writeback=False, dirty=False, congested=False)
    task = SimpleNamespace(flags=0)
    kernel = {"hooks": table, "zone": zone, "current": task, "cgroup": "v1", "reclaim_slowdown": 1}
    k = cast("Any", SimpleNamespace(**kernel))
    sc = ScanControl(k, GFP_KERNEL, target=None)
    extent = Extent(Mapping("file"), 0, 32, cast("Any", None))

    def ask() -> None:
        decide = sc.writeback_decision
        for _ in range(DECISIONS):
            decide(k, extent)

    return ask


def nothing() -> None:
    """Go round the same loop without a decision: what is taken off the others."""
    for _ in range(DECISIONS):
        pass


def _view() -> ReclaimView:
    return ReclaimView(
        GFP_KERNEL, 0, targets_memcg=True, sane=False, is_kswapd=False, priority=12,
        zone_writeback=False, zone_dirty=False, zone_congested=False,
    )  # fmt: skip

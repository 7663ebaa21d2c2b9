"""Why a simulated verdict is not the documented or predicted one, as its incidents show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reclaimlab.reports.fix_claims import E9, S3

if TYPE_CHECKING:
    from collections.abc import Mapping

_NOTHING_MARKED: Final = (
    "at the kill no page of the memcg is dirty, and all its page cache is under writeback. F1 sets "
    "PageReclaim only on pages that reclaim meets while they are dirty, so it finds none to wait "
    "for. A kill in one of 5 to 10 runs is documented for a form that marks as little; the "
    "simulated flusher has cleaned what it can before reclaim comes, the real one only sometimes."
)
_FIRST_IS_SUBMITTED: Final = (
    "it waits for one page a batch, the first that meets the test, and then looks again; the "
    "longest wait of these runs is a fraction of a second. `linux-3.10` waits for every such page "
    "of a batch in turn, and so comes to one of its own bio that is not submitted."
)

REASONS: Final[Mapping[tuple[str, str], str]] = {
    ("F1", E9): _NOTHING_MARKED,
    ("F7b", S3): _FIRST_IS_SUBMITTED,
}
"""Row and case -> the reason; what agrees needs none."""

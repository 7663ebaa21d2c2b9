"""The page-cache experiment as text and JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reclaimlab.reports.validation import columns
from reclaimlab.validate.page_cache import KNEES, MOST_DIRTY_ERROR, MOST_ERROR

if TYPE_CHECKING:
    from reclaimlab.validate.page_cache import PageCache


def page_cache_text(found: PageCache) -> str:
    """Return every phase, every crowd, and the bounds."""
    phases = [("files", "phase", "measured s", "simulated s", "error", "dirty at its end, GB")]
    phases += [
        (
            f"{phase.size_gb} GB",
            phase.name,
            f"{phase.measured_s:.2f}",
            f"{phase.simulated_s:.2f}",
            f"{phase.error:+.1%}",
            f"{phase.dirty_gb[0]:.1f}, simulated {phase.dirty_gb[1]:.1f}" if phase.dirty_gb else "",
        )
        for phase in found.phases
    ]
    crowds = [("applications", "writing, measured s", "simulated s")]
    crowds += [
        (str(crowd.n), f"{crowd.measured_s:.2f}", f"{crowd.simulated_s:.2f}")
        for crowd in found.crowds
    ]
    real, ours = found.knee("measured_s"), found.knee("simulated_s")
    allowed = " or ".join(map(str, KNEES))
    bounds = [
        f"mean absolute error {found.mean_error:.1%}, at most {MOST_ERROR:.0%}",
        f"dirty memory off by {found.worst_dirty_error:.1f} GB, at most {MOST_DIRTY_ERROR:g} GB",
        f"knee at n = {ours}, measured at {real}, to be at {allowed}",
    ]
    return "\n".join([*columns(phases), "", *columns(crowds), "", *bounds]) + "\n"


def page_cache_object(found: PageCache) -> dict[str, Any]:
    """Return the same as plain JSON data."""
    return {
        "schema": 1,
        "phases": [
            {
                "size_gb": phase.size_gb,
                "phase": phase.name,
                "measured": phase.measured_s,
                "simulated": phase.simulated_s,
                "error": phase.error,
                "dirty_gb": phase.dirty_gb
                and {"measured": phase.dirty_gb[0], "simulated": phase.dirty_gb[1]},
            }
            for phase in found.phases
        ],
        "crowds": [
            {"n": crowd.n, "measured": crowd.measured_s, "simulated": crowd.simulated_s}
            for crowd in found.crowds
        ],
        "summary": {
            "mean_error": found.mean_error,
            "worst_dirty_error_gb": found.worst_dirty_error,
            "knee": {
                "measured": found.knee("measured_s"),
                "simulated": found.knee("simulated_s"),
            },
        },
    }

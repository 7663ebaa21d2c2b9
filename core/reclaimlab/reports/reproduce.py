"""The commands that make a comparison again."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from reclaimlab.reports.inert import inert

if TYPE_CHECKING:
    from reclaimlab.reports.evidence import Evidence
    from reclaimlab.runs.comparison import Comparison


def reproduce_lines(comparison: Comparison, evidence: Evidence) -> list[str]:
    """Return shell lines; each is inert, so a name with a line break breaks no line."""
    head = comparison.head
    scenario = head.scenario
    if any(each.usual is not None for each in evidence.settings(head.scenario)):
        scenario = "./scenario.toml"  # the changed values are in the scenario text below
    named = " ".join(f"-c {shlex.quote(name)}" for name in head.contenders)
    seeds = f"--seed {head.seeds[0]} --seeds {len(head.seeds)}" if head.seeds else ""
    return [
        f"# reclaimlab {inert(head.package_version)}; scenario hash {inert(head.scenario_hash)}",
        inert(f"reclaimlab runs verify {shlex.quote(comparison.id)}"),
        inert(f"reclaimlab compare {shlex.quote(scenario)} {named} {seeds}".rstrip()),
    ]

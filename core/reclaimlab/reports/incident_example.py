"""The incident that opens the README: of the posted hang, what concerns the rescuer."""

from __future__ import annotations

import dataclasses
from typing import Final

from reclaimlab.errors import ReclaimlabError
from reclaimlab.reports.incident_text import incident_lines
from reclaimlab.runs.run import run_one
from reclaimlab.scenarios.reader import load_scenario

SCENARIO: Final = "xfs-softlimit-hang"
CONTENDER: Final = "linux-3.10"
SEED: Final = 2
_GAP: Final = "..."


def incident_example() -> str:
    """Return a console block: the command, the verdict, the rescuer's stack and the cycle.

    Raises:
        ReclaimlabError: the run came to no incident with the rescuer in it.
    """
    result = run_one(load_scenario(SCENARIO), CONTENDER, SEED)
    incident = result.incident
    found = [each for each in incident.tasks if "rescuer_thread" in each.stack] if incident else []
    if incident is None or not found:
        msg = f"{SCENARIO}, {CONTENDER}, seed {SEED}: {result.verdict}, and no rescuer is blocked"
        raise ReclaimlabError(msg)
    alone = dataclasses.replace(incident, tasks=(found[0],), memory={})
    told = "\n".join(incident_lines(alone, CONTENDER, SEED)).replace("\n\n", f"\n{_GAP}\n")
    lines = [
        "```console",
        f"$ reclaimlab run {SCENARIO} -c {CONTENDER} --seed {SEED}",
        f"{SCENARIO}, {CONTENDER}, seed {SEED}, {result.schedule}",
        f"verdict  {result.verdict}",
        _GAP,
        told,
        "```",
    ]
    return "\n".join(lines) + "\n"

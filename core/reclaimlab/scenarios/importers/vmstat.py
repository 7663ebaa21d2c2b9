"""``import vmstat``: a run's folder of samples, latencies and stacks becomes a scenario.

Files of other programs are for ``samples.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.errors import RecordingError
from reclaimlab.scenarios.importers.draft import Draft, one_folder
from reclaimlab.scenarios.importers.measured import measured_metrics
from reclaimlab.scenarios.importers.samples import read_samples
from reclaimlab.scenarios.importers.setup import decision, scenario_data
from reclaimlab.scenarios.recording import FILES, TRACES, Recording

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def read_vmstat(paths: Sequence[Path]) -> Draft:
    """Return the scenario of the run that ``paths`` are of.

    Raises:
        RecordingError: it is no recording, or one of its files is damaged.
    """
    foreign = [path for path in paths if path.is_file() and path.name not in (*FILES, *TRACES)]
    if foreign == list(paths):
        return read_samples(paths)
    if foreign:
        msg = f"{foreign[0]}: is no file of a recorded run; those are {', '.join(FILES)}"
        raise RecordingError(msg)
    recording = Recording.read(one_folder(paths))
    recording.check()
    return draft_of(recording)


def draft_of(recording: Recording) -> Draft:
    """Return the scenario of a recorded run, from its meta data and samples."""
    data = scenario_data(recording)
    data["recording"] = {
        "run": recording.name,
        "kernel": str(recording.meta["kernel"]),
        "measured": measured_metrics(recording),
    }
    files = [recording.folder / name for name in FILES]
    return Draft(data, _comment(recording), [path for path in files if path.exists()])


def _comment(recording: Recording) -> list[str]:
    blocked = recording.meta.get("blocking_classes", {})
    blocked = blocked if isinstance(blocked, dict) else {}
    where = ", ".join(f"{name} {share:.0%}" for name, share in list(blocked.items())[:3])
    killed = "killed by the OOM killer" if recording.number("oom_kills") else "not OOM-killed"
    return [
        f"Stresses: what {recording.name} did on a real machine, for a comparison with the run.",
        f"Source: a recording, Linux {recording.meta['kernel']}; its files: see [recording].",
        f"Measured: {killed}; the writer was seen in: {where or 'not sampled'}.",
        f"Decides: {decision(recording)[1]} ({decision(recording)[0]}).",
    ]

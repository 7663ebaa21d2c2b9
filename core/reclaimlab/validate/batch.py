"""Every recording of a folder as a scenario, run, and compared; in processes if there are many."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from reclaimlab.errors import RecordingError
from reclaimlab.runs.run import run_one
from reclaimlab.scenarios.builtin import builtin_recordings
from reclaimlab.scenarios.importers.output import import_text
from reclaimlab.scenarios.importers.vmstat import draft_of
from reclaimlab.scenarios.reader import read_scenario
from reclaimlab.scenarios.recording import Recording
from reclaimlab.validate.compare import Result, compare
from reclaimlab.validate.constants import changed_constants
from reclaimlab.validate.measured import measured
from reclaimlab.validate.simulated import Sampler

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

SEED: Final = 1
NO_CHANGE: Final[Mapping[str, int]] = MappingProxyType({})


def _raise(error: RecordingError) -> None:
    raise error


def shipped_recordings() -> list[Path]:
    """Return the recordings that come with the package."""
    own = Path(__file__).parent / "recordings"
    return sorted([*builtin_recordings(), *recordings_in(own)], key=lambda folder: folder.name)


def recordings_in(folder: Path) -> list[Path]:
    """Return the folders of recorded runs in ``folder``, which may be one itself.

    Raises:
        RecordingError: there is none.
    """
    if (folder / "meta.toml").is_file():
        return [folder]
    found = sorted(path.parent for path in folder.glob("*/meta.toml"))
    if not found:
        msg = f"{folder}: holds no recording; one is a folder with meta.toml and samples.csv"
        raise RecordingError(msg)
    return found


def validate_one(folder: Path, seed: int = SEED) -> Result:
    """Simulate one recording on the kernel it names, and compare.

    Raises:
        RecordingError: it is damaged, or makes no scenario.
    """
    recording = Recording.read(folder)
    real = measured(recording)
    scenario = read_scenario(import_text(draft_of(recording), ""), recording.name)
    sampler = Sampler()
    run_one(scenario, scenario.kernel, seed, observe=sampler.observe)
    ours = sampler.observation(
        real.duration_s, real.counts.get("traced_s", 0.0), sequential=real.sequential
    )
    return compare(
        recording.name, scenario.kernel, str(recording.meta["fs"]),
        str(recording.meta["cgroup"]), real, ours,
    )  # fmt: skip


def validate_all(
    folders: Sequence[Path],
    *,
    jobs: int = 1,
    seed: int = SEED,
    constants: Mapping[str, int] = NO_CHANGE,
    refused: Callable[[RecordingError], None] = _raise,
) -> Iterator[Result]:
    """Yield the result of each recording, in the order given.

    ``constants``: other values for constants of kernel/costs.py, by name. ``refused`` is told of a
    recording that is damaged or makes no scenario; unless it raises, the others go on.
    """
    for take in _taken(folders, jobs, seed, constants):
        try:
            yield take()
        except RecordingError as error:
            refused(error)


def _taken(
    folders: Sequence[Path], jobs: int, seed: int, constants: Mapping[str, int]
) -> Iterator[Callable[[], Result]]:
    if jobs == 1 or len(folders) == 1:
        for folder in folders:
            yield partial(_changed, folder, seed, constants)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(_changed, folder, seed, dict(constants)) for folder in folders]
        try:
            for future in futures:
                yield future.result
        finally:
            for future in futures:
                future.cancel()


def _changed(folder: Path, seed: int, constants: Mapping[str, int]) -> Result:
    # A plain dict crosses to the workers, a read-only view does not.
    with changed_constants(constants):
        return validate_one(folder, seed)

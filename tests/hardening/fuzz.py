"""The properties of test_fuzz.py over a million inputs (`make fuzz`), watched for time and memory.

``python tests/hardening/fuzz.py [INPUTS]`` feeds batches, a property after the other, until that
many have been fed in all: build/fuzz.json keeps the count, so a run that was cut off is gone on
with. Says of each property how many inputs it had, the slowest, and the memory of the process;
exits with 1 if one failed, hung or took too much.
"""

from __future__ import annotations

import importlib.util
import json
import resource
import signal
import sys
import time
import traceback
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import FrameType

HANG_S: Final = 5.0
MOST_KIB: Final = 500 * 1024
LONGEST_BYTES: Final = 2048
BATCH: Final = 500
KEPT: Final = Path(__file__).parents[2] / "build" / "fuzz.json"
SHARES: Final = {"contender": 40, "scenario": 10, "column": 3, "store": 5, "bundle": 5}
"""How many of a hundred inputs go to the property whose name has the word; the rest share alike."""


class HangError(Exception):
    """An input took more than :data:`HANG_S` of the processor: a busy machine is no hang."""


def properties() -> dict[str, Any]:
    """Return what feeds bytes to each property, by the property's name."""
    spec = importlib.util.spec_from_file_location(
        "test_fuzz", Path(__file__).with_name("test_fuzz.py")
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["test_fuzz"] = module
    spec.loader.exec_module(module)
    return {
        name: getattr(module, name).hypothesis.fuzz_one_input
        for name in vars(module)
        if name.startswith("test_")
    }


def shares(names: list[str], inputs: int) -> dict[str, int]:
    """Return how many inputs each property gets."""
    known = {n: share for n in names for word, share in SHARES.items() if word in n.split("_")}
    rest = (100 - sum(known.values())) / (len(names) - len(known))
    return {name: max(1, round(inputs * known.get(name, rest) / 100)) for name in names}


@dataclass
class Tally:
    """What came of a property so far, in this run and those before."""

    inputs: int = 0
    batches: int = 0
    faults: int = 0
    slowest_s: float = 0.0
    cpu_s: float = 0.0
    most_kib: int = 0

    @property
    def is_good(self) -> bool:
        """Whether no input failed or hung, and memory stayed within bounds."""
        return not self.faults and self.most_kib <= MOST_KIB


def feed_batch(name: str, feed: Callable[[bytes], object], tally: Tally) -> None:
    """Feed the next inputs to a property, each determined by its name and the batch's number."""
    dice, begun, fed = Random(f"{name} {tally.batches}"), time.process_time(), 0
    while fed < BATCH:
        data = dice.randbytes(dice.randrange(16, LONGEST_BYTES))
        started = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, HANG_S)
        try:
            fed += feed(data) is not None  # else the bytes were too few to make an input
        except Exception:
            tally.faults, fed = tally.faults + 1, fed + 1
            if tally.faults < 4:
                where = f"{name}, input {fed} of batch {tally.batches}"
                sys.stdout.write(f"{where}:\n{traceback.format_exc()}\n")
                sys.stdout.flush()
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        tally.slowest_s = max(tally.slowest_s, time.process_time() - started)
    tally.inputs, tally.batches = tally.inputs + fed, tally.batches + 1
    tally.cpu_s += time.process_time() - begun
    tally.most_kib = max(tally.most_kib, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def read_tallies(names: Iterable[str]) -> dict[str, Tally]:
    """Return what earlier runs kept of each property."""
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    return {name: Tally(**kept.get(name, {})) for name in names}


def keep(tallies: dict[str, Tally]) -> None:
    """Keep the counts for the next run, whole or not at all."""
    KEPT.parent.mkdir(exist_ok=True)
    part = KEPT.with_suffix(".part")
    part.write_text(json.dumps({name: asdict(each) for name, each in tallies.items()}, indent=1))
    part.replace(KEPT)


def _on_hang(_number: int, _frame: FrameType | None) -> None:
    raise HangError


def main() -> None:
    """Fuzz every property until all have had their share."""
    inputs = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    signal.signal(signal.SIGPROF, _on_hang)
    found = properties()
    wanted, tallies = shares(list(found), inputs), read_tallies(found)
    while missing := [name for name in found if tallies[name].inputs < wanted[name]]:
        for name in missing:
            feed_batch(name, found[name], tallies[name])
        keep(tallies)
    for name, tally in tallies.items():
        sys.stdout.write(
            f"{name}: {tally.inputs} inputs, {tally.inputs / tally.cpu_s:.0f} a second of CPU, "
            f"{tally.faults} faults, slowest {tally.slowest_s:.2f} s, "
            f"memory {tally.most_kib // 1024} MiB\n"
        )
    sys.stdout.write(f"{sum(each.inputs for each in tallies.values())} inputs in all\n")
    sys.exit(not all(each.is_good for each in tallies.values()))


if __name__ == "__main__":
    main()

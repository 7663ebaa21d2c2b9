"""The properties of test_fuzz.py over a million inputs (`make fuzz`), watched for time and memory.

``python tests/hardening/fuzz.py [INPUTS] [FIRST]`` says of each property how many inputs it had,
the slowest, and the memory of the process; exits with 1 if one failed, hung or took too much.
"""

from __future__ import annotations

import importlib.util
import resource
import signal
import sys
import time
import traceback
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

HANG_S: Final = 5.0
MOST_KIB: Final = 500 * 1024
LONGEST_BYTES: Final = 2048
SHARES: Final = {"contender": 40, "scenario": 10, "column": 3, "store": 5, "bundle": 5}
"""How many of a hundred inputs go to the property whose name has the word; the rest share alike."""


class HangError(Exception):
    """An input took longer than :data:`HANG_S`."""


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


def fuzz(name: str, feed: Callable[[bytes], object], count: int, first: int) -> bool:
    """Feed ``count`` inputs to a property; say what came of it, and whether all went well."""
    dice, slowest, faults, fed = Random(f"{name} {first}"), 0.0, 0, 0
    begun = time.monotonic()
    while fed < count:
        data = dice.randbytes(dice.randrange(16, LONGEST_BYTES))
        started = time.monotonic()
        signal.setitimer(signal.ITIMER_REAL, HANG_S)
        try:
            fed += feed(data) is not None  # else the bytes were too few to make an input
        except Exception:
            faults, fed = faults + 1, fed + 1
            if faults < 4:
                sys.stdout.write(f"{name}, input {fed} of {first}:\n{traceback.format_exc()}\n")
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        slowest = max(slowest, time.monotonic() - started)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sys.stdout.write(
        f"{name}: {count} inputs in {time.monotonic() - begun:.0f} s, {faults} faults, "
        f"slowest {slowest:.2f} s, memory {memory // 1024} MiB\n"
    )
    sys.stdout.flush()
    return not faults and memory <= MOST_KIB


def _on_hang(_number: int, _frame: FrameType | None) -> None:
    raise HangError


def main() -> None:
    """Fuzz every property."""
    inputs = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    signal.signal(signal.SIGALRM, _on_hang)
    found = properties()
    counts = shares(list(found), inputs)
    good = [fuzz(name, feed, counts[name], first) for name, feed in found.items()]
    sys.exit(not all(good))


if __name__ == "__main__":
    main()

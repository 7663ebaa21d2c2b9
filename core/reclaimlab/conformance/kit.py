"""The parent's side of the kit: two processes with two hash seeds, and what they tell."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from reclaimlab.hosting.blame import blame
from reclaimlab.hosting.probe import ending

if TYPE_CHECKING:
    from reclaimlab.conformance.target import Target

SECONDS: Final = 25.0
"""How long the kit may take for one plugin, before it is ended."""
HASH_SEEDS: Final = ("1", "2")
_START_S: Final = 30.0
_GRACE_S: Final = 5.0
"""What the second process gets beyond the first, which has more to do."""


@dataclass(frozen=True, slots=True)
class Check:
    """What came of one rule."""

    name: str
    passed: bool
    detail: str


def check(target: Target, *, seconds: float = SECONDS) -> tuple[Check, ...]:
    """Try ``target`` against every rule; it is imported only in processes that may be lost."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        first = _Child(target, HASH_SEEDS[0], Path(folder), brief=False)
        second = _Child(target, HASH_SEEDS[1], Path(folder), brief=True)
        try:
            lines, lost = first.hear(seconds)
            checks = [
                Check(each["check"], each["passed"], each["detail"])
                for each in lines
                if "check" in each
            ]
            checks += [Check("survives", passed=False, detail=lost)] if lost else []
            if all(each.passed for each in checks):
                checks.append(_same_in_both(lines, second.hear(_GRACE_S)[0]))
        finally:
            first.end()
            second.end()
    return tuple(checks)


class _Child:
    """One process of the kit."""

    def __init__(self, target: Target, hash_seed: str, folder: Path, *, brief: bool) -> None:
        self._target = target
        self._trace = folder / hash_seed
        here, there = os.pipe()
        code = (
            "import sys, json; sys.path[:] = json.loads(sys.argv[1]); "
            "from reclaimlab.conformance.child import main; main(int(sys.argv[2]), *sys.argv[3:])"
        )
        work = json.dumps({**asdict(target.source), "brief": brief})
        path = json.dumps([*target.path, *sys.path])
        self._process = subprocess.Popen(
            [sys.executable, "-c", code, path, str(there), work, str(self._trace)],
            pass_fds=[there], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, env={**os.environ, "PYTHONHASHSEED": hash_seed},
        )  # fmt: skip
        os.close(there)
        self._answers = os.fdopen(here, "rb")

    def hear(self, seconds: float) -> tuple[list[dict[str, Any]], str]:
        """Return what it has told, and how it was lost; empty if it was not."""
        # Until it says that it begins, Python starts: that takes what the machine lets it.
        select.select([self._answers], [], [], _START_S)
        try:
            lost = f"ended the process ({ending(self._process.wait(seconds))})"
        except subprocess.TimeoutExpired:
            lost = f"did not end within {seconds:g} s"
            self._process.send_signal(signal.SIGUSR1)  # it writes where it is
            time.sleep(0.2)
        os.set_blocking(self._answers.fileno(), False)
        lines = [
            json.loads(line) for line in (self._answers.read() or b"").splitlines(keepends=True)
            if line.endswith(b"\n")
        ]  # fmt: skip
        if any("end" in each for each in lines):
            return lines, ""
        trace = self._trace.read_text(errors="replace") if self._trace.exists() else ""
        where = blame(trace, [self._target.source]) or self._target.source.name
        return lines, f"{where}: {lost}"

    def end(self) -> None:
        """End it, if it has not."""
        self._process.kill()
        self._process.wait()
        self._answers.close()


def _same_in_both(lines: list[dict[str, Any]], others: list[dict[str, Any]]) -> Check:
    name = "two processes with two hash seeds agree"
    runs = {each["run"]: each["hash"] for each in lines if "run" in each}
    other = {each["run"]: each["hash"] for each in others if "run" in each}
    differ = [run for run, digest in runs.items() if other.get(run) != digest]
    detail = f"{differ[0]}: they differ" if differ else f"{len(runs)} runs"
    return Check(name, not differ, detail)

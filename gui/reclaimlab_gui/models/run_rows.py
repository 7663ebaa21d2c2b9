"""The runs of a comparison under way: state, progress, remaining time, verdict or error."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from reclaimlab_gui.models.table import Cell, Row

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reclaimlab.runs.compare import Plan
    from reclaimlab.runs.events import RunEvent
    from reclaimlab_gui.models.table import Table

RUN_HEADER: Final = ("contender", "seed", "state", "simulated", "remaining", "what came of it")


@dataclass(frozen=True, slots=True)
class _Run:
    contender: str
    seed: int
    state: str = "waiting"
    reached_ns: int = 0
    began_s: float = 0.0
    verdict: str = ""
    told: str = ""
    trace: str = ""


@dataclass
class RunProgress:
    """Keeps a table of runs up to date with what the pump tells."""

    table: Table
    plan: Plan
    duration_ns: int
    _runs: list[_Run] = field(default_factory=list)
    _ended: int = 0

    def __post_init__(self) -> None:
        self._runs = [_Run(each.contender, each.seed) for each in self.plan.requests]
        self._places = {(run.contender, run.seed): n for n, run in enumerate(self._runs)}
        self.table.fill([self._row(run) for run in self._runs], RUN_HEADER)

    @property
    def done(self) -> int:
        """Runs that are over."""
        return self._ended

    def remaining_s(self, jobs: int) -> float | None:
        """Return the wall-clock time that is left, from the speed so far; None before any."""
        going = [run for run in self._runs if run.state == "running" and run.reached_ns]
        speeds = [run.reached_ns / max(time.monotonic() - run.began_s, 1e-3) for run in going]
        if not speeds:
            return None
        left = sum(
            self.duration_ns - run.reached_ns
            for run in self._runs
            if run.state in ("waiting", "running")
        )
        return left / (sum(speeds) / len(speeds)) / max(min(jobs, len(self._runs)), 1)

    def reached(self, told: Mapping[int, int]) -> None:
        """Note how far runs are (place -> ns)."""
        for place, time_ns in told.items():
            run = self._runs[place]
            if run.state not in ("waiting", "running"):
                continue
            began = run.began_s or time.monotonic()
            self._put(place, replace(run, state="running", reached_ns=time_ns, began_s=began))

    def ended(self, event: RunEvent) -> None:
        """Note that a run is over."""
        record = event.record
        place = self._places[record.contender, record.seed]
        self._ended = event.done
        run = self._runs[place]
        if record.result is None:
            self._put(
                place, replace(run, state="failed", told=record.error, trace=record.traceback)
            )
            return
        result = record.result
        told = f"ended at {result.ended_ns / 1e9:.3f} s: {result.ended}"
        verdict = str(result.verdict)
        done = replace(run, state="done", reached_ns=result.ended_ns, verdict=verdict, told=told)
        self._put(place, done)

    def stopped(self) -> None:
        """Note that whatever is not over never will be."""
        for place, run in enumerate(self._runs):
            if run.state in ("waiting", "running"):
                self._put(place, replace(run, state="cancelled"))

    def failures(self) -> list[str]:
        """Return, for each run that has no result, which it is, its error, and its traceback."""
        return [
            "\n".join(filter(None, (f"{r.contender}, seed {r.seed}:", r.told, r.trace)))
            for r in self._runs
            if r.state == "failed"
        ]

    def _put(self, place: int, run: _Run) -> None:
        self._runs[place] = run
        self.table.replace(place, self._row(run))

    def _row(self, run: _Run) -> Row:
        share = 1.0 if run.state == "done" else min(run.reached_ns / self.duration_ns, 1.0)
        simulated = f"{run.reached_ns / 1e9:.1f} of {self.duration_ns / 1e9:g} s"
        first_line = run.told.splitlines()[0] if run.told else ""
        return Row(
            (
                Cell(run.contender),
                Cell(str(run.seed), run.seed, right=True),
                Cell(run.verdict or run.state, kind=run.verdict),
                Cell(simulated, share, share=share if run.state != "waiting" else 0.0),
                Cell(self._left(run), right=True),
                Cell(first_line, tip=run.told),
            ),
            key=(run.contender, run.seed),
        )

    def _left(self, run: _Run) -> str:
        if run.state != "running" or not run.reached_ns:
            return ""
        speed = run.reached_ns / max(time.monotonic() - run.began_s, 1e-3)
        return f"about {(self.duration_ns - run.reached_ns) / speed:.0f} s"

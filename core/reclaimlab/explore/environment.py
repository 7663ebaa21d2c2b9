"""What stands in for time, hardware and chance when every schedule of a scenario is explored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from reclaimlab.block import LoopDevice
from reclaimlab.engine.exploring import ExploringLoop, Granularity, Kind, Move
from reclaimlab.explore.device import AnyOrderDevice
from reclaimlab.explore.request import UnexplorableError
from reclaimlab.machine.assemble import Assembly
from reclaimlab.policy.gfp import PF_KTHREAD, PF_MEMALLOC

if TYPE_CHECKING:
    from reclaimlab.engine.loop import Loop
    from reclaimlab.kernel.kernel import Kernel
    from reclaimlab.policy.table import HookTable
    from reclaimlab.scenarios.schema import Scenario


MOST_ROUNDS: Final = 3
"""Rounds of reclaim for one charge that others rob again and again of what it frees; 100 in v3.10.

Nothing but giving up tells the third from the ninety-ninth, and each would be states of its own.
"""


class NoDice:
    """Stands for the random streams: chance has no place among all schedules."""

    def __getitem__(self, name: str) -> NoDice:
        return self

    def below(self, bound: int) -> int:
        """Refuse, unless there is nothing to draw.

        Raises:
            UnexplorableError: there is more than one answer.
        """
        if bound == 1:
            return 0
        msg = (
            f"the scenario draws a random number below {bound}; explore knows no chance, only free"
            " choices: use a program that draws none, such as page-writer"
        )
        raise UnexplorableError(msg)

    def between(self, low: int, high: int) -> int:
        """Refuse, unless there is nothing to draw."""
        return self.below(high - low) if high > low else low

    def spread(self, value: int, permille: int) -> int:
        """Refuse, unless there is nothing to draw."""
        return self.below(permille) if permille and value else value


class AnyOrder:
    """The environment of a scenario whose every schedule is explored."""

    def __init__(self, scenario: Scenario, granularity: Granularity) -> None:
        self._scenario = scenario
        self._granularity = granularity

    def loop(self) -> ExploringLoop:
        """Return a loop without time.

        Coarse, kernel threads and reclaim run to their sleep. Fine, reclaim lets every other task
        go first whenever CPU time passes: it looks at its lists so many times over that whoever can
        run does so meanwhile.
        """
        return ExploringLoop(
            self._granularity, through=PF_MEMALLOC | PF_KTHREAD, patient=PF_MEMALLOC
        )

    def streams(self) -> Any:
        """Return dice that refuse."""
        return NoDice()

    def device(self, loop: Loop, name: str) -> Any:
        """Return a device without order; a loop device has its thread's."""
        spec = self._scenario.device[name]
        if spec.loop:
            return LoopDevice(loop, self.streams(), name, rate=spec.write_bw)
        return AnyOrderDevice(loop, name, irq_cpu=spec.irq_cpu, legacy=spec.queue == "legacy")


def boot(scenario: Scenario, table: HookTable, granularity: Granularity) -> Kernel:
    """Return the kernel of ``scenario``, its own threads run to where they idle.

    What a mount has set for later, as the log's worker every 30 s, never comes: all else is over
    long before.

    Raises:
        UnexplorableError: it draws dice at its start.
    """
    k = Assembly(scenario, table, 0, environment=AnyOrder(scenario, granularity)).kernel
    loop = loop_of(k)
    while threads := [task for task in loop.ready if task.flags & PF_KTHREAD]:
        loop.step(Move(Kind.RUN, loop.tasks.index(threads[0])))
    loop.interrupts.clear()
    rounds = min(k.features.memcg_reclaim_loops, MOST_ROUNDS)
    k.features = k.features._replace(memcg_reclaim_loops=rounds)
    return k


def loop_of(k: Kernel) -> ExploringLoop:
    """Return the loop of a kernel that :func:`boot` has made."""
    return cast("ExploringLoop", k.loop)

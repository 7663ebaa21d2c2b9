"""A machine whose whole state is bytes: to come back to, and to compare.

``save()`` pickles everything that can make a difference to what happens next; equal bytes are equal
states. Pickle numbers objects in the order it meets them, so what an object *is* does not depend on
where it lies, and it refuses what it does not know: generators, functions without a name. Before
that, :mod:`canonical` removes what makes no difference.
"""

from __future__ import annotations

import io
import pickle
from typing import TYPE_CHECKING, Any

from reclaimlab.engine.exploring import ExploringLoop, Granularity, Kind, Move
from reclaimlab.explore import canonical
from reclaimlab.explore.device import AnyOrderDevice
from reclaimlab.machine.assemble import Assembly
from reclaimlab.policy.gfp import PF_KTHREAD, PF_MEMALLOC
from reclaimlab.policy.table import HookTable

if TYPE_CHECKING:
    from reclaimlab.engine.loop import Loop
    from reclaimlab.kernel.kernel import Kernel
    from reclaimlab.scenarios.schema import Scenario

_shared: list[Any] = []
"""What all states of a process have in common and none changes: the hook table, the dice."""


def _get_shared(index: int) -> Any:
    return _shared[index]


def _reduce_shared(value: Any) -> Any:
    for index, known in enumerate(_shared):
        if known is value:
            return _get_shared, (index,)
    _shared.append(value)
    return _get_shared, (len(_shared) - 1,)


class NoDice:
    """Stands for the random streams: chance has no place among all schedules."""

    def __getitem__(self, name: str) -> NoDice:
        return self

    def below(self, bound: int) -> int:
        """Refuse.

        Raises:
            UnexplorableError: always.
        """
        from reclaimlab.explore.request import UnexplorableError

        msg = "it draws random numbers; explore knows no chance, only free choices"
        raise UnexplorableError(msg)

    between = spread = below  # type: ignore[assignment]  # whatever is drawn is refused


class AnyOrder:
    """The environment of a scenario whose every schedule is explored."""

    def __init__(self, scenario: Scenario, granularity: Granularity) -> None:
        self._scenario = scenario
        self._granularity = granularity

    def loop(self) -> ExploringLoop:
        """Return a loop without time."""
        return ExploringLoop(self._granularity, through=PF_MEMALLOC)

    def device(self, loop: Loop, name: str) -> Any:
        """Return a device without order."""
        spec = self._scenario.device[name]
        return AnyOrderDevice(loop, name, irq_cpu=spec.irq_cpu, legacy=spec.queue == "legacy")


class Machine:
    """One live state.

    Attributes:
        k: the kernel. loop: its tasks and interrupts.
    """

    __slots__ = ("k", "loop")

    def __init__(self, k: Kernel) -> None:
        self.k = k
        self.loop: Any = k.loop

    @classmethod
    def boot(cls, scenario: Scenario, table: HookTable, granularity: Granularity) -> Machine:
        """Return the machine of ``scenario`` at its start, every task run to its first sleep."""
        environment = AnyOrder(scenario, granularity)
        assembly = Assembly(scenario, table, 0, environment=environment)
        k = assembly.kernel
        k.streams = NoDice()  # type: ignore[assignment]  # it refuses to be one
        machine = cls(k)
        machine._start_threads()
        return machine

    def _start_threads(self) -> None:
        """Run every kernel thread to where it idles: nothing can come between at boot."""
        loop = self.loop
        while threads := [task for task in loop.ready if task.flags & PF_KTHREAD]:
            loop.step(Move(Kind.RUN, loop.tasks.index(threads[0])))

    @classmethod
    def restore(cls, state: bytes) -> Machine:
        """Return a live machine in a saved state."""
        return cls(pickle.loads(state))  # noqa: S301 - this process has written it

    def save(self) -> bytes:
        """Return the state as canonical bytes."""
        canonical.canonicalise(self.k)
        buffer = io.BytesIO()
        pickler = pickle.Pickler(buffer, protocol=5)
        pickler.dispatch_table = DISPATCH
        pickler.dump(self.k)
        return buffer.getvalue()

    def moves(self) -> list[Move]:
        """Return every way to go on."""
        found: list[Move] = self.loop.moves()
        return found

    def step(self, move: Move) -> None:
        """Make one move."""
        self.loop.step(move)


DISPATCH = {HookTable: _reduce_shared, NoDice: _reduce_shared}

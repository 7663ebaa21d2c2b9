"""A machine whose whole state is bytes: to come back to, and to compare.

``save()`` pickles everything that can make a difference to what happens next; equal bytes are equal
states. Pickle numbers objects in the order it meets them, so what an object *is* does not depend on
where it lies, and it refuses what it does not know: generators, functions without a name. Before
that, :mod:`canonical` removes what makes no difference.
"""

from __future__ import annotations

import copyreg
import io
import pickle
import sys
from collections import deque
from typing import TYPE_CHECKING, Any

from reclaimlab.explore import canonical, universe
from reclaimlab.explore.environment import boot
from reclaimlab.explore.skeleton import Skeleton

if TYPE_CHECKING:
    from reclaimlab.engine.exploring import Granularity, Move
    from reclaimlab.policy.table import HookTable
    from reclaimlab.scenarios.schema import Scenario

_born: list[Any] = []
"""What stays for ever in the machine of this process: states name it by number."""


def _number_classes() -> None:
    """Have classes of the model written as numbers: to look their names up costs a third of all."""
    known = set(copyreg._extension_registry)  # type: ignore[attr-defined]  # noqa: SLF001
    names = [(__name__, "_stays"), ("builtins", "getattr"), ("functools", "partial")]
    for name, module in sorted(sys.modules.items()):
        if name.startswith((*universe.MODEL, "reclaimlab.engine.")):
            names += [
                (name, each)
                for each, value in sorted(vars(module).items())
                if isinstance(value, type) and value.__module__ == name
            ]
    for place in names:
        if place not in known:
            known.add(place)
            copyreg.add_extension(place[0], place[1], len(known))


def _stays(number: int) -> Any:
    return _born[number]


class Machine:
    """The one machine of this process, and whatever state it is in.

    Attributes:
        k: the kernel. loop: its tasks and interrupts.
        names: the tasks at boot. born: id of a task at boot -> its place in ``names``.
    """

    def __init__(self, scenario: Scenario, table: HookTable, granularity: Granularity) -> None:
        k = self.k = boot(scenario, table, granularity)
        self.loop: Any = k.loop
        self.names = [task.name for task in k.loop.tasks]
        self.born = {id(task): number for number, task in enumerate(k.loop.tasks)}
        self._workers = [
            task for task in k.loop.tasks if task.generator.gi_code.co_name == "worker_thread"
        ]
        self._skeleton = Skeleton(k, self._workers)
        queues = [each for each in self._skeleton.containers if type(each) is deque]
        _born[:] = [*self._skeleton.objects, *queues, *self._skeleton.constants, table]
        self._numbers = {id(value): number for number, value in enumerate(_born)}
        self._dispatch = {type(value): self._reduce for value in _born}
        _number_classes()

    def _reduce(self, value: Any) -> Any:
        number = self._numbers.get(id(value))
        return value.__reduce_ex__(5) if number is None else (_stays, (number,))

    def save(self) -> bytes:
        """Return the state as canonical bytes."""
        canonical.canonicalise(self.k)
        buffer = io.BytesIO()
        pickler = pickle.Pickler(buffer, protocol=5)
        pickler.dispatch_table = self._dispatch
        pickler.dump(self._skeleton.difference())
        return buffer.getvalue()

    def restore(self, state: bytes) -> None:
        """Go to a saved state."""
        self._skeleton.restore(*pickle.loads(state))

    def moves(self) -> list[Move]:
        """Return every way to go on."""
        found: list[Move] = self.loop.moves()
        return found

    def step(self, move: Move) -> None:
        """Make one move."""
        self.loop.step(move)

"""A machine that can be led from state to state, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reclaimlab.engine.exploring import Kind
from reclaimlab.explore import canonical, universe
from reclaimlab.explore.canonical import Order
from reclaimlab.explore.environment import boot
from reclaimlab.explore.state import View, Watch

if TYPE_CHECKING:
    from reclaimlab.engine.exploring import Granularity, Move
    from reclaimlab.policy.table import HookTable
    from reclaimlab.scenarios.schema import Scenario


class Machine:
    """The one machine of this process, and whatever state it is in.

    Attributes:
        k: the kernel. loop: its tasks and interrupts.
        names: id of a task at boot -> its name.
        ordered: whether the order of the LRU lists is kept (see canonical.py).
        order_shows: it was not kept, and a state was met in which it makes a difference.
        keeps_order: whether it was kept in the state looked at last.
        sleeps_out: whether naps and tries in vain are one move (see naps.py).
        each_step: each of those tries is made as ordinary generators make it.
    """

    def __init__(self, scenario: Scenario, table: HookTable, granularity: Granularity) -> None:
        k = self.k = boot(scenario, table, granularity)
        self.loop: Any = k.loop
        self.names = {id(task): task.name for task in k.loop.tasks}
        workers = [
            task for task in k.loop.tasks if task.generator.gi_code.co_name == "worker_thread"
        ]
        self.ordered = True
        self.order_shows = False
        self.keeps_order = True
        self.sleeps_out = False
        self.each_step = False
        self._ran: Any = None
        self._watch = Watch(k, workers, universe.assigned())
        self.check = self._watch.check
        self.settle = self._watch.settle

    def look(self, before: View | None = None) -> View:
        """Bring the state into its canonical form and look at it."""
        order = canonical.canonicalise(self.k, self._ran, ordered=self.ordered)
        self.keeps_order = order is not Order.SORTED
        self.order_shows = self.order_shows or order is Order.SHOWS
        return self._watch.look(before)

    def look_without(self, task: Any) -> bytes:
        """Return the key of the state with a task's frames left out; it is canonical already."""
        frames, task.generator = task.generator, None
        key = self._watch.key()
        task.generator = frames
        return key

    def go_back(self, view: View) -> None:
        """Go from the state of ``view`` to the one it came from in one step."""
        self._watch.go_back(view)

    def moves(self) -> list[Move]:
        """Return every way to go on."""
        found: list[Move] = self.loop.moves()
        return found

    def step(self, move: Move) -> None:
        """Make one move."""
        self._ran = None if move.kind is Kind.INTERRUPT else self.loop.tasks[move.place]
        self.loop.step(move)

    def run_on(self, task: Any) -> None:
        """Have a task that reclaims run as in a coarse step."""
        self._ran = task
        self.loop.run_on(task)

"""The state a machine is in: looked at, told apart from others, and gone back to.

What is there from the start (the kernel, lists, queues, most tasks) stays, and has a number; what
comes and goes (pages, units of writeback, work items, frames) is met on a walk. A look compares
every node with the look before: what is as it was keeps its record, and for what is not, how to go
back is noted. So a step costs what it has changed, and no state is ever built anew.
"""

from __future__ import annotations

from array import array
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

from reclaimlab.explore.nodes import CONTAINERS, SPECIAL, Describer, Kind, Record, is_node, kind_of
from reclaimlab.explore.request import UnexplorableError
from reclaimlab.explore.resumable import Frame

if TYPE_CHECKING:
    from collections.abc import Iterable

DIGEST_BYTES: Final = 16
"""Of a description: two states of a billion are alike by chance once in 10^20 times."""
QUIET: Final = -1
"""The shape of a record that tells only how to go back."""


class View:
    """One state, as it was seen.

    Attributes:
        key: stands for all states that are described alike.
        records: id of a node -> its record.
        quiet: the contents of the nodes that hardly ever change.
        undo: what has changed since the look before: its records then. come: ids of what is new.
    """

    __slots__ = ("come", "key", "quiet", "records", "undo")

    def __init__(
        self,
        key: bytes,
        records: dict[int, Record],
        quiet: list[Any],
        undo: list[Record],
        come: tuple[int, ...],
    ) -> None:
        self.key = key
        self.records = records
        self.quiet = quiet
        self.undo = undo
        self.come = come

    def leave(self) -> None:
        """Keep no records while a search is further on: they are most of what a view weighs."""
        self.records = {}

    def take_back(self, after: View) -> None:
        """Have records again, from those of the state that was gone to from here."""
        records = after.records
        for place in after.come:
            del records[place]
        for record in after.undo:
            if record.shape >= 0:
                records[id(record.node)] = record
        self.records = records


class Watch:
    """Looks at everything that hangs on one object.

    Args:
        root: where to begin. leaves: objects that are interchangeable, so not to be numbered.
        assigned: names of attributes that the model ever assigns after construction.
    """

    def __init__(self, root: Any, leaves: Iterable[Any], assigned: frozenset[str]) -> None:
        self._leaves = {id(leaf) for leaf in leaves}
        self._describer = Describer()
        staying = self._survey(root)
        self._describer.fix(staying)
        self._roots: list[tuple[Any, Kind]] = []
        self._quiet: list[tuple[Any, Kind]] = []
        self._usual: list[Any] = []
        self._moved: set[int] = set()
        self._still: list[tuple[Any, Kind, tuple[Any, ...]]] = []

        def moves(name: str, value: Any) -> bool:
            return name in assigned or (is_node(value) and not self._describer.is_fixed(value))

        for node in filter(is_node, staying):
            kind = kind_of(node, moves)
            if kind.read(node) or type(node) in CONTAINERS:
                self._roots.append((node, kind))
            if type(node) not in SPECIAL:
                rest = kind_of(node, lambda name, value: not moves(name, value))
                self._still.append((node, rest, rest.read(node)))

    def _survey(self, root: Any) -> list[Any]:
        """Return what is there from the start and stays; frames and what only they hold do not."""
        found: dict[int, Any] = {}
        pending = [root]
        while pending:
            value = pending.pop()
            if id(value) in found or id(value) in self._leaves:
                continue
            if isinstance(value, tuple):
                pending += value
            elif hasattr(type(value), "model_fields"):
                found[id(value)] = value
            elif is_node(value):
                content = kind_of(value).read(value)
                if isinstance(value, Frame):
                    pending += [each for each in content if type(each) not in CONTAINERS]
                else:
                    found[id(value)] = value
                    pending += content
        return list(found.values())

    def settle(self) -> None:
        """Have what has not changed in any state so far read in one go from now on.

        Keys of before and after do not compare.
        """
        self._quiet = []
        moving: list[tuple[Any, Kind]] = []
        for node, kind in self._roots:
            refers = self._describer.record(node, kind, kind.read(node)).refers
            quiet = id(node) not in self._moved and not refers
            (self._quiet if quiet else moving).append((node, kind))
        self._roots = moving
        self._usual = [kind.read(node) for node, kind in self._quiet]

    def look(self, before: View | None = None) -> View:
        """Look at the state, which came from ``before`` in one step."""
        old = before.records if before is not None else {}
        records: dict[int, Record] = {}
        undo: list[Record] = []
        numbers: dict[int, int] = {}
        described: list[int] = []
        describe, kind_of_new = self._describer.record, self._describer.kind
        queue: list[tuple[Any, Kind | None]] = list(self._roots)
        quiet = self._look_at_quiet(before, undo)
        if quiet is not self._usual:
            queue += self._quiet
        for node, kind in queue:
            place = id(node)
            record = old.get(place)
            if record is None:
                how = kind or kind_of_new(node)
                record = describe(node, how, how.read(node))
            else:
                content = record.kind.read(node)
                if content != record.content:
                    undo.append(record)
                    record = describe(node, record.kind, content)
            records[place] = record
            described.append(record.shape)
            for other in record.refers:
                place = id(other)
                number = numbers.get(place)
                if number is None:
                    number = numbers[place] = len(numbers)
                    queue.append((other, None))
                described.append(number)
        come: tuple[int, ...] = ()
        if old.keys() != records.keys():
            undo += [record for place, record in old.items() if place not in records]
            come = tuple(place for place in records if place not in old)
        self._moved.update([id(record.node) for record in undo])
        key = blake2b(array("Q", described), digest_size=DIGEST_BYTES).digest()
        return View(key, records, quiet, undo, come)

    def _look_at_quiet(self, before: View | None, undo: list[Record]) -> list[Any]:
        """Read what hardly ever changes; give the usual contents themselves if it is as usual."""
        now = [kind.read(node) for node, kind in self._quiet]
        if now == self._usual:
            now = self._usual
        if before is not None and before.quiet is not now:
            for (node, kind), then, content in zip(self._quiet, before.quiet, now, strict=True):
                if then != content:
                    undo.append(Record(node, kind, then, QUIET, ()))
        return now

    @staticmethod
    def go_back(view: View) -> None:
        """Go from the state of ``view`` to the one that was looked at before it."""
        for node, kind, content, _, _ in view.undo:
            kind.write(node, content)

    def check(self) -> None:
        """Make sure that what is taken for constant is.

        Raises:
            UnexplorableError: something has changed that no assignment in the model explains.
        """
        for node, kind, content in self._still:
            if kind.read(node) != content:
                msg = f"explore took a {kind.name} for constant and it has changed: {node!r}"
                raise UnexplorableError(msg)

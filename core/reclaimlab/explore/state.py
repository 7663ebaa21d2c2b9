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

from reclaimlab.explore.nodes import (
    CONTAINERS,
    SPECIAL,
    Describer,
    Kind,
    Record,
    is_node,
    kind_of,
    read_together,
)  # fmt: skip
from reclaimlab.explore.request import UnexplorableError
from reclaimlab.explore.resumable import Frame

if TYPE_CHECKING:
    from collections.abc import Iterable

DIGEST_BYTES: Final = 16
"""Of a description: two states of a billion are alike by chance once in 10^20 times."""
UNUSUAL: Final = 0xFFFF_FFFF
"""Stands in a description before what hardly ever changes, and has; no shape has this number."""
Contents = tuple[tuple[Any, ...], ...]


class View:
    """One state, as it was seen.

    Attributes:
        key: stands for all states that are described alike.
        undo: the records that what has changed or gone had in the look before.
        come: ids of what is new.
        quiet: what hardly ever changes, as it was in the look before.
        before: the view of that look.
    """

    __slots__ = ("before", "come", "key", "quiet", "undo")

    def __init__(
        self,
        key: bytes,
        undo: tuple[Record, ...],
        come: tuple[int, ...],
        quiet: Contents,
        before: View | None,
    ) -> None:
        self.key = key
        self.undo = undo
        self.come = come
        self.quiet = quiet
        self.before = before

    def over(self, older: View) -> View:
        """Return this view as one step from the state before ``older``, which it came from."""
        came = set(older.come)
        undo = {id(record[0]): record for record in self.undo if id(record[0]) not in came}
        undo.update((id(record[0]), record) for record in older.undo)
        come = (*older.come, *self.come)
        return View(self.key, tuple(undo.values()), come, older.quiet, older.before)


class Watch:
    """Looks at everything that hangs on one object; knows the state that it saw last.

    Args:
        root: where to begin. leaves: objects that are interchangeable, so not to be numbered.
        assigned: names of attributes that the model ever assigns after construction.
    """

    def __init__(self, root: Any, leaves: Iterable[Any], assigned: frozenset[str]) -> None:
        self._leaves = {id(leaf) for leaf in leaves}
        self._describer = Describer()
        staying = self._survey(root)
        self._describer.fix(staying)
        self._still: list[tuple[Any, Kind, tuple[Any, ...]]] = []
        roots: list[tuple[Any, Kind]] = []

        def moves(name: str, value: Any) -> bool:
            return name in assigned or (is_node(value) and not self._describer.is_fixed(value))

        for node in filter(is_node, staying):
            kind = kind_of(node, moves)
            if kind.read(node) or type(node) in CONTAINERS:
                roots.append((node, kind))
            if type(node) not in SPECIAL:
                rest = kind_of(node, lambda name, value: not moves(name, value))
                self._still.append((node, rest, rest.read(node)))
        self._moved: set[int] | None = set()
        self._records: dict[int, Record] = {}
        self._last: View | None = None
        self._watch(roots, [])

    def _watch(self, roots: list[tuple[Any, Kind]], quiet: list[tuple[Any, Kind]]) -> None:
        self._roots = roots
        self._places = [id(node) for node, _ in roots]
        self._read_roots = read_together(roots)
        self._quiet = quiet
        self._read_quiet = read_together(quiet)
        self._usual = self._read_quiet()
        self._begin()

    def _begin(self) -> None:
        describe = self._describer.describe
        self._records = {
            id(node): (node, kind, content, *describe(kind, content))
            for (node, kind), content in zip(self._roots, self._read_roots(), strict=True)
        }
        now = self._read_quiet()
        self._quiet_now = self._usual if now == self._usual else now

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
        moved, self._moved = self._moved or set(), None
        roots: list[tuple[Any, Kind]] = []
        quiet: list[tuple[Any, Kind]] = []
        for node, kind in self._roots:
            _, refers = self._describer.describe(kind, kind.read(node))
            (roots if id(node) in moved or refers else quiet).append((node, kind))
        self._watch(roots, quiet)

    def look(self, before: View | None = None) -> View:
        """Look at the state, which came from ``before``: the view last made, or one on the way.

        Without it, the state may be any, and there is no way back to what was before.
        """
        if before is None:
            self._begin()
            self._last = None
        view = self._look()
        while before is not None and view.before is not before:
            if view.before is None:
                msg = "explore looks at a state that did not come from the one it is told"
                raise RuntimeError(msg)
            view = view.over(view.before)
        self._last = view
        return view

    def key(self) -> bytes:
        """Return the key of a state that is only tried, and taken back by the caller."""
        view = self._look()
        self._forget(view)
        return view.key

    def _look(self) -> View:
        records, describe = self._records, self._describer.describe
        undo: list[Record] = []
        come: list[int] = []
        described: list[int] = []
        refers: list[Any] = []
        for place, content in zip(self._places, self._read_roots(), strict=True):
            record = records[place]
            if content != record[2]:
                undo.append(record)
                node, kind = record[0], record[1]
                records[place] = record = (node, kind, content, *describe(kind, content))
            described.append(record[3])
            refers += record[4]
        before = self._quiet_now
        if self._look_at_quiet(undo):
            self._describe_quiet(described, refers)
        numbers: dict[int, int] = {}
        queue: list[Any] = []
        for other in refers:
            described.append(numbers.setdefault(id(other), len(numbers)))
            if len(numbers) > len(queue):
                queue.append(other)
        for node in queue:
            place = id(node)
            known = records.get(place)
            if known is None:
                kind = self._describer.kind(node)
                content = kind.read(node)
                come.append(place)
                records[place] = known = (node, kind, content, *describe(kind, content))
            else:
                kind = known[1]
                content = kind.read(node)
                if content != known[2]:
                    undo.append(known)
                    records[place] = known = (node, kind, content, *describe(kind, content))
            described.append(known[3])
            for other in known[4]:
                described.append(numbers.setdefault(id(other), len(numbers)))
                if len(numbers) > len(queue):
                    queue.append(other)
        if len(records) > len(numbers) + len(self._places):
            undo += self._drop_all_but(numbers)
        if self._moved is not None:
            self._moved.update([id(record[0]) for record in undo])
        key = blake2b(array("Q", described), digest_size=DIGEST_BYTES).digest()
        return View(key, tuple(undo), tuple(come), before, self._last)

    def _look_at_quiet(self, undo: list[Record]) -> bool:
        """Read what hardly ever changes; return whether it is other than usual."""
        now, before = self._read_quiet(), self._quiet_now
        if now == before:
            return before is not self._usual
        self._quiet_now = self._usual if now == self._usual else now
        for (node, kind), then, content in zip(self._quiet, before, now, strict=True):
            if then != content:
                undo.append((node, kind, then, UNUSUAL, ()))
        return self._quiet_now is not self._usual

    def _describe_quiet(self, described: list[int], refers: list[Any]) -> None:
        described.append(UNUSUAL)
        for (_, kind), content in zip(self._quiet, self._quiet_now, strict=True):
            shape, others = self._describer.describe(kind, content)
            described.append(shape)
            refers += others

    def _drop_all_but(self, numbers: dict[int, int]) -> list[Record]:
        """Return the records of what is not there any more, and keep them no longer."""
        roots = set(self._places)
        gone = [place for place in self._records if place not in numbers and place not in roots]
        return [self._records.pop(place) for place in gone]

    def go_back(self, view: View) -> None:
        """Go from the state of ``view``, the last one, to the one that it came from."""
        if view is not self._last:
            msg = "explore goes back from a state that it is not in"
            raise RuntimeError(msg)
        for node, kind, content, _, _ in view.undo:
            kind.write(node, content)
        self._forget(view)
        self._last = view.before

    def _forget(self, view: View) -> None:
        records = self._records
        for place in view.come:
            records.pop(place, None)
        for record in view.undo:
            if record[3] != UNUSUAL:
                records[id(record[0])] = record
        self._quiet_now = view.quiet

    def check(self) -> None:
        """Make sure that what is taken for constant is.

        Raises:
            UnexplorableError: something has changed that no assignment in the model explains.
        """
        for node, kind, content in self._still:
            if kind.read(node) != content:
                msg = f"explore took a {kind.name} for constant and it has changed: {node!r}"
                raise UnexplorableError(msg)

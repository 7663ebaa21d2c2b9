"""Numbered blocks become one function: as few jumps as can be, locals kept only during a sleep."""

from __future__ import annotations

import ast
from collections import Counter
from typing import TYPE_CHECKING

from reclaimlab.explore.liveness import live_at_start
from reclaimlab.explore.syntax import PLACE, Goto, Restore, Save, assign, clear, kept, local

if TYPE_CHECKING:
    from collections.abc import Iterator


class Layout:
    """How the blocks of one generator function are laid out.

    Attributes:
        slots: the locals that a frame has to keep: the arguments, and what is live in some sleep.
    """

    def __init__(
        self,
        blocks: list[list[ast.stmt]],
        sleeps: list[int],
        given: list[str],
        names: list[str],
    ) -> None:
        self._blocks = blocks
        self._live = live_at_start(blocks, frozenset(names))
        in_sleep = set().union(*(self._live[each] for each in sleeps))
        self.slots = [name for name in names if name in given or name in in_sleep]
        self._order = names
        begin = [name for name in names if name in self._live[0]]
        blocks[0][:0] = [
            assign(local(name, ast.Store()), kept(name)) if name in given else clear(name)
            for name in begin
        ]
        self._entries = {0, *sleeps}
        self._met = Counter(self._target(each) for block in blocks for each in _jumps(block))

    def body(self) -> list[ast.stmt]:
        """Return what the function does in its loop: find the block of its place, and run it."""
        found: dict[int, list[ast.stmt]] = {}
        pending = sorted(self._entries)
        while pending:
            block = pending.pop()
            if block not in found:
                found[block] = self._laid(self._blocks[block], pending)
        return _search(sorted(found.items()))

    def _target(self, jump: Goto) -> int:
        """Return where a jump ends: a block that only jumps on is none."""
        block = jump.block
        while isinstance(only := self._blocks[block][0], Goto):
            block = only.block
        return block

    def _laid(self, block: list[ast.stmt], pending: list[int]) -> list[ast.stmt]:
        made: list[ast.stmt] = []
        for statement in block:
            made += self._placed(statement, pending)
            if isinstance(statement, ast.Raise | ast.Return):
                break  # what follows is never reached
        return made

    def _placed(self, statement: ast.stmt, pending: list[int]) -> list[ast.stmt]:
        if isinstance(statement, Goto):
            target = self._target(statement)
            if self._met[target] == 1 and target not in self._entries:
                return self._laid(self._blocks[target], pending)
            pending.append(target)
            return [assign(local(PLACE, ast.Store()), ast.Constant(target)), ast.Continue()]
        if isinstance(statement, Save):
            return self._saved(statement.after)
        if isinstance(statement, Restore):
            live = (name for name in self._order if name in self._live[statement.after])
            return [assign(local(name, ast.Store()), kept(name)) for name in live]
        if isinstance(statement, ast.If):
            statement.body = self._laid(statement.body, pending)
            statement.orelse = self._laid(statement.orelse, pending)
        elif isinstance(statement, ast.Try):
            statement.orelse = self._laid(statement.orelse, pending)
        return [statement]

    def _saved(self, after: int) -> list[ast.stmt]:
        live = self._live[after]
        dead = [kept(name, ast.Store()) for name in self.slots if name not in live]
        made: list[ast.stmt] = [
            assign(kept(name, ast.Store()), local(name)) for name in self.slots if name in live
        ]
        if dead:
            made.append(ast.Assign([*dead], ast.Constant(None)))
        return [*made, assign(kept("pc", ast.Store()), ast.Constant(after))]


def _jumps(block: list[ast.stmt]) -> Iterator[Goto]:
    for statement in block:
        yield from (node for node in ast.walk(statement) if isinstance(node, Goto))


def _search(blocks: list[tuple[int, list[ast.stmt]]]) -> list[ast.stmt]:
    """Return the branches that lead to the block of a place, by halves."""
    if len(blocks) == 1:
        return blocks[0][1]
    middle = len(blocks) // 2
    low, high = _search(blocks[:middle]), _search(blocks[middle:])
    below = ast.Compare(local(PLACE), [ast.Lt()], [ast.Constant(blocks[middle][0])])
    return [ast.If(below, low, high)]

"""Locals that are not read any more after a sleep are cleared: dead values split states."""

from __future__ import annotations

import ast

from reclaimlab.explore.syntax import FRAME, clear


class Forget(ast.Pass):
    """Stands where a frame goes to sleep: here the locals that are dead by then are cleared."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.after = after


def forget_dead_locals(blocks: list[list[ast.stmt]], names: list[str]) -> list[list[ast.stmt]]:
    """Clear, before each sleep, what is not read any more after it: dead values split states."""
    live = _live_at_start(blocks, frozenset(names))

    def cleared(statement: ast.stmt) -> list[ast.stmt]:
        if not isinstance(statement, Forget):
            return [statement]
        return [clear(name) for name in names if name not in live[statement.after]]

    return [[made for each in block for made in cleared(each)] for block in blocks]


def _live_at_start(blocks: list[list[ast.stmt]], names: frozenset[str]) -> list[set[str]]:
    reads, writes, following = [], [], []
    for block in blocks:
        read: set[str] = set()
        written: set[str] = set()
        for statement in block:
            loaded, stored = _touched(statement, names)
            read |= loaded - written
            if isinstance(statement, ast.Assign) and isinstance(
                statement.targets[0], ast.Attribute
            ):
                written |= stored - loaded
        reads.append(read)
        writes.append(written)
        following.append(_successors(block))
    live = [set(read) for read in reads]
    changed = True
    while changed:
        changed = False
        for number in range(len(blocks)):
            after = set().union(*(live[each] for each in following[number]))
            now = reads[number] | (after - writes[number])
            if now != live[number]:
                live[number], changed = now, True
    return live


def _touched(statement: ast.AST, names: frozenset[str]) -> tuple[set[str], set[str]]:
    loaded: set[str] = set()
    stored: set[str] = set()
    for node in ast.walk(statement):
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == FRAME
            and node.attr in names
        ):
            (loaded if isinstance(node.ctx, ast.Load) else stored).add(node.attr)
    return loaded, stored


def _successors(block: list[ast.stmt]) -> set[int]:
    found: set[int] = set()
    for statement in block:
        if isinstance(statement, Forget):
            found.add(statement.after)
        for node in ast.walk(statement):
            if (
                isinstance(node, ast.Assign)
                and isinstance(node.targets[0], ast.Attribute)
                and node.targets[0].attr == "pc"
                and isinstance(node.value, ast.Constant)
            ):
                found.add(int(str(node.value.value)))
    return found

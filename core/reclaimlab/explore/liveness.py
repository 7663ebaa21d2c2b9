"""Which locals are read again after a sleep: only those are kept, for dead values split states."""

from __future__ import annotations

import ast

from reclaimlab.explore.syntax import Goto, Save


def live_at_start(blocks: list[list[ast.stmt]], names: frozenset[str]) -> list[set[str]]:
    """Return for each block the locals whose values at its start may be read from there on."""
    reads, writes, following = [], [], []
    for block in blocks:
        read: set[str] = set()
        written: set[str] = set()
        for statement in block:
            loaded = _loaded(statement, names)
            read |= loaded - written
            written |= _surely_stored(statement, names) - loaded
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


def _loaded(statement: ast.AST, names: frozenset[str]) -> set[str]:
    loaded: set[str] = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            loaded.add(node.target.id)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            loaded.add(node.id)
    return loaded & names


def _surely_stored(statement: ast.AST, names: frozenset[str]) -> set[str]:
    """Return what is stored whenever the statement is run: what a branch or loop stores is not."""
    if not isinstance(statement, ast.Assign):
        return set()
    return {each.id for each in statement.targets if isinstance(each, ast.Name)} & names


def _successors(block: list[ast.stmt]) -> set[int]:
    found: set[int] = set()
    for statement in block:
        for node in ast.walk(statement):
            if isinstance(node, Save):
                found.add(node.after)
            elif isinstance(node, Goto):
                found.add(node.block)
    return found

"""Which locals are read again after a sleep: only those are kept, for dead values split states."""

from __future__ import annotations

import ast

from reclaimlab.explore.names import COMPREHENSIONS
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


def _loaded(node: ast.AST, names: frozenset[str]) -> set[str]:
    if isinstance(node, ast.Name):
        return {node.id} & names if isinstance(node.ctx, ast.Load) else set()
    loaded = set().union(*(_loaded(each, names) for each in ast.iter_child_nodes(node)))
    if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        return loaded | ({node.target.id} & names)
    if isinstance(node, COMPREHENSIONS):  # its targets are its own, but for what it begins with
        own = set().union(*(_stored(each.target, names) for each in node.generators))
        return (loaded - own) | _loaded(node.generators[0].iter, names)
    return loaded


def _stored(target: ast.AST, names: frozenset[str]) -> set[str]:
    if isinstance(target, ast.Name):
        return {target.id} & names
    if isinstance(target, ast.Tuple):
        return set().union(*(_stored(each, names) for each in target.elts))
    return set()


def _surely_stored(statement: ast.AST, names: frozenset[str]) -> set[str]:
    """Return what is stored whenever the statement is run: what a branch or loop stores is not."""
    if not isinstance(statement, ast.Assign):
        return set()
    return set().union(*(_stored(each, names) for each in statement.targets))


def _successors(block: list[ast.stmt]) -> set[int]:
    found: set[int] = set()
    for statement in block:
        for node in ast.walk(statement):
            if isinstance(node, Save):
                found.add(node.after)
            elif isinstance(node, Goto):
                found.add(node.block)
    return found

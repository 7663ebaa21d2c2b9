"""Pieces of syntax trees, and questions about them, that the rewriting of generators is made of."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

FRAME = "_frame"
SENT = "_sent"
PLACE = "_place"
FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class NotResumableError(Exception):
    """A generator function is written in a way that this module does not know."""


def own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Walk ``node``, itself left out, without the functions inside it."""
    pending = list(ast.iter_child_nodes(node))
    pending.reverse()
    while pending:
        child = pending.pop()
        if not isinstance(child, FUNCTIONS):
            yield child
            pending += reversed(list(ast.iter_child_nodes(child)))


def has_yield(node: ast.AST) -> bool:
    """Return whether ``node`` itself yields."""
    own = (node, *own_nodes(node)) if not isinstance(node, FUNCTIONS) else own_nodes(node)
    return any(isinstance(child, ast.Yield | ast.YieldFrom) for child in own)


def without_yield(node: ast.expr) -> ast.expr:
    """Return ``node``.

    Raises:
        NotResumableError: it yields, in the midst of something.
    """
    if has_yield(node):
        msg = f"line {node.lineno}: a yield within {ast.unparse(node)}"
        raise NotResumableError(msg)
    return node


class Goto(ast.Pass):
    """The jump to a block: at the end of a block, or of a branch there."""

    def __init__(self, block: int) -> None:
        super().__init__()
        self.block = block


class Save(ast.Pass):
    """Here the frame goes to sleep: what is still needed at block ``after`` is kept in it."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.after = after


class Restore(ast.Pass):
    """Here the frame has woken up: what was kept in it becomes locals again."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.after = after


def local(name: str, context: ast.expr_context | None = None) -> ast.Name:
    """Return a local: between two sleeps it is one."""
    return ast.Name(name, context or ast.Load())


def kept(name: str, context: ast.expr_context | None = None) -> ast.Attribute:
    """Return the attribute of the frame that keeps a local during a sleep."""
    return ast.Attribute(ast.Name(FRAME, ast.Load()), name, context or ast.Load())


def ending(value: ast.expr) -> list[ast.stmt]:
    """Return the end of the frame, with what it gives."""
    # The place is set first: a frame that has ended must not run again.
    over = ast.Assign([kept("pc", ast.Store())], ast.Constant(-1))
    return [over, ast.Raise(call("StopIteration", value), None)]


def clear(name: str) -> ast.stmt:
    """Return the statement that forgets a local."""
    return assign(local(name, ast.Store()), ast.Constant(None))


def assign(target: ast.expr, value: ast.expr) -> ast.Assign:
    """Return an assignment."""
    return ast.Assign([target], value)


def call(name: str, *arguments: ast.expr) -> ast.Call:
    """Return a call of one of the rewriter's own functions."""
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])

"""Pieces of syntax trees, and questions about them, that the rewriting of generators is made of."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

FRAME = "_frame"
SENT = "_sent"
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


def local(name: str, context: ast.expr_context | None = None) -> ast.Attribute:
    """Return the attribute of the frame that a local has become."""
    return ast.Attribute(ast.Name(FRAME, ast.Load()), name, context or ast.Load())


def stop_iteration(value: ast.expr) -> ast.Raise:
    """Return the end of the frame, with what it gives."""
    # The place is set first: a frame that has ended must not run again.
    return ast.Raise(call("_ended", ast.Name(FRAME, ast.Load()), value), None)


def place(block: int) -> ast.stmt:
    """Return the statement that says where the frame goes on."""
    return ast.Assign([local("pc", ast.Store())], ast.Constant(block))


def goto(block: int) -> list[ast.stmt]:
    """Return the jump to a block."""
    return [place(block), ast.Continue()]


def clear(name: str) -> ast.stmt:
    """Return the statement that forgets a local."""
    return ast.Assign([local(name, ast.Store())], ast.Constant(None))


def assign(target: ast.expr, value: ast.expr) -> ast.stmt:
    """Return an assignment."""
    return ast.Assign([target], value)


def call(name: str, *arguments: ast.expr) -> ast.Call:
    """Return a call of one of the rewriter's own functions."""
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])

"""A body with loops and branches becomes numbered blocks that end in a jump or a yield."""

from __future__ import annotations

import ast
import copy
from typing import Any

from reclaimlab.explore.liveness import Forget
from reclaimlab.explore.syntax import (
    FRAME,
    SENT,
    NotResumableError,
    assign,
    call,
    clear,
    goto,
    has_yield,
    local,
    place,
    stop_iteration,
    without_yield,
)  # fmt: skip


class Flattener:
    """Turns a body into numbered blocks between which only the place has to be kept."""

    def __init__(self) -> None:
        self.blocks: list[list[ast.stmt]] = [[]]
        self.temporaries = 0
        self._loops: list[tuple[int, int]] = []

    def block(self) -> int:
        self.blocks.append([])
        return len(self.blocks) - 1

    def flatten(self, statements: list[ast.stmt], at: int, then: int) -> None:
        """Lay ``statements`` into block ``at``; what follows them is block ``then``."""
        for statement in statements:
            if has_yield(statement) or (self._loops and self._leaves_loop(statement)):
                at = self._statement(statement, at)
                if at < 0:
                    return
            else:
                self.blocks[at].append(_returning(statement))
                if isinstance(statement, ast.ImportFrom):
                    for each in statement.names:
                        each.asname = f"_imported_{each.name}"
                    self.blocks[at] += [_import_into_frame(each) for each in statement.names]
        self.blocks[at].extend(goto(then))

    def _leaves_loop(self, statement: ast.stmt) -> bool:
        """Whether a break or continue in it is for a loop that was flattened."""
        if isinstance(statement, ast.Break | ast.Continue):
            return True
        if isinstance(statement, ast.If):
            return any(map(self._leaves_loop, (*statement.body, *statement.orelse)))
        return False

    def _statement(self, statement: ast.stmt, at: int) -> int:
        if isinstance(statement, ast.Break | ast.Continue):
            again, out = self._loops[-1]
            self.blocks[at].extend(goto(out if isinstance(statement, ast.Break) else again))
            return -1
        if isinstance(statement, ast.If):
            return self._if(statement, at)
        if isinstance(statement, ast.While):
            return self._while(statement, at)
        if isinstance(statement, ast.For):
            return self._for(statement, at)
        return self._simple(statement, at)

    def _if(self, statement: ast.If, at: int) -> int:
        then, otherwise, out = self.block(), self.block(), self.block()
        self.blocks[at].append(ast.If(without_yield(statement.test), goto(then), goto(otherwise)))
        self.flatten(statement.body, then, out)
        self.flatten(statement.orelse, otherwise, out)
        return out

    def _while(self, statement: ast.While, at: int) -> int:
        test, body, out = self.block(), self.block(), self.block()
        self.blocks[at].extend(goto(test))
        self.blocks[test].append(ast.If(without_yield(statement.test), goto(body), goto(out)))
        self._loop(statement, body, test, out)
        return out

    def _for(self, statement: ast.For, at: int) -> int:
        fetch, body, out = self.block(), self.block(), self.block()
        iterator = self._temporary()
        self.blocks[at].extend(
            [
                assign(local(iterator, ast.Store()), call("iter", without_yield(statement.iter))),
                *goto(fetch),
            ]
        )
        item = self._temporary()
        ended = ast.parse(f"{FRAME}.{item} is _END", mode="eval").body
        self.blocks[fetch] += [
            assign(
                local(item, ast.Store()),
                call("next", local(iterator), ast.Name("_END", ast.Load())),
            ),
            ast.If(ended, [clear(iterator), clear(item), *goto(out)], []),
            assign(statement.target, local(item)),
            clear(item),
            *goto(body),
        ]
        self._loop(statement, body, fetch, out)
        return out

    def _loop(self, statement: ast.While | ast.For, body: int, again: int, out: int) -> None:
        if statement.orelse:
            msg = f"line {statement.lineno}: a loop with else"
            raise NotResumableError(msg)
        self._loops.append((again, out))
        self.flatten(statement.body, body, again)
        self._loops.pop()

    def _temporary(self) -> str:
        self.temporaries += 1
        return f"_t{self.temporaries}"

    def _simple(self, statement: ast.stmt, at: int) -> int:
        value = getattr(statement, "value", None)
        if not isinstance(value, ast.Yield | ast.YieldFrom):
            msg = f"line {statement.lineno}: {ast.unparse(statement)}"
            raise NotResumableError(msg)
        before = None
        if isinstance(statement, ast.AugAssign):  # its target is read before the yield
            before = self._temporary()
            loaded: Any = copy.deepcopy(statement.target)
            loaded.ctx = ast.Load()
            self.blocks[at].append(assign(local(before, ast.Store()), loaded))
        after = self.block()
        result = self._resume(value, at, after)
        target = self.blocks[after]
        if isinstance(statement, ast.Return):
            target.append(stop_iteration(result))
            return -1
        if isinstance(statement, ast.AugAssign):
            assert before is not None
            total = ast.BinOp(local(before), statement.op, result)
            target.append(assign(statement.target, total))
            target.append(clear(before))
        elif isinstance(statement, ast.Assign):
            target.append(ast.Assign(statement.targets, result))
        elif isinstance(statement, ast.AnnAssign):
            target.append(assign(statement.target, result))
        elif not isinstance(statement, ast.Expr):
            msg = f"line {statement.lineno}: {ast.unparse(statement)}"
            raise NotResumableError(msg)
        return after

    def _resume(self, value: ast.Yield | ast.YieldFrom, at: int, after: int) -> ast.expr:
        inner = without_yield(value.value or ast.Constant(None))
        if isinstance(value, ast.Yield):
            step = assign(ast.Name("_step", ast.Store()), inner)
            leave = ast.Return(ast.Name("_step", ast.Load()))
            self.blocks[at] += [step, Forget(after), place(after), leave]
            return ast.Name(SENT, ast.Load())
        self.blocks[at] += [
            assign(local("sub", ast.Store()), call("_delegate", inner)),
            *ast.parse(f"{SENT} = None").body,
            Forget(after),
            *goto(after),
        ]
        self.blocks[after] += ast.parse(
            f"try:\n    return {FRAME}.sub.send({SENT})\n"
            f"except StopIteration as _stop:\n    {SENT} = _stop.value\n    {FRAME}.sub = None"
        ).body
        return ast.Name(SENT, ast.Load())


def _returning(statement: ast.stmt) -> ast.stmt:
    """Turn each ``return`` within a statement without yields into the end of the frame."""

    class Returns(ast.NodeTransformer):
        def visit_Return(self, node: ast.Return) -> ast.AST:
            return stop_iteration(node.value or ast.Constant(None))

        def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
            return node

    changed: ast.stmt = Returns().visit(statement)
    return changed


def _import_into_frame(alias: ast.alias) -> ast.stmt:
    # The import binds a true local; the underscored name keeps it from being renamed.
    name = ast.Name(f"_imported_{alias.name}", ast.Load())
    return assign(local(alias.name, ast.Store()), name)

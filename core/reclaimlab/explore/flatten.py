"""A body with loops and branches becomes numbered blocks that end in a jump or a yield."""

from __future__ import annotations

import ast
import copy
from typing import Any

from reclaimlab.explore.syntax import (
    SENT,
    Goto,
    NotResumableError,
    Restore,
    Save,
    assign,
    call,
    ending,
    has_yield,
    kept,
    local,
    without_yield,
)  # fmt: skip


class Flattener:
    """Turns a body into numbered blocks between which only the place has to be kept.

    Attributes:
        sleeps: the blocks in which the frame goes on after a sleep.
    """

    def __init__(self) -> None:
        self.blocks: list[list[ast.stmt]] = [[]]
        self.sleeps: list[int] = []
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
                self.blocks[at] += _returning(statement)
        self.blocks[at].append(Goto(then))

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
            self.blocks[at].append(Goto(out if isinstance(statement, ast.Break) else again))
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
        self._branch(at, statement.test, then, otherwise)
        self.flatten(statement.body, then, out)
        self.flatten(statement.orelse, otherwise, out)
        return out

    def _branch(self, at: int, test: ast.expr, then: int, otherwise: int) -> None:
        self.blocks[at].append(ast.If(without_yield(test), [Goto(then)], [Goto(otherwise)]))

    def _while(self, statement: ast.While, at: int) -> int:
        test, body, out = self.block(), self.block(), self.block()
        self.blocks[at].append(Goto(test))
        self._branch(test, statement.test, body, out)
        self._loop(statement, body, test, out)
        return out

    def _for(self, statement: ast.For, at: int) -> int:
        fetch, take, body, out = (self.block() for _ in range(4))
        iterator, item = self._temporary(), self._temporary()
        begin = call("iter", without_yield(statement.iter))
        self.blocks[at] += [assign(local(iterator, ast.Store()), begin), Goto(fetch)]
        ended = ast.Compare(local(item), [ast.Is()], [ast.Name("_END", ast.Load())])
        following = call("next", local(iterator), ast.Name("_END", ast.Load()))
        self.blocks[fetch] += [
            assign(local(item, ast.Store()), following),
            ast.If(ended, [Goto(out)], [Goto(take)]),
        ]
        self.blocks[take] += [assign(statement.target, local(item)), Goto(body)]
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
        after, result = self._resume(value, at)
        target = self.blocks[after]
        if isinstance(statement, ast.Return):
            target += ending(result)
            return -1
        if isinstance(statement, ast.AugAssign):
            assert before is not None
            target.append(assign(statement.target, ast.BinOp(local(before), statement.op, result)))
        elif isinstance(statement, ast.Assign):
            target.append(ast.Assign(statement.targets, result))
        elif isinstance(statement, ast.AnnAssign):
            target.append(assign(statement.target, result))
        elif not isinstance(statement, ast.Expr):
            msg = f"line {statement.lineno}: {ast.unparse(statement)}"
            raise NotResumableError(msg)
        return after

    def _resume(self, value: ast.Yield | ast.YieldFrom, at: int) -> tuple[int, ast.expr]:
        """Lay a yield; return the block that follows it, and what the yield gives there."""
        inner = without_yield(value.value or ast.Constant(None))
        sleep = self.block()
        self.sleeps.append(sleep)
        result = ast.Name(SENT, ast.Load())
        give: list[ast.stmt] = [Save(sleep), ast.Return(local("_step"))]
        if isinstance(value, ast.Yield):
            self.blocks[at] += [assign(local("_step", ast.Store()), inner), *give]
            self.blocks[sleep].append(Restore(sleep))
            return sleep, result
        after = self.block()
        begin = ast.Assign(
            [local("_sub", ast.Store()), kept("sub", ast.Store())], call("_delegate", inner)
        )
        first, again = _ask("_step = _sub.send(None)"), _ask("return _frame.sub.send(_sent)")
        first.orelse = give
        self.blocks[at] += [begin, first, Goto(after)]
        self.blocks[sleep] += [again, Restore(sleep), Goto(after)]
        return after, result


def _ask(how: str) -> ast.Try:
    """Have the call that is delegated to go on; if it ends, so does the statement."""
    made = ast.parse(
        f"try:\n    {how}\n"
        f"except StopIteration as _stop:\n    {SENT} = _stop.value\n    _frame.sub = None"
    ).body[0]
    assert isinstance(made, ast.Try)  # as the text above has it
    return made


def _returning(statement: ast.stmt) -> list[ast.stmt]:
    """Turn each ``return`` within a statement without yields into the end of the frame."""

    class Returns(ast.NodeTransformer):
        def visit_Return(self, node: ast.Return) -> list[ast.stmt]:
            return ending(node.value or ast.Constant(None))

        def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
            return node

    changed: ast.stmt | list[ast.stmt] = Returns().visit(statement)
    return changed if isinstance(changed, list) else [changed]

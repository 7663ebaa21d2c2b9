"""Generator functions of the model, recompiled so that a suspended call can be copied.

CPython cannot copy a generator, and to replay the model from its start for every branch costs more
than everything else together. So the *source* of each generator function is compiled a second
time, into a class whose instances do what its generators do: ``send()`` runs to the next yield. The
locals are attributes, the place is a number, and such a :class:`Frame` can be pickled like any
object. The model stays written once, as generators; ordinary ones replay each counterexample, which
shows that both forms agree.

Statements without a yield are taken over as they are. Those with one must be one of: ``yield x``,
``a = yield x``, ``a += yield x``, ``return (yield x)``, the same with ``yield from``, in ``if``,
``while`` and ``for``. Anything else is refused when the module is imported.
"""

from __future__ import annotations

import ast
from typing import Any, ClassVar

from reclaimlab.explore.flatten import Flattener
from reclaimlab.explore.layout import Layout
from reclaimlab.explore.names import Names, each_statement, locals_of
from reclaimlab.explore.syntax import FRAME, PLACE, SENT, NotResumableError, ending, own_nodes


class Code:
    """What a stack shows of a frame: the name its generator would have."""

    __slots__ = ("co_name",)

    def __init__(self, co_name: str) -> None:
        self.co_name = co_name


class Frame:
    """One suspended call; subclasses are made, one for each generator function.

    Attributes:
        pc: where it goes on. sub: the call it delegates to (``yield from``).
    """

    __slots__ = ("pc", "sub")
    gi_running: ClassVar[bool] = False
    gi_code: ClassVar[Code]

    def __init__(self) -> None:
        self.pc = 0
        self.sub: Any = None

    @property
    def gi_yieldfrom(self) -> Any:
        """The call it waits for, as a generator says it."""
        return self.sub


class Rewriter(ast.NodeTransformer):
    """Rewrites every generator function of a module's tree, methods included."""

    def __init__(self) -> None:
        self._path: list[str] = []
        self.made: list[ast.stmt] = []

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        self._path.append(node.name)
        self.generic_visit(node)
        self._path.pop()
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        if not any(isinstance(n, ast.Yield | ast.YieldFrom) for n in own_nodes(node)):
            return node
        if _yields_values(node):
            return node
        try:
            return self._rewrite(node)
        except NotResumableError as error:
            where = ".".join((*self._path, node.name))
            msg = f"{where}: {error}: explore cannot copy such a frame"
            raise NotResumableError(msg) from None

    def _rewrite(self, node: ast.FunctionDef) -> ast.FunctionDef:
        names = locals_of(node)
        arguments = node.args
        given = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
        flat = Flattener()
        end = flat.block()
        body = node.body[1:] if ast.get_docstring(node) is not None else node.body
        flat.flatten(body, 0, end)
        flat.blocks[end] += ending(ast.Constant(None))
        rename = Names(self._path, given[0] if given else "")
        blocks = [each_statement(block, rename) for block in flat.blocks]
        temporaries = [f"_t{number + 1}" for number in range(flat.temporaries)]
        layout = Layout(blocks, flat.sleeps, given, [*names, *temporaries])
        kind = "_Frame_" + "_".join((*self._path, node.name))
        self.made += _frame_class(kind, node.name, given, layout)
        made = ast.parse(f"return {kind}({', '.join(given)})").body
        return ast.FunctionDef(node.name, arguments, made, node.decorator_list, None)


def _yields_values(node: ast.FunctionDef) -> bool:
    """Whether it is a plain iterator and no step of a task: its annotation says so."""
    return node.returns is not None and ast.unparse(node.returns).startswith("Iterator")


def _frame_class(kind: str, name: str, given: list[str], layout: Layout) -> list[ast.stmt]:
    # The code stands outside the class: within, a name like __mem_cgroup_try_charge is mangled.
    values = {"pc": "0", "sub": "None"}
    values.update({name: name if name in given else "None" for name in layout.slots})
    head = ast.parse(
        f"def _send{kind}({FRAME}, {SENT}):\n"
        f"    {PLACE} = {FRAME}.pc\n"
        f"    while True:\n"
        f"        pass\n"
        f"class {kind}(_Frame):\n"
        f"    __slots__ = {tuple(layout.slots)!r}\n"
        f"    gi_code = _Code({name!r})\n"
        f"    send = _send{kind}\n"
        f"def _init{kind}({', '.join([FRAME, *given])}):\n"
        + "".join(f"    {FRAME}.{slot} = {value}\n" for slot, value in values.items())
        + f"{kind}.__init__ = _init{kind}\n"
    ).body
    send = head[0]
    assert isinstance(send, ast.FunctionDef)  # as the text above has it
    loop = send.body[1]
    assert isinstance(loop, ast.While)
    loop.body = layout.body()
    return head


PRELUDE = (
    "from reclaimlab.explore.resumable import Frame as _Frame, Code as _Code, END as _END, "
    "delegate as _delegate"
)
END: Any = object()


def delegate(steps: Any) -> Any:
    """Return what ``yield from`` delegates to: a frame, or nothing at all for ``()``."""
    if isinstance(steps, Frame):
        return steps
    if steps == ():
        return _Nothing()
    msg = f"yield from {steps!r}: explore can only copy frames"
    raise NotResumableError(msg)


class _Nothing:
    """``yield from ()``."""

    __slots__ = ()

    def send(self, value: Any) -> Any:
        raise StopIteration


def rewrite(source: str, filename: str) -> ast.Module:
    """Return the tree of a module whose generator functions make frames.

    Raises:
        NotResumableError: one of them is written in a way that is not known here.
    """
    tree = ast.parse(source, filename)
    rewriter = Rewriter()
    tree = rewriter.visit(tree)
    assert isinstance(tree, ast.Module)
    # Frame classes stand at the end: a function finds its own when it is first called.
    future = [n for n in tree.body if isinstance(n, ast.ImportFrom) and n.module == "__future__"]
    place = tree.body.index(future[0]) + 1 if future else 0
    tree.body[place:place] = ast.parse(PRELUDE).body
    tree.body += rewriter.made
    return ast.fix_missing_locations(tree)

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
import copy
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterator

FRAME = "_frame"
SENT = "_sent"
FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
COMPREHENSIONS = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


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


class NotResumableError(Exception):
    """A generator function is written in a way that this module does not know."""


class _Names(ast.NodeTransformer):
    """Turns the locals of one function into attributes of its frame, and each loop's iterator."""

    def __init__(self, names: frozenset[str], owner: str = "") -> None:
        self._names = names
        self._owner = owner.lstrip("_")

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        # The code leaves its class, where self.__getblk_slow is short for self._Ext4__getblk_slow.
        self.generic_visit(node)
        if self._owner and node.attr.startswith("__") and not node.attr.endswith("__"):
            node.attr = f"_{self._owner}{node.attr}"
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id not in self._names:
            return node
        return ast.copy_location(_local(node.id, node.ctx), node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        target = self.visit(node.target)
        if node.value is None:
            return ast.Pass()
        return ast.copy_location(ast.Assign([target], self.visit(node.value)), node)

    def visit_Delete(self, node: ast.Delete) -> Any:
        # A local that is deleted is None from then on: the slot stays.
        gone = [n for n in node.targets if isinstance(n, ast.Name) and n.id in self._names]
        kept = [self.visit(n) for n in node.targets if n not in gone]
        cleared: list[ast.stmt] = [_clear(name.id) for name in gone]
        return [*cleared, ast.Delete(kept)] if kept else cleared

    def visit_NamedExpr(self, node: ast.NamedExpr) -> ast.AST:
        if node.target.id not in self._names:
            return self.generic_visit(node)
        name, value = ast.Constant(node.target.id), self.visit(node.value)
        return ast.copy_location(_call("_put", ast.Name(FRAME, ast.Load()), name, value), node)

    def _shadowed(self, node: Any, own: set[str]) -> ast.AST:
        inner = _Names(self._names - own, self._owner)
        for field, value in ast.iter_fields(node):
            setattr(node, field, _each(value, inner))
        return node  # type: ignore[no-any-return]  # it is the node that came in

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        return self._shadowed(node, {a.arg for a in node.args.args + node.args.kwonlyargs})

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        msg = f"line {node.lineno}: a function within a generator function keeps its frame alive"
        raise NotResumableError(msg)

    def _comprehension(self, node: Any) -> ast.AST:
        own = {
            name.id
            for generator in node.generators
            for name in ast.walk(generator.target)
            if isinstance(name, ast.Name)
        }
        return self._shadowed(node, own)

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension


def _each(value: Any, visitor: ast.NodeTransformer) -> Any:
    if isinstance(value, list):
        return [_each(item, visitor) for item in value]
    return visitor.visit(value) if isinstance(value, ast.AST) else value


def _each_statement(block: list[ast.stmt], visitor: ast.NodeTransformer) -> list[ast.stmt]:
    made: list[ast.stmt] = []
    for statement in block:
        changed = visitor.visit(statement)
        made += changed if isinstance(changed, list) else [changed]
    return made


def _local(name: str, context: ast.expr_context | None = None) -> ast.Attribute:
    return ast.Attribute(ast.Name(FRAME, ast.Load()), name, context or ast.Load())


def _own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Walk ``node`` without the functions inside it."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, FUNCTIONS):
            continue
        yield child
        yield from _own_nodes(child)


def has_yield(node: ast.AST) -> bool:
    """Return whether ``node`` itself yields."""
    own = (node, *_own_nodes(node)) if not isinstance(node, FUNCTIONS) else _own_nodes(node)
    return any(isinstance(child, ast.Yield | ast.YieldFrom) for child in own)


def _locals_of(function: ast.FunctionDef) -> list[str]:
    arguments = function.args
    names = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    for node in _own_nodes(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.append(node.id)
        elif isinstance(node, ast.ImportFrom):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.Import | ast.Global | ast.Nonlocal | ast.Try | ast.With):
            msg = f"line {node.lineno}: {type(node).__name__} in a generator function"
            raise NotResumableError(msg)
    for node in _own_nodes(function):  # a comprehension's targets are its own
        if isinstance(node, COMPREHENSIONS):
            for generator in node.generators:
                own = [n.id for n in ast.walk(generator.target) if isinstance(n, ast.Name)]
                for name in own:
                    names.remove(name)
    return list(dict.fromkeys(names))


class _Flattener:
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
        self.blocks[at].extend(_goto(then))

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
            self.blocks[at].extend(_goto(out if isinstance(statement, ast.Break) else again))
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
        self.blocks[at].append(ast.If(_plain(statement.test), _goto(then), _goto(otherwise)))
        self.flatten(statement.body, then, out)
        self.flatten(statement.orelse, otherwise, out)
        return out

    def _while(self, statement: ast.While, at: int) -> int:
        test, body, out = self.block(), self.block(), self.block()
        self.blocks[at].extend(_goto(test))
        self.blocks[test].append(ast.If(_plain(statement.test), _goto(body), _goto(out)))
        self._loop(statement, body, test, out)
        return out

    def _for(self, statement: ast.For, at: int) -> int:
        fetch, body, out = self.block(), self.block(), self.block()
        iterator = self._temporary()
        self.blocks[at].extend(
            [
                _assign(_local(iterator, ast.Store()), _call("iter", _plain(statement.iter))),
                *_goto(fetch),
            ]
        )
        item = self._temporary()
        ended = ast.parse(f"{FRAME}.{item} is _END", mode="eval").body
        self.blocks[fetch] += [
            _assign(
                _local(item, ast.Store()),
                _call("next", _local(iterator), ast.Name("_END", ast.Load())),
            ),
            ast.If(ended, [_clear(iterator), _clear(item), *_goto(out)], []),
            _assign(statement.target, _local(item)),
            _clear(item),
            *_goto(body),
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
            self.blocks[at].append(_assign(_local(before, ast.Store()), loaded))
        after = self.block()
        result = self._resume(value, at, after)
        target = self.blocks[after]
        if isinstance(statement, ast.Return):
            target.append(_stop(result))
            return -1
        if isinstance(statement, ast.AugAssign):
            assert before is not None
            total = ast.BinOp(_local(before), statement.op, result)
            target.append(_assign(statement.target, total))
            target.append(_clear(before))
        elif isinstance(statement, ast.Assign):
            target.append(ast.Assign(statement.targets, result))
        elif isinstance(statement, ast.AnnAssign):
            target.append(_assign(statement.target, result))
        elif not isinstance(statement, ast.Expr):
            msg = f"line {statement.lineno}: {ast.unparse(statement)}"
            raise NotResumableError(msg)
        return after

    def _resume(self, value: ast.Yield | ast.YieldFrom, at: int, after: int) -> ast.expr:
        inner = _plain(value.value or ast.Constant(None))
        if isinstance(value, ast.Yield):
            step = _assign(ast.Name("_step", ast.Store()), inner)
            leave = ast.Return(ast.Name("_step", ast.Load()))
            self.blocks[at] += [step, _Forget(after), _place(after), leave]
            return ast.Name(SENT, ast.Load())
        self.blocks[at] += [
            _assign(_local("sub", ast.Store()), _call("_delegate", inner)),
            *ast.parse(f"{SENT} = None").body,
            _Forget(after),
            *_goto(after),
        ]
        self.blocks[after] += ast.parse(
            f"try:\n    return {FRAME}.sub.send({SENT})\n"
            f"except StopIteration as _stop:\n    {SENT} = _stop.value\n    {FRAME}.sub = None"
        ).body
        return ast.Name(SENT, ast.Load())


class _Forget(ast.Pass):
    """Stands where a frame goes to sleep: here the locals that are dead by then are cleared."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.after = after


def _forget_dead_locals(blocks: list[list[ast.stmt]], names: list[str]) -> list[list[ast.stmt]]:
    """Clear, before each sleep, what is not read any more after it: dead values split states."""
    live = _live_at_start(blocks, frozenset(names))

    def cleared(statement: ast.stmt) -> list[ast.stmt]:
        if not isinstance(statement, _Forget):
            return [statement]
        return [_clear(name) for name in names if name not in live[statement.after]]

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
        if isinstance(statement, _Forget):
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


def _plain(node: ast.expr) -> ast.expr:
    if has_yield(node):
        msg = f"line {node.lineno}: a yield within {ast.unparse(node)}"
        raise NotResumableError(msg)
    return node


def _returning(statement: ast.stmt) -> ast.stmt:
    """Turn each ``return`` within a statement without yields into the end of the frame."""

    class Returns(ast.NodeTransformer):
        def visit_Return(self, node: ast.Return) -> ast.AST:
            return _stop(node.value or ast.Constant(None))

        def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
            return node

    changed: ast.stmt = Returns().visit(statement)
    return changed


def _stop(value: ast.expr) -> ast.Raise:
    # The place is set first: a frame that has ended must not run again.
    return ast.Raise(_call("_ended", ast.Name(FRAME, ast.Load()), value), None)


def _place(block: int) -> ast.stmt:
    return ast.parse(f"{FRAME}.pc = {block}").body[0]


def _goto(block: int) -> list[ast.stmt]:
    return [_place(block), ast.Continue()]


def _clear(name: str) -> ast.stmt:
    return ast.parse(f"{FRAME}.{name} = None").body[0]


def _import_into_frame(alias: ast.alias) -> ast.stmt:
    # The import binds a true local; the underscored name keeps it from being renamed.
    return _assign(_local(alias.name, ast.Store()), ast.Name(f"_imported_{alias.name}", ast.Load()))


def _assign(target: ast.expr, value: ast.expr) -> ast.stmt:
    return ast.Assign([target], value)


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])


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
        if not any(isinstance(n, ast.Yield | ast.YieldFrom) for n in _own_nodes(node)):
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
        names = _locals_of(node)
        flat = _Flattener()
        end = flat.block()
        body = node.body[1:] if ast.get_docstring(node) is not None else node.body
        flat.flatten(copy.deepcopy(body), 0, end)
        flat.blocks[end].append(_stop(ast.Constant(None)))
        rename = _Names(frozenset(names), self._path[-1] if self._path else "")
        blocks = [_each_statement(block, rename) for block in flat.blocks]
        temporaries = [f"_t{number + 1}" for number in range(flat.temporaries)]
        blocks = _forget_dead_locals(blocks, [*names, *temporaries])
        kind = "_Frame_" + "_".join((*self._path, node.name))
        self.made += _frame_class(kind, node.name, [*names, *temporaries], blocks)
        arguments = node.args
        given = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
        start = [f"{FRAME} = {kind}()"] + [f"{FRAME}.{name} = {name}" for name in given]
        made = ast.parse("\n".join([*start, f"return {FRAME}"])).body
        return ast.FunctionDef(node.name, arguments, made, node.decorator_list, None)


def _yields_values(node: ast.FunctionDef) -> bool:
    """Whether it is a plain iterator and no step of a task: its annotation says so."""
    return node.returns is not None and ast.unparse(node.returns).startswith("Iterator")


def _frame_class(
    kind: str, name: str, names: list[str], blocks: list[list[ast.stmt]]
) -> list[ast.stmt]:
    # The code stands outside the class: within, a name like __mem_cgroup_try_charge is mangled.
    head = ast.parse(
        f"def _send{kind}({FRAME}, {SENT}):\n"
        f"    while True:\n"
        f"        pass\n"
        f"class {kind}(_Frame):\n"
        f"    __slots__ = {tuple(names)!r}\n"
        f"    gi_code = _Code({name!r})\n"
        f"    send = _send{kind}\n"
        f"    def __init__(self):\n"
        f"        self.pc = 0\n"
        f"        self.sub = None\n" + "".join(f"        self.{each} = None\n" for each in names)
    ).body
    loop: Any = head[0].body[0]  # type: ignore[attr-defined]  # the text above
    chain: list[ast.stmt] = []
    for number in reversed(range(len(blocks))):
        test = ast.parse(f"{FRAME}.pc == {number}", mode="eval").body
        chain = [ast.If(test, blocks[number], chain)]
    loop.body = chain
    return head


PRELUDE = (
    "from reclaimlab.explore.resumable import Frame as _Frame, Code as _Code, END as _END, "
    "ended as _ended, delegate as _delegate, put as _put"
)
END: Any = object()


def ended(frame: Any, value: Any) -> StopIteration:
    """Return what a frame raises at its end."""
    frame.pc = -1
    return StopIteration(value)


def put(frame: Any, name: str, value: Any) -> Any:
    """``name := value`` for a local of ``frame``."""
    setattr(frame, name, value)
    return value


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

"""The locals of a generator function become attributes of its frame."""

from __future__ import annotations

import ast
from typing import Any

from reclaimlab.explore.syntax import FRAME, NotResumableError, call, clear, local, own_nodes

COMPREHENSIONS = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


class Names(ast.NodeTransformer):
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
        return ast.copy_location(local(node.id, node.ctx), node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        target = self.visit(node.target)
        if node.value is None:
            return ast.Pass()
        return ast.copy_location(ast.Assign([target], self.visit(node.value)), node)

    def visit_Delete(self, node: ast.Delete) -> Any:
        # A local that is deleted is None from then on: the slot stays.
        gone = [n for n in node.targets if isinstance(n, ast.Name) and n.id in self._names]
        kept = [self.visit(n) for n in node.targets if n not in gone]
        cleared: list[ast.stmt] = [clear(name.id) for name in gone]
        return [*cleared, ast.Delete(kept)] if kept else cleared

    def visit_NamedExpr(self, node: ast.NamedExpr) -> ast.AST:
        if node.target.id not in self._names:
            return self.generic_visit(node)
        name, value = ast.Constant(node.target.id), self.visit(node.value)
        return ast.copy_location(call("_put", ast.Name(FRAME, ast.Load()), name, value), node)

    def _shadowed(self, node: ast.AST, own: set[str]) -> ast.AST:
        inner = Names(self._names - own, self._owner)
        for field, value in ast.iter_fields(node):
            setattr(node, field, _each(value, inner))
        return node

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


def each_statement(block: list[ast.stmt], visitor: ast.NodeTransformer) -> list[ast.stmt]:
    """Return the statements that ``visitor`` makes of those of ``block``."""
    made: list[ast.stmt] = []
    for statement in block:
        changed = visitor.visit(statement)
        made += changed if isinstance(changed, list) else [changed]
    return made


def locals_of(function: ast.FunctionDef) -> list[str]:
    """Return the names of its arguments and of what it assigns.

    Raises:
        NotResumableError: something in it binds names in a way that is not known here.
    """
    arguments = function.args
    names = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    for node in own_nodes(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.append(node.id)
        elif isinstance(node, ast.ImportFrom):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.Import | ast.Global | ast.Nonlocal | ast.Try | ast.With):
            msg = f"line {node.lineno}: {type(node).__name__} in a generator function"
            raise NotResumableError(msg)
    for node in own_nodes(function):  # a comprehension's targets are its own
        if isinstance(node, COMPREHENSIONS):
            for generator in node.generators:
                own = [n.id for n in ast.walk(generator.target) if isinstance(n, ast.Name)]
                for name in own:
                    names.remove(name)
    return list(dict.fromkeys(names))

"""Names within a generator function that mean another thing once its code stands on its own."""

from __future__ import annotations

import ast

from reclaimlab.explore.syntax import NotResumableError, clear, own_nodes

COMPREHENSIONS = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


class Names(ast.NodeTransformer):
    """Takes the code of a method out of its class.

    Args:
        owner: the names of the classes around it. first: the method's first argument.
    """

    def __init__(self, owner: list[str], first: str) -> None:
        self._owner = owner
        self._first = first

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        # The code leaves its class, where self.__getblk_slow is short for self._Ext4__getblk_slow.
        self.generic_visit(node)
        private = node.attr.startswith("__") and not node.attr.endswith("__")
        if private and self._owner and (owner := self._owner[-1].lstrip("_")):
            node.attr = f"_{owner}{node.attr}"
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "super" and not node.args:
            if not self._owner:
                msg = f"line {node.lineno}: super() outside a class"
                raise NotResumableError(msg)
            owner = ast.parse(".".join(self._owner), mode="eval").body
            node.args = [owner, ast.Name(self._first, ast.Load())]
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is None:
            return ast.Pass()
        return ast.copy_location(
            ast.Assign([self.visit(node.target)], self.visit(node.value)), node
        )

    def visit_Delete(self, node: ast.Delete) -> list[ast.stmt]:
        # A local that is deleted is None from then on: it may have to be kept.
        gone = [n for n in node.targets if isinstance(n, ast.Name)]
        kept = [self.visit(n) for n in node.targets if n not in gone]
        cleared: list[ast.stmt] = [clear(name.id) for name in gone]
        return [*cleared, ast.Delete(kept)] if kept else cleared

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        msg = f"line {node.lineno}: a function within a generator function keeps its frame alive"
        raise NotResumableError(msg)


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

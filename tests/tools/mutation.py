"""Mutation testing: break one operator at a time, and see that a test finds it (`make mutation`).

Run by ``python -m tests.tools.mutation [PART...]``. It works on a copy of the tree, so nothing that
runs beside it sees a broken file, and goes on where it was cut off. MUTANTS=40 tries so many of a
part, always the same ones.
"""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

TOP: Final = Path(__file__).resolve().parents[2]
CORE: Final = "core/reclaimlab"
LEAST_KILLED: Final = 0.80


@dataclass(frozen=True, slots=True)
class Part:
    """Modules, and the tests that must notice when one is broken; quick ones first."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]


_ENGINE: Final = (
    "tests/core/engine",
    "tests/core/explore/test_resumable.py",
    "tests/core/kernel/test_workqueue.py",
    "tests/core/machine",
)
PARTS: Final = {
    "waitgraph": Part(("engine/waitgraph.py",), _ENGINE),
    "table": Part(("policy/table.py",), ("tests/core/policy", "tests/core/hosting/test_host.py")),
    "stats": Part(
        ("stats",),
        tuple(
            f"tests/core/stats/test_{name}.py"
            for name in ("judgement", "paired", "enough", "bootstrap", "oracle")
        ),
    ),
    "engine": Part(("engine",), _ENGINE),
}


def main() -> None:
    """Mutate the parts that are named, or all; exit with 1 if too many mutants live."""
    killed = {name: mutate(name) for name in sys.argv[1:] or PARTS}
    for name, share in killed.items():
        sys.stdout.write(f"{name}: {share:.1%} of the mutants are killed\n")
    sys.exit(min(killed.values()) < LEAST_KILLED)


def mutate(name: str) -> float:
    """Return the share of a part's mutants that its tests kill, and print the others."""
    part, folder = PARTS[name], TOP / "build" / "mutation" / name
    copy, session = folder / "tree", folder / "session.sqlite"
    config = folder / "config.toml"
    if not session.exists():
        folder.mkdir(parents=True, exist_ok=True)
        for source in ("core", "plugins", "tests", "pyproject.toml"):
            _copy(TOP / source, copy / source)
        config.write_text(_config(part))
        _cosmic_ray("init", config, session, cwd=copy)
        _skip_annotations(session, copy)
        _skip_all_but(int(os.environ.get("MUTANTS", "0")), session)
    _cosmic_ray("baseline", config, cwd=copy)
    _cosmic_ray("exec", config, session, cwd=copy)
    outcomes = Counter(outcome for _, outcome in _results(session))
    for mutant, outcome in _results(session):
        if outcome == "survived":
            sys.stdout.write(f"survived: {mutant}\n")
    return outcomes["killed"] / (outcomes["killed"] + outcomes["survived"])


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy2(source, target)


def _config(part: Part) -> str:
    tests = " ".join(part.tests)
    command = f"{sys.executable} -m pytest -x -q -p no:cacheprovider {tests}"
    modules = json.dumps([f"{CORE}/{each}" for each in part.modules])
    return (
        f"[cosmic-ray]\nmodule-path = {modules}\ntimeout = 120.0\n"
        'excluded-modules = ["**/__init__.py"]\n'
        f'test-command = {json.dumps(command)}\n[cosmic-ray.distributor]\nname = "local"\n'
    )


def _cosmic_ray(*arguments: str | Path, cwd: Path) -> None:
    paths = os.pathsep.join(str(cwd / source) for source in ("core", "plugins"))
    environment = os.environ | {"PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [str(Path(sys.executable).with_name("cosmic-ray")), *map(str, arguments)]
    subprocess.run(command, cwd=cwd, env=environment, check=True)


def _skip_annotations(session: Path, copy: Path) -> None:
    """Take the mutants out that no test can kill: annotations are never evaluated here."""
    from cosmic_ray.work_db import WorkDB, use_db
    from cosmic_ray.work_item import WorkerOutcome, WorkResult

    with use_db(str(session), WorkDB.Mode.open) as database:
        for item in list(database.pending_work_items):
            (mutation,) = item.mutations
            unseen = _annotations(copy / mutation.module_path)
            if any(begin <= mutation.start_pos <= end for begin, end in unseen):
                skipped = WorkResult(worker_outcome=WorkerOutcome.SKIPPED)
                database.set_result(item.job_id, skipped)


def _skip_all_but(count: int, session: Path) -> None:
    """Keep ``count`` mutants, drawn by lot; all of them if it is 0."""
    from cosmic_ray.work_db import WorkDB, use_db
    from cosmic_ray.work_item import WorkerOutcome, WorkResult

    with use_db(str(session), WorkDB.Mode.open) as database:
        places = {str(item.mutations): item for item in database.pending_work_items}
        kept = Random(session.parent.name).sample(sorted(places), min(count, len(places)))
        for place in sorted(places) if count else ():
            if place not in kept:
                skipped = WorkResult(worker_outcome=WorkerOutcome.SKIPPED)
                database.set_result(places[place].job_id, skipped)


Place = tuple[int, int]


def _annotations(module: Path) -> list[tuple[Place, Place]]:
    return [
        ((node.lineno, node.col_offset), (node.end_lineno or 0, node.end_col_offset or 0))
        for node in _unevaluated(ast.parse(module.read_text()))
    ]


def _unevaluated(tree: ast.AST) -> Iterator[ast.expr | ast.stmt]:
    for node in ast.walk(tree):
        if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation is not None:
            yield node.annotation
        elif isinstance(node, ast.FunctionDef) and node.returns is not None:
            yield node.returns
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            yield node


def _results(session: Path) -> Iterator[tuple[str, str]]:
    """Yield each mutant as a line, and what became of it."""
    from cosmic_ray.work_db import WorkDB, use_db

    with use_db(str(session), WorkDB.Mode.open) as database:
        found: list[Any] = list(database.completed_work_items)
    for item, result in found:
        (mutation,) = item.mutations
        operator = mutation.operator_name.removeprefix("core/")
        where = f"{mutation.module_path}:{mutation.start_pos[0]}:{mutation.start_pos[1]}"
        outcome = result.test_outcome and result.test_outcome.value
        yield f"{where} {operator} #{mutation.occurrence}", outcome or "skipped"


if __name__ == "__main__":
    main()

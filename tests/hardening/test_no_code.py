"""A store or a bundle from a stranger is data: what reads it has no way to make code of it."""

from __future__ import annotations

import ast
import re
import sqlite3
import zlib
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import reclaimlab
from reclaimlab.errors import StoreError
from reclaimlab.runs.compare import compare, make_plan
from reclaimlab.scenarios.reader import load_scenario
from reclaimlab.store.merge import merge_stores
from reclaimlab.store.reader import StoreReader
from reclaimlab.store.series import MOST_BYTES
from reclaimlab.store.writer import StoreWriter

if TYPE_CHECKING:
    from collections.abc import Iterator

CORE = Path(reclaimlab.__path__[0])
READERS = sorted(
    [
        *(CORE / "store").glob("*.py"),
        *(CORE / "scenarios").rglob("*.py"),
        CORE / "runs" / "bundle.py",
        CORE / "cli" / "open_.py",
    ]
)
MODULES = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "runpy", "code", "importlib"}
CALLS = {"eval", "exec", "compile", "__import__", "load_extension", "enable_load_extension"}
NAMES_OF_OURS = {"importlib.resources", "importlib"}
"""`from importlib.resources import files` and `from importlib import resources` read our own."""


def dangers(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names if each.name.split(".")[0] in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {each.name for each in node.names}
            ours = node.module in NAMES_OF_OURS and names <= {"files", "resources", "as_file"}
            if node.module.split(".")[0] in MODULES and not ours:
                yield node.module
        elif isinstance(node, ast.Call):
            called = node.func
            name = called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")
            if name in CALLS and not ast.unparse(called).startswith("re."):
                yield name


@pytest.mark.parametrize("file", READERS, ids=lambda file: str(file.relative_to(CORE)))
def test_what_reads_files_of_strangers_neither_unpickles_nor_evaluates(file: Path) -> None:
    assert list(dangers(file)) == []


def test_the_search_for_dangers_finds_each(tmp_path: Path) -> None:
    file = tmp_path / "bad.py"
    file.write_text(
        "import pickle\nfrom marshal import loads\neval('1')\n__import__('os')\n"
        "from importlib import import_module\nconnection.enable_load_extension(True)\n"
    )
    assert len(list(dangers(file))) == 6


@pytest.fixture
def store(tiny: Path, tmp_path: Path) -> Path:
    path = tmp_path / "runs.sqlite"
    with StoreWriter(path) as writer:
        compare(make_plan(load_scenario(str(tiny)), ["linux-3.10"], [1]), writer)
    return path


HOSTILE = {
    "a trigger that deletes": "CREATE TRIGGER t AFTER INSERT ON notes BEGIN DELETE FROM runs; END",
    "a view of a huge blob": (
        "DROP VIEW comparison_summary; CREATE VIEW comparison_summary AS SELECT id AS "
        "comparison_id, zeroblob(900000000) AS stored_runs, 0 AS failed_runs, '' AS worst_verdict "
        "FROM comparisons"
    ),
    "a view that never ends": (
        "DROP VIEW comparison_summary; CREATE VIEW comparison_summary AS WITH RECURSIVE "
        "n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT c.id AS comparison_id, count(i) "
        "AS stored_runs, 0 AS failed_runs, '' AS worst_verdict FROM comparisons c, n"
    ),
    "a series that unpacks to far more": "UPDATE series SET v = (SELECT bomb FROM temp.bombs)",
    "a series of half a number": "UPDATE series SET v = x'0102030405'",
    "text where a number is": "UPDATE runs SET seed = 'one', ended_ns = 'never'",
    "a blob where text is": "UPDATE comparisons SET title = x'ff00ff', decides = x'00'",
    "JSON of another shape": "UPDATE comparisons SET contenders = '{\"a\": 1}', seeds = '7'",
    "a verdict of its own": "UPDATE runs SET verdict = 'wonderful'",
    "metrics that are no numbers": "UPDATE metrics SET value = 'much'",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_database_is_refused_by_name_and_changes_nothing(name: str, store: Path) -> None:
    with closing(sqlite3.connect(store)) as connection:
        connection.execute("CREATE TABLE temp.bombs (bomb BLOB)")
        connection.execute(
            "INSERT INTO temp.bombs VALUES (?)", [zlib.compress(bytes(2 * MOST_BYTES), 1)]
        )
        connection.executescript(HOSTILE[name])
        connection.commit()
    with pytest.raises(StoreError, match=re.escape(f"store {store}")):
        read_all(store)
    beside = {each.name.removeprefix(store.name) for each in store.parent.iterdir()}
    assert beside <= {"", "-wal", "-shm"}


def read_all(store: Path) -> None:
    with StoreReader(store) as reader:
        for comparison in reader.comparisons():
            reader.runs(comparison.id, series=True)


def test_a_trigger_of_a_stranger_is_not_executed(store: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(store)) as connection:
        connection.executescript(HOSTILE["a trigger that deletes"])
    ours = tmp_path / "ours.sqlite"
    for attempt in (StoreWriter, StoreReader, lambda path: merge_stores(ours, [path])):
        with pytest.raises(StoreError, match="has the trigger 't': code that reclaimlab never"):
            attempt(store)
    with closing(sqlite3.connect(store)) as connection:
        assert connection.execute("SELECT count(*) FROM runs").fetchone() == (1,)

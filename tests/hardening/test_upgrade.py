"""A store of each released version opens, loses nothing, and leaves a copy of what it was."""

from __future__ import annotations

import gzip
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reclaimlab.store.migrations import SCHEMA_VERSION
from reclaimlab.store.reader import StoreReader
from reclaimlab.store.writer import StoreWriter

if TYPE_CHECKING:
    from collections.abc import Callable

STORES = Path(__file__).parent / "stores"
VERSIONS = sorted(int(file.name.split("-")[1].split(".")[0]) for file in STORES.iterdir())


def old_store(folder: Path, version: int) -> Path:
    path = folder / "runs.sqlite"
    path.write_bytes(gzip.decompress((STORES / f"version-{version}.sqlite.gz").read_bytes()))
    return path


def version_of(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        found: int = connection.execute("PRAGMA user_version").fetchone()[0]
        return found


@pytest.mark.parametrize("version", VERSIONS)
def test_an_older_store_opens_with_all_that_it_held(
    version: int, tmp_path: Path, whole_runs: Callable[[Path], int]
) -> None:
    store = old_store(tmp_path, version)
    with StoreReader(store) as reader:
        (comparison,) = reader.comparisons()
    assert comparison.tags == ("kept",)
    assert [note.text for note in comparison.notes] == [f"a note of version {version}"]
    assert whole_runs(store) == 4


@pytest.mark.parametrize("version", VERSIONS)
def test_a_copy_of_an_older_store_is_kept_as_it_was(version: int, tmp_path: Path) -> None:
    store = old_store(tmp_path, version)
    StoreWriter(store).close()
    assert version_of(store) == SCHEMA_VERSION
    copy = store.with_name(f"runs.sqlite.version-{version}")
    assert copy.exists() == (version < SCHEMA_VERSION)
    if copy.exists():
        assert version_of(copy) == version


def test_there_is_a_store_of_every_version_so_far() -> None:
    assert list(range(1, SCHEMA_VERSION)) == [v for v in VERSIONS if v < SCHEMA_VERSION]

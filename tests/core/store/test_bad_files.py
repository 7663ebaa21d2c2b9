"""Files that are no store, or not one for us: one clear line, and nothing written."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from reclaimlab.errors import StoreError
from reclaimlab.store.connection import default_path
from reclaimlab.store.migrations import APPLICATION_ID, MIGRATIONS, SCHEMA_VERSION
from reclaimlab.store.reader import StoreReader
from reclaimlab.store.records import ComparisonHead, RunRecord
from reclaimlab.store.writer import StoreWriter

Opener = Callable[[Path], object]
both = pytest.mark.parametrize("opener", [StoreReader, StoreWriter])


def refusal(opener: Opener, path: Path) -> str:
    with pytest.raises(StoreError) as caught:
        opener(path)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2
    return str(caught.value)


@both
def test_a_directory_is_refused(opener: Opener, tmp_path: Path) -> None:
    assert "is a directory" in refusal(opener, tmp_path)


@both
@pytest.mark.parametrize("content", [b"hello\n", b"\0" * 4096, b"SQLite format 2\0" + b"x" * 100])
def test_a_file_that_is_no_database_is_refused(opener: Opener, path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert "is not a SQLite database" in refusal(opener, path)
    assert path.read_bytes() == content


@both
def test_a_database_with_damaged_names_is_refused(opener: Opener, path: Path) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE marker (x)")
    damaged = path.read_bytes().replace(b"tablemarker", b"tablem\xe5rker")
    path.write_bytes(damaged.replace(b"CREATE TABLE marker (x", b"CREATE TABLE marker {x"))
    assert "its schema is damaged" in refusal(opener, path)


@both
def test_a_truncated_database_is_refused(
    opener: Opener, path: Path, head: ComparisonHead, record: RunRecord
) -> None:
    with StoreWriter(path) as writer:
        writer.add_run(writer.begin_comparison(head), 0, record)
    path.write_bytes(path.read_bytes()[:5000])
    assert str(path) in refusal(opener, path)


@both
def test_a_database_of_another_program_is_refused(opener: Opener, path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE bookmarks (url)")
    connection.close()
    before = path.read_bytes()
    assert "of another program" in refusal(opener, path)
    assert path.read_bytes() == before


@both
def test_a_store_of_a_newer_reclaimlab_is_refused(opener: Opener, path: Path) -> None:
    StoreWriter(path).close()
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    assert f"tables version {SCHEMA_VERSION + 1}" in refusal(opener, path)


def test_a_missing_store_cannot_be_read_and_is_not_made(path: Path) -> None:
    assert "does not exist yet" in refusal(StoreReader, path)
    assert not path.exists()


def test_a_store_in_a_missing_folder_is_not_made(tmp_path: Path) -> None:
    path = tmp_path / "typo" / "runs.sqlite"
    assert "there is no folder" in refusal(StoreWriter, path)
    assert not path.parent.exists()


def test_an_empty_file_becomes_a_store(path: Path) -> None:
    path.touch()
    StoreWriter(path).close()
    with StoreReader(path) as reader:
        assert reader.comparisons() == ()


def test_an_empty_store_says_how_to_fill_it(path: Path) -> None:
    StoreWriter(path).close()
    with StoreReader(path) as reader, pytest.raises(StoreError, match="no comparison yet"):
        reader.resolve("latest")


@pytest.fixture
def unprivileged(path: Path) -> Iterator[Path]:
    """Give the store in a folder that others can enter, and be one of those others."""
    with StoreWriter(path) as writer:
        writer.add_note(writer.begin_comparison(_HEAD), "here")
    path.chmod(0o444)
    folders = [path.parent, *path.parent.parents][:4]
    modes = [folder.stat().st_mode for folder in folders]
    if os.geteuid():
        path.parent.chmod(0o555)
        yield path
    else:
        for folder in folders:
            if folder != Path("/tmp"):
                folder.chmod(0o755)
        os.seteuid(65534)
        try:
            yield path
        finally:
            os.seteuid(0)
    for folder, mode in zip(folders, modes, strict=True):
        folder.chmod(mode)


_HEAD = ComparisonHead("tiny", "A writer", "verdict", "ab", ("linux-3.10",), (1,), "0.1.0")


def test_a_read_only_store_can_be_read_but_not_written(unprivileged: Path) -> None:
    assert "is read-only" in refusal(StoreWriter, unprivileged)
    with StoreReader(unprivileged) as reader:
        assert reader.comparison("latest").notes[0].text == "here"


def test_the_environment_names_the_default_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECLAIMLAB_DB", "/srv/mine.sqlite")
    assert default_path() == Path("/srv/mine.sqlite")
    monkeypatch.delenv("RECLAIMLAB_DB")
    monkeypatch.setenv("XDG_DATA_HOME", "/srv/data")
    assert default_path().name == "runs.sqlite"
    assert "reclaimlab" in default_path().parts


def test_the_default_folder_is_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "user" / "data" / "runs.sqlite"
    monkeypatch.setenv("RECLAIMLAB_DB", str(path))
    StoreWriter(default_path()).close()
    assert path.exists()


def test_a_store_says_what_it_is(path: Path) -> None:
    StoreWriter(path).close()
    connection = sqlite3.connect(path)
    pragmas = ("application_id", "user_version", "journal_mode")
    said = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in pragmas]
    tables = {
        name
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        if not name.startswith("sqlite_")
    }
    connection.close()
    assert said == [APPLICATION_ID, SCHEMA_VERSION, "wal"]
    assert tables == {
        "comparisons", "runs", "metrics", "incidents", "series", "tags", "notes",
        "results", "sweeps", "sweep_runs", "sweep_points", "plugin_metrics", "explorations",
        MIGRATIONS.migrations_table,
    }  # fmt: skip


def test_every_foreign_key_has_an_index(path: Path) -> None:
    StoreWriter(path).close()
    connection = sqlite3.connect(path)
    tables = [n for (n,) in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")]
    for table in tables:
        first_columns = {
            connection.execute(f"PRAGMA index_info({index[1]})").fetchone()[2]
            for index in connection.execute(f"PRAGMA index_list({table})")
        }
        keys = {row[3] for row in connection.execute(f"PRAGMA foreign_key_list({table})")}
        assert keys <= first_columns, table
    connection.close()


def test_the_schema_version_is_the_number_of_migrations() -> None:
    assert len(MIGRATIONS._migrations) == SCHEMA_VERSION


def test_a_store_locked_by_another_process_is_one_clear_line(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reclaimlab.store.connection._BUSY_S", 0.05)
    StoreWriter(path).close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with StoreWriter(path) as writer, pytest.raises(StoreError, match="locked"):
            writer.begin_comparison(_HEAD)
    finally:
        other.close()

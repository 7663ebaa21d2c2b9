"""Opening the store's file, and the one clear line for each way in which that can fail."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import platformdirs
from sqlite_utils import Database

from reclaimlab.errors import StoreError
from reclaimlab.store.migrations import APPLICATION_ID, MIGRATIONS, SCHEMA_VERSION
from reclaimlab.store.strangers import check_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAGIC: Final = b"SQLite format 3\0"
_BUSY_S: Final = 30.0  # how long to wait for another process that writes to the same store
_POLL_S: Final = 0.002
# Even to read, SQLite makes a file beside a WAL database; it need not where nobody can write.
_SEALED: Final = "mode=ro&immutable=1"


def default_path() -> Path:
    """Return where the store lives unless the user says otherwise (``RECLAIMLAB_DB``, ``--db``)."""
    named = os.environ.get("RECLAIMLAB_DB")
    return Path(named) if named else Path(platformdirs.user_data_dir("reclaimlab")) / "runs.sqlite"


def connect_for_reading(path: Path) -> Database:
    """Open the store at ``path``; nothing is made and nothing is written.

    Raises:
        StoreError: there is no store, or not one that can be read.
    """
    _check_file(path)
    if not path.exists() or not path.stat().st_size:
        raise StoreError(f"store {path} does not exist yet; `reclaimlab compare` makes it")
    with sqlite_errors(path):
        database = _open(path, _SEALED if _is_sealed(path) else _how_to_read(path))
        with _closed_on_error(database):
            version = _check_version(database, path)
            check_schema(database, path)
    if version < SCHEMA_VERSION:
        database.close()
        return connect_for_writing(path)
    return database


def connect_for_writing(path: Path) -> Database:
    """Open the store at ``path``, making it or bringing its tables up to date.

    Raises:
        StoreError: a directory, a foreign or newer file, or one that cannot be written.
    """
    _check_file(path)
    _make_folder(path)
    with sqlite_errors(path):
        database = _open(path, "mode=rwc")
        with _closed_on_error(database):
            version = _check_version(database, path)
            check_schema(database, path)
            if version < SCHEMA_VERSION:
                if version:
                    _keep_copy(database, path, version)
                _bring_up_to_date(database)
    return database


def _keep_copy(database: Database, path: Path, version: int) -> None:
    """Put an older store aside before its tables are changed; a copy made before is kept."""
    copy = path.with_name(f"{path.name}.version-{version}")
    if not copy.exists():
        part = copy.with_name(f"{copy.name}.{os.getpid()}.part")  # a half copy is no copy
        with closing(sqlite3.connect(part)) as target:
            database.conn.backup(target)
        part.replace(copy)


def _bring_up_to_date(database: Database) -> None:
    # Whose file it is comes first, how far it got last: cut off between, it is ours to go on with.
    database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    database.execute("PRAGMA journal_mode = WAL").fetchone()
    MIGRATIONS.apply(database)
    database.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


@contextmanager
def _closed_on_error(database: Database) -> Iterator[None]:
    try:
        yield
    except BaseException:
        database.close()
        raise


@contextmanager
def sqlite_errors(path: Path) -> Iterator[None]:
    """Turn what SQLite says (disk full, locked, malformed) into a :class:`StoreError`."""
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(f"store {path}: {error}") from error
    except UnicodeDecodeError as error:  # SQLite quotes a damaged name in what it says
        raise StoreError(f"store {path}: its schema is damaged") from error


@contextmanager
def transaction(database: Database, path: Path) -> Iterator[None]:
    """Change the store whole or not at all, in turn with other processes.

    The turn is taken at the beginning: SQLite refuses to write after a read, without waiting, when
    another process has written in between.
    """
    with sqlite_errors(path):
        _take_turn(database.conn)
        try:
            yield
            database.conn.execute("COMMIT")
        except BaseException:
            database.conn.rollback()
            raise


def _take_turn(connection: sqlite3.Connection) -> None:
    """Begin to write. SQLite's own wait sleeps so long that among eight writers one may starve."""
    patience = connection.execute("PRAGMA busy_timeout").fetchone()[0]
    end = time.monotonic() + patience / 1e3
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        while True:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                is_busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
                if not is_busy or time.monotonic() > end:
                    raise
                time.sleep(_POLL_S)
            else:
                return
    finally:
        connection.execute(f"PRAGMA busy_timeout = {patience}")


def _how_to_read(path: Path) -> str:
    # A process that was killed before the store kept a log left a journal: to read on, SQLite must
    # first undo what stands in it, which is to write.
    return "mode=rw" if Path(f"{path}-journal").exists() and _writable(path) else "mode=ro"


def _open(path: Path, how: str) -> Database:
    uri = f"{path.absolute().as_uri()}?{how}"
    connection = sqlite3.connect(uri, uri=True, timeout=_BUSY_S)
    database = Database(connection, execute_plugins=False)
    database.execute("PRAGMA foreign_keys = ON")
    return database


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise StoreError(f"store {path} is a directory; --db names a file in it")
    if not path.exists():
        return
    try:
        with path.open("rb") as file:
            start = file.read(len(_MAGIC))
    except OSError as error:
        raise StoreError(f"store {path} cannot be read: {error.strerror}") from error
    if start and start != _MAGIC:
        raise StoreError(f"{path} is not a SQLite database; --db names a store of reclaimlab")


def _make_folder(path: Path) -> None:
    folder = path.absolute().parent
    try:
        if path == default_path():
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"store folder {folder} cannot be made: {error.strerror}") from error
    if not folder.is_dir():
        raise StoreError(f"store {path}: there is no folder {folder}; make it first")
    blocked = path if path.exists() else folder
    if not _writable(blocked):
        raise StoreError(f"store {path}: {blocked} is read-only; name another with --db")


def _is_sealed(path: Path) -> bool:
    # A WAL that is there holds what the database lacks, and must be read too.
    return not _writable(path.absolute().parent) and not Path(f"{path}-wal").exists()


def _writable(path: Path) -> bool:
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def _check_version(database: Database, path: Path) -> int:
    """Return the version of the file's tables, 0 for an empty file."""
    with closing(database.conn.cursor()) as cursor:
        application: int = cursor.execute("PRAGMA application_id").fetchone()[0]
        version: int = cursor.execute("PRAGMA user_version").fetchone()[0]
        objects: int = cursor.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if objects and application != APPLICATION_ID:
        raise StoreError(f"{path} is a SQLite database of another program; name another with --db")
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"store {path} was written by a newer reclaimlab (tables version {version}, this "
            f"one knows {SCHEMA_VERSION}); update reclaimlab, or name another with --db"
        )
    return version if objects else 0

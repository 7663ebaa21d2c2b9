"""Where the runs of a comparison are kept: in the store, or in a rescue store once it fails.

A disk that is full, or fails, costs no run: those that the store does not take go into a store of
their own elsewhere, and ``reclaimlab runs merge`` puts them together when there is room again.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from reclaimlab.errors import StoreError
from reclaimlab.store.writer import StoreWriter, new_comparison_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reclaimlab.store.records import ComparisonHead, RunRecord


class Keeper:
    """The runs of one comparison on their way to a disk; use it as a context manager.

    States: not begun, until the first run, so that a comparison of nothing is not stored; in the
    store, until that fails; then in a rescue store, from one to the next.

    Args:
        writer: the store.
        head: what was asked for.
        comparison: the id of a comparison that is in the store already.
    """

    def __init__(self, writer: StoreWriter, head: ComparisonHead, comparison: str = "") -> None:
        self.id = comparison
        self._store = self._writer = writer
        self._head = head
        self._why = ""
        self._rescued: dict[Path, int] = {}
        self._places = self._open_places()
        self._opened = contextlib.ExitStack()

    def __enter__(self) -> Keeper:
        return self

    def __exit__(self, *_: object) -> None:
        """Give the rescue stores back.

        Raises:
            StoreError: some runs are not in the store; it says where they are, and what to do.
        """
        self._opened.close()
        self._tell()

    def add(self, number: int, record: RunRecord) -> None:
        """Keep a run.

        Raises:
            StoreError: neither the store nor any place beside it takes it.
        """
        if not self.id:
            self._begin()
        while True:
            try:
                self._writer.add_run(self.id, number, record)
            except StoreError as error:
                self._move(error)
                continue
            if self._writer is not self._store:
                self._rescued[self._writer.path] += 1
            return

    def _begin(self) -> None:
        self.id = new_comparison_id()
        try:
            self._writer.begin_comparison(self._head, self.id)
        except StoreError as error:
            self._move(error)

    def extend(self, head: ComparisonHead) -> None:
        """Keep that the comparison has the seeds of ``head`` by now."""
        self._head = head
        try:
            self._writer.extend_comparison(self.id, head)
        except StoreError as error:
            self._move(error)

    def _move(self, error: StoreError) -> None:
        self._why = self._why or str(error)
        for writer in self._places:
            self._writer = writer
            return
        tried = ", ".join(map(str, _places()))
        raise StoreError(f"{self._why}; nor can the run be kept in any of {tried}") from error

    def _open_places(self) -> Iterator[StoreWriter]:
        """Yield a new store in each place that takes one."""
        for place in _places():
            try:
                folder = Path(tempfile.mkdtemp(prefix="reclaimlab-rescue-", dir=place))
            except OSError:
                continue
            path = folder / f"{self.id}.sqlite"
            self._rescued[path] = 0
            try:
                writer = StoreWriter(path)
                self._opened.callback(writer.close)
                writer.begin_comparison(self._head, self.id)
            except StoreError:
                continue
            yield writer

    def _tell(self) -> None:
        for path in (path for path, count in self._rescued.items() if not count):
            shutil.rmtree(path.parent, ignore_errors=True)
        kept = {path: count for path, count in self._rescued.items() if count}
        if kept:
            total, files = sum(kept.values()), " ".join(map(str, kept))
            msg = (
                f"{self._why}; {total} runs of comparison {self.id} are kept in {files}: when "
                f"there is room, `reclaimlab runs merge {files} --db {self._store.path}`"
            )
            raise StoreError(msg)


def _places() -> tuple[Path, ...]:
    """Return the folders that may have room: the first is the usual one, one is no disk at all."""
    wanted = (tempfile.gettempdir(), "/var/tmp", "/dev/shm", Path.home())
    return tuple(dict.fromkeys(Path(each) for each in wanted if Path(each).is_dir()))

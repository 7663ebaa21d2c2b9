"""A store that takes no more costs no run: the others are kept elsewhere, and merged later."""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from reclaimlab.errors import StoreError
from reclaimlab.runs import keeping
from reclaimlab.runs.compare import Begun, compare, make_plan, missing_part, resume
from reclaimlab.runs.events import RunEvent
from reclaimlab.runs.run import record_run
from reclaimlab.scenarios.schema import Scenario
from reclaimlab.store.fingerprint import result_hash
from reclaimlab.store.merge import merge_stores
from reclaimlab.store.reader import StoreReader
from reclaimlab.store.records import RunRecord
from reclaimlab.store.writer import StoreWriter

PAIR = ["linux-3.10", "linux-3.5"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs.sqlite"


@pytest.fixture(autouse=True)
def rescues(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder that stands for the one of temporary files."""
    folder = tmp_path / "rescues"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def pages_of(writer: StoreWriter) -> int:
    count: int = writer._database.execute("PRAGMA page_count").fetchone()[0]
    return count


def kept_in(store: Path) -> list[RunRecord]:
    with closing(sqlite3.connect(store)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    with StoreReader(store) as reader:
        (comparison,) = reader.comparisons()
        return list(reader.runs(comparison.id, series=True))


def test_a_store_that_is_full_at_any_page_loses_no_run(
    tiny: Scenario, tmp_path: Path, rescues: Path
) -> None:
    plan = make_plan(tiny, PAIR, range(1, 5))
    whole = sorted(record_run(request).result_hash for request in plan.requests)
    rescued: set[int] = set()
    more = 0
    while not rescued or min(rescued) > 0:
        store = tmp_path / f"{more}.sqlite"
        with StoreWriter(store) as writer:
            most = pages_of(writer) + more
            writer._database.execute(f"PRAGMA max_page_count = {most}")
            try:
                compare(plan, writer)
            except StoreError as error:
                said = str(error)
            else:
                said = ""
        files = sorted(rescues.glob("*/*.sqlite"))
        assert len(files) == bool(said)
        rescued.add(sum(len(kept_in(file)) for file in files))
        if said:
            command = f"reclaimlab runs merge {files[0]} --db {store}"
            assert said.startswith(f"store {store}: database or disk is full; ")
            assert command in said
            merge_stores(store, files)
            files[0].unlink()
        records = kept_in(store)
        assert sorted(record.result_hash for record in records) == whole
        assert all(result_hash(r.result) == r.result_hash for r in records if r.result)
        more += 4
    assert len(rescued) > 3


def test_a_store_that_turns_read_only_on_the_way_loses_no_run(
    tiny: Scenario, path: Path, rescues: Path
) -> None:
    with StoreWriter(path) as writer:

        def turn(event: RunEvent) -> None:
            if event.done == 2:
                writer._database.execute("PRAGMA query_only = ON")

        with pytest.raises(StoreError, match="readonly database; 2 runs of comparison"):
            compare(make_plan(tiny, PAIR, [1, 2]), writer, observers=[turn])
    (rescue,) = rescues.glob("*/*.sqlite")
    assert len(kept_in(path)) == len(kept_in(rescue)) == 2


def test_runs_that_no_place_takes_are_not_said_to_be_kept(
    tiny: Scenario, path: Path, rescues: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "_places", lambda: (rescues / "gone",))
    with StoreWriter(path) as writer:
        writer._database.execute(f"PRAGMA max_page_count = {pages_of(writer)}")
        with pytest.raises(StoreError, match=r"disk is full; nor can the run be kept .*/gone$"):
            compare(make_plan(tiny, PAIR, [1, 2]), writer)


def test_a_rescue_store_that_fails_too_is_followed_by_the_next(
    tiny: Scenario, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = [tmp_path / "first", tmp_path / "second"]
    for place in places:
        place.mkdir()
    monkeypatch.setattr(keeping, "_places", lambda: tuple(places))
    opened = keeping.Keeper._open_places

    def first_is_full(keeper: keeping.Keeper) -> Iterator[StoreWriter]:
        for number, writer in enumerate(opened(keeper)):
            if not number:
                writer._database.execute("PRAGMA query_only = ON")
            yield writer

    monkeypatch.setattr(keeping.Keeper, "_open_places", first_is_full)
    with StoreWriter(path) as writer:
        writer._database.execute(f"PRAGMA max_page_count = {pages_of(writer)}")
        with pytest.raises(StoreError, match=r"2 runs of comparison .* are kept in .*/second/"):
            compare(make_plan(tiny, PAIR, [1, 2]), writer)
    assert list(places[0].iterdir()) == []
    (rescue,) = places[1].glob("*/*.sqlite")
    assert len(kept_in(rescue)) == 2


def test_a_comparison_that_was_cut_off_is_gone_on_with_to_the_same_end(
    tiny: Scenario, path: Path, tmp_path: Path
) -> None:
    plan = make_plan(tiny, PAIR, [1, 2, 3])
    heard: list[RunEvent] = []
    with StoreWriter(path) as writer:
        compare(plan, writer, observers=[heard.append], stop=lambda: len(heard) == 3)
    with StoreReader(path) as reader:
        stored = reader.comparison("latest")
        records = reader.runs(stored.id)
    missing = missing_part(stored, records)
    assert [request.number for request in missing.requests] == [3, 4, 5]
    with StoreWriter(path) as writer:
        resumed = resume(missing, Begun(stored.id, records), writer)
    with StoreWriter(tmp_path / "whole.sqlite") as writer:
        whole = compare(plan, writer)
    assert (resumed.contenders, resumed.pairs) == (whole.contenders, whole.pairs)
    assert [r.result_hash for r in kept_in(path)] == [
        r.result_hash for r in kept_in(tmp_path / "whole.sqlite")
    ]

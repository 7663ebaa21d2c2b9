"""A note belongs to a comparison, to one of its runs, or to a moment of that run."""

from pathlib import Path

import pytest

from reclaimlab.errors import StoreError
from reclaimlab.store.merge import merge_stores
from reclaimlab.store.reader import StoreReader
from reclaimlab.store.records import ComparisonHead, Note, RunRecord
from reclaimlab.store.writer import StoreWriter


def notes(path: Path) -> tuple[Note, ...]:
    with StoreReader(path) as reader:
        return reader.comparison("latest").notes


@pytest.fixture
def comparison(writer: StoreWriter, head: ComparisonHead, record: RunRecord) -> str:
    found = writer.begin_comparison(head)
    writer.add_run(found, 0, record)
    return found


def add_three(writer: StoreWriter, comparison: str, record: RunRecord) -> None:
    who, seed = record.contender, record.seed
    writer.add_note(comparison, "of all")
    writer.add_note(comparison, "of the run", contender=who, seed=seed)
    writer.add_note(comparison, "of the moment", contender=who, seed=seed, time_ns=3_686_132_000)


def test_each_says_what_it_is_about(
    writer: StoreWriter, path: Path, comparison: str, record: RunRecord
) -> None:
    add_three(writer, comparison, record)
    run = f"{record.contender}, seed {record.seed}"
    assert [note.place for note in notes(path)] == ["", run, f"{run} at 3.686132 s"]
    assert notes(path)[2].line == f"{run} at 3.686132 s: of the moment"


def test_one_that_is_taken_out_comes_back_as_it_was(
    writer: StoreWriter, path: Path, comparison: str, record: RunRecord
) -> None:
    add_three(writer, comparison, record)
    before = notes(path)
    for note in before:
        writer.take_note(comparison, note)
        assert note not in notes(path)
        with pytest.raises(StoreError, match="no longer in the store"):
            writer.take_note(comparison, note)
        writer.take_note(comparison, note, missing_ok=True)
        writer.put_note(comparison, note)
        assert set(notes(path)) == set(before)


def test_a_run_that_is_not_there_takes_no_note(writer: StoreWriter, comparison: str) -> None:
    with pytest.raises(StoreError, match=r"has no run of linux-9\.9, seed 1"):
        writer.add_note(comparison, "lost", contender="linux-9.9", seed=1)


def test_they_come_along_when_stores_are_merged_and_when_a_comparison_is_put_back(
    writer: StoreWriter, path: Path, comparison: str, record: RunRecord, tmp_path: Path
) -> None:
    add_three(writer, comparison, record)
    before = notes(path)
    merge_stores(tmp_path / "other.sqlite", [path])
    assert notes(tmp_path / "other.sqlite") == before
    writer.put_back(writer.take_out(comparison))
    assert notes(path) == before

"""A comparison that is taken out of the store can be put back as it was."""

from pathlib import Path

import pytest

from reclaimlab.errors import StoreError
from reclaimlab.store.reader import StoreReader
from reclaimlab.store.records import ComparisonHead, RunRecord
from reclaimlab.store.writer import StoreWriter


def fill(writer: StoreWriter, head: ComparisonHead, record: RunRecord) -> str:
    comparison = writer.begin_comparison(head)
    writer.add_run(comparison, 0, record)
    writer.add_tag(comparison, "july")
    writer.add_note(comparison, "first")
    writer.add_note(comparison, "second")
    return comparison


def test_it_comes_back_as_it_was_though_others_took_its_row_numbers(
    writer: StoreWriter, path: Path, head: ComparisonHead, record: RunRecord
) -> None:
    gone = fill(writer, head, record)
    with StoreReader(path) as reader:
        before = reader.comparison(gone), reader.runs(gone, series=True)
    erased = writer.take_out(gone)
    other = fill(writer, head, record)
    writer.put_back(erased)
    with StoreReader(path) as reader:
        assert (reader.comparison(gone), reader.runs(gone, series=True)) == before
        assert [each.id for each in reader.comparisons()] == [other, gone]


def test_what_is_not_there_cannot_be_taken_out(writer: StoreWriter) -> None:
    with pytest.raises(StoreError, match="12345678 is no longer in the store"):
        writer.take_out("12345678")


def test_it_cannot_be_put_back_twice_nor_by_half(
    writer: StoreWriter, path: Path, head: ComparisonHead, record: RunRecord
) -> None:
    comparison = fill(writer, head, record)
    erased = writer.take_out(comparison)
    writer.put_back(erased)
    with pytest.raises(StoreError, match="UNIQUE"):
        writer.put_back(erased)
    with StoreReader(path) as reader:
        assert len(reader.runs(comparison)) == 1
        assert len(reader.comparison(comparison).notes) == 2

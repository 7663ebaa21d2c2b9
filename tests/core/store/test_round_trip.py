"""What is written comes back as it was."""

import dataclasses
import json
import sqlite3
from pathlib import Path

import pytest

from reclaimlab.errors import StoreError
from reclaimlab.measure.records import RunResult, Series, Verdict
from reclaimlab.store.fingerprint import result_hash
from reclaimlab.store.reader import StoreReader
from reclaimlab.store.records import ComparisonHead, Failure, RunRecord
from reclaimlab.store.writer import StoreWriter


def test_a_run_comes_back_as_it_was_written(
    writer: StoreWriter, path: Path, head: ComparisonHead, record: RunRecord
) -> None:
    comparison = writer.begin_comparison(head)
    writer.add_run(comparison, 0, record)
    with StoreReader(path) as reader:
        (stored,) = reader.runs(comparison, series=True)
    assert stored == record
    assert stored.result is not None
    assert result_hash(stored.result) == record.result_hash


def test_without_its_series_a_run_is_the_same_but_for_them(
    writer: StoreWriter, path: Path, head: ComparisonHead, record: RunRecord
) -> None:
    comparison = writer.begin_comparison(head)
    writer.add_run(comparison, 0, record)
    assert record.result is not None
    with StoreReader(path) as reader:
        (stored,) = reader.runs(comparison)
    assert stored.result == dataclasses.replace(record.result, series=())


def test_a_failed_run_keeps_its_error(
    writer: StoreWriter, path: Path, head: ComparisonHead, record: RunRecord
) -> None:
    failed = dataclasses.replace(
        record, result=None, result_hash="", failure=Failure.POLICY, error="policy x raised"
    )
    comparison = writer.begin_comparison(head)
    writer.add_run(comparison, 0, failed)
    with StoreReader(path) as reader:
        assert reader.runs(comparison) == (failed,)
        assert reader.comparison(comparison).failed_runs == 1


def test_runs_come_in_the_order_they_were_planned_whatever_order_they_ended_in(
    writer: StoreWriter, path: Path, head: ComparisonHead, record: RunRecord
) -> None:
    comparison = writer.begin_comparison(head)
    for number in (1000, 2, 0):
        writer.add_run(comparison, number, dataclasses.replace(record, seed=number))
    with StoreReader(path) as reader:
        assert [stored.seed for stored in reader.runs(comparison)] == [0, 2, 1000]


def test_a_comparison_comes_back_with_tags_notes_and_worst_verdict(
    writer: StoreWriter, path: Path, head: ComparisonHead, record: RunRecord, result: RunResult
) -> None:
    comparison = writer.begin_comparison(head)
    ok = dataclasses.replace(result, seed=2, verdict=Verdict.OK, incident=None)
    writer.add_run(comparison, 0, record)
    writer.add_run(comparison, 1, dataclasses.replace(record, seed=2, result=ok))
    writer.add_tag(comparison, "mail")
    writer.add_tag(comparison, "mail")
    writer.add_note(comparison, "as of Monday")
    with StoreReader(path) as reader:
        stored = reader.comparison(comparison)
    assert (stored.head, stored.stored_runs, stored.worst_verdict) == (head, 2, "deadlock")
    assert (stored.tags, [note.text for note in stored.notes]) == (("mail",), ["as of Monday"])


def test_the_newest_comparison_comes_first_and_is_latest(
    writer: StoreWriter, path: Path, head: ComparisonHead
) -> None:
    ids = [writer.begin_comparison(head) for _ in range(5)]
    with StoreReader(path) as reader:
        assert [stored.id for stored in reader.comparisons()] == ids[::-1]
        assert reader.resolve("latest") == ids[-1]


def test_the_beginning_of_an_id_is_enough_while_it_is_unique(
    writer: StoreWriter, path: Path, head: ComparisonHead, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = iter(["aa111111", "aa222222", "bb333333"])
    monkeypatch.setattr("secrets.token_hex", lambda _: next(ids))
    for _ in range(3):
        writer.begin_comparison(head)
    with StoreReader(path) as reader:
        assert reader.resolve("b") == "bb333333"
        assert reader.resolve("aa1") == "aa111111"
        with pytest.raises(StoreError, match="aa222222, aa111111 begin so"):
            reader.resolve("aa")
        with pytest.raises(StoreError, match=r"no comparison 'cc'.*newest first: bb333333, aa"):
            reader.resolve("cc")
        with pytest.raises(StoreError, match="no comparison ''"):
            reader.resolve("")


def test_comparisons_can_be_asked_for_by_tag(
    writer: StoreWriter, path: Path, head: ComparisonHead
) -> None:
    tagged, _other = writer.begin_comparison(head), writer.begin_comparison(head)
    writer.add_tag(tagged, "mail")
    with StoreReader(path) as reader:
        assert [stored.id for stored in reader.comparisons("mail")] == [tagged]


def test_a_tag_that_is_not_there_cannot_be_removed(
    writer: StoreWriter, head: ComparisonHead
) -> None:
    comparison = writer.begin_comparison(head)
    with pytest.raises(StoreError, match="has no tag 'mail'"):
        writer.remove_tag(comparison, "mail")


def test_deleting_a_comparison_leaves_no_row_of_it(
    writer: StoreWriter, path: Path, head: ComparisonHead, record: RunRecord
) -> None:
    kept, gone = writer.begin_comparison(head), writer.begin_comparison(head)
    for comparison in (kept, gone):
        writer.add_run(comparison, 0, record)
        writer.add_tag(comparison, "mail")
        writer.add_note(comparison, "remark")
    before = rows(path)
    writer.delete(gone)
    assert {name: 2 * count for name, count in rows(path).items()} == before


def rows(path: Path) -> dict[str, int]:
    tables = ("comparisons", "runs", "metrics", "incidents", "series", "tags", "notes")
    connection = sqlite3.connect(path)
    found = {
        name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables
    }
    connection.close()
    return found


def test_a_run_that_cannot_be_stored_whole_is_not_stored_at_all(
    writer: StoreWriter, path: Path, head: ComparisonHead, record: RunRecord, result: RunResult
) -> None:
    comparison = writer.begin_comparison(head)
    before = rows(path)
    too_large = Series("x", "pages", (0,), (1 << 70,))
    broken = dataclasses.replace(result, series=(*result.series, too_large))
    with pytest.raises(OverflowError):
        writer.add_run(comparison, 0, dataclasses.replace(record, result=broken))
    assert rows(path) == before
    writer.add_run(comparison, 0, record)


def test_the_same_run_cannot_be_stored_twice(
    writer: StoreWriter, path: Path, head: ComparisonHead, record: RunRecord
) -> None:
    comparison = writer.begin_comparison(head)
    writer.add_run(comparison, 0, record)
    with pytest.raises(StoreError, match="UNIQUE"):
        writer.add_run(comparison, 1, record)


def test_series_can_be_judged_by_sql_without_unpacking(
    writer: StoreWriter, path: Path, head: ComparisonHead, record: RunRecord
) -> None:
    writer.add_run(writer.begin_comparison(head), 0, record)
    connection = sqlite3.connect(path)
    row = connection.execute(
        "SELECT n, min, max, mean, last, t_first_ns, t_last_ns FROM series"
    ).fetchone()
    connection.close()
    assert row == (3, 2, 9, pytest.approx(16 / 3), 2, 0, 200_000_000)


def test_the_views_tell_verdicts_and_progress(
    writer: StoreWriter, path: Path, head: ComparisonHead, record: RunRecord
) -> None:
    comparison = writer.begin_comparison(head)
    writer.add_run(comparison, 0, record)
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    (matrix,) = connection.execute("SELECT * FROM verdict_matrix").fetchall()
    (summary,) = connection.execute("SELECT * FROM comparison_summary").fetchall()
    connection.close()
    assert (matrix["verdict"], matrix["deadlock"], matrix["ok"], matrix["runs"]) == (
        "deadlock", 1, 0, 1,
    )  # fmt: skip
    assert (summary["comparison_id"], summary["stored_runs"], summary["planned_runs"]) == (
        comparison, 1, 4,
    )  # fmt: skip
    assert json.loads(summary["contenders"]) == list(head.contenders)

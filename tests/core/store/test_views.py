"""What the views tell whoever reads the store with SQL alone."""

import sqlite3
from contextlib import closing
from pathlib import Path

from reclaimlab.measure.records import Incident, RunResult, TaskReport, Verdict
from reclaimlab.store.records import ComparisonHead, RunRecord
from reclaimlab.store.writer import StoreWriter


def test_an_incident_stands_in_a_row_with_its_run_and_its_cycle(tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    task = TaskReport("kworker/2:1:57", "D", 131.4, "page 77", ("wait_on_page_bit", "shrink"))
    incident = Incident(Verdict.DEADLOCK, 12_500_000_000, (task,), ("a", "b"), {}, "stuck")
    result = RunResult(
        "tiny", "linux-3.10", 4, "fifo", Verdict.DEADLOCK, "deadlock", 10**10, {}, {}, {}, incident
    )
    head = ComparisonHead("tiny", "t", "verdict", "ab", ("linux-3.10",), (4,), "0.1.0")
    with StoreWriter(path) as writer:
        comparison = writer.begin_comparison(head)
        record = RunRecord("tiny", "", "ab", "linux-3.10", 4, "0.1.0", {}, result, "hash")
        writer.add_run(comparison, 0, record)
    sql = (
        "SELECT comparison_id, contender, seed, verdict, time_s, tasks, first_task, "
        "first_waits_for, first_blocked_in, cycle, note FROM incidents_view"
    )
    with closing(sqlite3.connect(path)) as database:
        assert database.execute(sql).fetchall() == [
            (comparison, "linux-3.10", 4, "deadlock", 12.5, 1, "kworker/2:1:57", "page 77",
             "wait_on_page_bit", "a -> b", "stuck")
        ]  # fmt: skip

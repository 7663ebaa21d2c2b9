"""A process that is killed leaves a mark, and the next start reads it once."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from reclaimlab.errors import StoreError
from reclaimlab.store.begun import Begun, take_cut_off
from reclaimlab.store.records import ComparisonHead, RunRecord
from reclaimlab.store.recovery import recovered
from reclaimlab.store.writer import StoreWriter

KILLED = """
import os, signal, sys
from pathlib import Path
from reclaimlab.store.begun import Begun
marks = [Begun(Path(sys.argv[1]), "comparison", name) for name in sys.argv[2:]]
os.kill(os.getpid(), signal.SIGKILL)
"""


def killed_at(store: Path, *names: str) -> None:
    ran = subprocess.run([sys.executable, "-c", KILLED, str(store), *names], check=False)
    assert ran.returncode == -signal.SIGKILL


def test_what_was_under_way_in_a_killed_process_is_told_of_once(path: Path) -> None:
    killed_at(path, "ab12", "cd34")
    assert take_cut_off(path) == {("comparison", "ab12"), ("comparison", "cd34")}
    assert take_cut_off(path) == set()


def test_what_is_under_way_or_has_ended_is_not_cut_off(path: Path) -> None:
    under_way, over = Begun(path, "sweep", "ab12"), Begun(path, "comparison", "cd34")
    over.ended()
    assert take_cut_off(path) == set()
    assert len(list(path.parent.glob("*.begun-*"))) == 1
    under_way.ended()
    assert list(path.parent.iterdir()) == []


def test_the_mark_of_another_store_with_a_like_name_is_left_alone(tmp_path: Path) -> None:
    killed_at(tmp_path / "runs.sqlite", "ab12")
    assert take_cut_off(tmp_path / "runs[a-z.]sqlite") == set()
    assert take_cut_off(tmp_path / "s.sqlite") == set()
    assert take_cut_off(tmp_path / "runs.sqlite") != set()


def test_a_link_that_a_stranger_put_there_is_not_followed(path: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    path.with_name(f"{path.name}.begun-comparison-ab12-000000").symlink_to(precious)
    assert take_cut_off(path) == set()
    assert precious.read_text() == "mine"


def test_a_folder_that_takes_no_mark_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"nowhere/runs\.sqlite"):
        Begun(tmp_path / "nowhere" / "runs.sqlite", "comparison", "ab12")


def test_a_cut_off_comparison_is_told_with_how_far_it_was_and_how_to_go_on(
    path: Path, head: ComparisonHead, record: RunRecord
) -> None:
    with StoreWriter(path) as writer:
        empty, begun = writer.begin_comparison(head), writer.begin_comparison(head)
        whole = writer.begin_comparison(head)
        writer.add_run(begun, 0, record)
        for number in range(head.planned_runs):
            contender, seed = head.contenders[number % 2], head.seeds[number // 2]
            row = (f"{whole}-{number}", whole, contender, seed)
            writer._database.execute(
                "INSERT INTO runs SELECT ?, ?, scenario, ?, ?, schedule, verdict, ended, ended_ns, "
                "events, failure, error, policy_versions, package_version, result_hash, "
                "scenario_hash, scenario_text, traceback FROM runs WHERE comparison_id = ?",
                (*row, begun),
            )
        writer._database.conn.commit()
    killed_at(path, empty, begun, whole, "dead")
    told = recovered(path)
    assert len(told) == 3
    assert all(line.startswith(f"store {path}: comparison ") for line in told)
    by_id = {name: next(line for line in told if name in line) for name in (empty, begun, whole)}
    assert (
        f"1 of its 4 runs are stored, all whole; `reclaimlab runs resume {begun}`" in by_id[begun]
    )
    assert f"0 of its 4 runs were stored; `reclaimlab runs delete {empty}`" in by_id[empty]
    assert by_id[whole].endswith("4 of its 4 runs are stored, all whole: nothing is lost")
    assert recovered(path) == ()


def test_without_a_mark_nothing_is_opened(path: Path) -> None:
    path.write_bytes(os.urandom(100))
    assert recovered(path) == ()

"""The matrix: what is run, what is kept, what is written."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from reclaimlab.runs.grid import all_cases, contenders_of, read_grid
from reclaimlab.scenarios.builtin import builtin_scenarios

Call = Callable[..., Result]
CELL = ("--only", "dd-usb-xfs", "-c", "linux-3.5", "--jobs", "1")


def cells(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text())["cells"]
    return found


def test_a_cell_has_a_verdict_for_each_seed_and_a_second_call_runs_only_what_it_lacks(
    call: Call, tmp_path: Path
) -> None:
    file = tmp_path / "m.json"
    first = call("matrix", *CELL, "--seeds", "1", "-o", file)
    assert first.stderr.splitlines() == [
        "1/1 dd-usb-xfs linux-3.5 seed 1: premature-oom at 0.100 s"
    ]
    assert "| `linux-3.5` |  |  | **premature-oom** |" in first.stdout
    assert call("matrix", *CELL, "--seeds", "1", "-o", file).stderr == ""
    more = call("matrix", *CELL, "--seeds", "2", "-o", file, "--json")
    assert "1/1 dd-usb-xfs linux-3.5 seed 2" in more.stderr
    assert json.loads(more.stdout)["cells"] == cells(file)
    assert cells(file)[0]["verdicts"] == ["premature-oom"] * 2


@pytest.mark.parametrize("key", ["scenario_hash", "source_hash"])
def test_a_cell_of_another_scenario_text_or_code_is_run_again(
    call: Call, tmp_path: Path, key: str
) -> None:
    file = tmp_path / "m.json"
    call("matrix", *CELL, "--seeds", "1", "-o", file)
    (cell,) = cells(file)
    old = cell | {key: "0" * 16, "verdicts": ["stall"]}
    file.write_text(json.dumps({"schema": 1, "cells": [old]}))
    call("matrix", *CELL, "--seeds", "1", "-o", file)
    assert cells(file) == [cell]


def test_a_run_without_result_is_told_and_its_cell_is_not_kept(
    call: Call, tmp_path: Path, broken_policies: None
) -> None:
    file = tmp_path / "m.json"
    wanted = ("--only", "dd-usb-xfs", "-c", "linux-3.10+raises", "--jobs", "1", "--seeds", "1")
    ended = call("matrix", *wanted, "-o", file, code=3)
    assert "dd-usb-xfs linux-3.10+raises seed 1: policy raises" in ended.stderr
    assert "| failed |" in ended.stdout
    assert "seed 1: failed" in call("matrix", *wanted, "-o", file, code=3).stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is no matrix"),
        ("{}", "is no matrix"),
        ('{"schema": 9, "cells": []}', "its schema is 9"),
    ],
)
def test_a_file_that_is_no_matrix_is_one_clear_line_and_stays_as_it_is(
    call: Call, tmp_path: Path, text: str, said: str
) -> None:
    file = tmp_path / "m.json"
    file.write_text(text)
    ended = call("matrix", *CELL, "-o", file, code=2)
    assert said in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert file.read_text() == text


def test_an_unknown_scenario_and_a_missing_folder_are_found_before_anything_runs(
    call: Call, tmp_path: Path
) -> None:
    wrong = call("matrix", "--only", "dd-usb-xf", "-o", tmp_path / "m.json", code=2)
    assert "did you mean 'dd-usb-xfs'?" in wrong.stderr
    lost = call("matrix", *CELL, "-o", tmp_path / "no" / "m.json", code=2)
    assert "is no folder" in lost.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_text_without_marks_names_those_there_are(call: Call, tmp_path: Path) -> None:
    file, readme = tmp_path / "m.json", tmp_path / "README.md"
    file.write_text('{"schema": 1, "cells": []}')
    readme.write_text("# nothing\n")
    ended = call("matrix", "-o", file, "--readme", readme, code=2)
    assert "<!-- matrix -->" in ended.stderr


def test_every_scenario_is_run_and_a_recording_on_kernels_of_its_era_only() -> None:
    timed = {name for name in builtin_scenarios() if not name.startswith("tiny-")}
    assert {case.name for case in all_cases()} == timed  # those others are for `explore`
    (recorded,) = (case for case in all_cases() if case.name == "a_seq_xfs_20MBps_32M_r1")
    assert contenders_of(recorded.load()) == ("linux-6.1", "linux-6.18")


def test_cells_are_written_in_the_order_of_the_tables(call: Call, tmp_path: Path) -> None:
    file = tmp_path / "m.json"
    wanted = ("-c", "linux-6.18", "-c", "linux-3.5", "--seeds", "1", "--jobs", "1", "-o", file)
    call("matrix", "--only", "global-dirty", "--only", "dd-usb-xfs", *wanted)
    assert [(cell.case, cell.contender) for cell in read_grid(file).ordered()] == [
        ("dd-usb-xfs", "linux-3.5"),
        ("dd-usb-xfs", "linux-6.18"),
        ("global-dirty", "linux-3.5"),
        ("global-dirty", "linux-6.18"),
    ]
    assert list(read_grid(file).cells) == [
        (cell.case, cell.contender) for cell in read_grid(file).ordered()
    ]

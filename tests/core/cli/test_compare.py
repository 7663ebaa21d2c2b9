"""``compare`` and ``report``: the main job."""

import contextlib
import json
import os
import pty
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from reclaimlab.cli.compare import with_each_fix

Call = Callable[..., Result]
PAIR = ("-c", "linux-3.10", "-c", "linux-3.10+may-enter-fs")


@pytest.fixture
def comparison(call: Call, tiny: Path) -> str:
    """Return the id of a stored comparison."""
    result = call("compare", tiny, *PAIR, "--seeds", 2, "--jobs", 1, "--json", "--quiet")
    return str(json.loads(result.stdout)["comparison"])


def test_the_table_has_a_line_a_contender_and_tells_how_to_get_the_report(
    call: Call, tiny: Path, db: Path
) -> None:
    result = call("compare", tiny, *PAIR, "--seeds", 2, "--jobs", 1)
    header, base, fixed, _, stored, how = result.stdout.splitlines()
    assert header.split()[:3] == ["contender", "verdict", "writer_throughput"]
    assert (base.split()[0], fixed.split()[0]) == ("linux-3.10", "linux-3.10+may-enter-fs")
    assert stored.endswith(f"is stored in {db}")
    assert call("report", how.split()[2]).stdout.startswith("tiny: one writer")


def test_progress_is_a_line_a_run_on_stderr_unless_quiet(call: Call, tiny: Path) -> None:
    loud = call("compare", tiny, *PAIR, "--seeds", 1, "--jobs", 1)
    assert [line.split()[0] for line in loud.stderr.splitlines()] == ["1/2", "2/2"]
    assert call("compare", tiny, *PAIR, "--seeds", 1, "--jobs", 1, "--quiet").stderr == ""


def test_seeds_count_from_the_first_seed(call: Call, tiny: Path) -> None:
    result = call("compare", tiny, *PAIR, "--seed", 5, "--seeds", 2, "--jobs", 2, "--json")
    assert json.loads(result.stdout)["seeds"] == [5, 6]


def test_all_fixes_are_over_the_first_contender_and_none_comes_twice() -> None:
    every = with_each_fix("linux-3.10", ["linux-3.10", "linux-3.10+may-enter-fs"])
    assert "linux-3.10+exempt-kthreads" in every
    assert "linux-3.10+may-enter-fs" not in every
    assert len(every) == len(set(every))


def test_without_contenders_it_says_how_to_name_them(call: Call, tiny: Path, db: Path) -> None:
    assert "-c linux-3.10" in call("compare", tiny, code=2).stderr
    assert not db.exists()


def test_bad_input_writes_nothing(call: Call, tiny: Path, db: Path) -> None:
    call("compare", tiny, "-c", "linux-3.10+nosuch", code=2)
    call("compare", "nosuch", *PAIR, code=2)
    assert not db.exists()


@pytest.mark.usefixtures("broken_policies")
def test_a_plugin_that_fails_ends_with_exit_3_and_the_other_runs_are_stored(
    call: Call, tiny: Path
) -> None:
    result = call(
        "compare", tiny, "-c", "linux-3.10", "-c", "linux-3.10+raises", "--seeds", 2, "--jobs", 1,
        code=3,
    )  # fmt: skip
    assert "linux-3.10+raises seed 1 failed: policy raises, hook describe_kernel" in result.stderr
    runs = json.loads(call("runs", "show", "latest", "--json").stdout)["runs"]
    assert [run["failure"] for run in runs] == [None, "policy"] * 2


@pytest.mark.usefixtures("comparison")
def test_a_report_can_go_into_a_file(call: Call, tmp_path: Path) -> None:
    printed = call("report", "latest", "--format", "csv").stdout
    call("report", "latest", "--format", "csv", "-o", tmp_path / "x.csv")
    assert (tmp_path / "x.csv").read_text() == printed
    assert "is a directory" in call("report", "latest", "-o", tmp_path, code=2).stderr.lower()


def test_the_stored_json_is_what_compare_printed(call: Call, tiny: Path) -> None:
    printed = call("compare", tiny, *PAIR, "--seeds", 2, "--jobs", 1, "--json").stdout
    assert call("report", "latest", "--format", "json").stdout == printed


@pytest.mark.usefixtures("comparison")
def test_an_unknown_format_names_those_there_are(call: Call) -> None:
    assert "one of: csv, html, json" in call("report", "latest", "--format", "htm", code=2).stderr


def test_a_report_of_nothing_stored_tells_what_to_do(call: Call) -> None:
    assert "`reclaimlab compare` makes it" in call("report", "latest", code=2).stderr


def test_on_a_terminal_progress_is_a_bar(tiny: Path, db: Path) -> None:
    terminal, their_end = pty.openpty()
    command = [sys.executable, "-m", "reclaimlab", "compare", str(tiny), *PAIR, "--seeds", "1"]
    ran = subprocess.run(
        [*command, "--jobs", "1", "--db", str(db)],
        stdout=subprocess.PIPE, stderr=their_end, text=True, check=True,
    )  # fmt: skip
    os.close(their_end)
    shown = b""
    with contextlib.suppress(OSError):  # what a terminal says at its end
        while chunk := os.read(terminal, 4096):
            shown += chunk
    os.close(terminal)
    assert b"2/2" in shown
    assert b"\x1b[" in shown
    assert "\x1b" not in ran.stdout


@pytest.mark.slow
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_keeps_the_finished_runs(tiny: Path, db: Path, jobs: str) -> None:
    command = [
        sys.executable, "-m", "reclaimlab", "compare", str(tiny), *PAIR,
        "--seeds", "2000", "--jobs", jobs, "--db", str(db),
    ]  # fmt: skip
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stderr is not None
        for _ in range(3):
            process.stderr.readline()
        # As a terminal does it: to the whole group, workers too.
        os.killpg(process.pid, signal.SIGINT)
        printed, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.splitlines()[-1].startswith("interrupted: ")
    assert "Traceback" not in said
    connection = sqlite3.connect(db)
    stored = connection.execute("SELECT count(*), count(result_hash) FROM runs").fetchone()
    connection.close()
    assert stored[0] >= 3
    assert stored[0] == stored[1] == int(said.splitlines()[-1].split()[1])
    assert "is stored in" in printed


def test_seeds_auto_ends_when_the_interval_is_narrow_enough(call: Call, tiny: Path) -> None:
    pair = ("-c", "linux-3.10", "-c", "linux-3.10+may-enter-fs")
    found = json.loads(call("compare", tiny, *pair, "--seeds", "auto", "--json", "-q").stdout)
    seeds = len(found["seeds"])
    assert 6 <= seeds < 100
    assert found["warnings"] == []
    assert sum(found["contenders"][0]["verdicts"].values()) == seeds
    again = json.loads(call("compare", tiny, *pair, "--seeds", seeds, "--json", "-q").stdout)
    assert again["pairs"] == found["pairs"]
    assert (
        json.loads(call("report", "latest", "--format", "json").stdout)["seeds"] == found["seeds"]
    )


def test_a_number_of_seeds_is_a_number_or_auto(call: Call, tiny: Path) -> None:
    assert "Invalid value for '--seeds'" in call("compare", tiny, "--seeds", "0", code=2).stderr

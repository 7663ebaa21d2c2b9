"""``runs``: what to do with stored comparisons."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Call = Callable[..., Result]


@pytest.fixture
def comparison(call: Call, tiny: Path) -> str:
    """Return the id of a stored comparison of two runs."""
    arguments = ("-c", "linux-3.10", "-c", "linux-3.10+may-enter-fs", "--seeds", 1, "--jobs", 1)
    return str(json.loads(call("compare", tiny, *arguments, "--json").stdout)["comparison"])


def test_before_the_first_comparison_the_list_is_empty(call: Call, db: Path) -> None:
    assert json.loads(call("runs", "list", "--json").stdout) == []
    assert call("runs", "list").stdout == ""
    assert not db.exists()


def test_the_list_tells_of_each_comparison(call: Call, comparison: str) -> None:
    header, line = call("runs", "list").stdout.splitlines()
    assert line.split()[0] == comparison
    (found,) = json.loads(call("runs", "list", "--json").stdout)
    assert (found["comparison"], found["stored_runs"]) == (comparison, 2)
    assert header.split()[0] == "id"


def test_show_tells_of_each_run(call: Call, comparison: str) -> None:
    text = call("runs", "show", comparison[:4]).stdout
    assert text.startswith("tiny: one writer")
    found = json.loads(call("runs", "show", "latest", "--json").stdout)
    assert [run["seed"] for run in found["runs"]] == [1, 1]
    assert all(len(run["result_hash"]) == 64 for run in found["runs"])


def test_tags_and_notes_are_shown_and_found(call: Call, comparison: str) -> None:
    call("runs", "tag", comparison, "mail", "v2")
    call("runs", "note", comparison, "as of Monday")
    text = call("runs", "show", comparison).stdout
    assert "tag: mail\ntag: v2\nnote of " in text
    assert ": as of Monday\n" in text
    assert json.loads(call("runs", "list", "--tag", "mail", "--json").stdout) != []
    call("runs", "tag", comparison, "mail", "--remove")
    assert json.loads(call("runs", "list", "--tag", "mail", "--json").stdout) == []
    assert "no tag 'mail'" in call("runs", "tag", comparison, "mail", "--remove", code=2).stderr


def test_a_note_may_be_about_a_moment_of_a_run(call: Call, comparison: str) -> None:
    run = ("--contender", "linux-3.10", "--seed", 1)
    call("runs", "note", comparison, "here it begins", *run, "--at", "1.5s")
    text = call("runs", "show", comparison).stdout
    assert "linux-3.10, seed 1 at 1.500000 s: here it begins\n" in text
    (found,) = json.loads(call("runs", "list", "--json").stdout)
    (note,) = found["notes"]
    assert (note["contender"], note["seed"], note["time_ns"]) == ("linux-3.10", 1, 1_500_000_000)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--at", "1s"), "name it by --contender and --seed"),
        (("--seed", 1), "both --contender and --seed"),
        (("--contender", "linux-3.10", "--seed", 9), "has no run of linux-3.10, seed 9"),
        (("--contender", "linux-3.10", "--seed", 1, "--at", "soon"), "is not a quantity"),
    ],
)
def test_a_note_on_what_is_not_there_is_refused(
    call: Call, comparison: str, options: tuple[object, ...], said: str
) -> None:
    assert said in call("runs", "note", comparison, "lost", *options, code=2).stderr
    assert "note of" not in call("runs", "show", comparison).stdout


def test_delete_asks_first(call: Call, comparison: str) -> None:
    call("runs", "delete", comparison, code=1, answer="n\n")
    call("runs", "show", comparison)
    call("runs", "delete", comparison, answer="y\n")
    assert "no comparison yet" in call("runs", "show", comparison, code=2).stderr


def test_verify_finds_every_run_the_same(call: Call, comparison: str) -> None:
    result = call("runs", "verify", comparison, "--jobs", 1)
    assert result.stdout == "2 of 2 runs came out the same\n"
    assert len(result.stderr.splitlines()) == 2
    again = call("runs", "verify", comparison, "--jobs", 2, "--json", "--quiet")
    assert json.loads(again.stdout)["differing"] == []


def test_verify_names_the_run_that_differs_and_exits_with_1(
    call: Call, comparison: str, db: Path
) -> None:
    connection = sqlite3.connect(db)
    with connection:
        connection.execute(
            "UPDATE runs SET result_hash = 'forged' WHERE contender = 'linux-3.10+may-enter-fs'"
        )
    connection.close()
    result = call("runs", "verify", comparison, "--jobs", 1, "--quiet", code=1)
    differing, count = result.stdout.splitlines()
    assert differing.startswith("linux-3.10+may-enter-fs seed 1: ")
    assert "forged, now " in differing
    assert count == "1 of 2 runs came out the same"


@pytest.mark.parametrize("command", [("report",), ("runs", "show"), ("runs", "verify")])
def test_an_unknown_id_names_those_there_are(
    call: Call, comparison: str, command: tuple[str, ...]
) -> None:
    stderr = call(*command, "zzz", code=2).stderr
    assert "there is no comparison 'zzz'" in stderr
    assert comparison in stderr


@pytest.mark.parametrize("command", [("report",), ("runs", "show"), ("runs", "verify")])
def test_a_foreign_file_is_one_clear_line(
    call: Call, tmp_path: Path, command: tuple[str, ...]
) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear reclaimers,\n")
    result = call(*command, "latest", "--db", path, code=2)
    assert result.stderr.count("\n") == 1
    assert "is not a SQLite database" in result.stderr


def test_an_unknown_command_names_the_near_one(call: Call) -> None:
    assert "did you mean 'verify'?" in call("runs", "verifi", code=2).stderr
    assert "did you mean 'compare'?" in call("compair", code=2).stderr


def test_resume_makes_what_was_cut_off_and_only_that(call: Call, tiny: Path, db: Path) -> None:
    pair = ("-c", "linux-3.10", "-c", "linux-3.5", "--seeds", 2, "--jobs", 1)
    comparison = json.loads(call("compare", tiny, *pair, "--json").stdout)["comparison"]
    with sqlite3.connect(db) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("DELETE FROM runs WHERE seed = 2")
    connection.close()
    resumed = call("runs", "resume", "latest", "--jobs", 1)
    assert [line.split()[0] for line in resumed.stderr.splitlines()] == ["3/4", "4/4"]
    assert f"comparison {comparison} is stored" in resumed.stdout
    assert "4 of 4 runs came out the same" in call("runs", "verify", comparison).stdout


def test_a_comparison_of_another_version_or_without_a_run_is_not_gone_on_with(
    call: Call, comparison: str, db: Path
) -> None:
    def change(sql: str) -> None:
        with sqlite3.connect(db) as connection:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute(sql)
        connection.close()

    change("UPDATE comparisons SET package_version = '0.0.1'")
    assert "begun with reclaimlab 0.0.1" in call("runs", "resume", comparison, code=2).stderr
    change("DELETE FROM runs")
    assert "has no run" in call("runs", "resume", comparison, code=2).stderr

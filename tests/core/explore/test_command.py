"""``reclaimlab explore`` and ``run --schedule``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from reclaimlab.cli import cli
from reclaimlab.explore import proof
from reclaimlab.hosting.catalog import Catalog
from reclaimlab.reports.readme import block_of

if TYPE_CHECKING:
    from pathlib import Path

SMALL = ["explore", "tiny-completion", "--set", "pages=2", "-q"]


def test_json_has_the_properties_and_the_counterexample_step_by_step(tmp_path: Path) -> None:
    file = tmp_path / "hang.json"
    done = CliRunner().invoke(cli, [*SMALL, "--json", "--schedule", str(file)])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["exhausted"] is True
    assert found["granularity"] == "coarse"
    broken = found["properties"]["no-deadlock"]
    assert broken["violated"]
    last = broken["counterexample"]["steps"][-1]
    assert last["closed"] == ["kworker/u:1"]
    assert last["beyond_return"]
    assert found["properties"]["no-premature-oom"] == {"violated": False, "counterexample": None}
    again = CliRunner().invoke(cli, ["run", "tiny-completion", "--schedule", str(file)])
    assert again.exit_code == 0, again.output
    assert "point of no return" in again.stdout
    assert "cycle: kworker/u:1" in again.stdout


def test_a_schedule_of_another_scenario_or_no_schedule_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "no.json"
    file.write_text("{}")
    done = CliRunner().invoke(cli, ["run", "tiny-completion", "--schedule", str(file)])
    assert done.exit_code == 2
    assert "is no schedule" in done.stderr


@pytest.mark.parametrize("scenario", ["xfs-softlimit-hang"])
def test_a_scenario_that_draws_dice_is_refused_with_the_way_out(scenario: str) -> None:
    done = CliRunner().invoke(cli, ["explore", scenario, "-q"])
    assert done.exit_code == 2
    assert "random number" in done.stderr
    assert "page-writer" in done.stderr


def test_an_exploration_that_is_kept_is_listed_and_shown_step_by_step(tmp_path: Path) -> None:
    db = ["--db", str(tmp_path / "runs.sqlite")]
    done = CliRunner().invoke(cli, [*SMALL, *db, "--store"])
    assert done.exit_code == 0, done.output
    again = CliRunner().invoke(cli, [*SMALL, *db, "--store", "--json"])
    listed = CliRunner().invoke(cli, ["runs", "list", "--explorations", *db, "--json"])
    (row,) = json.loads(listed.stdout)
    assert row["violated"] == ["no-deadlock", "progress", "all-cleaned"]
    assert row["id"] in done.stderr, "the same exploration has the same id"
    shown = CliRunner().invoke(cli, ["runs", "show", row["id"], *db])
    assert "point of no return" in shown.stdout
    assert done.stdout.rstrip().endswith(shown.stdout.split("violates progress")[0].split("\n")[-3])
    whole = CliRunner().invoke(cli, ["runs", "show", "x", *db, "--json"])
    assert json.loads(whole.stdout) == json.loads(again.stdout)
    missing = CliRunner().invoke(cli, ["runs", "show", "xffff", *db])
    assert missing.exit_code == 2
    assert "runs list" in missing.stderr


def test_single_steps_say_what_each_has_changed_and_message_steps_only_who_waits() -> None:
    single = CliRunner().invoke(cli, [*SMALL, "--step", "single"]).stdout
    message = CliRunner().invoke(cli, SMALL).stdout
    assert "box.dirty 0 -> 1 pages" in single
    assert "box.dirty" not in message
    assert "   1  writer runs" in single
    assert "   1  writer runs" not in message, "several steps of one task in a row are one"


def test_a_scenario_too_large_says_how_large_and_which_setting_is_smaller() -> None:
    asked = ["explore", "tiny-completion", "--set", "pages=6", "--set", "workers=3", "-q"]
    done = CliRunner().invoke(cli, [*asked, "--max-states", "300"])
    assert done.exit_code == 0
    assert "1 task and 3 bounded workers, 6 pages in its memcgs; more than 3" in done.stderr
    assert "--set workers=2 or --set pages=5" in done.stderr


def test_smallest_shows_the_fault_with_the_fewest_tasks_and_pages(tmp_path: Path) -> None:
    file = tmp_path / "hang.json"
    asked = ["explore", "tiny-completion", "--set", "workers=2", "--set", "pages=3", "-q"]
    done = CliRunner().invoke(cli, [*asked, "--smallest", "--schedule", str(file)])
    assert done.exit_code == 0, done.output
    assert "violates no-deadlock, with workers=1, pages=1:" in done.stdout
    assert "cycle: kworker/u:1" in done.stdout
    again = CliRunner().invoke(cli, ["run", "tiny-completion", "--schedule", str(file)])
    assert "point of no return" in again.stdout
    scenario = json.loads(file.read_text())["scenario_text"]
    assert "limit_pages = 1" in scenario
    as_it_is = CliRunner().invoke(cli, ["explore", "tiny-loop", "-q", "--smallest"])
    assert "violates no-deadlock" in as_it_is.stdout


def test_the_proof_table_has_a_row_a_policy_and_a_column_a_setting(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    few = ["linux-3.10", "linux-3.10+nofs-scope", "linux-6.18"]
    assert set(few) <= set(proof.contenders(Catalog.discover(), "linux-3.10"))
    monkeypatch.setattr(proof, "contenders", lambda _catalog, _base: few)
    readme = tmp_path / "README.md"
    readme.write_text("<!-- proof -->\n<!-- end of proof -->\n")
    asked = ["explore", "tiny-shrinker", "-q", "--all", "--readme", str(readme), "--json"]
    done = CliRunner().invoke(cli, [*asked, "--grid", "transaction_gfp=kernel,nofs"])
    assert done.exit_code == 0, done.output
    head, _, *rows = (block_of(readme.read_text(), "proof") or "").strip().splitlines()
    assert head == "| contender | transaction_gfp=kernel | transaction_gfp=nofs |"
    table = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    assert [name for name, *_ in table] == few
    assert table[0][1:] == ["deadlock", "proved"]
    found = json.loads(done.stdout)
    assert [each["settings"] for each in found["explorations"]][:2] == [
        ["transaction_gfp=kernel"], ["transaction_gfp=nofs"],
    ]  # fmt: skip


def test_pct_without_walks_and_a_grid_without_all_are_refused_with_the_way_out() -> None:
    for wrong, said in ((["--pct", "2"], "--walks"), (["--grid", "pages=1,2"], "--all")):
        done = CliRunner().invoke(cli, [*SMALL, *wrong])
        assert done.exit_code == 2
        assert said in done.stderr

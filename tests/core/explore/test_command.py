"""``reclaimlab explore`` and ``run --schedule``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from reclaimlab.cli import cli

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

"""Three plugins of others: built as wheels, installed into a fresh environment, and used there."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
TINY = HERE.parent / "core" / "tiny.toml"
PLUGINS = ("proportional-wait", "second-look", "smr-disk")
CHECKED = ("proportional-wait", "second-look", "dirty_swing", "smr-disk")

pytestmark = pytest.mark.slow


def test_reclaimlab_itself_comes_from_its_wheel(place: Any) -> None:
    shown = subprocess.run(
        [place.python, "-c", "import reclaimlab; print(reclaimlab.__file__)"],
        capture_output=True, text=True, check=True, cwd=place.folder,
    ).stdout  # fmt: skip
    assert Path(shown.strip()).is_relative_to(place.folder / "venv")


def test_all_are_found_by_their_entry_points(place: Any) -> None:
    found = {each["name"]: each for each in json.loads(place.reclaimlab("plugins", "--json"))}
    assert {found[name]["state"] for name in CHECKED} == {"loaded"}
    assert [found[name]["kind"] for name in CHECKED] == ["policy", "report", "metric", "device"]
    assert found["proportional-wait"]["distribution"] == "proportional-wait"
    assert found["smr-disk"]["version"] == "0.3"


@pytest.mark.parametrize("name", CHECKED)
def test_each_keeps_every_rule(place: Any, name: str) -> None:
    (checked,) = json.loads(place.reclaimlab("plugin", "check", name, "--json"))
    assert checked["passed"], checked


def test_the_authors_own_tests_pass_there(place: Any) -> None:
    folders = [str(HERE / name / "tests") for name in PLUGINS]
    config = ["-p", "no:cacheprovider", "--rootdir", str(place.folder), "-c", "/dev/null"]
    command = [place.python, "-m", "pytest", "-q", "--noconftest", *config, *folders]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "6 passed" in ran.stdout


def test_a_policy_of_somebody_else_is_compared_on_a_disk_of_somebody_else(place: Any) -> None:
    said = place.reclaimlab(
        "compare", str(TINY), "-c", "linux-3.10", "-c", "linux-3.10+proportional-wait(longest=1s)",
        "--set", "device.sda.model=smr-disk", "--set", "device.sda.options.amplification=4",
        "--seeds", "2", "--db", "runs.sqlite", "--json",
    )  # fmt: skip
    contenders = json.loads(said)["contenders"]
    assert [each["contender"] for each in contenders] == [
        "linux-3.10",
        "linux-3.10+proportional-wait(longest=1s)",
    ]
    assert [sum(each["verdicts"].values()) for each in contenders] == [2, 2]


def test_a_metric_and_a_section_of_somebody_else_are_in_every_report(place: Any) -> None:
    scenario = place.folder / "decided.toml"
    scenario.write_text(
        TINY.read_text().replace('decides = "writer_throughput"', 'decides = "dirty_swing"')
    )
    said = place.reclaimlab(
        "compare", str(scenario), "-c", "linux-3.10", "-c", "linux-3.10+memcg-dirty-throttle",
        "--seeds", "2", "--db", "swings.sqlite", "--json",
    )  # fmt: skip
    found = json.loads(said)
    for contender in found["contenders"]:
        swing = contender["metrics"]["dirty_swing"]
        assert (swing["unit"], swing["better"], swing["n"]) == ("pages", "lower", 2)
    assert "dirty_swing" in [pair["metric"] for pair in found["pairs"]]
    for form in ("text", "html"):
        report = place.reclaimlab("report", "latest", "--format", form, "--db", "swings.sqlite")
        assert "how much the dirty pages swing" in report
        assert "mean swing (pages)" in report
    assert "dirty_swing,pages,lower," in place.reclaimlab(
        "report", "latest", "--format", "csv", "--db", "swings.sqlite"
    )


def test_none_imports_anything_but_the_public_modules() -> None:
    for name in PLUGINS:
        (module,) = (HERE / name / "src").glob("*/__init__.py")
        imports = [line for line in module.read_text().splitlines() if "from reclaimlab" in line]
        public = ("from reclaimlab.policy import", "from reclaimlab.extending import")
        assert imports
        assert all(line.strip().startswith(public) for line in imports)

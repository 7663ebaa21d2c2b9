"""What the README files say is what the code does: tables, commands, examples with their output."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest

from reclaimlab.cli import cli
from reclaimlab.explore import proof
from reclaimlab.explore.explore import explore
from reclaimlab.explore.request import ExploreRequest
from reclaimlab.hosting.catalog import OURS, Catalog
from reclaimlab.hosting.conformance import check_policy
from reclaimlab.reports.ablation import ablation_block
from reclaimlab.reports.fix_claims import all_claims
from reclaimlab.reports.fix_reasons import REASONS
from reclaimlab.reports.fix_table import disagreements
from reclaimlab.reports.readme import block_of, blocks
from reclaimlab.reports.sensitivity import sensitivity_block
from reclaimlab.reports.validation import validation_block, validation_object
from reclaimlab.runs.grid import (
    CONTENDERS,
    Case,
    all_cases,
    contenders_of,
    read_grid,
)
from reclaimlab.runs.run import run_one
from reclaimlab.runs.sources import HASH_LENGTH
from reclaimlab.scenarios.builtin import builtin_scenarios
from reclaimlab.scenarios.canonical import scenario_toml
from reclaimlab.scenarios.reader import load_scenario, scenario_hash
from reclaimlab.validate.batch import shipped_recordings, validate_one
from reclaimlab.validate.constants import constants
from tests.tools import proof_cells

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reclaimlab.policy import Policy

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
CORE = (ROOT / "core" / "README.md").read_text()
PLUGINS = (ROOT / "plugins" / "README.md").read_text()
GRID = read_grid(ROOT / "tests" / "golden" / "matrix.json")
REFRESH = "run: make matrix"

SAMPLE = [
    ("ext4-unsubmitted-2015", "linux-3.10"),
    ("ext4-unsubmitted-2015", "linux-3.10+exempt-kthreads"),
    ("ext4-unsubmitted-2015", "linux-3.10+memalloc-noio"),
    ("ext4-unsubmitted-2015", "linux-3.11"),
    ("dd-usb-ext4 writer_gfp=nofs", "linux-3.5"),
    ("dd-usb-ext4 writer_gfp=nofs", "linux-3.10"),
    ("dd-usb-ext4 writer_gfp=nofs", "linux-3.10+may-enter-fs"),
    ("dd-usb-ext4 writer_gfp=nofs", "linux-3.10+may-enter-fs+unlocked-write-begin"),
    ("dd-usb-ext4 writer_gfp=fs", "linux-3.10+may-enter-fs"),
    ("dd-usb-ext4 writer_gfp=fs", "linux-6.18"),
    ("dd-usb-xfs", "linux-3.10"),
    ("dd-usb-xfs", "linux-3.10+may-enter-fs"),
    ("dd-usb-xfs", "linux-3.10+congestion-wait(skip=nofs)"),
    ("dd-usb-xfs", "linux-3.10+congestion-wait(skip=kthread)"),
    ("shrinker-recursion", "linux-3.10"),
    ("cgroup-v2-dd", "linux-3.5"),
    ("cgroup-v2-dd", "linux-4.2"),
    ("loop-noio", "linux-3.10"),
    ("a_seq_xfs_20MBps_32M_r1", "linux-6.18"),
    ("a_seq_ext4_20MBps_32M_r1", "linux-6.18"),
    ("a_seq_xfs_20MBps_100M_r1", "linux-6.18"),
]
"""Cells that cost a fraction of a second each."""


@pytest.mark.parametrize("name", blocks(GRID))
def test_a_generated_block_is_what_the_code_renders_now(name: str) -> None:
    assert block_of(README, name) == blocks(GRID)[name](), REFRESH


@pytest.mark.parametrize("case", all_cases(), ids=str)
def test_the_matrix_has_every_contender_of_the_scenario_as_it_is_now(case: Case) -> None:
    scenario = case.load()
    cells = [GRID.get(str(case), name) for name in contenders_of(scenario)]
    hashes = {cell and cell.scenario_hash for cell in cells}
    assert hashes == {scenario_hash(scenario)[:HASH_LENGTH]}, REFRESH
    assert len({len(cell.verdicts) for cell in cells if cell}) == 1
    assert not any(cell.errors for cell in cells if cell)


@pytest.mark.parametrize(("case", "contender"), SAMPLE)
def test_a_cell_comes_to_the_recorded_verdict_again(case: str, contender: str) -> None:
    cell = GRID.get(case, contender)
    assert cell is not None
    (scenario,) = (each.load() for each in all_cases() if str(each) == case)
    assert run_one(scenario, contender, 1).verdict == cell.verdicts[0], REFRESH


@pytest.mark.parametrize(
    "contender",
    ["linux-3.10", "linux-3.10+may-enter-fs", "linux-3.10+pf-fstrans", "linux-3.10+memalloc-noio"],
)
def test_a_cell_of_the_proof_table_comes_out_again(contender: str) -> None:
    head, _, *rows = (block_of(README, "proof") or "").strip().splitlines()
    table = [[cell.strip() for cell in row.strip("|").split("|")] for row in (head, *rows)]
    base = "linux-3.10"
    assert [name for name, *_ in table[1:]] == proof.contenders(Catalog.discover(), base)
    scenario = load_scenario("tiny-completion", ("workers=1", "pages=2"))
    request = ExploreRequest(scenario_toml(scenario), "tiny-completion", contender)
    column = table[0].index("workers=1, pages=2")
    cell = next(row[column] for row in table if row[0] == contender)
    assert proof.outcome(explore(request)) == cell, "run: make proof"


PROOF = json.loads(proof_cells.TABLE.read_text())
PROVED = [proof_cells.Cell(**each) for each in PROOF["cells"] if each["exhausted"]]


def test_the_proof_cells_of_the_readme_are_those_of_the_last_search() -> None:
    assert block_of(README, proof_cells.BLOCK) == proof_cells.block(PROOF), "run: make proof"


@pytest.mark.parametrize("contender", proof_cells.CONTENDERS, ids="-".join)
def test_every_contender_has_a_cell_that_was_exhausted(contender: tuple[str, str]) -> None:
    assert [cell for cell in PROVED if (cell.contender, cell.writer) == contender]


@pytest.mark.parametrize(
    "cell",
    [cell for cell in PROVED if cell.states < 400][::5],
    ids=lambda cell: f"{cell.contender}-{cell.writer}-{cell.workers}-{cell.pages}",
)
def test_a_small_proof_cell_comes_out_again_with_as_many_states(cell: proof_cells.Cell) -> None:
    again = proof_cells.explored(cell.asked, max_seconds=60)
    assert replace(again, seconds=cell.seconds) == cell, "run: make proof"


def test_every_claim_is_about_a_cell_of_the_matrix() -> None:
    cases = set(map(str, all_cases()))
    for claim in all_claims():
        assert claim.contender in CONTENDERS
        assert set(claim.expected) <= cases


def test_a_verdict_that_is_not_as_claimed_has_its_reason_and_no_other_has() -> None:
    assert {(claim.row, case) for claim, case in disagreements(GRID)} == set(REASONS)


def fenced(language: str) -> Iterator[str]:
    yield from re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def examples() -> list[tuple[str, list[str]]]:
    """Return each command of the console blocks, with the lines that it is said to print."""
    found: list[tuple[str, list[str]]] = []
    for line in "".join(fenced("console")).splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        else:
            found[-1][1].append(line)
    return found


def named_commands() -> list[str]:
    inline = re.findall(r"`(reclaimlab [a-z][^`]*)`", README)
    return list(dict.fromkeys([command for command, _ in examples()] + inline))


@pytest.mark.parametrize("line", named_commands())
def test_a_command_of_the_readme_exists_and_its_options_parse(line: str) -> None:
    name, *arguments = shlex.split(line)
    command: click.Command = cli
    context = click.Context(cli, info_name=name)
    while isinstance(command, click.Group):
        found = command.get_command(context, arguments.pop(0))
        assert found is not None
        command = found
    parsed = command.make_context(line, arguments, parent=context, resilient_parsing=False)
    help_text = command.get_help(parsed)
    for option in (each for each in arguments if each.startswith("-")):
        assert re.search(rf"{option}\b", help_text)


def test_every_make_target_of_the_readme_exists() -> None:
    targets = set(re.findall(r"(?:^|`)make ([a-z]+)", README, re.MULTILINE))
    made = re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert {"demo", "test"} <= targets <= set(made)


@pytest.mark.slow
def test_every_example_prints_the_lines_that_the_readme_shows_in_their_order(
    tmp_path: Path,
) -> None:
    (tmp_path / "core").symlink_to(ROOT / "core")
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    for line, shown in examples():
        command = [sys.executable, "-m", *shlex.split(line)]
        ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, (line, ran.stderr)
        assert missing_lines(shown, ran.stdout.splitlines()) == [], line


def missing_lines(shown: list[str], printed: list[str]) -> list[str]:
    rest = iter(printed)
    return [line for line in shown if line != "..." and line not in rest]


def test_the_policy_of_the_readme_conforms() -> None:
    names: dict[str, type[Policy]] = {}
    (source,) = fenced("python")
    exec(source, names)
    assert check_policy(names["KthreadsKeep"]) == ()


@pytest.mark.parametrize(
    "name", [*Catalog.discover().of_distribution(OURS).names, *builtin_scenarios()]
)
def test_a_policy_or_scenario_is_named_in_a_readme(name: str) -> None:
    assert f"`{name}`" in README + PLUGINS


@pytest.mark.parametrize("folder", ["engine", "kernel"])
def test_the_map_of_the_core_has_every_file(folder: str) -> None:
    files = {path.name for path in (ROOT / "core" / "reclaimlab" / folder).glob("[a-z]*.py")}
    assert files == set(re.findall(rf"`{folder}/([a-z_]+\.py)`", CORE))


def test_the_import_stack_of_the_core_is_the_checked_one() -> None:
    rows = re.findall(r"^\| (`[a-z_`, ]+`) \|", CORE.partition("## The engine")[0], re.MULTILINE)
    packages = [path.stem for path in (ROOT / "core" / "reclaimlab").glob("[a-z]*")]
    packages.remove("py")  # py.typed
    assert sorted(re.findall("[a-z_]+", " ".join(rows))) == sorted(packages)


def test_every_line_of_the_changelog_is_one_sentence() -> None:
    notes = [line for line in (ROOT / "CHANGELOG.md").read_text().splitlines() if line[:2] == "- "]
    assert notes
    for note in notes:
        assert re.fullmatch(r"- [^ ].*[^.]\.", note)
        assert not re.search(r"[.!?] [A-Z]", note)


ABLATION = json.loads((ROOT / "tests" / "golden" / "ablation.json").read_text())


def test_the_sufficient_sets_of_the_readme_are_those_of_the_last_ablation() -> None:
    assert block_of(README, "ablation") == ablation_block(ABLATION), "run: make ablation"


@pytest.mark.parametrize("fixes", [each["fixes"] for each in ABLATION["minimal"]], ids="+".join)
@pytest.mark.parametrize("case", ABLATION["scenarios"][:-1])
def test_a_sufficient_set_is_so_on_each_scenario_but_the_long_one(
    case: str, fixes: list[str]
) -> None:
    name, *settings = case.split()
    contender = "+".join((ABLATION["kernel"], *fixes))
    assert run_one(load_scenario(name, settings), contender, 1).verdict == "ok"


@pytest.mark.parametrize("each", ABLATION["harmful"][:4], ids=lambda each: "+".join(each["fixes"]))
def test_a_set_that_does_harm_does_it_again(each: dict[str, Any]) -> None:
    case, verdict = next((c, v) for c, v in each["verdicts"].items() if v != "ok")
    name, *settings = case.split()
    contender = "+".join((ABLATION["kernel"], *each["fixes"]))
    assert run_one(load_scenario(name, settings), contender, 1).verdict == verdict


VALIDATION = json.loads((ROOT / "tests" / "golden" / "validation.json").read_text())
REVALIDATE = "run: reclaimlab validate RECORDINGS --json --readme README.md > validation.json"


def test_the_errors_in_the_readme_are_those_of_the_last_validation() -> None:
    assert block_of(README, "validation") == validation_block(VALIDATION), REVALIDATE


SENSITIVITY = json.loads((ROOT / "tests" / "golden" / "sensitivity.json").read_text())


def test_the_sensitivity_in_the_readme_is_of_the_constants_as_they_are() -> None:
    refresh = "run: reclaimlab validate --sensitivity --json --readme README.md > sensitivity.json"
    assert block_of(README, "sensitivity") == sensitivity_block(SENSITIVITY), refresh
    assert {each["constant"]: each["value"] for each in SENSITIVITY["constants"]} == constants()
    assert SENSITIVITY["recordings"] == [folder.name for folder in shipped_recordings()]


@pytest.mark.parametrize("folder", shipped_recordings()[::4], ids=lambda folder: folder.name)
def test_the_last_validation_is_of_the_model_as_it_is(folder: Path) -> None:
    (now,) = validation_object([validate_one(folder)])["recordings"]
    stored = next(each for each in VALIDATION["recordings"] if each["run"] == now["run"])
    # Counts over a trace differ: those recordings come without one.
    shared = now["metrics"].keys() - {"scans_per_reclaim", "throttle_sleeps", "throttle_sleep"}
    assert shared
    for name in shared:
        assert now["metrics"][name] == stored["metrics"][name], (name, REVALIDATE)

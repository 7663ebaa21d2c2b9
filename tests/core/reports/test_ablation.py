"""The tables of sufficient sets, and the command that finds them again."""

import json
import shlex
from pathlib import Path

from click.testing import CliRunner

from reclaimlab.cli import cli
from reclaimlab.reports.ablation import ablation_block, command_of

PLAIN = {
    "kernel": "linux-3.10",
    "fixes": ["a", "b(time=1s)", "c"],
    "scenarios": ["one limit=5M", "two"],
    "seeds": [3, 4],
    "none": {"one limit=5M": "ok", "two": "deadlock"},
    "minimal": [
        {"fixes": ["a"], "without": {"a": {"two": "deadlock"}}},
        {"fixes": ["b(time=1s)", "c"], "without": {
            "b(time=1s)": {"two": "deadlock"}, "c": {"one limit=5M": "oom", "two": "stall"},
        }},
    ],
    "harmful": [{"fixes": ["a", "c"], "verdicts": {"one limit=5M": "oom", "two": "ok"}}],
    "tried": 5,
    "subsets": 8,
}  # fmt: skip
TINY = Path(__file__).parents[1] / "tiny.toml"


def test_each_set_says_what_breaks_without_each_of_its_fixes() -> None:
    lines = ablation_block(PLAIN).splitlines()
    assert "| `a` | without `a` deadlock on `two` |" in lines
    assert (
        "| `b(time=1s)` + `c` | without `b(time=1s)` deadlock on `two`; "
        "without `c` oom on `one limit=5M`, stall on `two` |"
    ) in lines
    assert lines[-1] == "| `a` + `c` | oom on `one limit=5M` |"
    assert lines[0].endswith(
        "seeds: 3, 4 (2). Without a fix: deadlock on `two`. 5 of 8 sets were tried."
    )


def test_the_command_has_every_scenario_fix_and_seed() -> None:
    assert shlex.split(command_of(PLAIN))[2:] == [
        "one limit=5M", "two", "-k", "linux-3.10", "-f", "a", "-f", "b(time=1s)", "-f", "c",
        "--seed", "3", "--seeds", "2",
    ]  # fmt: skip


def test_the_command_fills_the_block_of_a_file_with_what_it_prints(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("Sets\n\n<!-- ablation -->\n<!-- end of ablation -->\n")
    words = ["ablate", str(TINY), "-f", "may-enter-fs", "--set", "duration=100ms", "--jobs", "1"]
    words += ["-q", "--json", "--db", str(tmp_path / "a.db"), "--readme", str(readme)]
    result = CliRunner().invoke(cli, words)
    assert result.exit_code == 0, result.output
    assert ablation_block(json.loads(result.stdout)) in readme.read_text()

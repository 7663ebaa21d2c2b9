"""``run``: one run, printed."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from reclaimlab.cli.options import is_met
from reclaimlab.errors import InvariantError
from reclaimlab.measure.records import Verdict

Call = Callable[..., Result]


def test_a_run_tells_verdict_end_and_metrics_with_units(call: Call, tiny: Path) -> None:
    text = call("run", tiny, "-c", "linux-3.10", "--seed", 3).stdout
    assert text.startswith("tiny, linux-3.10, seed 3")
    assert "\nverdict  " in text
    assert "\nended    " in text
    assert any(
        line.startswith("writer_throughput") and line.endswith("B/s") for line in text.splitlines()
    )


def test_without_a_contender_the_scenarios_own_runs(call: Call, tiny: Path) -> None:
    assert json.loads(call("run", tiny, "--json").stdout)["contender"] == "linux-3.10"


def test_the_json_of_a_run_is_byte_identical_between_runs(call: Call, tiny: Path) -> None:
    first, second = (call("run", tiny, "--json").stdout for _ in range(2))
    assert first == second


def test_the_json_of_a_run_is_a_contender_of_a_comparison_and_more(call: Call, tiny: Path) -> None:
    run = json.loads(call("run", tiny, "--json").stdout)
    both = call("compare", tiny, "-c", "linux-3.10", "--seeds", 1, "--jobs", 1, "--json").stdout
    (contender,) = json.loads(both)["contenders"]
    del contender["shares"]  # what many seeds have and one has not
    assert set(run) >= set(contender) | {"seed", "schedule", "tasks", "memcgs"}
    assert run["verdicts"] == contender["verdicts"]
    for name, metric in contender["metrics"].items():
        assert metric.pop("sd") == 0.0
        assert metric.items() <= run["metrics"][name].items()


def test_checking_changes_nothing_of_the_result(call: Call, tiny: Path) -> None:
    assert call("run", tiny, "--check", "--json").stdout == call("run", tiny, "--json").stdout


def test_a_setting_changes_the_run(call: Call, tiny: Path) -> None:
    short = call("run", tiny, "--set", "scenario.duration=1s", "--json")
    assert json.loads(short.stdout)["ended"]["time_s"] <= 1.0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nosuch"], "there is no such scenario"),
        (["tiny.toml", "-c", "linux-3.1"], "unknown policy 'linux-3.1'; did you mean 'linux-3."),
        (["tiny.toml", "-c", "linux-3.10+congestion-wait(timeout=9parsecs)"], "parsecs"),
        (["tiny.toml", "--set", "memcg.bix.limit=1M"], "bix"),
        (["tiny.toml", "--seed", "-1"], "-1"),
        (["."], "directory"),
    ],
)
def test_bad_input_is_told_on_stderr_with_exit_2(
    call: Call, tiny: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(tiny.parent)
    result = call("run", *arguments, code=2)
    assert said in result.stderr.lower()
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


@pytest.mark.usefixtures("broken_policies")
def test_a_policy_that_raises_ends_with_exit_3_and_its_name(call: Call, tiny: Path) -> None:
    result = call("run", tiny, "-c", "linux-3.10+raises", code=3)
    assert result.stderr.startswith("policy raises, hook describe_kernel")
    assert "Traceback" not in result.stderr


def test_a_bug_of_ours_ends_with_exit_3_and_says_so(
    call: Call, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run_one(*_: object, **__: object) -> None:
        raise InvariantError("-1 pages are free")

    monkeypatch.setattr("reclaimlab.runs.apart.run_one", run_one)
    assert "a bug of reclaimlab" in call("run", tiny, code=3).stderr


@pytest.mark.parametrize(
    ("limit", "verdict", "code"),
    [("stall", "deadlock", 1), ("stall", "stall", 1), ("stall", "oom", 0), ("oom", "ok", 0)],
)
def test_fail_on_is_met_by_that_verdict_or_a_worse_one(limit: str, verdict: str, code: int) -> None:
    assert is_met(limit, [None, Verdict(verdict)]) is bool(code)

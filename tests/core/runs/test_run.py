"""One run on the real machine."""

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import pytest

from reclaimlab.errors import ContenderError, InvariantError, PolicyError
from reclaimlab.runs.compare import make_plan
from reclaimlab.runs.run import RunRequest, RunStoppedError, record_run, run_one
from reclaimlab.scenarios.schema import Scenario
from reclaimlab.store.fingerprint import result_hash
from reclaimlab.store.records import Failure


def the_request(scenario: Scenario, contender: str = "linux-3.10") -> RunRequest:
    return make_plan(scenario, [contender], [7]).requests[0]


def test_the_same_run_gives_the_same_bytes(tiny: Scenario) -> None:
    first, second = (run_one(tiny, "linux-3.10", 7) for _ in range(2))
    assert first == second
    assert result_hash(first) == result_hash(second)


def test_a_run_names_its_contender_in_the_canonical_spelling(tiny: Scenario) -> None:
    result = run_one(tiny, "linux-3.10+congestion-wait( timeout=100ms )", 7)
    assert result.contender == "linux-3.10+congestion-wait"
    assert result.policy_versions == {"linux-3.10": "1", "congestion-wait": "1"}


def test_the_hash_seed_of_python_does_not_matter(tiny: Scenario, tmp_path: Path) -> None:
    code = (
        "import sys; from reclaimlab.runs.run import run_one;"
        "from reclaimlab.scenarios.reader import load_scenario;"
        "from reclaimlab.store.fingerprint import result_hash;"
        "print(result_hash(run_one(load_scenario(sys.argv[1]), 'linux-3.10', 7)))"
    )
    path = tmp_path / "tiny.toml"
    path.write_text(the_request(tiny).scenario_text)
    printed = {
        subprocess.run(
            [sys.executable, "-c", code, str(path)],
            capture_output=True, text=True, check=True, env=os.environ | {"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("0", "1", "4242")
    }  # fmt: skip
    assert printed == {result_hash(run_one(tiny, "linux-3.10", 7)) + "\n"}


def test_a_record_holds_all_that_is_needed_to_run_it_again(tiny: Scenario) -> None:
    record = record_run(the_request(tiny))
    again = RunRequest(
        0,
        record.scenario,
        record.scenario_text,
        record.scenario_hash,
        record.contender,
        record.seed,
    )
    assert record_run(again) == record
    assert record.result is not None
    assert record.result_hash == result_hash(record.result)


@pytest.mark.usefixtures("broken_policies")
def test_a_policy_that_raises_is_named_with_its_hook(tiny: Scenario) -> None:
    with pytest.raises(PolicyError, match="policy raises, hook describe_kernel"):
        run_one(tiny, "linux-3.10+raises", 7)
    record = record_run(the_request(tiny, "linux-3.10+raises"))
    assert (record.result, record.failure) == (None, Failure.POLICY)
    assert "raised ZeroDivisionError" in record.error


def test_an_unknown_contender_of_an_old_record_is_that_runs_failure(tiny: Scenario) -> None:
    gone = dataclasses.replace(the_request(tiny), contender="linux-3.10+gone")
    assert "unknown policy 'gone'" in record_run(gone).error


def test_a_bug_of_ours_says_that_it_is_ours(
    tiny: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    def simulate(*_: object, **__: object) -> None:
        raise InvariantError("-1 pages are free")

    monkeypatch.setattr("reclaimlab.runs.run.simulate", simulate)
    record = record_run(the_request(tiny))
    assert record.failure is Failure.BUG
    assert "a bug of reclaimlab" in record.error
    assert "-1 pages are free" in record.error


def test_a_run_can_be_stopped_on_its_way(tiny: Scenario) -> None:
    with pytest.raises(RunStoppedError):
        record_run(the_request(tiny), stop=lambda: True)


def test_a_contender_cannot_be_given_twice(tiny: Scenario) -> None:
    twice = ["linux-3.10+congestion-wait", "linux-3.10+congestion-wait(timeout=100ms)"]
    with pytest.raises(ContenderError, match="given twice"):
        make_plan(tiny, twice, [1])

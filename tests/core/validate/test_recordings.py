"""Recordings become observations, scenarios and results; fits are named; workers change nothing."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import reclaimlab
from reclaimlab.block import device
from reclaimlab.errors import RecordingError
from reclaimlab.kernel import costs
from reclaimlab.scenarios.recording import Recording
from reclaimlab.validate.batch import recordings_in, shipped_recordings, validate_all, validate_one
from reclaimlab.validate.constants import ELSEWHERE, changed_constants, constants
from reclaimlab.validate.fitted import FITTED
from reclaimlab.validate.measured import measured
from reclaimlab.validate.sensitivity import leave_one_kind_out, sensitivity

if TYPE_CHECKING:
    from reclaimlab.validate.compare import Result

SHIPPED = {folder.name: folder for folder in shipped_recordings()}
CORE = Path(reclaimlab.__file__).parent


@cache
def validated(name: str) -> Result:
    return validate_one(SHIPPED[name])


def test_a_recording_is_observed_from_its_writers_start() -> None:
    real = measured(Recording.read(SHIPPED["o_seq_ext4_5MBps_48M_r1"]))
    assert real.times_s[0] >= 0
    assert real.accepted[-1] == 74 << 20
    assert real.latency_s["max"] == pytest.approx(1.6825)
    assert real.killed is None
    assert sum(real.blocking.values()) == pytest.approx(1)


def test_the_kill_of_a_recording_lies_between_two_samples() -> None:
    kill = measured(Recording.read(SHIPPED["o_seq_xfs_5MBps_48M_r1"])).killed
    assert kill is not None
    assert 2.8 < kill.after_s < kill.by_s < 3.2
    assert kill.span == "3.00-3.10"


def test_the_trace_tells_of_scans_and_sleeps() -> None:
    counts = measured(Recording.read(SHIPPED["a_seq_xfs_20MBps_32M_r1"])).counts
    assert counts["scanned"] == 4_510_336
    assert counts["throttle_sleeps"] == 6
    assert counts["throttle_s"] == pytest.approx(0.124)


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_the_writer_is_killed_where_it_was_and_only_there(name: str) -> None:
    assert validated(name).kill_is_right


@pytest.mark.parametrize("name", ["a_seq_xfs_20MBps_32M_r1", "o_seq_xfs_5MBps_48M_r1"])
def test_a_kill_comes_within_a_quarter_of_its_time(name: str) -> None:
    error = validated(name).error("oom_time")
    assert error is not None
    assert abs(error) <= 0.25


@pytest.mark.parametrize(
    "name", [name for name in sorted(SHIPPED) if name.startswith(("a_", "o_seq_ext4"))]
)
def test_levels_and_rates_of_linux_6_18_are_near(name: str) -> None:
    found = validated(name)
    if found.measured.killed:
        assert found.simulated.killed
        return
    for number, most in (
        ("device_throughput", 0.03),
        ("dirty_and_writeback_plateau", 0.1),
        ("longest_stall", 0.2),
    ):
        error = found.error(number)
        assert error is not None
        assert abs(error) <= most, number


def test_workers_give_the_same_as_this_process() -> None:
    folders = [SHIPPED["o_seq_ext4_5MBps_48M_r1"], SHIPPED["o_seq_xfs_5MBps_48M_r1"]]
    assert list(validate_all(folders, jobs=2)) == [validate_one(folder) for folder in folders]


def test_a_folder_without_recordings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="holds no recording"):
        recordings_in(tmp_path)


def test_the_recordings_named_beside_constants_are_the_fitted_ones() -> None:
    files = ("kernel/costs.py", "block/device.py", "scenarios/importers/setup.py",
             "workloads/replay.py")  # fmt: skip
    text = " ".join((CORE / name).read_text(encoding="utf-8") for name in files)
    named = set(re.findall(r"\b(?:[a-z]|h61q?)_\w+MBps_\w+", " ".join(text.split())))
    assert named == FITTED


def test_every_calibrated_constant_says_its_unit_and_where_it_is_from() -> None:
    text = (CORE / "kernel" / "costs.py").read_text(encoding="utf-8")
    for name in constants().keys() - ELSEWHERE.keys():
        assert name.endswith("_NS")
        assert re.search(rf'^{name}: Final = [\d_]+\n"""', text, re.MULTILINE), name


def test_other_constants_hold_only_inside() -> None:
    before = costs.SCAN_FOLIO_NS
    with changed_constants({"SCAN_FOLIO_NS": 7}):
        assert constants()["SCAN_FOLIO_NS"] == 7
    assert before == costs.SCAN_FOLIO_NS


def test_slower_scans_put_a_kill_off() -> None:
    def killed_s(scan_batch_ns: int) -> float:
        with changed_constants({"SCAN_BATCH_NS": scan_batch_ns}):
            killed = validate_one(SHIPPED["o_seq_xfs_5MBps_48M_r1"]).simulated.killed
        assert killed is not None
        return killed.by_s

    assert killed_s(costs.SCAN_BATCH_NS * 8) > killed_s(costs.SCAN_BATCH_NS // 8)


def test_a_constant_changed_reaches_the_module_that_uses_it() -> None:
    with changed_constants({"SUBMIT_REQUEST_NS": 9, "LEAST_PIECE": 7}):
        assert (device.SUBMIT_REQUEST_NS, costs.SUBMIT_REQUEST_NS) == (9, 9)
        assert constants()["LEAST_PIECE"] == 7
    assert device.SUBMIT_REQUEST_NS == costs.SUBMIT_REQUEST_NS > 9


def test_sensitivity_makes_each_constant_a_fifth_smaller_and_larger(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "reclaimlab.validate.sensitivity.constants", lambda: {"SCAN_BATCH_NS": 40_000}
    )
    told: list[str] = []
    folders = [SHIPPED["o_seq_xfs_5MBps_48M_r1"], SHIPPED["a_seq_xfs_20MBps_32M_r1"]]
    plain, less, more = sensitivity(folders, told=told.append)
    assert told == ["as they are", "SCAN_BATCH_NS times 0.8", "SCAN_BATCH_NS times 1.2"]
    assert (plain.factor, less.factor, more.factor) == (1.0, 0.8, 1.2)
    assert plain.after == less.before == more.before
    assert less.after.spreads["oom_time"].median != more.after.spreads["oom_time"].median
    left_out = {each.kind: each for each in leave_one_kind_out([plain, less, more])}
    for kind, run in (("a", "o_seq_xfs_5MBps_48M_r1"), ("o", "a_seq_xfs_20MBps_32M_r1")):
        best = min((plain, less, more), key=lambda effect: effect.scores[run])
        assert left_out[kind].constant == best.constant
        assert left_out[kind].others == (plain.scores[run], best.scores[run])

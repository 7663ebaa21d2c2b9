"""``validate``: recordings in; table, JSON and page out; the exit code tells of targets."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from hypothesis import given
from hypothesis import strategies as st

from reclaimlab.reports.validation_html import ticks
from reclaimlab.validate.batch import shipped_recordings

Call = Callable[..., Result]
SHORT = {folder.name: folder for folder in shipped_recordings()}
GOOD, KILLED = "o_seq_ext4_5MBps_48M_r1", "o_seq_xfs_5MBps_48M_r1"


def folder_of(tmp_path: Path, *names: str) -> Path:
    for name in names:
        shutil.copytree(SHORT[name], tmp_path / "recordings" / name)
    return tmp_path / "recordings"


def test_a_table_has_each_run_and_each_target(call: Call, tmp_path: Path) -> None:
    ended = call("validate", folder_of(tmp_path, GOOD, KILLED), "--jobs", "1")
    assert ended.stderr.splitlines() == [f"1/2 {GOOD}", f"2/2 {KILLED}"]
    assert "1.68/1.68" in ended.stdout
    assert "OOM verdict right" in ended.stdout
    assert "missed" not in ended.stdout


def test_the_json_object_has_the_contracts_keys(call: Call, tmp_path: Path) -> None:
    folder = folder_of(tmp_path, GOOD, KILLED)
    plain = json.loads(call("validate", folder, "--json", "--quiet", "--jobs", "1").stdout)
    assert plain["schema"] == 1
    good, killed = plain["recordings"]
    assert (good["run"], good["kernel"], good["fs"]) == (GOOD, "linux-6.18", "ext4")
    assert set(good["metrics"]["longest_stall"]) == {"measured", "simulated", "error", "unit"}
    assert killed["metrics"]["oom_verdict"] == {"measured": True, "simulated": True, "error": 0.0}
    assert plain["summary"]["oom_verdict"] == {"right": 2, "n": 2}
    assert set(plain["summary"]["device_throughput"]) == {"median_error", "p90_error", "n"}


def test_the_time_of_a_recorded_kill_is_both_samples_that_it_came_between(
    call: Call, tmp_path: Path
) -> None:
    folder = folder_of(tmp_path, KILLED)
    (killed,) = json.loads(call("validate", folder, "--json", "--quiet").stdout)["recordings"]
    told = killed["metrics"]["oom_time"]
    assert told["measured_after"] == pytest.approx(3.0, abs=0.01)
    assert told["measured"] == pytest.approx(3.1, abs=0.01)


def test_sensitivity_tells_how_far_it_is_and_which_error_moves(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "reclaimlab.validate.sensitivity.constants", lambda: {"SCAN_BATCH_NS": 40_000}
    )
    ended = call("validate", folder_of(tmp_path, KILLED), "--sensitivity", "--jobs", "1")
    assert [line.split()[0] for line in ended.stderr.splitlines()] == ["1/3", "2/3", "3/3"]
    assert "OOM " in ended.stdout
    (row,) = [line for line in ended.stdout.splitlines() if line.startswith("SCAN_BATCH_NS")]
    assert "40,000 ns" in row
    folder = tmp_path / "recordings"
    plain = json.loads(call("validate", folder, "--sensitivity", "--json", "--quiet").stdout)
    assert [each["factor"] for each in plain["constants"]] == [0.8, 1.2]
    assert plain["recordings"] == [KILLED]


@given(st.floats(1e-6, 1e9))
def test_an_axis_has_three_to_six_round_numbers_within_its_range(most: float) -> None:
    numbers = ticks(most)
    assert 3 <= len(numbers) <= 6
    assert numbers[0] == 0
    assert numbers[-1] <= most * (1 + 1e-6)
    assert f"{numbers[1]:.0e}"[0] in "125"


def test_a_missed_target_exits_with_1(call: Call, tmp_path: Path) -> None:
    folder = folder_of(tmp_path, GOOD)
    meta = folder / GOOD / "meta.toml"
    text = meta.read_text()
    meta.write_text(text.replace("lat_max_ms = 1682.5", "lat_max_ms = 16825.0"))
    assert meta.read_text() != text
    ended = call("validate", folder, "--quiet", code=1)
    assert "longest stall, median error" in ended.stdout
    assert "missed" in ended.stdout


def test_the_page_shows_measured_and_simulated_on_one_plot(call: Call, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    call("validate", folder_of(tmp_path, GOOD), "--quiet", "--html", page)
    text = page.read_text()
    assert text.count("<svg") == 3
    assert text.count("<polyline") == 6
    assert "under writeback (MiB)" in text
    assert "time (s)" in text
    assert "http" not in text.replace('xmlns="http://www.w3.org/2000/svg"', "")


def test_only_chooses_by_name_and_says_what_there_is(call: Call, tmp_path: Path) -> None:
    folder = folder_of(tmp_path, GOOD, KILLED)
    ended = call("validate", folder, "--only", "xfs", "--jobs", "1")
    assert ended.stderr.splitlines() == [f"1/1 {KILLED}"]
    refused = call("validate", folder, "--only", "btrfs", code=2)
    assert f"no recording has btrfs in its name; there are {GOOD}" in refused.stderr


def test_a_damaged_recording_is_named_without_a_traceback(call: Call, tmp_path: Path) -> None:
    folder = folder_of(tmp_path, GOOD)
    samples = folder / GOOD / "samples.csv"
    samples.write_text(samples.read_text()[:-40])
    refused = call("validate", folder, code=2)
    assert "samples.csv: line" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_columns_that_a_foreign_recording_lacks_are_named_in_one_line(
    call: Call, tmp_path: Path
) -> None:
    folder = folder_of(tmp_path, GOOD)
    samples = folder / GOOD / "samples.csv"
    text = samples.read_text()
    samples.write_text(text.replace("mc_dirty", "dirty").replace("w0_bytes", "bytes"))
    refused = call("validate", folder, "--quiet", code=2)
    assert refused.stdout == ""
    assert refused.stderr.strip() == (
        f"{samples} has no column mc_dirty, w0_bytes, which validate compares with a run"
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('fs = "ext4"', 'fs = "btrfs"', "filesystem.data.type"),
        ("bw_MBps = 5", "bw_MBps = 0", "device.sda.write_bw"),
        ("secs = 7", "secs = 0", "scenario.duration"),
        ('workload = "seq"', 'workload = "fsync"', "workload 'fsync' is unknown"),
    ],
)
def test_what_makes_no_scenario_is_refused_in_one_line(
    call: Call, tmp_path: Path, old: str, new: str, said: str
) -> None:
    folder = folder_of(tmp_path, GOOD)
    meta = folder / GOOD / "meta.toml"
    text = meta.read_text()
    meta.write_text(text.replace(old, new))
    assert meta.read_text() != text
    refused = call("validate", folder, "--quiet", code=2)
    assert said in refused.stderr
    assert refused.stderr.count("\n") == 1


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_damaged_recording_is_left_out_and_named_and_the_others_go_on(
    call: Call, tmp_path: Path, jobs: str
) -> None:
    folder = folder_of(tmp_path, GOOD, KILLED)
    (folder / GOOD / "samples.csv").write_text("t_s\n")
    ended = call("validate", folder, "--json", "--jobs", jobs, code=2)
    assert [each["run"] for each in json.loads(ended.stdout)["recordings"]] == [KILLED]
    assert f"left out: {folder / GOOD / 'samples.csv'}" in ended.stderr
    assert "Traceback" not in ended.stderr

"""Importing recordings: the set-up is repeated, and nothing is written unless all was read."""

from __future__ import annotations

import gzip
import math
import shutil
from typing import TYPE_CHECKING, Literal

import pytest

from reclaimlab.errors import RecordingError
from reclaimlab.scenarios.builtin import LIBRARY, RECORDINGS, builtin_recordings
from reclaimlab.scenarios.importers import import_recording
from reclaimlab.scenarios.importers.output import import_text
from reclaimlab.scenarios.importers.setup import kernel_name
from reclaimlab.scenarios.importers.trace import read_trace
from reclaimlab.scenarios.importers.vmstat import read_vmstat
from reclaimlab.scenarios.reader import load_scenario
from reclaimlab.scenarios.recording import Recording
from reclaimlab.scenarios.tasks import ReaderTask, ReplayTask, WriterTask
from reclaimlab.units import GIB, KIB, MIB, MSEC, PAGE_SIZE, SEC

if TYPE_CHECKING:
    from pathlib import Path

KILLED = RECORDINGS / "a_seq_xfs_20MBps_32M_r1"
SLOW = RECORDINGS / "a_seq_xfs_20MBps_100M_r1"
TRACE = KILLED / "trace.txt.gz"
Kind = Literal["vmstat", "ftrace"]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A recorded run that a test may damage."""
    return shutil.copytree(SLOW, tmp_path / "in" / SLOW.name)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out" / "mine.toml"


def edit(run: Path, old: str, new: str) -> None:
    meta = run / "meta.toml"
    assert old in meta.read_text()
    meta.write_text(meta.read_text().replace(old, new))


def refuse(kind: Kind, path: Path, out: Path) -> str:
    """Return the one line of the refusal, and see that nothing was written."""
    with pytest.raises(RecordingError) as caught:
        import_recording(kind, [path], out)
    assert list(out.parent.iterdir()) == []
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("folder", builtin_recordings(), ids=lambda path: path.name)
def test_the_library_holds_what_the_importer_makes_of_each_recording(folder: Path) -> None:
    text = import_text(read_vmstat([folder]), f"../recordings/{folder.name}")
    assert (LIBRARY / f"{folder.name}.toml").read_text() == text


def test_an_imported_run_has_the_set_up_of_the_recorded_one(out: Path) -> None:
    scenario = import_recording("vmstat", [KILLED], out)
    assert scenario == load_scenario(str(out))
    assert (scenario.machine.memory, scenario.machine.cpus) == (24 * GIB, 2)
    assert scenario.memcg["box"].limit == 32 * MIB
    device = scenario.device["sda"]
    assert (device.write_bw, device.nr_requests, device.max_request) == (20_000_000, 64, 512 * KIB)
    assert (device.queue, device.latency, device.jitter) == ("mq", 0, 0.0)
    writer = scenario.task["writer"]
    assert isinstance(writer, WriterTask)
    assert (writer.write_size, writer.rss // MIB) == (MIB, 4)
    assert (scenario.kernel, scenario.duration) == ("linux-6.18", 18 * SEC)


def test_what_others_wrote_and_when_the_writer_began_are_played_back(run: Path, out: Path) -> None:
    scenario = import_recording("vmstat", [run], out)
    others, writer = scenario.task["others"], scenario.task["writer"]
    assert isinstance(others, ReplayTask)
    series = Recording.read(run).series
    first = next(at for at, time in enumerate(series["t_s"]) if time >= 0)
    machine = series["vm_nr_written"][-1] - series["vm_nr_written"][first]
    own = (series["bdi_BdiWritten"][-1] - series["bdi_BdiWritten"][first]) / 4
    played = sum(map(int, others.writes.split())) + others.backlog // PAGE_SIZE
    assert played == pytest.approx(machine - own, abs=64)
    assert len(others.writes.split()) == len(series["t_s"]) - first - 1
    assert (writer.start, writer.program_cache) == (17 * MSEC, 756 * KIB)


def test_without_counters_of_the_machine_nobody_else_writes(run: Path, out: Path) -> None:
    samples = run / "samples.csv"
    samples.write_text(samples.read_text().replace("bdi_BdiWritten", "else"))
    assert list(import_recording("vmstat", [run], out).task) == ["writer"]


def test_measured_values_are_in_the_units_of_our_metrics(out: Path) -> None:
    recording = import_recording("vmstat", [SLOW], out).recording
    assert recording is not None
    assert recording.measured["write_latency_max"] == 2.8389
    assert recording.measured["writer_throughput"] == 23_750_000
    assert recording.measured["dirty_plateau"] == pytest.approx(27.7 * MIB / PAGE_SIZE)


def test_means_over_a_killed_run_are_not_taken_for_measurements(out: Path) -> None:
    recording = import_recording("vmstat", [KILLED], out).recording
    assert recording is not None
    assert recording.measured["oom_kills"] == 1
    assert "writer_throughput" not in recording.measured


def test_the_measured_files_are_kept_beside_the_scenario(out: Path) -> None:
    recording = import_recording("vmstat", [SLOW / "samples.csv"], out).recording
    assert recording is not None
    kept = Recording.read(out.parent / recording.dir)
    assert kept.series == Recording.read(SLOW).series
    assert sorted(path.name for path in out.parent.iterdir()) == ["mine.recording", "mine.toml"]


def test_an_import_may_be_repeated_from_the_kept_files(out: Path) -> None:
    first = import_recording("vmstat", [SLOW], out)
    assert import_recording("vmstat", [out.with_name("mine.recording")], out) == first


def test_the_meta_data_choose_workload_queue_and_reader(run: Path, out: Path) -> None:
    edit(run, 'workload = "seq"', 'workload = "rand"')
    edit(run, "reader = 0", "reader = 1")
    edit(run, "writers = 1", "writers = 2")
    edit(run, 'nr_requests = "64"', 'nr_requests = "4"')
    edit(run, 'max_sectors_kb = "512"', 'max_sectors_kb = "128"')
    scenario = import_recording("vmstat", [run], out)
    writer, reader = scenario.task["writer"], scenario.task["reader"]
    assert isinstance(writer, WriterTask)
    assert (writer.pattern, writer.preallocated, writer.file_size) == ("random", True, GIB)
    assert (writer.count, writer.memcg) == (2, "box")
    assert isinstance(reader, ReaderTask)
    assert (reader.memcg, scenario.decides) == ("", "reader_latency_p99")
    device = scenario.device["sda"]
    assert (device.nr_requests, device.max_request) == (4, 128 * KIB)


def test_throttled_writeback_gets_half_of_three_quarters_of_the_queue(run: Path, out: Path) -> None:
    edit(run, "wbt_usec = 0", "wbt_usec = 75000")
    assert import_recording("vmstat", [run], out).device["sda"].nr_requests == 24


def test_qemu_holds_back_reads_and_writes_apart_and_a_fuse_file_does_not(
    run: Path, out: Path
) -> None:
    assert not import_recording("vmstat", [run], out).device["sda"].reads_apart
    edit(run, "loop(dio) on rate-limited FUSE file", "rate limited by qemu throttling.bps-total")
    assert import_recording("vmstat", [run], out.with_name("b.toml")).device["sda"].reads_apart


def test_a_run_under_global_limits_has_no_memcg(run: Path, out: Path) -> None:
    edit(run, "limit_MiB = 100", 'limit_MiB = "none"')
    edit(run, "dirty_bytes = 0", "dirty_bytes = 209715200")
    scenario = import_recording("vmstat", [run], out)
    assert (scenario.memcg, scenario.task["writer"].memcg) == ({}, "")
    assert scenario.machine.dirty_bytes == 200 * MIB


@pytest.mark.parametrize("limit", ["-132", "inf", '"nan"', "1e300"])
def test_a_limit_that_is_no_size_is_refused(limit: str, run: Path, out: Path) -> None:
    edit(run, "limit_MiB = 100", f"limit_MiB = {limit}")
    with pytest.raises(RecordingError, match=r"limit_MiB .* is no size of a memcg"):
        import_recording("vmstat", [run], out)
    assert not out.exists()


def test_the_guest_has_the_memory_and_the_kernel_of_the_guest(run: Path, out: Path) -> None:
    edit(run, 'kernel = "6.18.44"', 'kernel = "6.1 (guest)"')
    scenario = import_recording("vmstat", [run], out)
    assert (scenario.kernel, scenario.machine.memory) == ("linux-6.1", 3 * GIB)


@pytest.mark.parametrize(
    ("version", "contender"),
    [
        ("6.18.44", "linux-6.18"), ("6.12.1-arch1", "linux-6.18"), ("6.5.0", "linux-6.1"),
        ("5.14.0-427.el9", "linux-4.2"), ("2.6.32", "linux-3.5"), ("7.2", "linux-6.18"),
        ("unknown", "linux-6.18"),
    ],
)  # fmt: skip
def test_a_kernel_that_is_not_modelled_is_taken_for_the_last_before(
    version: str, contender: str
) -> None:
    assert kernel_name(version) == contender


def test_a_trace_adds_what_reclaim_did_to_the_meta_data(out: Path) -> None:
    scenario = import_recording("ftrace", [KILLED], out)
    assert scenario.recording is not None
    assert scenario.recording.measured["pages_scanned"] == 4_510_336
    assert scenario.device["sda"].nr_requests == 64
    assert "125 memcg reclaims" in out.read_text()


@pytest.mark.parametrize("packed", [True, False])
def test_a_bare_trace_tells_device_filesystem_and_task(
    tmp_path: Path, out: Path, *, packed: bool
) -> None:
    bare = tmp_path / "bare.trace"
    bare.write_bytes(TRACE.read_bytes() if packed else gzip.decompress(TRACE.read_bytes()))
    scenario = import_recording("ftrace", [bare], out)
    device = scenario.device["sda"]
    assert device.write_bw == pytest.approx(20e6, rel=0.15)
    assert (device.nr_requests, device.max_request) == (56, 512 * KIB)
    assert (scenario.filesystem["data"].type, list(scenario.task)) == ("xfs", ["wl"])
    assert "Assumed" in out.read_text()
    assert [path.name for path in out.parent.iterdir()] == ["mine.toml"]


def test_a_trace_counts_reclaims_requests_and_sleeps() -> None:
    trace = read_trace(TRACE)
    assert (trace.reclaimers.total(), trace.sleeps["WRITEBACK"]) == (125, 6)
    assert (trace.busiest.median_size, trace.busiest.most_in_flight) == (512 * KIB, 56)


def test_balance_dirty_pages_of_a_memcg_tells_cgroup_v2(tmp_path: Path, out: Path) -> None:
    trace = tmp_path / "t.txt"
    trace.write_text(
        "# tracer: nop\nCPU:1 [LOST 7 EVENTS]\n"
        "  my dd-160  [001] .....  60.0: balance_dirty_pages: bdi 254:0: limit=143098 "
        "bdi_setpoint=0 bdi_dirty=0 paused=4 cgroup_ino=137\n"
        "  my dd-160  (  160) [001] 62.0: mm_vmscan_memcg_reclaim_begin: order=0\n"
    )
    scenario = import_recording("ftrace", [trace], out)
    assert (scenario.machine.cgroup, scenario.kernel) == ("v2", "linux-6.1")
    assert (list(scenario.task), scenario.duration) == (["my-dd"], 2 * SEC)
    assert "7 events were lost" in out.read_text()


def test_a_damaged_or_foreign_trace_is_refused_in_one_line(tmp_path: Path, out: Path) -> None:
    packed = TRACE.read_bytes()
    cases = {
        "cut.txt.gz": (packed[: len(packed) // 2], "damaged or cut short"),
        "crc.txt.gz": (packed[:-8] + bytes(8), "damaged or cut short"),
        "foreign.txt": (b"Dear all,\nthis is a letter.\n" * 1000, "is no ftrace text"),
        "letter.txt": (b"Dear all,\n", "has no ftrace event"),
        "empty.txt": (b"", "is empty"),
        "binary.dat": (b"\x17\x08\x44tracing\0\xff\xfe" * 99, "is binary"),
        "zeros.dat": (bytes(1 << 20), "is binary"),
        "number.txt": (b" a-1 [0] 1.0: balance_dirty_pages: limit=many\n", "line 1"),
    }
    for name, (content, words) in cases.items():
        path = tmp_path / name
        path.write_bytes(content)
        message = refuse("ftrace", path, out)
        assert words in message
        assert name in message


def test_a_folder_without_the_files_is_refused(tmp_path: Path, out: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "has no meta.toml" in refuse("vmstat", empty, out)
    assert "has no trace" in refuse("ftrace", empty, out)
    assert "no such file" in refuse("ftrace", tmp_path / "missing", out)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("meta.toml", b"", "is empty"),
        ("meta.toml", b"run = ", "is not TOML"),
        ("meta.toml", b'run = "x"', "fs is missing"),
        ("samples.csv", b"", "is empty"),
        ("samples.csv", b"t_s,a\n", "samples begin with t_s, then rows"),
        ("samples.csv", b"Dear all\nhello\n", "samples begin with t_s"),
        ("samples.csv", b"t_s,a\n0,1\n0.1", "line 3 has 1 values of 2; it is cut short"),
        ("samples.csv", b"t_s,a\n0,x\n", "line 2: could not convert"),
        ("samples.csv", b"t_s\0\xff", "is binary"),
        ("latency.csv", b"task,role,t_s,latency_ms\n0,seq,0.1", "line 2"),
        ("latency.csv", b"who,what\n", "expected task,role,t_s,latency_ms"),
        ("stacks.txt", b"# task 0\nsome words\n", "expected count, state and stack"),
    ],
)
def test_a_damaged_file_of_a_run_is_refused_in_one_line(
    run: Path, out: Path, name: str, content: bytes, words: str
) -> None:
    (run / name).write_bytes(content)
    message = refuse("vmstat", run, out)
    assert words in message
    assert name in message


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('fs = "xfs"', 'fs = "btrfs"', "'btrfs' is not allowed"),
        ("bw_MBps = 20", "bw_MBps = 0", "write_bw"),
        ("secs = 20", "secs = -1", "'-1s' is below zero"),
        ('workload = "seq"', 'workload = "sort"', "workload 'sort' is unknown; known are seq"),
    ],
)
def test_meta_data_that_make_no_scenario_are_refused_in_one_line(
    run: Path, out: Path, old: str, new: str, words: str
) -> None:
    edit(run, old, new)
    assert words in refuse("vmstat", run, out)


def test_files_of_other_names_or_of_two_runs_are_refused(tmp_path: Path, out: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("hello")
    assert "the folder of a recorded run" in refuse("vmstat", notes, out)
    with pytest.raises(RecordingError, match="is no file of a recorded run"):
        import_recording("vmstat", [notes, SLOW / "samples.csv"], out)
    assert list(out.parent.iterdir()) == []
    with pytest.raises(RecordingError, match="several runs"):
        import_recording("vmstat", [KILLED, SLOW], out)
    with pytest.raises(RecordingError, match="nothing to import"):
        import_recording("vmstat", [], out)


def test_an_output_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="is a folder"):
        import_recording("vmstat", [SLOW], tmp_path)
    with pytest.raises(RecordingError, match="cannot be written: No such file"):
        import_recording("vmstat", [SLOW], tmp_path / "missing" / "x.toml")
    assert list(tmp_path.iterdir()) == []


def test_a_recording_gives_series_latencies_and_stacks(run: Path) -> None:
    recording = Recording.read(run)
    assert max(recording.series["usage_bytes"]) <= 100 * MIB
    assert len(recording.rate("w0_bytes")) == len(recording.series["t_s"]) - 1
    assert max(call.seconds for call in recording.latencies) == pytest.approx(2.8389, abs=1e-3)
    throttled = [stack for stack in recording.stacks if "reclaim_throttle" in stack.functions]
    seen = sum(stack.count for stack in recording.stacks)
    assert sum(stack.count for stack in throttled) / seen == pytest.approx(0.968, abs=0.01)


def test_an_empty_cell_of_the_samples_is_no_number(run: Path) -> None:
    (run / "samples.csv").write_text("t_s,mc_rss\n0,\n1,4096\n")
    assert math.isnan(Recording.read(run).series["mc_rss"][0])


def test_latencies_and_stacks_may_be_absent(run: Path, out: Path) -> None:
    (run / "latency.csv").unlink()
    (run / "stacks.txt").unlink()
    import_recording("vmstat", [run], out)
    kept = Recording.read(out.with_name("mine.recording"))
    assert (kept.latencies, kept.stacks) == ((), ())

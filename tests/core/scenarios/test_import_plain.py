"""Importing what other programs write: vmstat, /proc/vmstat, memory.stat, fio, trace-cmd."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reclaimlab.errors import RecordingError
from reclaimlab.scenarios.importers import import_recording
from reclaimlab.scenarios.importers.fio_jobs import Job
from reclaimlab.scenarios.importers.trace import read_trace
from reclaimlab.scenarios.reader import load_scenario
from reclaimlab.scenarios.tasks import ReaderTask, WriterTask
from reclaimlab.units import KIB, MIB, MSEC, PAGE_SIZE, SEC, USEC

DATA = Path(__file__).parent / "data"
Kind = Literal["vmstat", "ftrace", "fio"]

VMSTAT = """\
procs -----------memory---------- ---swap-- -----io---- -system-- ------cpu-----
 r  b   swpd   free   buff  cache   si   so    bi    bo   in   cs us sy id wa st
 1  0      0 100000  24000 900000    0    0   160   666  206  229 57  2 40  0  0
 0  1      0 100000  24000 900000    0    0     0 20000  206  229 57  2 40  0  0
 0  1      0  90000  24000 910000    0    0     0 20000  206  229 57  2 40  0  0
"""
MEMORY_STAT = """\
cache {0}
rss 4096
dirty {1}
writeback 8192
pgfault 10
hierarchical_memory_limit 33554432
"""


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out" / "mine.toml"


def put(tmp_path: Path, text: str | bytes, name: str = "file.txt") -> Path:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def measured(kind: Kind, paths: list[Path], out: Path) -> dict[str, float]:
    recording = import_recording(kind, paths, out).recording
    assert recording is not None
    return dict(recording.measured)


def refused(kind: Kind, path: Path, out: Path) -> str:
    with pytest.raises(RecordingError) as caught:
        import_recording(kind, [path], out)
    assert list(out.parent.iterdir()) == []
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_vmstat_gives_memory_and_the_rate_of_the_disk_without_the_mean_since_boot(
    tmp_path: Path, out: Path
) -> None:
    scenario = import_recording("vmstat", [put(tmp_path, VMSTAT)], out)
    assert scenario == load_scenario(str(out))
    assert scenario.machine.memory == 1000 * MIB
    assert scenario.device["sda"].write_bw == 20_000 * KIB
    assert scenario.duration == 1 * SEC
    assert "Assumed" in out.read_text()


@pytest.mark.parametrize("name", ["vmstat-1.txt", "vmstat-wide-time.txt"])
def test_both_layouts_of_a_real_vmstat_are_read(name: str, out: Path) -> None:
    scenario = import_recording("vmstat", [DATA / name], out)
    assert scenario.machine.memory > 20_000 * MIB


def test_windows_line_ends_and_a_byte_order_mark_change_nothing(tmp_path: Path, out: Path) -> None:
    plain = import_recording("vmstat", [put(tmp_path, VMSTAT)], out)
    marked = b"\xef\xbb\xbf" + VMSTAT.replace("\n", "\r\n").encode()
    assert import_recording("vmstat", [put(tmp_path, marked)], out) == plain


def test_snapshots_of_proc_vmstat_give_rates_by_their_own_times(out: Path) -> None:
    scenario = import_recording("vmstat", [DATA / "proc-vmstat.txt"], out)
    assert scenario.recording is not None
    assert scenario.recording.measured["dirty_peak"] > 0
    assert scenario.machine.dirty_bytes % PAGE_SIZE == 0
    assert scenario.machine.memory == pytest.approx(5 * scenario.machine.dirty_bytes, abs=MIB)


def test_counters_of_two_files_are_two_snapshots_a_second_apart(tmp_path: Path, out: Path) -> None:
    text = "nr_free_pages 5\nnr_dirty {0}\nnr_written {0}\nnr_dirtied {1}\n"
    first = put(tmp_path, text.format(1000, 2000), "first.txt")
    second = put(tmp_path, text.format(3000, 5000), "second.txt")
    found = measured("vmstat", [first, second], out)
    assert found["device_throughput"] == 2000 * PAGE_SIZE
    assert found["writer_throughput"] == 3000 * PAGE_SIZE
    assert found["dirty_peak"] == 3000


def test_memory_stat_gives_the_limit_of_the_memcg_and_its_dirty_pages(
    tmp_path: Path, out: Path
) -> None:
    text = MEMORY_STAT.format(9 * MIB, 8192) + MEMORY_STAT.format(9 * MIB, 4096 * 3)
    scenario = import_recording("vmstat", [put(tmp_path, text)], out)
    assert (scenario.memcg["box"].limit, scenario.machine.cgroup) == (32 * MIB, "v1")
    assert scenario.recording is not None
    assert scenario.recording.measured["dirty_peak"] == 3


def test_memory_stat_of_v2_is_told_by_its_names(tmp_path: Path, out: Path) -> None:
    one = "anon 4096\nfile 1048576\nfile_dirty 8192\nfile_writeback 0\npgfault 3\n"
    scenario = import_recording("vmstat", [put(tmp_path, one * 2)], out)
    assert (scenario.memcg["box"].limit, scenario.machine.cgroup) == (2 * MIB, "v2")


def test_jobs_of_fio_become_tasks_and_those_past_the_page_cache_are_left_out(out: Path) -> None:
    scenario = import_recording("fio", [DATA / "jobs.fio"], out)
    assert sorted(scenario.task) == ["rand", "writer"]
    writer, rand = scenario.task["writer"], scenario.task["rand"]
    assert isinstance(writer, WriterTask)
    assert isinstance(rand, WriterTask)
    assert (writer.write_size, writer.file_size, writer.total) == (64 * KIB, 256 * MIB, 0)
    assert (rand.count, rand.random_min, rand.random_max) == (2, 4 * KIB, 16 * KIB)
    assert (rand.pattern, rand.preallocated) == ("random", True)
    # 10 KiB a write() on average at 2 MiB/s.
    assert rand.think == pytest.approx(10 / 2048 * SEC, abs=USEC)
    assert scenario.duration == 20 * SEC
    comment = out.read_text()
    assert "no task has it: fsync" in comment
    assert "page cache: raw" in comment


def test_the_json_output_of_a_real_fio_brings_its_results(out: Path) -> None:
    scenario = import_recording("fio", [DATA / "fio-write.json"], out)
    writer = scenario.task["seqwrite"]
    assert isinstance(writer, WriterTask)
    assert (writer.write_size, writer.total) == (256 * KIB, 0)  # its runtime ended it
    assert scenario.recording is not None
    assert scenario.recording.measured == {
        "writer_throughput": 20964531,
        "write_latency_p50": 75264e-9,
        "write_latency_p99": 522240e-9,
        "write_latency_max": 531707e-9,
    }


def test_logs_of_means_do_not_hide_the_longest_call(out: Path) -> None:
    logs = [DATA / "fio_lat.1.log", DATA / "fio_bw.1.log"]
    alone = measured("fio", [DATA / "fio-write.json"], out)
    assert measured("fio", [DATA / "fio-write.json", *logs], out) == alone
    told = measured("fio", [DATA / "jobs.fio", *logs], out)
    assert told["writer_throughput"] == pytest.approx(20590 * KIB, rel=0.01)


def test_a_mixed_job_is_a_writer_and_a_reader(tmp_path: Path, out: Path) -> None:
    job = put(tmp_path, "[mix]\nrw=rw\nbs=4k,128k\nsize=1g\n", "mix.fio")
    tasks = import_recording("fio", [job], out).task
    writer, reader = tasks["mix"], tasks["mix-reader"]
    assert isinstance(writer, WriterTask)
    assert isinstance(reader, ReaderTask)
    assert (writer.write_size, writer.total) == (128 * KIB, 1024 * MIB)


@given(st.integers(1, 1 << 20), st.sampled_from(["k", "m", "K", "M", "kb", "KiB", "g"]))
def test_sizes_of_fio_count_in_1024(number: int, unit: str) -> None:
    scale = {"k": KIB, "m": MIB, "g": KIB * MIB}[unit[0].lower()]
    assert Job("a", {"bs": f"{number}{unit}"}, "x").size("bs") == number * scale


def test_thinktime_counts_in_microseconds_and_runtime_in_seconds() -> None:
    job = Job("a", {"thinktime": "500", "runtime": "2m"}, "x")
    assert job.seconds("thinktime", "us") * SEC == pytest.approx(MSEC / 2)
    assert job.seconds("runtime") == 120


def test_both_layouts_of_trace_cmd_report_tell_the_same(out: Path) -> None:
    short, long = (
        read_trace(DATA / name) for name in ("trace-cmd-report.txt", "trace-cmd-report-l.txt")
    )
    assert short.reclaimers["writer"] > 0
    assert short == long
    assert import_recording("ftrace", [DATA / "trace-cmd-report.txt"], out).memcg["box"].limit


BAD: dict[str, bytes] = {
    "empty": b"",
    "binary": bytes(range(256)) * 20,
    "latin-1": "r\xe9sum\xe9\n".encode("latin-1") * 300,
    "endless line": b"x" * 100_000,
    "foreign": b"Lorem ipsum dolor sit amet\n" * 2000,
    "C source": b"int main(void)\n{\n\treturn 0;\n}\n",
}


@pytest.mark.parametrize("kind", ["vmstat", "fio", "ftrace"])
@pytest.mark.parametrize("what", BAD)
def test_what_is_no_such_file_is_refused_in_one_line(
    kind: Kind, what: str, tmp_path: Path, out: Path
) -> None:
    refused(kind, put(tmp_path, BAD[what]), out)


def test_what_is_cut_short_is_refused(tmp_path: Path, out: Path) -> None:
    assert "cut short" in refused("vmstat", put(tmp_path, VMSTAT[:-60]), out)
    text = MEMORY_STAT.format(1, 1) * 2
    assert "cut short" in refused("vmstat", put(tmp_path, text[:-40]), out)
    whole = (DATA / "fio-write.json").read_bytes()
    assert "no whole JSON" in refused("fio", put(tmp_path, whole[:2000]), out)


def test_one_sample_is_too_few(tmp_path: Path, out: Path) -> None:
    assert "two are the least" in refused("vmstat", put(tmp_path, MEMORY_STAT.format(1, 1)), out)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[a]\nrw=trim\n", "rw=trim"),
        ("[a]\nrw=write\nbs=huge\n", "bs=huge"),
        ("[a]\nrw=write\nruntime=soon\n", "runtime=soon"),
        ("[a]\nrw=write\nnumjobs=-1\n", "numjobs=-1"),
        ("[a]\nrw=write\ndirect=1\n", "direct=1"),
        ("[global]\nrw=write\n", "no job"),
        ("rw=write\n[a]\n", "line 1"),
    ],
)
def test_a_job_that_cannot_be_simulated_is_named(
    text: str, said: str, tmp_path: Path, out: Path
) -> None:
    assert said in refused("fio", put(tmp_path, text, "bad.fio"), out)


def test_json_of_another_program_is_refused(tmp_path: Path, out: Path) -> None:
    assert "not fio's" in refused("fio", put(tmp_path, '{\n"a": [1]\n}\n'), out)


def test_a_folder_for_fio_is_refused(tmp_path: Path, out: Path) -> None:
    (tmp_path / "folder").mkdir()
    assert "folder" in refused("fio", tmp_path / "folder", out)


def test_samples_are_not_mixed(tmp_path: Path, out: Path) -> None:
    stat = put(tmp_path, MEMORY_STAT.format(1, 1) * 2, "stat.txt")
    with pytest.raises(RecordingError, match="one kind"):
        import_recording("vmstat", [stat, put(tmp_path, VMSTAT, "v.txt")], out)

"""Trace files: read back by readers of their own; `make test-traces` asks trace-cmd."""

from __future__ import annotations

import dataclasses
import io
import json
import re
import struct
from functools import cache
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import pytest

from reclaimlab.engine.trace import TraceEvent
from reclaimlab.reports.traces import TRACES, trace_file
from reclaimlab.reports.traces.stream import cpus, events
from reclaimlab.runs.inspect import inspect_run
from reclaimlab.scenarios.reader import load_scenario

if TYPE_CHECKING:
    from reclaimlab.measure.timeline import Timeline

LINE = re.compile(
    r"^ *(?P<comm>[A-Za-z0-9-]+|<idle>)-(?P<pid>\d+) +\[(?P<cpu>\d{3})\] \.\.\.\. +"
    r"(?P<time>\d+\.\d{6}): (?P<event>\w+): (?P<details>.*)$"
)
HOSTILE = "a b\n9.9: x: <script>\u202e"


@cache
def hang() -> Timeline:
    return inspect_run(load_scenario("xfs-softlimit-hang"), "linux-3.10", 1, from_ns=3_400_000_000)


@cache
def file_of(name: str) -> bytes:
    return trace_file([hang()], name)


def with_hostile_names() -> Timeline:
    task = dataclasses.replace(hang().tasks[0], name=HOSTILE, label=HOSTILE)
    event = TraceEvent(5, HOSTILE, task.pid, "writeback_start", (("bdi", HOSTILE),))
    return dataclasses.replace(hang(), scenario=HOSTILE, tasks=(task,), wakes=(), events=(event,))


@pytest.mark.parametrize("name", TRACES)
def test_the_same_run_gives_the_same_bytes(name: str) -> None:
    assert trace_file([hang()], name) == file_of(name)


def test_each_line_of_ftrace_text_is_one_event_in_order_of_time() -> None:
    lines = file_of("ftrace").decode().splitlines()[2:]
    found = [LINE.match(line) for line in lines]
    assert all(found)
    assert len(lines) == len(events(hang()))
    times = [float(each["time"]) for each in found if each]
    assert times == sorted(times)


def test_the_events_of_vmscan_have_the_fields_of_their_kernel_in_its_order() -> None:
    text = file_of("ftrace").decode()
    names = re.search(r"mm_vmscan_lru_isolate: (.*)", text)
    assert names is not None
    assert re.findall(r"(\w+)=", names[1]) == [
        "classzone", "order", "nr_requested", "nr_scanned", "nr_skipped", "nr_taken", "lru"
    ]  # fmt: skip
    assert re.search(r"mm_vmscan_direct_reclaim_begin: order=0 gfp_flags=[A-Z_|]+\n", text)


def test_each_event_of_vmscan_has_the_fields_that_the_kernels_script_takes() -> None:
    """The grammar of trace-vmscan-postprocess.pl; `make test-vmscan` asks the script itself."""
    numbers = {
        "mm_vmscan_direct_reclaim_end": "nr_reclaimed",
        "mm_vmscan_kswapd_wake": "nid order",
        "mm_vmscan_kswapd_sleep": "nid",
        "mm_vmscan_lru_isolate": "classzone order nr_requested nr_scanned nr_skipped nr_taken",
        "mm_vmscan_lru_shrink_inactive": "nid nr_scanned nr_reclaimed nr_dirty nr_writeback "
        "nr_congested nr_immediate nr_activate_anon nr_activate_file nr_ref_keep nr_unmap_fail "
        "priority",
    }
    words = {
        "mm_vmscan_lru_isolate": r" lru=[a-z_]+",
        "mm_vmscan_lru_shrink_inactive": r" flags=[A-Z_|]+",
    }
    wanted = {
        name: re.compile(
            " ".join(f"{field}=[0-9]+" for field in fields.split()) + words.get(name, "")
        )
        for name, fields in numbers.items()
    }
    gfp = r"order=[0-9]+ gfp_flags=([A-Z_|]+|none)"  # none: as the kernel prints no flag
    wanted["mm_vmscan_direct_reclaim_begin"] = re.compile(gfp)
    wanted["mm_vmscan_wakeup_kswapd"] = re.compile(f"nid=[0-9]+ {gfp}")
    seen = set()
    for line in file_of("ftrace").decode().splitlines()[2:]:
        found = LINE.match(line)
        assert found is not None
        if found["event"] in wanted:
            assert wanted[found["event"]].fullmatch(found["details"]), line
            seen.add(found["event"])
    assert "mm_vmscan_lru_shrink_inactive" in seen
    assert len(seen) >= 4


def test_each_cpu_switches_from_a_task_only_after_it_switched_to_it() -> None:
    on_cpu: dict[int, Any] = {}
    for event in events(hang()):
        if event.tracepoint.name == "sched_switch":
            assert event.values["prev_pid"] == on_cpu.get(event.cpu, 0)
            on_cpu[event.cpu] = event.values["next_pid"]
    assert len(on_cpu) == len(hang().tasks)


def test_hostile_names_end_no_line_of_ftrace_text() -> None:
    lines = trace_file([with_hostile_names()], "ftrace").decode().splitlines()[2:]
    assert len(lines) == len(events(with_hostile_names()))
    assert all(line.isascii() and LINE.match(line) for line in lines)


def ring_buffer_events(data: bytes) -> int:
    """Count the events of a trace.dat file, by the rules of the kernel's ring buffer."""
    count = cpus(hang())
    table = data.index(b"flyrecord\0") + 10
    found = 0
    for cpu in range(count):
        offset, size = struct.unpack_from("<QQ", data, table + 16 * cpu)
        for page in range(offset, offset + size, 4096):
            found += sum(1 for _ in page_events(data[page : page + 4096]))
    return found


def page_events(page: bytes) -> Any:
    (committed,) = struct.unpack_from("<Q", page, 8)
    place = 16
    while place < 16 + committed:
        head, word = struct.unpack_from("<II", page, place)
        length = head & 31
        if length == 30:
            place += 8
        else:
            yield page[place : place + 4]
            place += 4 + (length * 4 if length else word)


def test_the_ring_buffer_of_trace_dat_holds_every_event() -> None:
    assert ring_buffer_events(file_of("tracedat")) == len(events(hang()))


def perfetto_events(data: bytes) -> list[dict[str, Any]]:
    return list(json.loads(data)["traceEvents"])


def test_perfetto_events_have_what_their_phase_needs() -> None:
    needs = {
        "M": {"name", "args"}, "X": {"ts", "dur", "tid"}, "T": {"ts", "dur", "tid", "args"},
        "C": {"ts", "args"}, "i": {"ts", "s"}, "s": {"ts", "id", "cat"},
        "f": {"ts", "id", "cat", "bp"},
    }  # fmt: skip
    found = perfetto_events(file_of("perfetto"))
    assert {event["ph"] for event in found} == set(needs)
    assert all(needs[event["ph"]] <= event.keys() for event in found)
    starts = {event["id"] for event in found if event["ph"] == "s"}
    assert starts == {event["id"] for event in found if event["ph"] == "f"}


def test_perfetto_events_are_of_the_types_that_its_importer_reads() -> None:
    for event in perfetto_events(file_of("perfetto")):
        assert isinstance(event["pid"], int)
        assert isinstance(event.get("tid", 0), int)
        assert all(isinstance(event.get(key, 0), int | float) for key in ("ts", "dur"))
        assert event.get("dur", 0) >= 0
        if event["ph"] == "C":
            assert all(isinstance(value, int | float) for value in event["args"].values())
        if event["ph"] == "i":
            assert event["s"] in ("g", "p", "t")


def test_perfetto_slices_of_a_thread_never_overlap() -> None:
    ends: dict[int, float] = {}
    slices = [each for each in perfetto_events(file_of("perfetto")) if each["ph"] == "X"]
    for each in sorted(slices, key=lambda found: (found["tid"], found["ts"], found["dur"])):
        # Microseconds with a fraction: what two ends differ by is less than one nanosecond.
        assert each["ts"] >= ends.get(each["tid"], 0) - 1e-4
        ends[each["tid"]] = each["ts"] + each["dur"]


def test_perfetto_says_which_function_a_task_is_blocked_in() -> None:
    blocked = [e for e in perfetto_events(file_of("perfetto"))
               if e["ph"] == "T" and e["name"] == "D"]  # fmt: skip
    assert {"wait_on_page_bit"} <= {e["args"].get("blocked_function") for e in blocked}


def test_two_runs_are_one_zip_whose_manifest_names_each_file() -> None:
    with ZipFile(io.BytesIO(trace_file([hang(), hang()], "perfetto"))) as archive:
        manifest = json.loads(archive.read("perfetto_manifest.json"))["perfetto_manifest"]
        paths = [each["path"] for each in manifest["files"]]
        assert {*paths, "perfetto_manifest.json"} == set(archive.namelist())
        assert archive.read(paths[0]) == file_of("perfetto")

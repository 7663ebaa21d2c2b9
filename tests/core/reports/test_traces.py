"""Timelines as Perfetto's JSON and as ftrace text."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from reclaimlab.measure.timeline import Timeline
from reclaimlab.reports.ftrace import ftrace_report
from reclaimlab.reports.perfetto import perfetto_report
from reclaimlab.runs.inspect import inspect_run
from reclaimlab.scenarios.reader import load_scenario

LINE = re.compile(r"^ *(\S+)-(\d+) +\[(\d{3})\] \.{4} +(\d+\.\d{6}): (\w+): ?(.*)$")


@cache
def timelines() -> tuple[Timeline, Timeline]:
    scenario = load_scenario(str(Path(__file__).parents[1] / "tiny.toml"))
    a, b = (inspect_run(scenario, name, 1) for name in ("linux-3.10", "linux-3.10+may-enter-fs"))
    return a, b


@cache
def events() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(perfetto_report(timelines()))["traceEvents"]
    return found


def test_every_event_has_what_its_phase_needs() -> None:
    needs = {
        "M": {"name", "args"}, "X": {"ts", "dur", "name"}, "C": {"ts", "name", "args"},
        "i": {"ts", "s", "name"}, "s": {"ts", "id", "cat", "name"},
        "f": {"ts", "id", "cat", "name", "bp"}, "T": {"ts", "dur", "name", "args"},
    }  # fmt: skip
    assert {event["ph"] for event in events()} >= {"M", "X", "C", "s", "f", "T"}
    for event in events():
        assert needs[event["ph"]] <= set(event)
        assert isinstance(event["pid"], int)
        if event["ph"] == "C":
            assert all(isinstance(value, int | float) for value in event["args"].values())


def test_every_span_is_a_thread_state_with_the_function_it_is_blocked_in() -> None:
    states = [event for event in events() if event["ph"] == "T"]
    assert len(states) == sum(len(task.spans) for each in timelines() for task in each.tasks)
    blocked = [event for event in states if event["name"] == "D"]
    assert blocked
    assert all(event["args"]["blocked_function"] for event in blocked)


def test_slices_of_one_thread_do_not_overlap() -> None:
    last: dict[int, float] = {}
    for event in events():
        if event["ph"] == "X":
            assert event["ts"] >= last.get(event["tid"], 0.0) - 1e-6
            last[event["tid"]] = event["ts"] + event["dur"]


def test_both_contenders_stand_on_one_axis_without_a_shared_thread() -> None:
    names = [event["args"]["name"] for event in events() if event["name"] == "process_name"]
    assert [name.split(",")[0] for name in names] == [
        "A: linux-3.10", "B: linux-3.10+may-enter-fs",
    ]  # fmt: skip
    threads = {(event["pid"], event["tid"]) for event in events() if "tid" in event}
    assert len({tid for _, tid in threads}) == len(threads)


def test_every_arrow_has_both_ends() -> None:
    starts = [event["id"] for event in events() if event["ph"] == "s"]
    ends = [event["id"] for event in events() if event["ph"] == "f"]
    assert starts == ends
    assert len(set(starts)) == len(starts)


def test_the_ftrace_text_has_every_event_in_the_kernels_line_format() -> None:
    timeline = timelines()[0]
    lines = ftrace_report(timeline).splitlines()
    assert lines[0] == "# tracer: nop"
    found = [LINE.match(line) for line in lines if not line.startswith("#")]
    assert all(found)
    names = [match[5] for match in found if match]
    assert names == [event.name for event in timeline.events]
    times = [float(match[4]) for match in found if match]
    assert times == sorted(times)


def test_the_same_run_gives_the_same_bytes() -> None:
    first, again = timelines.__wrapped__(), timelines()
    assert perfetto_report(first) == perfetto_report(again)
    assert ftrace_report(first[0]) == ftrace_report(again[0])

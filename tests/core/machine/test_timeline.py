"""Timelines: the same run again, with every task's states, wake-ups and wait-for graphs."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from reclaimlab.measure.records import Verdict
from reclaimlab.measure.timeline import TaskState, WaitGraph
from reclaimlab.runs.inspect import inspect_run
from reclaimlab.runs.run import RunStoppedError, run_one
from reclaimlab.scenarios.reader import load_scenario

if TYPE_CHECKING:
    from reclaimlab.measure.timeline import Timeline

HANG = "xfs-softlimit-hang"


@cache
def hang() -> Timeline:
    return inspect_run(load_scenario(HANG), "linux-3.10", 1)


def test_looking_at_a_run_does_not_change_it() -> None:
    plain = run_one(load_scenario(HANG), "linux-3.10", 1)
    assert (plain.verdict, plain.ended_ns, plain.series, plain.incident) == (
        hang().verdict,
        hang().end_ns,
        hang().series,
        hang().incident,
    )


def test_the_spans_of_each_task_are_gapless_from_its_start_to_the_end_of_the_run() -> None:
    for task in hang().tasks:
        for before, after in pairwise(task.spans):
            assert before.end_ns == after.begin_ns
            assert before.begin_ns < before.end_ns
        assert task.spans[-1].end_ns == hang().end_ns


def test_a_sleeping_task_has_a_stack_and_a_running_one_does_not() -> None:
    for task in hang().tasks:
        for span in task.spans:
            asleep = span.state not in (TaskState.RUNNING, TaskState.DEAD)
            assert bool(span.waits_for) == asleep
            assert asleep or not span.stack


def test_the_last_graph_holds_the_closed_set_that_the_watchdog_proved() -> None:
    incident = hang().incident
    assert incident is not None
    last = hang().graph_at(hang().end_ns)
    closed = {last.nodes[place].label for place in last.closed}
    assert incident.verdict is Verdict.DEADLOCK
    assert closed >= set(incident.cycle)
    assert hang().closing_ns == incident.time_ns


def test_before_the_set_closed_no_graph_has_it() -> None:
    closing = hang().closing_ns
    assert closing is not None
    last = hang().graph_at(hang().end_ns)
    tasks = {last.nodes[place].label for place in last.closed if last.nodes[place].is_task}
    before = hang().graph_at(closing - 1)
    still_live = tasks - {before.nodes[place].label for place in before.closed}
    assert still_live


def test_stepping_by_moments_visits_every_change_of_state_both_ways() -> None:
    moments = hang().moments
    assert hang().next_moment(moments[5]) == moments[6]
    assert hang().previous_moment(moments[6]) == moments[5]
    assert hang().next_moment(moments[-1]) is None
    assert hang().previous_moment(moments[0]) is None


def test_events_come_in_order_of_time_and_name_kernel_tracepoints() -> None:
    times = [event.time_ns for event in hang().events]
    names = {event.name for event in hang().events}
    assert times == sorted(times)
    assert {"mm_vmscan_memcg_softlimit_reclaim_begin", "block_rq_issue"} <= names


def test_every_wake_up_ends_a_sleep_of_the_task_it_names() -> None:
    for wake in hang().wakes[:2000]:
        span = hang().span_at(wake.woken, wake.time_ns)
        assert span is not None
        assert span.state in (TaskState.RUNNING, TaskState.DEAD) or span.begin_ns == wake.time_ns


def test_a_recording_may_begin_and_end_where_one_wants_to_look() -> None:
    part = inspect_run(
        load_scenario(HANG), "linux-3.10", 1, from_ns=1_000_000_000, until_ns=1_500_000_000
    )
    assert part.end_ns == 1_500_000_000
    assert part.graphs[0].time_ns >= 1_000_000_000
    assert all(span.end_ns > 1_000_000_000 for task in part.tasks for span in task.spans)
    place = next(p for p, task in enumerate(part.tasks) if task.is_kthread)
    ours, theirs = (line.span_at(place, 1_200_000_000) for line in (part, hang()))
    assert ours is not None
    assert theirs is not None
    assert ours == theirs._replace(end_ns=min(theirs.end_ns, part.end_ns))


def test_a_look_can_be_given_up() -> None:
    with pytest.raises(RunStoppedError):
        inspect_run(load_scenario(HANG), "linux-3.10", 1, stop=lambda: True)


def test_before_anything_slept_the_graph_is_empty() -> None:
    assert hang().graph_at(-1) == WaitGraph(-1, (), ())
    assert hang().span_at(0, -1) is None

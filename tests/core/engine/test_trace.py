"""Traces: nothing unless asked, everything in order when asked."""

from reclaimlab.engine.loop import Loop
from reclaimlab.engine.task import Steps
from reclaimlab.engine.trace import Trace, TraceEvent
from reclaimlab.engine.wait import Always, WaitQueue


def traced(trace: Trace) -> Loop:
    loop = Loop()
    loop.trace = trace
    disk = WaitQueue(loop, "disk", resource=Always("device sda"))
    idle = WaitQueue(loop, "kswapd_wait", state="S")

    def sleeper() -> Steps:
        yield 5
        yield disk
        yield idle.for_at_most(10)
        yield idle

    loop.spawn("sleeper", sleeper())
    loop.call_at(7, disk.wake_all)
    loop.run(1 << 40)
    return loop


def test_every_sleep_is_recorded_with_its_time_its_state_and_its_cause() -> None:
    trace = Trace()
    traced(trace)
    told = [(event.time_ns, event.name, dict(event.arguments)) for event in trace.events]
    assert told == [
        (5, "sched_switch", {"prev_state": "D", "waits_for": "device sda"}),
        (7, "sched_switch", {"prev_state": "S", "waits_for": "kswapd_wait"}),
        (17, "sched_switch", {"prev_state": "S", "waits_for": "kswapd_wait"}),
    ]


def test_observers_hear_each_event_even_if_none_is_kept() -> None:
    trace, heard = Trace(keep=False), []  # type: Trace, list[TraceEvent]
    trace.observers.append(heard.append)
    traced(trace)
    assert (len(heard), trace.events) == (3, [])


def test_a_trace_does_not_change_the_run() -> None:
    trace = Trace(keep=False)
    with_trace = traced(trace)
    without = traced(Trace(keep=False))
    assert (with_trace.now, with_trace.events) == (without.now, without.events)


def test_an_event_outside_any_task_is_of_the_idle_task() -> None:
    trace = Trace()
    trace.emit(3, None, "irq", vector=7)
    assert trace.events == [TraceEvent(3, "<idle>", 0, "irq", (("vector", 7),))]

"""Time, order of arrival, and what a task may yield."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reclaimlab.engine.loop import Loop
from reclaimlab.engine.task import Steps, Task
from reclaimlab.engine.wait import Choice, WaitQueue

FOREVER = 1 << 60
delays = st.lists(st.lists(st.integers(0, 50), max_size=6), min_size=1, max_size=6)


def noting(loop: Loop, log: list[tuple[int, str]], name: str, pauses: list[int]) -> Steps:
    for pause in pauses:
        yield pause
        log.append((loop.now, name))


@given(delays)
def test_time_never_goes_back_and_each_task_wakes_when_its_delays_add_up(
    plans: list[list[int]],
) -> None:
    loop, log = Loop(), []  # type: Loop, list[tuple[int, str]]
    for number, plan in enumerate(plans):
        loop.spawn(f"t{number}", noting(loop, log, f"t{number}", plan))
    assert loop.run(FOREVER) == "idle"
    assert [time for time, _ in log] == sorted(time for time, _ in log)
    for number, plan in enumerate(plans):
        due = [sum(plan[: count + 1]) for count in range(len(plan))]
        assert [time for time, name in log if name == f"t{number}"] == due


@given(delays)
def test_a_run_in_pieces_is_the_run_in_one(plans: list[list[int]]) -> None:
    logs: list[list[tuple[int, str]]] = []
    for stops in ([FOREVER], [*range(0, 400, 7), FOREVER]):
        loop, log = Loop(), []  # type: Loop, list[tuple[int, str]]
        for number, plan in enumerate(plans):
            loop.spawn(f"t{number}", noting(loop, log, f"t{number}", plan))
        for stop in stops:
            loop.run(stop)
        logs.append(log)
    assert logs[0] == logs[1]


def letting_pass(loop: Loop, log: list[tuple[int, str]], name: str, pauses: list[int]) -> Steps:
    for pause in pauses:
        if not loop.elapse(pause):
            yield pause
        log.append((loop.now, name))


@given(delays, st.lists(st.integers(0, 200), max_size=4), st.integers(0, 300))
def test_time_that_passes_at_once_comes_to_the_same_as_a_yield(
    plans: list[list[int]], timers: list[int], end: int
) -> None:
    ends: list[tuple[object, ...]] = []
    for program in (noting, letting_pass):
        loop, log = Loop(), []  # type: Loop, list[tuple[int, str]]
        for due in timers:
            loop.call_at(due, lambda log=log, loop=loop: log.append((loop.now, "timer")))  # type: ignore[misc]  # defaults bind
        for number, plan in enumerate(plans):
            loop.spawn(f"t{number}", program(loop, log, f"t{number}", plan))
        why = loop.run(end)
        at_end = (why, loop.now, loop.events, list(log))
        loop.run(FOREVER)
        ends.append((*at_end, loop.now, loop.events, log))
    assert ends[0] == ends[1]


def test_time_does_not_pass_at_once_over_a_stop() -> None:
    loop, log = Loop(), []  # type: Loop, list[int]

    def stopping() -> Steps:
        loop.stop("enough")
        if not loop.elapse(5):
            yield 5
        log.append(loop.now)

    loop.spawn("stopping", stopping())
    assert loop.run(FOREVER) == "enough"
    assert log == []


def test_equal_times_go_in_the_order_in_which_they_were_asked_for() -> None:
    loop, log = Loop(), []  # type: Loop, list[str]
    for name in "abc":
        loop.call_at(10, lambda name=name: log.append(name))  # type: ignore[misc]  # default binds
    assert loop.run(FOREVER) == "idle"
    assert log == ["a", "b", "c"]


def test_the_runnable_go_before_a_timer_that_is_due_now() -> None:
    loop, log = Loop(), []  # type: Loop, list[str]
    queue = WaitQueue(loop, "queue")

    def sleeper() -> Steps:
        yield queue
        log.append("sleeper")

    def waker() -> Steps:
        yield 5
        loop.call_after(0, lambda: log.append("timer"))
        queue.wake_one()

    loop.spawn("sleeper", sleeper())
    loop.spawn("waker", waker())
    loop.run(FOREVER)
    assert log == ["sleeper", "timer"]


def test_run_stops_at_its_time_with_later_timers_still_to_come() -> None:
    loop, log = Loop(), []  # type: Loop, list[int]
    loop.call_at(10, lambda: log.append(loop.now))
    loop.call_at(20, lambda: log.append(loop.now))
    assert loop.run(15) == "time"
    assert (loop.now, log) == (15, [10])
    assert loop.run(FOREVER) == "idle"
    assert log == [10, 20]


def test_the_first_reason_to_stop_is_the_one_that_run_returns() -> None:
    loop = Loop()

    def stopper() -> Steps:
        yield 3
        loop.stop("enough")
        loop.stop("too late")
        yield 4

    loop.spawn("stopper", stopper())
    assert loop.stopped == ""
    assert loop.run(FOREVER) == "enough"
    assert (loop.now, loop.stopped) == (3, "enough")


def test_a_cancelled_timer_does_not_fire_and_is_no_event() -> None:
    loop, log = Loop(), []  # type: Loop, list[str]
    timer = loop.call_after(5, lambda: log.append("fired"))
    timer.cancel()
    assert loop.run(FOREVER) == "idle"
    assert (log, loop.events) == ([], 0)


def test_a_timer_before_now_is_refused() -> None:
    loop = Loop()
    loop.call_at(20, lambda: None)
    loop.run(10)
    loop.call_at(10, lambda: None)
    with pytest.raises(ValueError, match="timer at 9 ns is before now, 10 ns"):
        loop.call_at(9, lambda: None)


@pytest.mark.parametrize("nonsense", [None, "soon", 1.5, True, -1])
@pytest.mark.parametrize("first", [(), (3,)], ids=["woken", "by timer"])
def test_a_task_that_yields_nonsense_is_named(nonsense: object, first: tuple[int, ...]) -> None:
    def confused() -> Steps:
        yield from first
        yield nonsense  # type: ignore[misc]  # that is the point

    loop = Loop()
    loop.spawn("confused", confused())
    with pytest.raises(TypeError, match=f"task confused yielded {nonsense!r}; a task yields"):
        loop.run(FOREVER)


def test_a_wait_of_negative_length_is_refused() -> None:
    loop = Loop()
    queue = WaitQueue(loop, "queue")

    def hasty() -> Steps:
        yield queue.for_at_most(-1)

    loop.spawn("hasty", hasty())
    with pytest.raises(ValueError, match="task hasty waits for queue -1 ns"):
        loop.run(FOREVER)


@pytest.mark.parametrize("first", [(), (3,)], ids=["woken", "by timer"])
def test_an_error_of_a_task_ends_the_run_and_leaves_the_others_able_to_go_on(
    first: tuple[int, ...],
) -> None:
    loop, log = Loop(), []  # type: Loop, list[tuple[int, str]]

    def broken() -> Steps:
        yield from first
        raise ZeroDivisionError

    loop.spawn("broken", broken())
    loop.spawn("other", noting(loop, log, "other", [1, 5]))
    with pytest.raises(ZeroDivisionError):
        loop.run(FOREVER)
    assert loop.current is not None
    assert loop.current.name == "broken"
    assert loop.run(FOREVER) == "idle"
    assert [time for time, _ in log] == [1, 6]


def test_timers_run_without_a_task_and_tasks_as_themselves() -> None:
    loop, seen = Loop(), []  # type: Loop, list[str | None]

    def look() -> None:
        seen.append(loop.current.name if loop.current else None)

    def looker() -> Steps:
        look()
        yield 2
        look()

    loop.spawn("looker", looker())
    loop.call_at(1, look)
    loop.run(FOREVER)
    assert seen == ["looker", None, "looker"]


def test_every_step_and_timer_is_an_event() -> None:
    loop = Loop()
    loop.spawn("a", noting(loop, [], "a", [1, 1]))  # three steps: two yields and the end
    loop.call_at(7, lambda: None)
    loop.run(FOREVER)
    assert loop.events == 4


def test_a_choice_goes_on_at_once_with_the_first_outcome_when_first_come_is_first_served() -> None:
    loop, log = Loop(), []  # type: Loop, list[str]

    def chooser() -> Steps:
        outcome = yield Choice(3)
        log.append(f"chose {outcome}")

    def other() -> Steps:
        log.append("other")
        yield 0

    loop.spawn("chooser", chooser())
    loop.spawn("other", other())
    loop.run(FOREVER)
    assert log == ["chose 0", "other"]


def test_a_task_spawned_by_another_starts_when_that_yields() -> None:
    loop, log = Loop(), []  # type: Loop, list[str]

    def say(what: str) -> Steps:
        log.append(what)
        yield 0

    def parent() -> Steps:
        yield 4
        child = loop.spawn("child", say("child"))
        log.append("parent")
        assert (child.started_ns, child.pid) == (4, 2)

    loop.spawn("parent", parent())
    loop.run(FOREVER)
    assert log == ["parent", "child"]


@pytest.fixture
def ended() -> Callable[[Steps], Task]:
    def run(generator: Steps) -> Task:
        loop = Loop()
        task = loop.spawn("task", generator)
        assert task.alive
        loop.run(FOREVER)
        return task

    return run


def test_a_task_whose_generator_ends_is_dead(ended: Callable[[Steps], Task]) -> None:
    def short() -> Steps:
        yield 1

    task = ended(short())
    assert (task.state, task.alive) == ("X", False)

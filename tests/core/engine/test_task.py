"""Stacks: the chain of yield from is the kernel stack."""

from hypothesis import given
from hypothesis import strategies as st

from reclaimlab.engine.loop import Loop
from reclaimlab.engine.task import Steps, Task
from reclaimlab.engine.wait import Always, WaitQueue

FOREVER = 1 << 60
stacks: list[tuple[str, ...]] = []


def wait_here(loop: Loop, queue: WaitQueue) -> Steps:
    """Look at the stack while running, then sleep."""
    assert loop.current is not None
    stacks.append(loop.current.stack())
    yield queue


def visible(loop: Loop, queue: WaitQueue, path: str) -> Steps:
    yield from descend(loop, queue, path)


def _hidden(loop: Loop, queue: WaitQueue, path: str) -> Steps:
    yield from descend(loop, queue, path)


def __slowpath(loop: Loop, queue: WaitQueue, path: str) -> Steps:
    yield from descend(loop, queue, path)


KINDS = {"v": visible, "h": _hidden, "s": __slowpath}


def descend(loop: Loop, queue: WaitQueue, path: str) -> Steps:
    """Go one frame deeper for each letter."""
    inner = KINDS[path[0]](loop, queue, path[1:]) if path else wait_here(loop, queue)
    yield from inner


def expected(path: str) -> tuple[str, ...]:
    names = {"v": ["visible"], "h": [], "s": ["__slowpath"]}
    outermost_first = ["descend"]
    for letter in path:
        outermost_first += [*names[letter], "descend"]
    return tuple(reversed([*outermost_first, "wait_here"]))


def stack_of(path: str) -> tuple[Task, tuple[str, ...]]:
    """Return a task asleep at the end of ``path``, and its stack as it saw it while running."""
    loop = Loop()
    stacks.clear()
    task = loop.spawn("task", descend(loop, WaitQueue(loop, "queue"), path))
    loop.run(1)
    return task, stacks[0]


@given(st.text("vhs", max_size=8))
def test_the_stack_is_the_yield_from_chain_without_our_own_functions(path: str) -> None:
    task, while_running = stack_of(path)
    assert task.stack() == expected(path)
    assert while_running == expected(path)


def test_one_underscore_hides_a_function_and_two_are_the_kernels() -> None:
    task, _ = stack_of("hs")
    assert task.stack() == ("wait_here", "descend", "__slowpath", "descend", "descend")


def test_plain_functions_between_a_running_task_and_the_onlooker_do_not_show() -> None:
    loop, seen = Loop(), []  # type: Loop, list[tuple[str, ...]]

    def plain() -> None:
        assert loop.current is not None
        seen.append(loop.current.stack())

    def inner() -> Steps:
        plain()
        yield 1

    def outer() -> Steps:
        yield from inner()

    loop.spawn("task", outer())
    loop.run(FOREVER)
    assert seen == [("inner", "outer")]


def test_a_task_that_ended_has_no_stack() -> None:
    def short() -> Steps:
        yield 1

    loop = Loop()
    task = loop.spawn("short", short())
    loop.run(FOREVER)
    assert task.stack() == ()


def test_a_task_names_what_it_waits_for_by_the_resource_if_there_is_one() -> None:
    loop = Loop()

    def sleeper(queue: WaitQueue) -> Steps:
        yield queue

    device = loop.spawn("a", sleeper(WaitQueue(loop, "get_request", resource=Always("sda"))))
    idle = loop.spawn("b", sleeper(WaitQueue(loop, "kswapd_wait")))
    assert device.waits_for() == ""
    loop.run(1)
    assert (device.waits_for(), idle.waits_for()) == ("sda", "kswapd_wait")

"""Frames do what generators do, and can be copied while they sleep."""

from __future__ import annotations

import copy
import textwrap
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reclaimlab.explore.resumable import rewrite
from reclaimlab.explore.syntax import NotResumableError

SOURCE = textwrap.dedent(
    '''
    def inner(n):
        """A loop with a skip and a way out."""
        total = 0
        for i in range(n):
            if i == 2:
                continue
            if i == 5:
                break
            total += yield i
        return total

    def outer(n, flag):
        seen = []
        while (size := len(seen)) < n:
            if flag:
                got = yield from inner(size)
                seen.append(got)
            else:
                seen.append((yield_twice := size))
                yield from ()
                value: int = yield 100 + size
                if value == 3:
                    return [x * 2 for x in seen]
                del value
        return seen
    '''
)


def compiled(*, as_frames: bool) -> Any:
    names: dict[str, Any] = {}
    code: Any = rewrite(SOURCE, "source") if as_frames else SOURCE
    exec(compile(code, "source", "exec"), names)
    return names["outer"]


def course(steps: Any, sent: list[int]) -> list[Any]:
    """Return all that a generator yields when these are sent, and what it returns."""
    seen: list[Any] = []
    value: Any = None
    for number in range(200):
        try:
            seen.append(steps.send(value))
        except StopIteration as stop:
            return [*seen, ("end", stop.value)]
        value = sent[number % len(sent)]
    return seen


@given(st.integers(0, 7), st.booleans(), st.lists(st.integers(0, 4), min_size=1, max_size=6))
def test_a_frame_yields_and_returns_what_its_generator_does(
    n: int, flag: bool, sent: list[int]
) -> None:
    generator, frame = compiled(as_frames=False), compiled(as_frames=True)
    assert course(frame(n, flag), sent) == course(generator(n, flag), sent)


@given(st.integers(2, 7), st.integers(1, 4), st.lists(st.integers(0, 4), min_size=1, max_size=6))
def test_a_copy_of_a_sleeping_frame_goes_on_as_the_original(
    n: int, steps: int, sent: list[int]
) -> None:
    frame = compiled(as_frames=True)(n, True)
    value: Any = None
    for _ in range(steps):
        try:
            frame.send(value)
        except StopIteration:
            return
        value = 1
    twin = copy.deepcopy(frame)
    assert course(_after(twin), sent) == course(_after(frame), sent)


class _after:  # noqa: N801 - it stands for a generator that was begun
    def __init__(self, frame: Any) -> None:
        self._frame = frame

    def send(self, value: Any) -> Any:
        return self._frame.send(0 if value is None else value)


def test_a_method_reaches_the_one_it_overrides_by_super() -> None:
    source = textwrap.dedent(
        """
        class Base:
            def steps(self, n):
                yield n
                return self.name

        class Derived(Base):
            name = "derived"

            def steps(self, n):
                got = yield from super().steps(n + 1)
                yield got
        """
    )
    names: dict[str, Any] = {}
    exec(compile(rewrite(source, "source"), "source", "exec"), names)
    assert course(names["Derived"]().steps(1), [0]) == [2, "derived", ("end", None)]


def test_a_sleeping_frame_keeps_no_value_that_is_not_read_again() -> None:
    source = textwrap.dedent(
        """
        def steps(n):
            for each in range(n):
                doubled = each * 2
                rest = [each for each in (1, 2)]
                yield doubled
                yield rest
        """
    )
    names: dict[str, Any] = {}
    exec(compile(rewrite(source, "source"), "source", "exec"), names)
    frame = names["steps"](2)
    assert frame.send(None) == 0
    assert (frame.n, frame.rest) == (None, [1, 2])
    assert not hasattr(frame, "doubled"), "it is read in no sleep"
    frame.send(None)
    assert frame.rest is None


@pytest.mark.parametrize(
    "body",
    [
        "x = 10 + (yield)",
        "with lock:\n        yield",
        "for x in y:\n        yield\n    else:\n        pass",
        "def inner():\n        pass\n    yield inner",
        "yield super().steps()",
    ],
)
def test_a_generator_function_that_cannot_be_copied_faithfully_is_refused(body: str) -> None:
    with pytest.raises(NotResumableError, match="function"):
        rewrite(f"def function(lock, y):\n    {body}\n", "source")

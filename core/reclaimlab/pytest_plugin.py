"""Fixtures for the tests of plugins; pytest finds them wherever reclaimlab is installed.

Nothing of reclaimlab is imported before a test asks for it.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reclaimlab.measure.records import RunResult
    from reclaimlab.policy import Policy
    from reclaimlab.policy.extensions import Kind
    from reclaimlab.scenarios.schema import Scenario
    from reclaimlab.testing import Recorder


@pytest.fixture
def throwaway_plugin() -> Callable[..., Policy]:
    """Make a fix for one test: ``throwaway_plugin("name", decide_oom=OomAction.KILL)``."""
    from reclaimlab.testing import throwaway_policy

    return throwaway_policy


@pytest.fixture
def recording_observer() -> Recorder:
    """Give a policy that answers nothing and remembers all it is asked and told."""
    from reclaimlab.testing import Recorder

    return Recorder()


@pytest.fixture
def tiny_scenario() -> Callable[..., Scenario]:
    """Make a scenario of two simulated seconds: one writer in a small memcg on a slow disk.

    It takes what :func:`reclaimlab.testing.small_scenario` does.
    """
    from reclaimlab.testing import small_scenario

    def make(**tables: Any) -> Scenario:
        return small_scenario(**{"tasks": {"dd": {"program": "writer"}}, **tables})

    return make


@pytest.fixture
def run_tiny(tiny_scenario: Callable[..., Scenario]) -> Callable[..., RunResult]:
    """Run a tiny scenario with policies over a kernel; every invariant is recounted."""
    from reclaimlab.testing import run_small

    def run(
        *policies: Policy, kernel: str = "linux-3.10", scenario: Scenario | None = None
    ) -> RunResult:
        return run_small(scenario or tiny_scenario(), kernel, policies=policies)

    return run


@pytest.fixture
def check_policy() -> Callable[[type[Policy]], tuple[str, ...]]:
    """Return every rule that a policy breaks, in words; ``reclaimlab plugin check`` does more."""
    from reclaimlab.hosting.conformance import check_policy

    return check_policy


@pytest.fixture
def plug() -> Iterator[Callable[[Kind, type[Any]], None]]:
    """Have an extension in place for one test: ``plug("device", MyDevice)``."""
    from reclaimlab.hosting.extensions import plugged

    with ExitStack() as stack:
        yield lambda kind, extension: stack.enter_context(plugged(kind, extension))

"""The conformance check finds each rule that a policy can break."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from reclaimlab.hosting.conformance import check_policy
from reclaimlab.policy import (
    Action,
    AllocationView,
    FolioView,
    Policy,
    PolicyInfo,
    Throttle,
    ThrottleKind,
    WritebackDecision,
    hookimpl,
    parameter,
)


def info(kind: Any = "fix") -> PolicyInfo:
    return PolicyInfo("throwaway", "a throwaway", "none", kind=kind)


class Fine(Policy):
    """A fix that conforms."""

    info = info()

    @hookimpl
    def decide_writeback_wait(self, folio: FolioView) -> WritebackDecision | None:
        return WritebackDecision(Action.KEEP) if folio.reclaim else None


class Silent(Policy):
    """A kernel that answers nothing."""

    info = info("kernel")


class Fickle(Policy):
    """A fix whose pure answer changes."""

    info = info()

    def __init__(self, parameters: Any = None) -> None:
        super().__init__(parameters)
        self.calls = 0

    @hookimpl
    def decide_writeback_wait(self) -> WritebackDecision:
        self.calls += 1
        return WritebackDecision(Action.WAIT, timeout_ns=self.calls)


class Adds(Policy):
    """A fix that adds a bit to a mask."""

    info = info()

    @hookimpl
    def derive_gfp(self, allocation: AllocationView) -> int:
        return allocation.gfp | 0x80


@dataclass(frozen=True, slots=True)
class Bounds:
    """A parameter whose least value breaks the policy."""

    nap: int = parameter(5, "A nap.", low=-5, high=5)


class Bounded(Policy):
    """A fix that fails at a bound."""

    info = info()
    Parameters = Bounds

    @hookimpl
    def throttle_after_batch(self) -> Throttle:
        return Throttle(ThrottleKind.CONGESTION_WAIT, self.parameters.nap)


@dataclass(frozen=True, slots=True)
class Undocumented:
    """A parameter without parameter()."""

    nap: int = 5


class Bare(Policy):
    """A fix with a bare dataclass field."""

    info = info()
    Parameters = Undocumented


@dataclass
class Mutable:
    """Parameters that can change."""


class Melting(Policy):
    """A fix with parameters that can change."""

    info = info()
    Parameters = Mutable


def test_a_sound_fix_has_no_problem() -> None:
    assert check_policy(Fine) == ()


@pytest.mark.parametrize(
    ("policy", "problem"),
    [
        (Silent, "describe_kernel: a kernel must answer; asked ('v1',)"),
        (Fickle, "decide_writeback_wait: is pure, but its answer changes"),
        (Adds, "derive_gfp: added bits 0x80; the rule is to clear only"),
        (Bounded, "answered timeout_ns -5"),
        (Bare, "parameter nap has no doc; declare it with parameter()"),
        (Melting, "Mutable is not a frozen dataclass"),
    ],
)
def test_a_broken_rule_is_named(policy: type[Policy], problem: str) -> None:
    assert any(problem in each for each in check_policy(policy)), check_policy(policy)

"""The author's own tests, with the fixtures that come with reclaimlab."""

from typing import Any

from proportional_wait import ProportionalWait


def test_it_keeps_every_rule(check_policy: Any) -> None:
    assert check_policy(ProportionalWait) == ()


def test_a_longer_sleep_makes_a_longer_block(run_tiny: Any) -> None:
    short = run_tiny(ProportionalWait(ProportionalWait.Parameters(longest=1_000_000)))
    long = run_tiny(ProportionalWait(ProportionalWait.Parameters(longest=400_000_000)))
    assert short.metrics["longest_block"] < long.metrics["longest_block"]

"""What the rest of a machine wrote, played back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reclaimlab.errors import ScenarioError
from reclaimlab.machine.assemble import Assembly
from reclaimlab.testing import hooks_of, small_scenario
from reclaimlab.units import MSEC, PAGE_SIZE

if TYPE_CHECKING:
    from reclaimlab.scenarios.schema import Scenario


def played(writes: str, backlog: str = "0B") -> Scenario:
    task = {"program": "replay", "memcg": "", "writes": writes, "backlog": backlog, "rss": "4KiB"}
    return small_scenario(kernel="linux-6.18", machine={"memory": "1GiB"}, tasks={"others": task})


def pages_by(scenario: Scenario, times_ms: list[int]) -> list[int]:
    """Return the pages written until each of ``times_ms``."""
    assembly = Assembly(scenario, hooks_of("linux-6.18"), 1)
    (process,) = assembly.kernel.processes
    seen = []
    for ms in times_ms:
        assembly.loop.run(ms * MSEC)
        seen.append(process.accepted_bytes // PAGE_SIZE)
    return seen


def test_few_pages_are_written_at_the_beginning_of_their_step() -> None:
    assert pages_by(played("20 0 30"), [10, 99, 199, 210, 500]) == [20, 20, 20, 50, 50]


def test_many_pages_are_written_in_pieces_spread_over_their_step() -> None:
    assert pages_by(played("512"), [10, 35, 60, 85]) == [128, 256, 384, 512]


def test_a_backlog_is_written_before_the_first_step() -> None:
    assert pages_by(played("0 5", "4MiB"), [50, 150]) == [1024, 1029]


def test_it_is_none_of_the_writers_that_are_measured() -> None:
    assembly = Assembly(played("20"), hooks_of("linux-6.18"), 1)
    assembly.loop.run(50 * MSEC)
    (process,) = assembly.kernel.processes
    assert process.background
    assert not process.is_writer


@pytest.mark.parametrize("writes", ["", "1,2", "-1", "1  2", "many"])
def test_what_is_no_list_of_pages_is_refused(writes: str) -> None:
    with pytest.raises(ScenarioError, match="writes"):
        played(writes)

"""tiny-completion on the model, cell by cell against the protocol by hand."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import pytest
from bare_protocol import Protocol, verdict

from reclaimlab.explore.explore import explore
from reclaimlab.explore.replay import replay
from reclaimlab.explore.request import ExploreRequest
from reclaimlab.explore.schedule import Schedule
from reclaimlab.scenarios.canonical import scenario_toml
from reclaimlab.scenarios.reader import load_scenario

if TYPE_CHECKING:
    from reclaimlab.explore.request import Exploration

ALWAYS: Final = "linux-3.10"
MEF: Final = "linux-3.10+may-enter-fs"
NOIO: Final = "linux-3.10+km-noio(sites=all)"
MEMALLOC: Final = "linux-3.10+memalloc-noio"
FSTRANS: Final = "linux-3.10+pf-fstrans"
THROTTLE: Final = "linux-3.10+memcg-dirty-throttle"
WAITS: Final = {
    ALWAYS: (True, True, True),
    FSTRANS: (True, True, True),
    MEF: (False, False, True),
    NOIO: (False, True, True),
    MEMALLOC: (False, True, True),
}
"""Contender -> whether it lets wait: a worker, a NOFS writer, a writer with FS."""
CELLS: Final = [
    *((contender, gfp, 1, 2) for contender in WAITS for gfp in ("nofs", "fs")),
    *((contender, gfp, 2, 2) for contender in (ALWAYS, MEF) for gfp in ("nofs", "fs")),
    (ALWAYS, "nofs", 1, 3),
    (MEF, "nofs", 1, 3),
    (NOIO, "nofs", 1, 3),
]


def request(
    contender: str, gfp: str, workers: int, pages: int, *, reduce: bool = True
) -> ExploreRequest:
    settings = (f"workers={workers}", f"pages={pages}", f"writer_gfp={gfp}")
    text = scenario_toml(load_scenario("tiny-completion", settings))
    return ExploreRequest(text, "tiny-completion", contender, max_seconds=60, reduce=reduce)


@cache
def explored(contender: str, gfp: str, workers: int, pages: int) -> Exploration:
    return explore(request(contender, gfp, workers, pages))


@pytest.mark.parametrize(("contender", "gfp", "workers", "pages"), CELLS)
def test_the_model_hangs_exactly_where_the_protocol_by_hand_does(
    contender: str, gfp: str, workers: int, pages: int
) -> None:
    worker, nofs, fs = WAITS[contender]
    expected = verdict(Protocol(workers, pages, worker, fs if gfp == "fs" else nofs))
    found = explored(contender, gfp, workers, pages)
    assert found.exhausted
    assert ("no-deadlock" in found.violations) == expected.hangs
    assert ("progress" in found.violations) == expected.hangs
    if (
        not worker
    ):  # a blocked worker keeps pages isolated, which the protocol by hand does not know
        assert ("no-premature-oom" in found.violations) == expected.premature_oom
    assert "invariants" not in found.violations


def test_dirty_throttling_of_the_memcg_hangs_only_with_the_wait_kept() -> None:
    kept = explored(f"{THROTTLE}(keep_wait=true)", "nofs", 1, 2)
    dropped = explored(THROTTLE, "nofs", 1, 2)
    assert kept.exhausted
    assert dropped.exhausted
    assert "no-deadlock" in kept.violations
    assert not dropped.violations


def test_reductions_change_no_verdict_and_only_spare_states() -> None:
    reduced = explored(MEF, "nofs", 1, 2)
    whole = explore(request(MEF, "nofs", 1, 2, reduce=False))
    assert set(whole.violations) == set(reduced.violations)
    assert whole.states >= reduced.states


def test_the_same_request_gives_the_same_graph_and_schedules() -> None:
    first, second = (explore(request(ALWAYS, "nofs", 1, 2)) for _ in range(2))
    assert (first.states, first.transitions) == (second.states, second.transitions)
    assert first.violations == second.violations


def test_ordinary_generators_follow_the_schedule_into_the_deadlock_that_copied_frames_found() -> (
    None
):
    asked = request(ALWAYS, "nofs", 2, 2)
    violation = explored(ALWAYS, "nofs", 2, 2).violations["no-deadlock"]
    views = replay(
        Schedule(
            "tiny-completion", asked.scenario_text, ALWAYS, "coarse", "no-deadlock",
            violation.what, violation.no_return, violation.steps,
        )
    )  # fmt: skip
    end = views[-1]
    assert end.closed
    assert not any(view.closed for view in views[:-1]), "a shorter schedule would have done"
    stuck = next(task for task in end.tasks if task.name in end.closed)
    assert stuck.stack[0] == "wait_on_page_bit"
    assert "memcg_charge_kmem" in stuck.stack
    assert any(view.beyond_return for view in views)
    assert not views[0].beyond_return


def test_a_search_that_is_cut_says_so_and_still_proves_what_it_has_met() -> None:
    cut = explore(
        ExploreRequest(
            request(ALWAYS, "nofs", 2, 4).scenario_text, "tiny-completion", ALWAYS, max_states=600
        )
    )
    assert not cut.exhausted
    assert "--max-states" in cut.why_cut
    assert "no-deadlock" in cut.violations

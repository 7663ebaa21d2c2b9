"""tiny-completion on the model, cell by cell against the protocol by hand.

The protocol by hand has no line of the model. A memcg with room for ``pages``; a writer that takes
a page and dirties it, for ever; a flusher; workers that each take a page under writeback, charge
one kernel page to the memcg and only then end the writeback. Reclaim frees a clean page, else waits
for one under writeback if it may. A kernel charge that may not wait goes over the limit. A writer
that may not wait fails, once nothing but pages under writeback is left: dirty ones would be written
first.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest

from reclaimlab.explore.explore import explore
from reclaimlab.explore.replay import replay
from reclaimlab.explore.request import ExploreRequest
from reclaimlab.explore.schedule import Schedule
from reclaimlab.scenarios.canonical import scenario_toml
from reclaimlab.scenarios.reader import load_scenario

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reclaimlab.explore.request import Exploration

# ---- the protocol by hand -----------------------------------------------------------------------

FREE, CLEAN, DIRTY, WRITEBACK, TAKEN = "free", "clean", "dirty", "writeback", "taken"
ON_ITS_WAY = (WRITEBACK, TAKEN)


class State(NamedTuple):
    pages: tuple[str, ...]
    writer: tuple[Any, ...]
    workers: tuple[tuple[Any, ...], ...]


class Verdict(NamedTuple):
    hangs: bool
    premature_oom: bool
    states: int


class Protocol(NamedTuple):
    workers: int
    pages: int
    worker_waits: bool
    writer_waits: bool

    def start(self) -> State:
        slots = self.pages + self.workers + 1
        return State((FREE,) * slots, ("run",), (("idle",),) * self.workers)

    def usage(self, state: State) -> int:
        used = sum(page != FREE for page in state.pages)
        charged: list[bool] = [worker[0] == "charged" for worker in state.workers]
        return used + sum(charged)

    def moves(self, state: State) -> Iterator[tuple[State, str]]:
        """Yield each next state and what happened: "", "ended" or "oom"."""
        yield from self._writer(state)
        for place, page in enumerate(state.pages):
            if page == DIRTY:
                yield state._replace(pages=put(state.pages, place, WRITEBACK)), ""
        for number in range(self.workers):
            yield from self._worker(state, number)

    def _writer(self, state: State) -> Iterator[tuple[State, str]]:
        doing, pages = state.writer, state.pages
        if doing[0] == "wait" and pages[doing[1]] not in ON_ITS_WAY:
            yield state._replace(writer=("run",), pages=put(pages, doing[1], FREE)), ""
        if doing[0] != "run":
            return
        if self.usage(state) < self.pages:
            yield state._replace(pages=put(pages, pages.index(FREE), DIRTY)), ""
        elif CLEAN in pages:
            yield state._replace(pages=put(pages, pages.index(CLEAN), DIRTY)), ""
        elif self.writer_waits:
            for place, page in enumerate(pages):
                if page in ON_ITS_WAY:
                    yield state._replace(writer=("wait", place)), ""
        elif DIRTY not in pages:
            yield state._replace(writer=("dead",)), "oom"

    def _worker(self, state: State, number: int) -> Iterator[tuple[State, str]]:
        doing, pages = state.workers[number], state.pages

        def after(worker: tuple[Any, ...], now: tuple[str, ...] = pages) -> State:
            return state._replace(workers=put(state.workers, number, worker), pages=now)

        if doing[0] == "idle" and WRITEBACK in pages:
            place = pages.index(WRITEBACK)
            yield after(("charging", place), put(pages, place, TAKEN)), ""
        elif doing[0] == "wait" and pages[doing[2]] not in ON_ITS_WAY:
            yield after(("charging", doing[1]), put(pages, doing[2], FREE)), ""
        elif doing[0] == "charged":
            yield after(("idle",), put(pages, doing[1], CLEAN)), "ended"
        elif doing[0] == "charging":
            charged = ("charged", doing[1])
            if self.usage(state) < self.pages:
                yield after(charged), ""
            elif CLEAN in pages:
                yield after(charged, put(pages, pages.index(CLEAN), FREE)), ""
            elif not self.worker_waits:
                yield after(charged), ""
            else:
                for place, page in enumerate(pages):
                    if page in ON_ITS_WAY:
                        yield after(("wait", doing[1], place)), ""


def alike(state: State) -> State:
    """Return the state that stands for all that differ in names of pages and workers only."""

    def doing(place: int) -> tuple[Any, ...]:
        holders = [worker[0] for worker in state.workers if place in worker[1:2]]
        waiting = sorted(worker[0] for worker in state.workers if place in worker[2:])
        return state.pages[place], state.writer[1:] == (place,), holders, waiting

    order = sorted(range(len(state.pages)), key=doing)
    name = {place: number for number, place in enumerate(order)}
    renamed = [(what[0], *map(name.__getitem__, what[1:])) for what in state.workers]
    return State(
        tuple(state.pages[place] for place in order),
        (state.writer[0], *map(name.__getitem__, state.writer[1:])),
        tuple(sorted(renamed)),
    )


def put(values: tuple[Any, ...], place: int, value: Any) -> tuple[Any, ...]:
    return (*values[:place], value, *values[place + 1 :])


def verdict(protocol: Protocol) -> Verdict:
    """Look at every state; a hang is one from which no writeback can ever end, with one due."""
    edges: dict[State, list[tuple[State, str]]] = {}
    pending = [alike(protocol.start())]
    while pending:
        state = pending.pop()
        if state not in edges:
            edges[state] = [(alike(other), what) for other, what in protocol.moves(state)]
            pending += [following for following, _ in edges[state]]
    before: dict[State, list[State]] = {state: [] for state in edges}
    alive: list[State] = []
    for state, following in edges.items():
        for other, _ in following:
            before[other].append(state)
        due = any(page in (DIRTY, *ON_ITS_WAY) for page in state.pages)
        if not due or any(what == "ended" for _, what in following):
            alive.append(state)
    reached = set(alive)
    while alive:
        for state in before[alive.pop()]:
            if state not in reached:
                reached.add(state)
                alive.append(state)
    oom = any(what == "oom" for following in edges.values() for _, what in following)
    return Verdict(len(reached) < len(edges), oom, len(edges))


# ---- the model ----------------------------------------------------------------------------------

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
    (MEF, "nofs", 3, 3),
    (MEF, "fs", 2, 3),
    (NOIO, "nofs", 1, 3),
]
ALL_CELLS: Final = [
    (contender, gfp, workers, pages)
    for contender in WAITS
    for gfp in ("nofs", "fs")
    for workers in (1, 2, 3)
    for pages in (2, 3, 4, 5, 6)
]
LONGEST_S: Final = float(os.environ.get("RECLAIMLAB_CELL_SECONDS", "0"))
"""How long each of all cells may take (make soak-explore); 0: only the short ones are looked at."""


def request(
    contender: str,
    gfp: str,
    workers: int,
    pages: int,
    *,
    reduce: bool = True,
    steps: str = "coarse",
) -> ExploreRequest:
    settings = (f"workers={workers}", f"pages={pages}", f"writer_gfp={gfp}")
    text = scenario_toml(load_scenario("tiny-completion", settings))
    return ExploreRequest(
        text, "tiny-completion", contender, steps, max_seconds=LONGEST_S or 60, reduce=reduce
    )


@cache
def explored(
    contender: str, gfp: str, workers: int, pages: int, steps: str = "coarse"
) -> Exploration:
    return explore(request(contender, gfp, workers, pages, steps=steps))


@pytest.mark.parametrize(
    ("contender", "gfp", "workers", "pages"), ALL_CELLS if LONGEST_S else CELLS
)
def test_the_model_hangs_exactly_where_the_protocol_by_hand_does(
    contender: str, gfp: str, workers: int, pages: int
) -> None:
    worker, nofs, fs = WAITS[contender]
    expected = verdict(Protocol(workers, pages, worker, fs if gfp == "fs" else nofs))
    found = explored(contender, gfp, workers, pages)
    if LONGEST_S and not found.exhausted:
        assert "--max-time" in found.why_cut
        assert expected.hangs or "no-deadlock" not in found.violations
        pytest.xfail(f"not exhausted: {found.states} states in {found.seconds:.0f} s")
    assert found.exhausted
    assert ("no-deadlock" in found.violations) == expected.hangs
    assert ("progress" in found.violations) == expected.hangs
    if (
        not worker
    ):  # a blocked worker keeps pages isolated, which the protocol by hand does not know
        assert ("no-premature-oom" in found.violations) == expected.premature_oom
    assert "invariants" not in found.violations


@pytest.mark.parametrize(
    ("contender", "gfp", "workers", "pages"),
    [(ALWAYS, "nofs", 1, 2), (MEF, "nofs", 2, 2), (MEF, "fs", 1, 2)],
)
def test_with_fine_steps_it_hangs_and_fails_early_where_the_protocol_by_hand_does(
    contender: str, gfp: str, workers: int, pages: int
) -> None:
    worker, nofs, fs = WAITS[contender]
    expected = verdict(Protocol(workers, pages, worker, fs if gfp == "fs" else nofs))
    found = explored(contender, gfp, workers, pages, "fine")
    assert found.exhausted
    assert ("no-deadlock" in found.violations) == expected.hangs
    assert ("no-premature-oom" in found.violations) == (expected.premature_oom and not worker)
    assert "invariants" not in found.violations


def test_tries_in_vain_and_the_order_of_pages_change_no_verdict_of_fine_steps() -> None:
    reduced = explored(MEF, "nofs", 1, 2, "fine")
    asked = request(MEF, "nofs", 1, 2, steps="fine", reduce=False)
    whole = explore(replace(asked, max_seconds=600))
    assert reduced.exhausted
    assert whole.exhausted
    assert set(whole.violations) == set(reduced.violations)
    assert whole.states > reduced.states


def test_ordinary_generators_make_each_try_in_vain_of_a_schedule_with_fine_steps() -> None:
    asked = request(MEF, "nofs", 1, 2, steps="fine")
    violation = explored(MEF, "nofs", 1, 2, "fine").violations["no-premature-oom"]
    views = replay(
        Schedule(
            "tiny-completion", asked.scenario_text, MEF, "fine", "no-premature-oom",
            violation.what, violation.no_return, violation.steps,
        )
    )  # fmt: skip
    assert views[-1].oom
    assert not any(view.oom for view in views[:-1])


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


WITHOUT_TWINS: Final = """
import sys
from reclaimlab.explore import universe
universe.enter()
from reclaimlab.explore import reduction
from reclaimlab.explore.child import explore_here
from reclaimlab.explore.request import ExploreRequest
reduction._likeness = lambda unit: id(unit)
reduction._without_item = id
found = explore_here(ExploreRequest(sys.stdin.read(), "tiny-completion", sys.argv[1]))
print(found.states, found.transitions, *sorted(found.violations))
"""


def test_twins_of_a_move_lead_to_no_other_state() -> None:
    reduced = explored(MEF, "nofs", 3, 3)
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TWINS, MEF],
        input=request(MEF, "nofs", 3, 3).scenario_text,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    states, transitions, *violated = done.stdout.split()
    assert int(states) == reduced.states
    assert int(transitions) > reduced.transitions
    assert set(violated) == set(reduced.violations)


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


def test_workers_that_try_again_for_ever_are_a_livelock_and_one_that_waits_blocks_its_pool() -> (
    None
):
    text = scenario_toml(load_scenario("tiny-completion", ("pages=2", "charge_failure=retry")))
    trying = explore(ExploreRequest(text, "tiny-completion", MEF, max_seconds=60))
    assert trying.exhausted
    assert "no-deadlock" not in trying.violations
    assert trying.violations["progress"].what == "livelock under fair scheduling"
    waiting = explored(ALWAYS, "nofs", 2, 2).violations["no-deadlock"]
    assert waiting.what == "some tasks blocked for ever"

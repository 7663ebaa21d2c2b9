"""``python -m benchmarks.diamonds``: how many steps of a search sleep sets could spare at most.

Sleep sets leave out a step where another order of the same two has led to the same state: the last
edge of a diamond. They spare no state. What is counted here is every such edge, whether or not the
two steps touch anything in common, so it is the most that footprints could find.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from reclaimlab.explore import universe

if TYPE_CHECKING:
    from reclaimlab.explore.graph import Graph

CELLS = (("linux-3.10", 2, 3), ("linux-3.10+may-enter-fs", 2, 4), ("linux-3.10", 2, 4))


def closing(space: Graph) -> int:
    """Return how many edges close a diamond: another way of two steps leads to the same state."""
    edges = [list(space.edges(state)) for state in range(len(space.truths))]
    spared: set[tuple[int, int]] = set()
    for state, outgoing in enumerate(edges):
        first: dict[int, int] = {}
        for middle in dict.fromkeys(target for target, _, _ in outgoing if target != state):
            for end, move, _ in edges[middle]:
                if first.setdefault(end, middle) != middle:
                    spared.add((middle, move))
    return len(spared)


def graph_of(contender: str, workers: int, pages: int) -> Graph:
    """Explore a cell of tiny-completion in this process."""
    from reclaimlab.engine.exploring import Granularity
    from reclaimlab.explore.machine import Machine
    from reclaimlab.explore.request import ExploreRequest
    from reclaimlab.explore.search import Search, searched
    from reclaimlab.hosting.catalog import Catalog
    from reclaimlab.hosting.contender import parse_contender
    from reclaimlab.hosting.host import build_table
    from reclaimlab.scenarios.reader import load_scenario

    catalog = Catalog.discover()
    scenario = load_scenario("tiny-completion", (f"workers={workers}", f"pages={pages}"))
    table = build_table(parse_contender(contender, catalog), catalog)
    machine = Machine(scenario, table, Granularity.COARSE)
    request = ExploreRequest("", "tiny-completion", contender)
    return searched(lambda asked: Search(machine, asked), request, lambda _s, _t: False).graph


def main() -> None:
    """Print a line a cell."""
    universe.enter()
    for contender, workers, pages in CELLS:
        space = graph_of(contender, workers, pages)
        spared, steps = closing(space), space.transitions
        sys.stdout.write(
            f"{contender}, {workers} workers, {pages} pages: {len(space.truths)} states, {steps} "
            f"steps, of which at most {spared} ({spared / steps:.0%}) could be spared\n"
        )


if __name__ == "__main__":
    main()

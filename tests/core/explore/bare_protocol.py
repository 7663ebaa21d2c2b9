"""The protocol of tiny-completion once more, by hand and without a line of the model.

A memcg with room for ``pages``; a writer that charges a page and dirties it, for ever; a flusher;
workers that each take a page under writeback, charge one kernel page to the memcg and only then end
the writeback. Reclaim frees a clean page, else waits for one under writeback if it may. A kernel
charge that may not wait goes over the limit. A writer that may not wait fails, once nothing but
pages under writeback is left: dirty ones would be written first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

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
        return used + sum(worker[0] == "charged" for worker in state.workers)

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


def put(values: tuple[Any, ...], place: int, value: Any) -> tuple[Any, ...]:
    return (*values[:place], value, *values[place + 1 :])


def verdict(protocol: Protocol) -> Verdict:
    """Look at every state; a hang is one from which no writeback can ever end, with one due."""
    edges: dict[State, list[tuple[State, str]]] = {}
    pending = [protocol.start()]
    while pending:
        state = pending.pop()
        if state not in edges:
            edges[state] = list(protocol.moves(state))
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

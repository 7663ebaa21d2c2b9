"""Who waits for whom, and the proof that a set of tasks can never run again.

Every blocked task waits for a resource, and a resource names those of whom **any one** could
release it. A task is *live* if it is runnable, sleeps with a timer, or idles on a queue without a
resource; a resource is live if one of its releasers is; a blocked task is live if its resource is.
The tasks outside the least fixpoint wait only on each other: a closed set, hence a deadlock.
Releasers may be named generously, never left out: then what is found is proven, and what is missed
is only missed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.engine.task import Task

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reclaimlab.engine.wait import Resource


def _starts_live(task: Task) -> bool:
    if task.ended or task.time_limit is not None:
        return not task.ended
    return task.waits_on is None or task.waits_on.resource is None


def closed_set(tasks: Iterable[Task]) -> tuple[Task, ...]:
    """Return the tasks that wait only on each other; empty if every task can still go on.

    Linear in the edges: liveness flows backwards from the live along who-can-release-whom.
    """
    blocked = [task for task in tasks if task.alive and not _starts_live(task)]
    if not blocked:
        return ()
    nodes: dict[int, Task | Resource] = {id(task): task for task in blocked}
    helps: dict[int, list[int]] = {}
    live: list[int] = []
    pending: list[Task | Resource] = list(blocked)
    while pending:
        node = pending.pop()
        for other in node.releasers():
            helps.setdefault(id(other), []).append(id(node))
            if id(other) in nodes and other is not node:
                continue
            if other is node or (isinstance(other, Task) and _starts_live(other)):
                live.append(id(other))
            if id(other) not in nodes:
                nodes[id(other)] = other
                pending.append(other)
    reached: set[int] = set()
    while live:
        key = live.pop()
        if key not in reached:
            reached.add(key)
            live.extend(helps.get(key, ()))
    return tuple(task for task in blocked if id(task) not in reached)


def find_cycle(dead: Sequence[Task]) -> tuple[str, ...]:
    """Return the labels along one cycle within a closed set: each waits for the next."""
    if not dead:
        return ()
    seen: dict[int, int] = {}
    labels: list[str] = []
    node: Task | Resource = dead[0]
    while id(node) not in seen:
        seen[id(node)] = len(labels)
        labels.append(node.label)
        following = [other for other in node.releasers() if other is not node]
        if not following:
            return tuple(labels)  # it waits for something that nobody can release any more
        node = following[0]
    return tuple(labels[seen[id(node)] :])

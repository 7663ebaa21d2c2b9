"""The small runs of the kit: three corners in which policies are asked nearly everything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reclaimlab.testing import small_scenario

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reclaimlab.scenarios.schema import Scenario

_WRITER: dict[str, Any] = {"program": "writer", "start_jitter": "10ms"}


def small_runs() -> Iterator[tuple[str, Scenario]]:
    """Yield each scenario with what it is about."""
    yield "ext4 writer", small_scenario(filesystem="ext4", tasks={"dd": _WRITER})
    yield "xfs writers", small_scenario(
        filesystem="xfs", limit="16MiB", device={"jitter": 0.02},
        tasks={"dd": {**_WRITER, "count": 2}},
    )  # fmt: skip
    yield "memory pressure", small_scenario(
        filesystem="ext4", limit="24MiB", machine={"memory": "96MiB"},
        tasks={
            "dd": _WRITER,
            "cat": {"program": "reader", "file_size": "64MiB"},
            "map": {"program": "mapper", "size": "12MiB", "hold": "200ms"},
        },
    )  # fmt: skip


def with_plugin(kind: str, name: str) -> Scenario:
    """Return a small scenario with a plugin's filesystem, device or workload in it."""
    if kind == "filesystem":
        return small_scenario(filesystem=name, tasks={"dd": _WRITER})
    if kind == "device":
        return small_scenario(device={"model": name}, tasks={"dd": _WRITER})
    return small_scenario(tasks={"dd": _WRITER, "own": {"program": name}})

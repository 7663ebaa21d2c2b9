"""The scenario of a machine that a file tells little of: what is not told is assumed, and said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from reclaimlab.scenarios.fields import RATE
from reclaimlab.scenarios.importers.draft import Draft

if TYPE_CHECKING:
    from pathlib import Path

MEMORY: Final = "8GiB"
BANDWIDTH: Final = 20_000_000
"""Bytes a second: a USB stick or a slow disk, where writeback matters."""
DEPTH: Final = 64
KERNEL: Final = "linux-6.18"
DURATION_S: Final = 30


def assumed_draft(path: Path, kind: str, seconds: float, title: str) -> Draft:
    """Return a draft with one machine, disk and filesystem, to be filled in by an importer."""
    name = path.name.split(".")[0]
    ident = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in name)
    data: dict[str, dict[str, Any]] = {
        "scenario": {
            "name": ident.lstrip("-_") or kind,
            "title": title,
            "source": f"{kind} {name}",
            "decides": "verdict",
            "duration": f"{max(1, round(seconds))}s",
            "kernel": KERNEL,
        },
        "machine": {"memory": MEMORY, "cpus": 2, "cgroup": "v1"},
        "device": {
            "sda": {
                "write_bw": RATE.write(BANDWIDTH),
                "nr_requests": DEPTH,
                "queue": "mq",
                "kind": "assumed",
            }
        },
        "filesystem": {"data": {"type": "xfs", "device": "sda"}},
        "task": {},
        "recording": {"run": name, "kernel": KERNEL.removeprefix("linux-"), "measured": {}},
    }
    return Draft(data, [])


def comment(source: str, assumed: list[str], notes: list[str]) -> list[str]:
    """Return the opening comment of such a scenario."""
    return [
        "Stresses: what a real machine did, as far as the file tells.",
        f"Source: {source}.",
        f"Assumed, for the file does not tell: {', '.join(assumed)}. Put in what you know.",
        *notes,
        "Decides: the verdict.",
    ]

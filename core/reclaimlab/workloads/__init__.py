"""What user tasks do: one program each, written against system calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reclaimlab.workloads.builder import build
from reclaimlab.workloads.loop import loop
from reclaimlab.workloads.mapper import mapper
from reclaimlab.workloads.metadata import metadata, rename
from reclaimlab.workloads.page_writer import page_writer
from reclaimlab.workloads.pipeline import pipeline
from reclaimlab.workloads.reader import reader
from reclaimlab.workloads.replay import replay
from reclaimlab.workloads.writer import writer

if TYPE_CHECKING:
    from collections.abc import Callable

    from reclaimlab.engine.task import Steps

PROGRAMS: Final[dict[str, Callable[..., Steps]]] = {
    "writer": writer,
    "reader": reader,
    "mapper": mapper,
    "build": build,
    "metadata": metadata,
    "rename": rename,
    "replay": replay,
    "loop": loop,
    "pipeline": pipeline,
    "page-writer": page_writer,
}
"""Program name -> the generator function that runs it: ``program(context, **arguments)``."""

__all__ = ["PROGRAMS"]

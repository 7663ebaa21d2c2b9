"""What user tasks do: one program each, written against system calls."""

from reclaimlab.workloads.builder import build
from reclaimlab.workloads.loop import loop
from reclaimlab.workloads.mapper import mapper
from reclaimlab.workloads.metadata import metadata, rename
from reclaimlab.workloads.reader import reader
from reclaimlab.workloads.writer import writer

PROGRAMS = {
    "writer": writer,
    "reader": reader,
    "mapper": mapper,
    "build": build,
    "metadata": metadata,
    "rename": rename,
    "loop": loop,
}
"""Program name -> the generator function that runs it: ``program(context, **arguments)``."""

__all__ = ["PROGRAMS"]

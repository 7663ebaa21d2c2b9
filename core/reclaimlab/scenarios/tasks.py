"""The tasks of a scenario: one model a program, told apart by ``program``."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Discriminator, Field, Tag

from reclaimlab.scenarios.fields import Model, Options, Rate, Size, SomeSize, SomeTime, Time
from reclaimlab.scenarios.plugged import is_workload
from reclaimlab.units import GIB, KIB, MIB, MSEC, SEC


class Task(Model):
    """What every task has, whatever it runs."""

    program: str = Field(description="which program the task runs")
    memcg: str = Field("", description="memcg the task is in; empty: the root")
    filesystem: str = Field("", description="filesystem it works on; empty: none")
    count: int = Field(1, ge=1, le=10_000, description="copies, NAME-1 to NAME-n when over 1")
    start: Time = Field(0, description="when it starts (time since the run began)")
    start_jitter: Time = Field(0, description="latest extra start, drawn from the seed (time)")
    rss: Size = Field(256 * KIB, description="anonymous memory the process keeps (bytes)")
    program_cache: Size = Field(
        0, description="clean page cache of its program's files, charged at its start (bytes)"
    )
    kthread: bool = Field(False, description="a kernel thread: policies may exempt it")
    oom_score_adj: int = Field(0, ge=-1000, le=1000, description="as /proc/PID/oom_score_adj")


class WriterTask(Task):
    """Buffered write()s to one file, or to several in turn."""

    program: Literal["writer"] = Field(description="buffered write()s")
    file_size: Size = Field(
        0, description="size at which a file is full (bytes); 0: grows for ever"
    )
    total: Size = Field(0, description="ends after so much (bytes); 0: writes until the run ends")
    write_size: SomeSize = Field(MIB, description="one sequential write() (bytes)")
    pattern: Literal["sequential", "random"] = Field("sequential", description="where it writes")
    random_min: SomeSize = Field(4 * KIB, description="smallest random write() (bytes)")
    random_max: SomeSize = Field(16 * KIB, description="largest random write() (bytes)")
    preallocated: bool = Field(False, description="fallocate()d first: unwritten extents")
    restart: Literal["overwrite", "truncate", "new"] = Field(
        "new", description="when a file is full"
    )
    think: Time = Field(0, description="pause between write()s (time)")
    copy_bw: Rate = Field(GIB, description="speed of copying into the page cache (bytes/s)")
    files: int = Field(1, ge=1, le=100_000, description="files written in turn")
    background: bool = Field(
        False, description="the rest of the machine: not counted in the writers' metrics"
    )


class ReplayTask(Task):
    """What the rest of a recorded machine wrote; in nobody's metrics."""

    program: Literal["replay"] = Field(description="write()s as recorded, for other programs")
    writes: Annotated[str, Field(pattern=r"^[0-9]{1,9}( [0-9]{1,9})*$")] = Field(
        description="what it writes in each step, in turn (pages)"
    )
    step: SomeTime = Field(100 * MSEC, description="length of a step (time)")
    backlog: Size = Field(0, description="dirty already when the first step begins (bytes)")


class ReaderTask(Task):
    """Sequential buffered read()s of a file, from the device unless ``cached``."""

    program: Literal["reader"] = Field(description="buffered read()s")
    file_size: SomeSize = Field(description="size of the file read again and again (bytes)")
    read_size: SomeSize = Field(64 * KIB, description="one read() (bytes)")
    think: Time = Field(0, description="pause between read()s (time)")
    cached: bool = Field(False, description="keeps what it has read instead of dropping it")
    total: Size = Field(0, description="bytes read before it ends; 0: for ever")


class MapperTask(Task):
    """Builds up anonymous memory, holds it, gives it back, and begins again."""

    program: Literal["mapper"] = Field(description="anonymous memory pressure")
    size: SomeSize = Field(description="anonymous memory it builds up (bytes)")
    step: SomeSize = Field(256 * KIB, description="one burst of page faults (bytes)")
    step_time: SomeTime = Field(MSEC, description="time of one burst")
    hold: Time = Field(SEC, description="how long it holds the whole (time)")
    idle: Time = Field(100 * MSEC, description="pause before it begins again (time)")


class BuildTask(Task):
    """One job of a parallel build: compiles that end in object files, now and then a link."""

    program: Literal["build"] = Field(description="compiles and links")
    anon: SomeSize = Field(description="anonymous memory of one compile (bytes)")
    anon_step: SomeSize = Field(256 * KIB, description="one burst of page faults (bytes)")
    compute: SomeTime = Field(description="CPU time of one compile")
    object_min: SomeSize = Field(description="smallest object file (bytes)")
    object_max: SomeSize = Field(description="largest object file (bytes)")
    write_size: SomeSize = Field(128 * KIB, description="one write() (bytes)")
    link_every: int = Field(8, ge=1, description="compiles before a link (count)")
    link_anon: Size = Field(description="anonymous memory of a link (bytes)")
    link_size: Size = Field(description="file that a link writes (bytes)")
    tree: int = Field(64, ge=1, description="files kept before the oldest is removed (count)")
    read_size: Size = Field(0, description="source read through the page cache a compile (bytes)")


class MetadataTask(Task):
    """Creates small files, each in a transaction of the filesystem."""

    program: Literal["metadata"] = Field(description="many small files")
    size_min: Size = Field(description="smallest file (bytes)")
    size_max: Size = Field(description="largest file (bytes)")
    files_per_dir: int = Field(200, ge=1, description="files in a directory (count)")
    think: Time = Field(0, description="pause between files (time)")
    transaction_gfp: Literal["nofs", "kernel", "vmalloc"] = Field(
        "nofs", description="mask of the allocations inside the transaction"
    )
    keep: int = Field(256, ge=1, description="files kept before the oldest is removed (count)")
    total: int = Field(0, ge=0, description="files it makes before it ends (count); 0: for ever")


class RenameTask(Task):
    """Writes a new file and renames it over the old one, which flushes it in the task's context."""

    program: Literal["rename"] = Field(description="write a new file, rename() it over the old")
    file_size: SomeSize = Field(description="size of the file (bytes)")
    write_size: SomeSize = Field(64 * KIB, description="one write() (bytes)")
    think: Time = Field(0, description="pause after each rename() (time)")
    rounds: int = Field(0, ge=0, description="files it writes before it ends (count); 0: for ever")


class LoopTask(Task):
    """The thread of a loop device: writes that device's requests to a file."""

    program: Literal["loop"] = Field(description="a loop device's thread")
    device: str = Field(description="the loop device it serves")


class PipelineTask(Task):
    """Tasks in a row: read a file whole, compute, write the next file."""

    program: Literal["pipeline"] = Field(description="read, compute, write, three times over")
    file_size: SomeSize = Field(description="size of every file (bytes)")
    compute: SomeTime = Field(description="CPU time between reading and writing")
    stages: int = Field(3, ge=1, le=100, description="tasks in a row (count)")
    read_bw: Rate = Field(GIB, description="reading a cached file, page faults included (bytes/s)")
    copy_bw: Rate = Field(GIB, description="speed of copying into the page cache (bytes/s)")


class PageWriterTask(Task):
    """Single pages, none beside another: the writer of the tiny scenarios."""

    program: Literal["page-writer"] = Field(description="write()s of one page each")
    total: Size = Field(0, description="bytes written before it ends; 0: for ever")


class PluginTask(Task):
    """A program that a plugin brings."""

    options: Options | None = Field(None, description="what the program can be told")


_PLUGIN: Final = "(plugin)"


def _member(task: Any) -> Any:
    # Which member of the union a task is; a name that nobody brings is pydantic's to refuse.
    program = task.get("program") if isinstance(task, dict) else getattr(task, "program", None)
    return _PLUGIN if program not in PROGRAMS and is_workload(program) else program


TaskSpec = Annotated[
    Annotated[WriterTask, Tag("writer")]
    | Annotated[ReplayTask, Tag("replay")]
    | Annotated[ReaderTask, Tag("reader")]
    | Annotated[MapperTask, Tag("mapper")]
    | Annotated[BuildTask, Tag("build")]
    | Annotated[MetadataTask, Tag("metadata")]
    | Annotated[RenameTask, Tag("rename")]
    | Annotated[LoopTask, Tag("loop")]
    | Annotated[PipelineTask, Tag("pipeline")]
    | Annotated[PageWriterTask, Tag("page-writer")]
    | Annotated[PluginTask, Tag(_PLUGIN)],
    Discriminator(_member),
]

PROGRAMS: dict[str, type[Task]] = {
    "writer": WriterTask,
    "replay": ReplayTask,
    "reader": ReaderTask,
    "mapper": MapperTask,
    "build": BuildTask,
    "metadata": MetadataTask,
    "rename": RenameTask,
    "loop": LoopTask,
    "pipeline": PipelineTask,
    "page-writer": PageWriterTask,
}
"""Program -> the model of a task that runs it."""


def task_model(program: object) -> type[Task] | None:
    """Return the model of a task that runs ``program``; None if there is no such program."""
    if isinstance(program, str) and program in PROGRAMS:
        return PROGRAMS[program]
    return PluginTask if is_workload(program) else None

"""A process: what mm and writeback keep of a task (struct task_struct, struct mm_struct).

Kernel threads have one too, without a memcg: allocations ask for the current process, whoever it
is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reclaimlab.kernel.folio import Mapping

if TYPE_CHECKING:
    from reclaimlab.engine.task import Task
    from reclaimlab.kernel.memcontrol import MemCgroup


class Process:
    """One thread group.

    Attributes:
        memcg: what its memory is charged to; the root memcg for kernel threads.
        anon: its anonymous memory; rss_pages of it are resident, swapped_pages in swap.
        nr_dirtied, nr_dirtied_pause, dirty_paused_ns: see balance_dirty_pages().
        reclaim_ns: time spent in direct and memcg reclaim.
        accepted_bytes: bytes its write() calls have taken. write_ns, read_ns: length of each call.
        in_call_since_ns: when the present write() or read() began; -1 outside.
    """

    __slots__ = (
        "accepted_bytes",
        "anon",
        "aop_nofs",
        "background",
        "dirty_paused_ns",
        "errors",
        "exited",
        "in_call_since_ns",
        "is_kthread",
        "is_writer",
        "memcg",
        "name",
        "nr_dirtied",
        "nr_dirtied_pause",
        "oom_score_adj",
        "phases",
        "read_bytes",
        "read_ns",
        "reclaim_ns",
        "rss_pages",
        "swapped_pages",
        "task",
        "throttled_ns",
        "transaction",
        "write_ns",
    )  # fmt: skip

    def __init__(self, name: str, memcg: MemCgroup, *, is_kthread: bool = False) -> None:
        self.name = name
        self.memcg = memcg
        self.is_kthread = is_kthread
        self.task: Task | None = None
        self.anon = Mapping(f"anon:{name}", file=False)
        self.rss_pages = 0
        self.swapped_pages = 0
        self.oom_score_adj = 0
        self.nr_dirtied = 0
        self.nr_dirtied_pause = 32
        self.dirty_paused_ns = 0
        self.reclaim_ns = 0
        self.throttled_ns = 0
        self.accepted_bytes = 0
        self.read_bytes = 0
        self.write_ns: list[int] = []
        self.read_ns: list[int] = []
        self.in_call_since_ns = -1
        self.exited = False
        self.phases: list[tuple[str, int, int]] = []
        """Parts of its work it has named: name, begin and end (ns; -1 while it lasts)."""
        self.is_writer = False
        self.background = False
        """The rest of the machine: no metric counts it."""
        self.errors = 0
        """write() calls that failed with -ENOMEM."""
        self.transaction = 0
        """Depth of transactions it is in."""
        self.aop_nofs: bool | None = None

    def begin_phase(self, name: str, now_ns: int) -> None:
        """Note that a part of its work begins."""
        self.phases.append((name, now_ns, -1))

    def end_phase(self, now_ns: int) -> None:
        """Note that the part begun last has ended."""
        name, begun_ns, _ = self.phases[-1]
        self.phases[-1] = (name, begun_ns, now_ns)

    def __repr__(self) -> str:
        return f"<Process {self.name} in {self.memcg.name}, rss {self.rss_pages} pages>"
